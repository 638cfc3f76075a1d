import type { Implementation } from '../../../kernel/index.ts';

export const LANGUAGES: Readonly<Record<Implementation, string>> = {
  typescript: 'TypeScript',
  python: 'Python',
};
