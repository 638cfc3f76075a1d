import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { base64url, base64urlBytes, hex, hexBytes, utf8Bytes, utf8Text } from './utf8.ts';

const bytes = fc.uint8Array({ maxLength: 40 });

describe('utf8 and base64url', () => {
  test('agree with the platform on every text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect([...utf8Bytes(text)]).toEqual([...new TextEncoder().encode(text)]);
      }),
    );
  });

  test('agree with the platform on all bytes', () => {
    fc.assert(
      fc.property(bytes, (data) => {
        expect(base64url(data)).toBe(Buffer.from(data).toString('base64url'));
        expect(base64urlBytes(base64url(data))).toEqual(data);
        expect(hexBytes(hex(data))).toEqual(data);
        let expected: string | null;
        try {
          expected = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
        } catch {
          expected = null;
        }
        expect(utf8Text(data)).toBe(expected);
      }),
    );
  });

  test.each(['A', 'AB=', 'A B', 'AB+/', 'AB', 'é'])('%s is not canonical base64url', (text) => {
    expect(base64urlBytes(text)).toBeNull();
  });
});
