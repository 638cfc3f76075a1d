import type { Packing } from '../../projections/index.ts';

/**
 * What a stream makes of some bytes, piece by piece. Written and read by hand: the way through a Blob and a Response
 * takes twice as long, as other threads have a part in it, and on a busy machine it waits for them.
 */
async function* through(
  bytes: Uint8Array,
  { writable, readable }: CompressionStream | DecompressionStream,
): AsyncGenerator<Uint8Array, undefined> {
  const writer = writable.getWriter();
  // Awaited elsewhere: what fails here, fails where it is read.
  const ignored = () => undefined;
  void writer.write(bytes as Uint8Array<ArrayBuffer>).catch(ignored);
  void writer.close().catch(ignored);
  const reader = readable.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

/** The browser's own deflate: a packed stretch of the log weighs about an eighth. */
export const browserPacking: Packing = {
  async pack(text) {
    const packed: Uint8Array[] = [];
    for await (const piece of through(new TextEncoder().encode(text), new CompressionStream('deflate-raw')))
      packed.push(piece);
    return concatenated(packed);
  },
  async unpack(bytes) {
    const decoder = new TextDecoder();
    let text = '';
    for await (const piece of through(bytes, new DecompressionStream('deflate-raw')))
      text += decoder.decode(piece, { stream: true });
    return text + decoder.decode();
  },
};

function concatenated(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
