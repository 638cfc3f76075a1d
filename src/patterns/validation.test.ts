import { describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { validate } from './validation.ts';

const schema = z.strictObject({
  email: z.email(),
  kind: z.enum(['a', 'b']),
  lines: z.array(z.strictObject({ quantity: z.int().check(z.gte(1), z.lte(9)) })).check(z.minLength(1)),
  note: z.optional(z.string().check(z.maxLength(3))),
  name: z.string().check(z.minLength(1)),
  cart: z.union([z.array(z.string()).check(z.minLength(1)), z.array(z.never()).check(z.maxLength(0))]),
});
const good = { email: 'a@b.cd', kind: 'a', lines: [{ quantity: 1 }], name: 'Ada', cart: [] };

describe('validation', () => {
  test('gives the value', () => {
    expect(validate(schema, good, 'body')).toEqual({ ok: true, value: good });
  });

  test.each([
    [{ ...good, email: undefined }, 'email', 'is missing'],
    [{ ...good, email: 'ada' }, 'email', 'must be an e-mail address, like ada@example.com'],
    [{ ...good, email: 7 }, 'email', 'must be a text'],
    [{ ...good, kind: 'c' }, 'kind', 'must be one of "a", "b"'],
    [{ ...good, lines: [] }, 'lines', 'must have at least 1 entry'],
    [{ ...good, lines: {} }, 'lines', 'must be a list'],
    [{ ...good, lines: [{ quantity: 0 }] }, 'lines.0.quantity', 'must be at least 1'],
    [{ ...good, lines: [{ quantity: 10 }] }, 'lines.0.quantity', 'must be at most 9'],
    [{ ...good, lines: [{ quantity: 1.5 }] }, 'lines.0.quantity', 'must be a whole number'],
    [{ ...good, lines: [{ quantity: '1' }] }, 'lines.0.quantity', 'must be a number'],
    [{ ...good, lines: [{ quantity: 1, price: 0 }] }, 'lines.0.price', 'is not known here'],
    [{ ...good, name: '' }, 'name', 'must have at least 1 character'],
    [{ ...good, cart: undefined }, 'cart', 'is missing'],
    [{ ...good, note: 'long' }, 'note', 'must have at most 3 characters'],
    [
      JSON.parse(JSON.stringify(good).replace('{', '{"__proto__": {"kind": "a"},')),
      '__proto__',
      'is not known here',
    ],
    [null, '', 'must be an object'],
    ['text', '', 'must be an object'],
  ])('%j: names the field', (value, field, message) => {
    expect(validate(schema, value, 'body')).toEqual({ ok: false, error: [{ in: 'body', field, message }] });
  });
});
