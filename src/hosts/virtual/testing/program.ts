import fc from 'fast-check';

/**
 * A nested program of everything that a process may do. Each sleep is of its own length, so that no two
 * things happen at one moment by chance, and each wait for another process is followed by one, so that
 * the order within a moment cannot be told from the log: what is left is what the primitives promise.
 */
export type Program =
  | { readonly kind: 'log' }
  | { readonly kind: 'sleep'; readonly us: number }
  /** So many promises deep. */
  | { readonly kind: 'native'; readonly depth: number; readonly body: Program }
  | { readonly kind: 'sequence'; readonly steps: readonly Program[] }
  | { readonly kind: 'all'; readonly branches: readonly Program[] }
  | { readonly kind: 'race'; readonly branches: readonly Program[] }
  | { readonly kind: 'within'; readonly us: number; readonly body: Program }
  | { readonly kind: 'fork'; readonly body: Program }
  /** A sleep that begins before `body` and is awaited after it. */
  | { readonly kind: 'late'; readonly us: number; readonly body: Program }
  | { readonly kind: 'gate.pass'; readonly gate: number; readonly us: number }
  | { readonly kind: 'gate.open'; readonly gate: number }
  | { readonly kind: 'queue.put'; readonly queue: number }
  | { readonly kind: 'queue.take'; readonly queue: number; readonly us: number }
  | { readonly kind: 'mutex'; readonly mutex: number; readonly us: number; readonly body: Program }
  | { readonly kind: 'once'; readonly once: number; readonly us: number; readonly body: Program }
  | { readonly kind: 'throw' }
  | { readonly kind: 'catch'; readonly body: Program; readonly handler: Program }
  | { readonly kind: 'finally'; readonly body: Program; readonly cleanUp: Program };

/** How many gates, queues, mutexes and shared results there are. */
export const SHARED = 3;

/** Wide enough that no two sums of one program are equal; so it must be neither biased to small ones nor shrunk. */
const us = fc.noShrink(fc.noBias(fc.integer({ min: 1, max: 1_000_000_000 })));
const which = fc.nat({ max: SHARED - 1 });

/** A branch begins with a sleep: it cannot end, or throw, in the moment in which its siblings begin. */
const branchOf = (program: fc.Arbitrary<Program>): fc.Arbitrary<Program> =>
  fc.tuple(us, program).map(([length, body]) => ({
    kind: 'sequence' as const,
    steps: [{ kind: 'sleep' as const, us: length }, body],
  }));

export const programArbitrary: fc.Arbitrary<Program> = fc.letrec<{ program: Program }>((tie) => {
  const body = tie('program');
  const branches = fc.array(branchOf(body), { minLength: 1, maxLength: 4 });
  // Siblings that are cancelled together clean up in one moment: nothing there may touch what they share.
  const cleanUp = fc.oneof(
    fc.constant<Program>({ kind: 'log' }),
    us.map((length): Program => ({ kind: 'sleep', us: length })),
  );
  const leaf = fc.oneof(
    { arbitrary: fc.constant<Program>({ kind: 'log' }), weight: 3 },
    { arbitrary: us.map((length): Program => ({ kind: 'sleep', us: length })), weight: 4 },
    fc.record({ kind: fc.constant('gate.pass' as const), gate: which, us }),
    { arbitrary: fc.record({ kind: fc.constant('gate.open' as const), gate: which }), weight: 2 },
    { arbitrary: fc.record({ kind: fc.constant('queue.put' as const), queue: which }), weight: 2 },
    fc.record({ kind: fc.constant('queue.take' as const), queue: which, us }),
    fc.constant<Program>({ kind: 'throw' }),
  );
  return {
    program: fc.oneof(
      { maxDepth: 5, depthSize: 'small', withCrossShrink: true },
      { arbitrary: leaf, weight: 3 },
      {
        arbitrary: fc.record({
          kind: fc.constant('sequence' as const),
          steps: fc.array(body, { minLength: 1, maxLength: 5 }),
        }),
        weight: 6,
      },
      { arbitrary: fc.record({ kind: fc.constant('all' as const), branches }), weight: 3 },
      { arbitrary: fc.record({ kind: fc.constant('race' as const), branches }), weight: 3 },
      { arbitrary: fc.record({ kind: fc.constant('within' as const), us, body: branchOf(body) }), weight: 2 },
      { arbitrary: fc.record({ kind: fc.constant('fork' as const), body: branchOf(body) }), weight: 2 },
      { arbitrary: fc.record({ kind: fc.constant('late' as const), us, body }), weight: 2 },
      {
        arbitrary: fc.record({
          kind: fc.constant('native' as const),
          depth: fc.integer({ min: 1, max: 40 }),
          body,
        }),
        weight: 3,
      },
      fc.record({ kind: fc.constant('mutex' as const), mutex: which, us, body }),
      fc.record({ kind: fc.constant('once' as const), once: which, us, body }),
      { arbitrary: fc.record({ kind: fc.constant('catch' as const), body, handler: body }), weight: 2 },
      { arbitrary: fc.record({ kind: fc.constant('finally' as const), body, cleanUp }), weight: 2 },
    ),
  };
}).program;

const names = new WeakMap<Program, Map<Program, string>>();

/** What a branch of `root` is called: by its place among all nodes, so that no two share a name. */
export function processName(root: Program, branch: Program): string {
  let known = names.get(root);
  if (known === undefined) {
    known = new Map();
    const left: Program[] = [root];
    for (let node = left.pop(); node !== undefined; node = left.pop()) {
      known.set(node, `${known.size}`);
      for (const part of Object.values(node).flat()) if (typeof part === 'object') left.push(part);
    }
    names.set(root, known);
  }
  return known.get(branch) ?? 'unknown';
}

/** One line of a program's log: when, in which process, and what. */
export interface Line {
  readonly atUs: number;
  readonly process: string;
  readonly text: string;
}

/** The lines of each process in their order, processes by name: what a program's log means. */
export function byProcess(lines: readonly Line[]): string[] {
  const found = new Map<string, string[]>();
  for (const { atUs, process, text } of lines) {
    const own = found.get(process) ?? [];
    own.push(`${process} ${atUs} ${text}`);
    found.set(process, own);
  }
  return [...found.keys()].sort().flatMap((process) => found.get(process) ?? []);
}
