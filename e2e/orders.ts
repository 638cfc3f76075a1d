import { fileURLToPath } from 'node:url';
import type { Shop } from './shop.ts';
import { folderAt, type StaticServer, serve } from './static-server.ts';

export const distFolder = fileURLToPath(new URL('../dist', import.meta.url));
/** The built page's files, as a static host would give them. */
export const builtFiles = folderAt(distFolder, '/');

/** Serves the built page, some of its files changed. */
export const serveChanged = (change: (name: string, text: string) => string): Promise<StaticServer> =>
  serve(async (pathname) => {
    const body = await builtFiles(pathname);
    if (body === null || !/(?:\.js|\.html|\/)$/.test(pathname)) return body;
    return change(pathname.slice(1) || 'index.html', Buffer.from(body).toString());
  });

/** Short ways, and no attempt is given up because the machine is busy. */
export const SHORT_WAYS = {
  hop: { meanMs: 5 },
  edge: { timeoutMs: 5000 },
  saga: { giveUpMs: 2000, stepAgainMs: 300 },
};

export async function begin(shop: Shop, url?: string): Promise<void> {
  await shop.open(url);
  await shop.command({ type: 'settings.set', patch: SHORT_WAYS });
  await shop.command({ type: 'run.resume' });
}

export async function place(shop: Shop, order: Record<string, unknown> = {}): Promise<string> {
  const placed = (await shop.command({ type: 'order.place', ...order })) as { orderId: string };
  return placed.orderId;
}

export async function orderGoesThrough(shop: Shop): Promise<void> {
  await shop.waitForEvent('saga.completed', { orderId: await place(shop) });
}
