import { expect, it } from 'vitest';
import { UnpackedParts } from './unpacked-parts.ts';

const part = (...seqs: number[]): Uint8Array => Uint8Array.from(seqs);

/** Parts are lists of seqs here; `unpacked` says how often which was read. */
function parts(kept: number) {
  const unpacked: string[] = [];
  const cache = new UnpackedParts(async (packed) => {
    unpacked.push(packed.join());
    return JSON.stringify([...packed].map((seq) => ({ seq })));
  }, kept);
  return { cache, unpacked };
}

it('keeps the parts that were asked for last, and unpacks the others again', async () => {
  const { cache, unpacked } = parts(2);
  const [first, second, third] = [part(0, 1), part(2), part(3, 4)];
  expect(await cache.events(first)).toEqual([{ seq: 0 }, { seq: 1 }]);
  expect(await cache.events(second)).toEqual([{ seq: 2 }]);
  expect(cache.size).toBe(3);
  await cache.events(first);
  expect(unpacked).toEqual(['0,1', '2']);
  await cache.events(third);
  expect(cache.size).toBe(4);
  await cache.events(first);
  expect(unpacked).toEqual(['0,1', '2', '3,4']);
  await cache.events(second);
  expect(unpacked).toEqual(['0,1', '2', '3,4', '2']);
});

it('keeps a part once, though two asked for it at a time, and none once it is cleared', async () => {
  const { cache } = parts(5);
  const packed = part(7, 8);
  await Promise.all([cache.events(packed), cache.events(packed)]);
  expect(cache.size).toBe(2);
  cache.clear();
  expect(cache.size).toBe(0);
});

it('keeps nothing of a part that cannot be unpacked', async () => {
  const cache = new UnpackedParts(async () => '[{"seq":', 5);
  await expect(cache.events(part(1))).rejects.toThrow(SyntaxError);
  expect(cache.size).toBe(0);
});
