// The page's service worker: MSW's own, with what is around it.

// MSW takes its registration away when the last page closes. The next page would then begin without
// one, a reload would race with the removal, and there would be no page without a network.
self.registration.unregister = () => Promise.resolve(false);

// MSW lets a new worker take over the pages that are open, and they would not listen to it: they have made
// friends with the one before. So a new build's worker waits until they are closed, or until the only page
// that is open has just been loaded and asks for it.
const skipWaiting = self.skipWaiting.bind(self);
self.skipWaiting = () => Promise.resolve();

const base = self.registration.scope;

// The build puts what it has made here (scripts/offline-files.mjs); a page under development has no copy.
const build = { version: 'development', files: [] };

// A copy of the page for when there is no network: one cache for each build. The page itself is put into it
// last, so that a cache that has it has all of it.
const CACHES = `bulkhead/page/${base}/`;
const ownCache = CACHES + build.version;
const NETWORK_WITHIN_MS = 4000;

const ownCaches = async () => (await caches.keys()).filter((name) => name.startsWith(CACHES));

/** From this build's copy, or that of a page that is still open. */
async function copyOf(url) {
  for (const name of [ownCache, ...(await ownCaches())]) {
    const hit =
      (await caches.has(name)) && (await (await caches.open(name)).match(url, { ignoreVary: true }));
    if (hit) return hit;
  }
  return null;
}

/** A file whose name says what is in it is as good from the copy; a copy outlives its file on the server. */
const fromCopyFirst = async (request) => (await copyOf(request.url)) ?? (await fetch(request));

/** Not part of the copy that is made at once, but of the copy once it was used: MicroPython, which few choose. */
async function fromCopyOrKept(event) {
  const { request } = event;
  const hit = await copyOf(request.url);
  if (hit) return hit;
  const answer = await fetch(request);
  if (answer.ok && build.files.length > 0) {
    const copy = answer.clone();
    event.waitUntil(
      caches
        .open(ownCache)
        .then((cache) => cache.put(request.url, copy))
        .catch(() => {}),
    );
  }
  return answer;
}

/** The page itself is the network's, as long as there is one that answers in time. */
async function fromNetworkFirst(request, url) {
  const answer = fetch(request);
  const late = new Promise((resolve) => setTimeout(resolve, NETWORK_WITHIN_MS, null));
  const inTime = await Promise.race([answer.catch(() => null), late]);
  if (inTime?.ok) return inTime;
  return (await copyOf(url)) ?? (await answer);
}

async function makeCopy() {
  if (build.files.length === 0) return;
  const cache = await caches.open(ownCache);
  if (await cache.match(base, { ignoreVary: true })) return;
  await cache.addAll(build.files.map((file) => new Request(base + file, { priority: 'low' })));
  const page = await fetch(base, { cache: 'no-cache' });
  if (page.ok && !page.redirected) await cache.put(base, page);
}

async function takeOverFrom(page) {
  const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  if (pages.every(({ id, url }) => id === page || !url.startsWith(base))) await skipWaiting();
}

addEventListener('install', (event) => {
  // On a first visit the page has more need of the network; it asks for the copy when it is up. Later on the
  // page is there already, and what is on the server now may be gone when it is wanted.
  if (self.registration.active) event.waitUntil(makeCopy().catch(() => {}));
});

addEventListener('activate', (event) => {
  // No page of an earlier build is open any more.
  const removeOthers = async () => {
    for (const name of await ownCaches()) if (name !== ownCache) await caches.delete(name);
  };
  event.waitUntil(removeOthers());
});

addEventListener('fetch', (event) => {
  const { request } = event;
  const { url, method, mode } = request;
  // MSW asks the page about every request it makes. Only these are the shop's; all others go their way.
  if (url.startsWith(`${base}api/`) || url.startsWith(`${base}network/`)) return;
  event.stopImmediatePropagation();
  if (method !== 'GET' || !url.startsWith(base)) return;
  const name = url.slice(base.length).replace(/[?#].*$/, '');
  if (name.startsWith('assets/') && name.endsWith('.wasm')) event.respondWith(fromCopyOrKept(event));
  else if (name.startsWith('assets/')) event.respondWith(fromCopyFirst(request));
  else if (mode === 'navigate' && (name === '' || name === 'index.html'))
    event.respondWith(fromNetworkFirst(request, base));
  else if (build.files.includes(name)) event.respondWith(fromNetworkFirst(request, base + name));
});

addEventListener('message', (event) => {
  // A page that was loaded past its service worker (Shift+Reload) asks to be taken.
  if (event.data === 'bulkhead/claim') event.waitUntil(self.clients.claim());
  if (event.data === 'bulkhead/take-over') event.waitUntil(takeOverFrom(event.source?.id));
  // The page is up: now the network is free for what it may need without one. Its script says which build it is.
  const script = event.data?.['bulkhead/keep'];
  if (typeof script === 'string' && build.files.includes(script.slice(base.length)))
    event.waitUntil(makeCopy().catch(() => {}));
});

importScripts('mockServiceWorker.js');
