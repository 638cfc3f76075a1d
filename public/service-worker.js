// The page's service worker: MSW's own, with three things around it.

// MSW takes its registration away when the last page closes. The next page would then begin without
// one, and a reload would race with the removal.
self.registration.unregister = () => Promise.resolve(false);

// MSW asks the page about every request it makes. Only these are the shop's; all others go their way.
const base = self.registration.scope;
addEventListener('fetch', (event) => {
  const { url } = event.request;
  if (!url.startsWith(`${base}api/`) && !url.startsWith(`${base}network/`)) event.stopImmediatePropagation();
});

// A page that was loaded past its service worker (Shift+Reload) asks to be taken.
addEventListener('message', (event) => {
  if (event.data === 'bulkhead/claim') event.waitUntil(self.clients.claim());
});

importScripts('mockServiceWorker.js');
