import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

export interface StaticServer {
  readonly port: number;
  /** The paths that were asked for and are not there. */
  readonly missing: readonly string[];
  stop(): Promise<void>;
}

/** The plainest static host: gives what `read` has for a path, anything else is 404. On any free port. */
export async function serve(
  read: (pathname: string) => Promise<string | Uint8Array | null>,
): Promise<StaticServer> {
  const missing: string[] = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    void read(pathname).then((body) => {
      if (body === null) missing.push(pathname);
      const type = TYPES[pathname.endsWith('/') ? '.html' : path.extname(pathname)];
      response.writeHead(body === null ? 404 : 200, { 'content-type': type ?? 'application/octet-stream' });
      response.end(body ?? 'Not found');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    missing,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The files of a folder, as if it lay at `prefix` (`/some/path/`) of a host. */
export const folderAt =
  (folder: string, prefix: string) =>
  async (pathname: string): Promise<Uint8Array | null> => {
    if (!pathname.startsWith(prefix)) return null;
    const name = pathname.slice(prefix.length) || 'index.html';
    return await readFile(path.join(folder, ...name.split('/'))).catch(() => null);
  };
