/** The terminal and npm each hand on one Ctrl-C: what follows so soon is the same one. */
const SAME_MS = 500;

/** Ctrl-C asks for an end and keeps what is done; a second one ends at once. */
export function stopOnInterrupt(): AbortController {
  const controller = new AbortController();
  let sinceMs: number | null = null;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      sinceMs ??= performance.now();
      if (performance.now() - sinceMs > SAME_MS) process.exit(130);
      controller.abort();
    });
  }
  return controller;
}
