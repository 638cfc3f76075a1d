import type { Mutant } from './mutant.ts';

const MODEL = 'src/services/registry/model.ts';
const COUNTING = 'src/services/registry/self-preservation.ts';

/** Mistakes in who is listed, who is evicted, and what callers believe. */
export const discoveryMutants: readonly Mutant[] = [
  {
    id: 'eviction-though-self-preserving',
    title: 'The registry says that it preserves itself, and evicts all the same.',
    edits: [
      {
        file: MODEL,
        before: 'const evicts = late.length > 0 && !keeps;',
        after: 'const evicts = late.length > 0;',
      },
    ],
    expects: ['INV-21'],
  },
  {
    id: 'renewals-at-the-threshold-are-enough',
    title: 'It evicts when exactly as many renewals came as the threshold: `≥` in place of `>`.',
    edits: [{ file: COUNTING, before: 'renewals > threshold', after: 'renewals >= threshold' }],
    expects: ['INV-21'],
  },
  {
    id: 'registration-counts-as-renewal',
    title: 'Who registers is counted as one who renews: after a restart of many, nobody is missed.',
    edits: [
      {
        file: MODEL,
        before: 'if (renewed) await countRenewal(tx, settings);\n  else tx.emit(',
        after: 'await countRenewal(tx, settings);\n  if (!renewed) tx.emit(',
      },
    ],
    expects: ['INV-21'],
  },
  {
    id: 'overdue-not-expected',
    title: 'Nobody expects a renewal of those who are overdue: so there are always enough.',
    edits: [
      {
        file: MODEL,
        before: 'const figures = renewalFigures(row, registered, share);',
        after: 'const figures = renewalFigures(row, registered - late.length, share);',
      },
    ],
    expects: ['INV-21'],
  },
  {
    id: 'eviction-without-limit',
    title: 'All who are overdue are evicted at once, however many.',
    edits: [{ file: MODEL, before: 'evictionLimit(registered, share)', after: 'registered' }],
    expects: ['INV-21'],
  },
  {
    id: 'service-without-instances-stays',
    title: 'A service of which the registry lists nobody any more stays in the copies of its callers.',
    edits: [
      {
        file: 'src/patterns/discovery.ts',
        before: 'book.known = byService(outcome.success.value.instances);',
        after: 'book.known = new Map([...book.known, ...byService(outcome.success.value.instances)]);',
      },
    ],
    expects: ['INV-22'],
  },
];
