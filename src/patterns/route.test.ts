import { describe, expect, test } from 'vitest';
import { createRouter } from './route.ts';

const route = createRouter([
  { method: 'GET', path: '/users/{userId}' },
  { method: 'GET', path: '/users/me' },
  { method: 'PATCH', path: '/users/me' },
  { method: 'PUT', path: '/products/{sku}/price' },
  { method: 'DELETE', path: '/products/{sku}' },
] as const);

describe('route', () => {
  test('a literal path goes before one with parameters', () => {
    expect(route('GET', '/users/me')).toMatchObject({ kind: 'found', operation: { path: '/users/me' } });
    expect(route('GET', '/users/7')).toMatchObject({ kind: 'found', params: { userId: '7' } });
  });

  test('parameters are decoded', () => {
    expect(route('PUT', '/products/a%20b/price')).toMatchObject({ params: { sku: 'a b' } });
    expect(route('PUT', '/products/%zz/price')).toMatchObject({ params: { sku: '%zz' } });
  });

  test('a known path with another method names what it takes', () => {
    expect(route('DELETE', '/users/me')).toEqual({ kind: 'wrong-method', allow: ['GET', 'PATCH'] });
    expect(route('POST', '/products/x')).toEqual({ kind: 'wrong-method', allow: ['DELETE'] });
  });

  test.each(['/', '/users', '/users/', '/users/7/', '//users/7', '/products//price', '/Users/me'])(
    '%s is unknown',
    (path) => {
      expect(route('GET', path)).toEqual({ kind: 'unknown' });
    },
  );
});
