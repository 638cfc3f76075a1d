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
