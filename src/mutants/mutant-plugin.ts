import { filesOf, type Mutant, mutated } from './mutant.ts';

/** What a Vite plugin has of it; Vite itself is not imported here. */
export interface MutantPlugin {
  readonly name: string;
  readonly enforce: 'pre';
  transform(code: string, id: string): { code: string; map: null } | null;
  buildEnd(error?: Error): void;
}

/** Puts one known bug into a bundle of the shop: for storms and tests, never for the page. */
export function mutantPlugin(mutant: Mutant): MutantPlugin {
  const missing = new Set(filesOf(mutant));
  return {
    name: `mutant ${mutant.id}`,
    enforce: 'pre',
    transform(code, id) {
      const path = id.replace(/\?.*$/, '').replaceAll('\\', '/');
      const file = filesOf(mutant).find((one) => path.endsWith(`/${one}`));
      if (file === undefined) return null;
      missing.delete(file);
      return { code: mutated(code, mutant, file), map: null };
    },
    buildEnd(error) {
      if (error !== undefined || missing.size === 0) return;
      throw new Error(
        `The mutant ${mutant.id} is not in this bundle: nothing in it imports ${[...missing].join(', ')}.`,
      );
    },
  };
}
