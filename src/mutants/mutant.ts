/** One place in a file's text, and what stands there in the mutant. */
export interface Edit {
  /** From the project's root. */
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly before: string;
  readonly after: string;
}

/** A known bug, as a change of the source text. */
export interface Mutant {
  readonly id: string;
  /** What is wrong, in one sentence. */
  readonly title: string;
  readonly edits: readonly Edit[];
  /** The invariants or rules of the storm (docs/storms.md) that should see it; `run`: the run cannot go on. */
  readonly expects: readonly string[];
}

/** A file's text with the bug in it. Throws when a text that it replaces does not stand there exactly once. */
export function mutated(source: string, mutant: Mutant, file: string): string {
  let text = source;
  for (const { before, after } of mutant.edits.filter((edit) => edit.file === file)) {
    const times = text.split(before).length - 1;
    if (times !== 1) {
      throw new Error(
        `The mutant ${mutant.id} no longer stands: its text is ${times} times in ${file}, not once:\n${before}`,
      );
    }
    // Not `replace`: a `$` in the new text would mean something there.
    text = text.split(before).join(after);
  }
  return text;
}

export const filesOf = ({ edits }: Mutant): readonly string[] => [...new Set(edits.map(({ file }) => file))];
