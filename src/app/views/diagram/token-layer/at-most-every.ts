/** Does `act` at once, and then again for whatever has happened since, but never twice within the gap. */
export function atMostEvery(
  gapMs: number,
  act: () => void,
): { readonly wake: () => void; readonly stop: () => void } {
  let timer: ReturnType<typeof setTimeout> | null = null;
  let again = false;
  const wake = () => {
    if (timer !== null) {
      again = true;
      return;
    }
    timer = setTimeout(() => {
      timer = null;
      if (!again) return;
      again = false;
      wake();
    }, gapMs);
    act();
  };
  const stop = () => {
    if (timer !== null) clearTimeout(timer);
  };
  return { wake, stop };
}
