import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type CorpusEntry, corpusJson, parseCorpus } from '../experiments/storm/index.ts';
import { messageOf, UsageError } from './usage-error.ts';

/** From the project's root, where npm runs its scripts. */
export const CORPUS_FILE = 'src/experiments/storm/corpus.json';

export function readCorpus(): readonly CorpusEntry[] {
  if (!existsSync(CORPUS_FILE)) return [];
  let input: unknown;
  try {
    input = JSON.parse(readFileSync(CORPUS_FILE, 'utf8'));
  } catch (error) {
    throw new UsageError(`${CORPUS_FILE} cannot be read: ${messageOf(error)}`);
  }
  const entries = parseCorpus(input);
  if (!entries.ok) throw new UsageError(`${CORPUS_FILE} cannot be read: ${entries.error}`);
  return entries.value;
}

export function addToCorpus(found: readonly CorpusEntry[]): void {
  if (found.length === 0) return;
  writeFileSync(CORPUS_FILE, `${JSON.stringify(corpusJson([...readCorpus(), ...found]), null, 2)}\n`);
}
