import type { Implementation, ServiceName } from '../../../kernel/index.ts';

const texts = import.meta.glob<string>(
  [
    '/src/services/*/*.ts',
    '/src/services/*/python/*.{py,ts}',
    '/src/compositions/monolith/*.ts',
    '!**/*.test.ts',
    '!**/*.d.ts',
  ],
  { query: '?raw', import: 'default', eager: true },
);

export interface SourceFile {
  /** From the repository's root. */
  readonly path: string;
  readonly name: string;
  readonly text: string;
}

/** What is read first: what a service decides, or else how it is put together. */
const FIRST = ['handlers.py', 'handlers.ts', 'index.ts'];

/** The files of a service, as they were when this page was built; empty: it has no such implementation. */
export function sourceOf(service: ServiceName, implementation: Implementation): readonly SourceFile[] {
  const own = service === 'monolith' ? '/src/compositions/monolith/' : `/src/services/${service}/`;
  const folder = implementation === 'python' ? `${own}python/` : own;
  return Object.entries(texts)
    .filter(([path]) => path.startsWith(folder) && !path.slice(folder.length).includes('/'))
    .map(([path, text]) => ({ path: path.slice(1), name: path.slice(folder.length), text }));
}

/** The one to begin with. */
export const firstOf = (files: readonly SourceFile[]): string =>
  FIRST.find((name) => files.some((file) => file.name === name)) ?? files[0]?.name ?? '';
