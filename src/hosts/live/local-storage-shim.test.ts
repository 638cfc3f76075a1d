import { afterEach, describe, expect, it } from 'vitest';
import { provideLocalStorage } from './local-storage-shim.ts';

const own = Object.getOwnPropertyDescriptor(globalThis, 'localStorage');
afterEach(() => {
  if (own === undefined) Reflect.deleteProperty(globalThis, 'localStorage');
  else Object.defineProperty(globalThis, 'localStorage', own);
});
const place = (get: () => unknown) =>
  Object.defineProperty(globalThis, 'localStorage', { get, configurable: true });

describe('a local storage for MSW', () => {
  it('is left alone where there is one', () => {
    const mine = { getItem: () => 'mine' };
    place(() => mine);
    provideLocalStorage();
    expect(globalThis.localStorage).toBe(mine);
  });

  it.each([
    ['there is none, as in a worker', () => undefined],
    [
      'it is denied, as in a frame of another site',
      () => {
        throw new DOMException('Access is denied for this document.', 'SecurityError');
      },
    ],
  ])('is kept in memory where %s', (_, get) => {
    place(get);
    provideLocalStorage();
    expect(localStorage.getItem('a')).toBeNull();
    localStorage.setItem('a', '1');
    expect([localStorage.length, localStorage.key(0), localStorage.getItem('a')]).toEqual([1, 'a', '1']);
    localStorage.removeItem('a');
    expect(localStorage.length).toBe(0);
  });
});
