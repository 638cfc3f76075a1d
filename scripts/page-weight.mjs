/**
 * @typedef {object} Chunk
 * @property {string} file
 * @property {boolean} [isEntry]
 * @property {string[]} [imports]
 * @property {string[]} [css]
 */

/**
 * Sorts what was built by when a browser fetches it.
 *
 * @param {Record<string, Chunk>} manifest Vite's
 * @param {readonly string[]} files everything in dist, relative to it
 */
export function weigh(manifest, files) {
  /** @type {Set<string>} */
  const firstLoad = new Set();
  /** @type {Set<string>} */
  const visited = new Set();
  /** @param {string} key */
  const visit = (key) => {
    const chunk = manifest[key];
    if (chunk === undefined || visited.has(key)) return;
    visited.add(key);
    firstLoad.add(chunk.file);
    for (const css of chunk.css ?? []) firstLoad.add(css);
    for (const imported of chunk.imports ?? []) visit(imported);
  };
  for (const [key, chunk] of Object.entries(manifest)) if (chunk.isEntry) visit(key);
  if (firstLoad.size === 0) throw new Error('The manifest names no entry: there is nothing to weigh.');

  const later = new Set(
    Object.values(manifest)
      .flatMap((chunk) => [chunk.file, ...(chunk.css ?? [])])
      .filter((file) => !firstLoad.has(file)),
  );
  // Workers are bundles of their own, which the manifest does not name.
  const others = files.filter(
    (file) => /\.(js|css|wasm)$/.test(file) && !firstLoad.has(file) && !later.has(file),
  );
  return {
    'First load': [...firstLoad],
    'When needed': [...later].filter((file) => /\.(js|css|wasm)$/.test(file)),
    'Workers and service worker': others,
  };
}
