import type { Mutant } from './mutant.ts';

const RUNNER = 'src/patterns/saga/saga-runner.ts';
const SAGA_ROW = 'src/patterns/saga/saga-row.ts';
const MACHINE = 'src/services/order/place-order.machine.ts';
const LEASE = 'src/patterns/lease.ts';

/** Mistakes in the order saga, in what it asks of others, and in who works on it. */
export const sagaMutants: readonly Mutant[] = [
  {
    id: 'compensation-in-forward-order',
    title: 'Compensations begin in the order of the steps, not in reverse.',
    edits: [
      {
        file: RUNNER,
        before: 'await context.all(steps.map((meta) => (own: Context) => untilDone(own, run, meta)));',
        after:
          'await context.all([...steps].reverse().map((meta) => (own: Context) => untilDone(own, run, meta)));',
      },
    ],
    expects: ['INV-4'],
  },
  {
    id: 'compensation-not-idempotent',
    title: 'Releasing the same reservation twice gives its stock back twice.',
    edits: [
      {
        file: 'src/services/product/stock-model.ts',
        before: "if (before?.state === 'released') return before;",
        after: '',
      },
    ],
    expects: ['INV-2'],
  },
  {
    id: 'compensation-not-retried',
    title: 'A compensation that failed is taken as done.',
    edits: [
      {
        file: RUNNER,
        before: "if (outcome.kind === 'done') {",
        after: "if (outcome.kind === 'done' || meta.kind === 'compensation') {",
      },
    ],
    expects: ['INV-1', 'INV-16'],
  },
  {
    id: 'compensating-after-the-pivot',
    title: 'A step after the pivot that takes too long sends the saga back, though the money is taken.',
    edits: [
      { file: MACHINE, before: "on: { park: 'parked' },", after: "on: { park: 'compensating' }," },
      {
        file: SAGA_ROW,
        before: "if (event.type === 'park') status = 'parked';",
        after: "if (event.type === 'park' && active.length === 0) status = 'parked';",
      },
    ],
    expects: ['INV-1', 'INV-4'],
  },
  {
    id: 'pivot-given-up',
    title: 'A capture without an answer is taken for a declined one: the saga turns back.',
    edits: [
      {
        file: RUNNER,
        before:
          "outcome.kind === 'business-failure' && (meta.kind === 'compensatable' || meta.kind === 'pivot');",
        after:
          "meta.kind === 'pivot' || (outcome.kind === 'business-failure' && meta.kind === 'compensatable');",
      },
    ],
    expects: ['INV-1'],
  },
  {
    id: 'cancel-after-the-pivot',
    title: 'A customer can cancel while the money is being taken.',
    edits: [
      {
        file: MACHINE,
        before: "cancel: { target: 'compensating', guard: 'pivotNotSent' },",
        after: "cancel: 'compensating',",
      },
    ],
    expects: ['INV-1', 'INV-4'],
  },
  {
    id: 'no-semantic-lock',
    title: 'An order becomes CANCEL_PENDING whatever its saga is doing.',
    edits: [
      {
        file: 'src/services/order/saga-orders.ts',
        before: 'if (!(await requestCancel(tx, placeOrderSaga, order.sagaId, reason))) return null;',
        after: 'await requestCancel(tx, placeOrderSaga, order.sagaId, reason);',
      },
    ],
    expects: ['INV-1', 'INV-3'],
  },
  {
    id: 'unknown-outcome-not-undone',
    title: 'A step whose answer was lost is taken as not done, and not undone.',
    edits: [
      {
        file: MACHINE,
        before: "'mayHaveHappened' in event && event.mayHaveHappened",
        after: 'false',
      },
    ],
    expects: ['INV-1', 'INV-4'],
  },
  {
    id: 'progress-after-the-step',
    title: 'That a step begins is written down after it was done: a crash between forgets it.',
    edits: [
      {
        file: RUNNER,
        before: `    const begun = await begin(own, run, meta);
    if (!begun.start) return begun.row;
    const outcome = await perform(own, run.definition, meta, begun.row);
`,
        after: `    const outcome = await perform(own, run.definition, meta, await read(own, run));
    const begun = await begin(own, run, meta);
    if (!begun.start) return begun.row;
`,
      },
    ],
    expects: ['INV-4', 'INV-6'],
  },
  {
    id: 'saga-not-resumed',
    title: 'What a crashed instance was working on is left as it is.',
    edits: [
      {
        file: RUNNER,
        before: 'if (row.leaseHolder === null ? !due : !abandoned) continue;',
        after: 'if (row.leaseHolder !== null || !due) continue;',
      },
      {
        file: RUNNER,
        before: "rows = await claim(context, 'saga claim', byName);",
        // It would look at them again and again, in no time.
        after: "rows = await claim(context, 'saga claim', byName);\n        await context.clock.sleep(100);",
      },
    ],
    expects: ['STORM-1', 'INV-3'],
  },
  {
    id: 'no-version-check',
    title: 'Whoever once held a saga goes on writing to it, though another holds it now.',
    edits: [
      {
        file: RUNNER,
        before: 'if (row.fence === run.fence && row.leaseHolder === mine) return row;',
        after: 'return row;',
      },
    ],
    expects: ['INV-18'],
  },
  {
    id: 'lease-not-respected',
    title: 'A lease is taken from its holder before it has run out.',
    edits: [
      {
        file: LEASE,
        before: 'if (current === null || nowUs >= untilUs) return true;',
        after: 'return true;',
      },
    ],
    expects: ['INV-20', 'INV-18'],
  },
  {
    id: 'lease-without-a-new-number',
    title: 'A new holder of a lease gets the fencing number of the one before.',
    edits: [
      {
        file: LEASE,
        before: 'const fence = (row?.fence ?? 0) + 1;',
        after: 'const fence = row?.fence ?? 1;',
      },
    ],
    expects: ['INV-20'],
  },
  {
    id: 'no-tombstone-for-stock',
    title: 'A release leaves nothing behind where nothing was reserved: a late reservation stays for ever.',
    edits: [
      {
        file: 'src/services/product/stock-model.ts',
        before: 'await tx.put(reservationsTable, released);',
        after: 'if (before !== undefined) await tx.put(reservationsTable, released);',
      },
    ],
    expects: ['INV-16'],
  },
  {
    id: 'no-tombstone-for-shipments',
    title: 'A cancelled shipment that was never there leaves nothing behind: a late one is held for ever.',
    edits: [
      {
        file: 'src/services/shipping/model.ts',
        before:
          "await tx.put(shipmentsTable, { orderId, status: 'cancelled', parcel: null, sequence: 1, history, span });",
        after: '',
      },
    ],
    expects: ['INV-16'],
  },
  {
    id: 'no-tombstone-for-payments',
    title: 'A void leaves nothing behind where nothing was authorised: late money stays set aside.',
    edits: [
      {
        file: 'src/services/payment-provider/model.ts',
        before: `    status: 'voided',
    changedUs: tx.now(),
  };
  await tx.put(authorisationsTable, row);`,
        after: `    status: 'voided',
    changedUs: tx.now(),
  };
  if (before !== undefined) await tx.put(authorisationsTable, row);`,
      },
    ],
    expects: ['INV-1'],
  },
  {
    id: 'capture-not-idempotent',
    title: 'A capture that is asked for again takes the money again.',
    edits: [
      {
        file: 'src/services/payment-provider/model.ts',
        before: "if (before.status === 'captured') return before;",
        after: '',
      },
      {
        file: 'src/services/payment-provider/model.ts',
        before: 'capturedMinor: isDeclined ? 0 : before.amountMinor,',
        after: 'capturedMinor: isDeclined ? 0 : before.capturedMinor + before.amountMinor,',
      },
    ],
    expects: ['INV-1', 'INV-15'],
  },
  {
    id: 'commit-not-idempotent',
    title: 'Stock leaves again when the commit of a reservation is asked for again.',
    edits: [
      {
        file: 'src/services/product/stock-model.ts',
        before: "if (before.state === 'committed') return before;",
        after: '',
      },
    ],
    expects: ['INV-2'],
  },
  {
    id: 'stock-checked-outside-the-transaction',
    title: 'Stock is read in one transaction and written in the next: the last of two wins.',
    edits: [
      {
        file: 'src/services/product/index.ts',
        before: `      const outcome = await context.store.transact('reserve', stockTables, 'readwrite', (tx) =>
        reserveForGood(tx, {`,
        after: `      const seen = new Map();
      await context.store.transact('look at stock', stockTables, 'readonly', async (tx) => {
        for (const { sku } of body.lines) seen.set(sku, await tx.get(productTables[0], sku));
      });
      const outcome = await context.store.transact('reserve', stockTables, 'readwrite', (tx) =>
        reserveForGood({ ...tx, get: async (table, key) => seen.has(key) ? seen.get(key) : await tx.get(table, key) }, {`,
      },
    ],
    expects: ['INV-2'],
  },
  {
    id: 'overselling',
    title: 'Whoever comes while there is one left may have as many as they want.',
    edits: [
      {
        file: 'src/services/product/stock-model.ts',
        before: 'if (left >= quantity) return null;',
        after: 'if (left > 0) return null;',
      },
    ],
    expects: ['INV-2'],
  },
];
