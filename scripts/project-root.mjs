import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Every script works from here, wherever it was called from. */
export const projectRoot = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
