const TAKE_OVER_WITHIN_MS = 500;

/**
 * A new build's service worker waits while pages of the build before are open. When this is the only page, it may
 * take over: now, before the page asks for anything more, since what is under way at that moment is lost.
 */
export async function takeNewBuild(): Promise<void> {
  if (!('serviceWorker' in navigator) || !isSecureContext) return;
  const { serviceWorker } = navigator;
  const registration = await serviceWorker.getRegistration().catch(() => undefined);
  const waiting = registration?.waiting;
  if (waiting === undefined || waiting === null) return;
  await new Promise<void>((resolve) => {
    serviceWorker.addEventListener('controllerchange', () => resolve(), { once: true });
    // Another page is open.
    setTimeout(resolve, TAKE_OVER_WITHIN_MS);
    waiting.postMessage('bulkhead/take-over');
  });
}

/**
 * Asks the service worker for a copy of the whole page, so that it opens again without a network. Asked for when
 * the shop is open: it takes what the network can carry from nobody. Where there is no service worker there is
 * no copy.
 */
export async function keepCopy(inLab: boolean): Promise<void> {
  if (!('serviceWorker' in navigator) || !isSecureContext || import.meta.env.DEV) return;
  const base = new URL('./', document.baseURI).href;
  try {
    // A live run registers it by itself, for its requests.
    if (inLab) await navigator.serviceWorker.register(`${base}service-worker.js`, { scope: base });
    const { active } = await navigator.serviceWorker.ready;
    // Which build's page this is, its script's name says.
    active?.postMessage({ 'bulkhead/keep': import.meta.url });
  } catch {
    // Refused: a private window, or a policy.
  }
}
