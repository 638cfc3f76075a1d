import type { Packing } from '../../projections/index.ts';

async function through(bytes: BlobPart, stream: CompressionStream | DecompressionStream): Promise<Response> {
  return new Response(new Blob([bytes]).stream().pipeThrough(stream));
}

/** The browser's own deflate: a packed stretch of the log weighs about an eighth. */
export const browserPacking: Packing = {
  pack: async (text) =>
    new Uint8Array(await (await through(text, new CompressionStream('deflate-raw'))).arrayBuffer()),
  unpack: async (bytes) =>
    await (await through(bytes as BlobPart, new DecompressionStream('deflate-raw'))).text(),
};
