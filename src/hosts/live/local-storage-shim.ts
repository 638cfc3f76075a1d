/**
 * MSW's core reads `localStorage` when it is imported (for cookies, of which we have none). A worker has
 * no such thing, and to a page in another site's frame it may be denied. Call this before that import.
 */
export function provideLocalStorage(): void {
  if (hasLocalStorage()) return;
  const items = new Map<string, string>();
  const storage = {
    get length() {
      return items.size;
    },
    clear: () => items.clear(),
    getItem: (key: string) => items.get(key) ?? null,
    key: (index: number) => [...items.keys()][index] ?? null,
    removeItem: (key: string) => {
      items.delete(key);
    },
    setItem: (key: string, value: string) => {
      items.set(key, value);
    },
  };
  Object.defineProperty(globalThis, 'localStorage', { value: storage, configurable: true });
}

function hasLocalStorage(): boolean {
  try {
    // Where it is denied, already the look at it throws.
    return (globalThis as { localStorage?: unknown }).localStorage !== undefined;
  } catch {
    return false;
  }
}
