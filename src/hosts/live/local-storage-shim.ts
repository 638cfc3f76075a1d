/**
 * MSW's core reads `localStorage` when it is imported (for cookies, of which we have none), and a
 * worker has no such thing. Call this before that import.
 */
export function provideLocalStorage(): void {
  if ('localStorage' in globalThis) return;
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
