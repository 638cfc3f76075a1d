import type { Mutant } from './mutant.ts';

const RUNNER = 'src/patterns/saga/saga-runner.ts';

/** Mistakes in how instances come and go. */
export const scalingMutants: readonly Mutant[] = [
  {
    id: 'drain-lets-sagas-go-for-ever',
    title: 'An instance that drains lets its sagas go, and leaves no time at which another takes them up.',
    edits: [
      {
        file: RUNNER,
        before: 'await tx.put(sagaTable, { ...row, leaseHolder: null, dueUs: tx.now() });',
        after:
          'const { dueUs: _, ...rest } = row;\n    await tx.put(sagaTable, { ...rest, leaseHolder: null });',
      },
    ],
    expects: ['STORM-1'],
  },
  {
    id: 'drain-hands-over-without-a-number',
    title: 'A saga that an instance hands over as it drains begins with the first fencing number again.',
    edits: [
      {
        file: RUNNER,
        before: 'await tx.put(sagaTable, { ...row, leaseHolder: null, dueUs: tx.now() });',
        after: 'await tx.put(sagaTable, { ...row, leaseHolder: null, fence: 0, dueUs: tx.now() });',
      },
    ],
    expects: ['INV-18'],
  },
  {
    id: 'scaled-to-none',
    title: 'The autoscaler knows no minimum: a service that has nothing to do is scaled to none.',
    edits: [
      {
        file: 'src/patterns/autoscaler.ts',
        before: 'const desired = Math.max(minInstances, Math.min(maxInstances, waited));',
        after: 'const desired = Math.min(maxInstances, waited);',
      },
    ],
    expects: ['STORM-1'],
  },
];
