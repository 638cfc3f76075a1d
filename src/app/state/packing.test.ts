import fc from 'fast-check';
import { expect, it } from 'vitest';
import { browserPacking } from './packing.ts';

it('gives back the text that it was given', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (text) => {
      expect(await browserPacking.unpack(await browserPacking.pack(text))).toBe(text);
    }),
    { numRuns: 50 },
  );
});

it('gives back a text that comes in several pieces, with characters that are cut in two', async () => {
  // Not to be made small: what goes in by pieces comes out by pieces too.
  const random = Array.from({ length: 200_000 }, (_, n) =>
    String.fromCodePoint(0x4e00 + ((n * n * 7) % 19_997)),
  );
  const text = `x${random.join('')}😀`;
  const packed = await browserPacking.pack(text);
  expect(packed.length).toBeGreaterThan(100_000);
  expect(await browserPacking.unpack(packed)).toBe(text);
});

it('makes the text of a log an eighth', async () => {
  const text = JSON.stringify(
    Array.from({ length: 500 }, (_, seq) => ({ seq, type: 'instance.ready', service: 'order' })),
  );
  expect((await browserPacking.pack(text)).length).toBeLessThan(text.length / 8);
});

it('says what is no packed text', async () => {
  await expect(browserPacking.unpack(Uint8Array.of(255, 255, 255))).rejects.toThrow();
  const whole = await browserPacking.pack('a text that is long enough to be cut off');
  await expect(browserPacking.unpack(whole.slice(0, 9))).rejects.toThrow();
});
