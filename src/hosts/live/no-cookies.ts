// Stands in for `tough-cookie` in the bundles (see vite.config.ts): MSW brings it, 128 kB gzipped with
// the list of public suffixes, for a cookie jar that the shop does not have: tokens travel in a header.

export class Cookie {
  static fromJSON(): null {
    return null;
  }
}

export class MemoryCookieStore {
  idx: Readonly<Record<string, never>> = {};
}

export class CookieJar {
  getCookiesSync(): readonly Cookie[] {
    return [];
  }

  async setCookie(): Promise<void> {}
}
