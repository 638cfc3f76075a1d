import type { Mutant } from './mutant.ts';

const OUTBOX = 'src/patterns/outbox.ts';
const INBOX = 'src/patterns/inbox.ts';
const SUBSCRIPTION = 'src/patterns/subscription.ts';
const SHIPPING = 'src/services/shipping/index.ts';
const BROKER = 'src/services/broker/model.ts';

/** Mistakes on the way of an event from the one who tells it to those who hear it. */
export const messagingMutants: readonly Mutant[] = [
  {
    id: 'no-outbox',
    title: 'An event is sent once, and forgotten whether it arrived or not.',
    edits: [{ file: OUTBOX, before: 'if (!outcome.ok) return false;', after: '' }],
    expects: ['STORM-1', 'INV-9'],
  },
  {
    id: 'outbox-forgets-first',
    title: 'The relay deletes an event before it sends it: a crash between loses it.',
    edits: [
      {
        file: OUTBOX,
        before: '      const outcome = await call(\n        own,',
        after: `      await own.store.transact('outbox relaying', [outboxTable], 'readwrite', async (tx) => {
        await tx.delete(outboxTable, row.messageId);
      });
      const outcome = await call(
        own,`,
      },
    ],
    expects: ['STORM-1', 'INV-9'],
  },
  {
    id: 'publish-before-commit',
    title: 'Shipping tells of a parcel before the transaction that holds it: it may be told and never be.',
    edits: [
      {
        file: SHIPPING,
        before: "import { defineShipping } from './define-shipping.ts';\n",
        after:
          "import { brokerContract, call } from '../../patterns/index.ts';\nimport { defineShipping } from './define-shipping.ts';\n",
      },
      {
        file: SHIPPING,
        before: '    createShipment: async ({ params: { orderId }, body }, context) => {\n',
        after: `    createShipment: async ({ params: { orderId }, body }, context) => {
      const { publish } = brokerContract.operations;
      const data = { orderId, shipmentId: \`shp-\${orderId}\`, status: 'held', carrier: 'Early', trackingNumber: '0', sequence: 1, at: '1970-01-01T00:00:00.000Z' };
      await call(context, publish, {
        params: { topic: 'shipments' },
        body: { specversion: '1.0', id: \`early.\${orderId}\`, source: '/services/shipping', type: 'shipment.held', subject: orderId, time: data.at, datacontenttype: 'application/json', partitionkey: orderId, data },
      });
`,
      },
    ],
    expects: ['INV-9'],
  },
  {
    id: 'outbox-out-of-order',
    title: 'Events of one key leave side by side, and may overtake one another.',
    edits: [
      {
        file: OUTBOX,
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of the source
        before: 'const lane = `${row.topic}/${row.key}`;',
        after: 'const lane = row.messageId;',
      },
    ],
    expects: ['INV-8'],
  },
  {
    id: 'partition-by-message',
    title: 'The broker spreads the messages of one key over its partitions.',
    edits: [
      {
        file: BROKER,
        before: 'const partition = partitionOf(event.partitionkey);',
        after: 'const partition = partitionOf(event.id);',
      },
    ],
    expects: ['INV-8'],
  },
  {
    id: 'acknowledge-before-processing',
    title: 'A consumer says "taken" before it has done anything: when that fails, the event is lost.',
    edits: [
      {
        file: SUBSCRIPTION,
        before: '  await context.store.transact(\n',
        after: "  context.fork({ name: 'consume' }, async (own) => await own.store.transact(\n",
      },
      {
        file: SUBSCRIPTION,
        before: '  );\n  subscription.handled?.(context);',
        after: '  ));\n  subscription.handled?.(context);',
      },
    ],
    expects: ['INV-9'],
  },
  {
    id: 'lost-acknowledgement-taken-as-given',
    title: 'The broker takes no answer for an acknowledgement.',
    edits: [
      {
        file: 'src/services/broker/delivery.ts',
        before: 'return outcome.ok ? null : failureOf(outcome.error);',
        after: "return outcome.ok || outcome.error.kind === 'unavailable' ? null : failureOf(outcome.error);",
      },
    ],
    expects: ['INV-8', 'INV-9'],
  },
  {
    id: 'two-brokers-deliver',
    title: 'A broker goes on with a message though another holds the lease by now.',
    edits: [
      { file: 'src/patterns/lease.ts', before: 'return row?.fence === fence;', after: 'return true;' },
      {
        file: 'src/services/broker/delivery.ts',
        before: 'a.nextOffset === b.nextOffset && a.tries === b.tries;',
        after: 'a.cursorId === b.cursorId;',
      },
    ],
    expects: ['INV-20'],
  },
  {
    id: 'dead-letter-thrown-away',
    title: 'What is given up is kept nowhere, so that nobody can send it again.',
    edits: [{ file: BROKER, before: 'await tx.put(deadLettersTable, letter);', after: '' }],
    expects: ['STORM-1', 'INV-9'],
  },
  {
    id: 'no-inbox',
    title: 'An event that comes twice is processed twice.',
    edits: [
      {
        file: INBOX,
        before: 'if (known !== undefined && known.processedUs >= oldestUs) return false;',
        after: '',
      },
    ],
    expects: ['INV-9'],
  },
  {
    id: 'inbox-window-too-short',
    title: 'The inbox forgets before the broker has sent for the last time.',
    edits: [{ file: SUBSCRIPTION, before: 'context.settings.messaging.inboxWindowMs', after: '100' }],
    expects: ['INV-9'],
  },
  {
    id: 'dedupe-by-key',
    title: 'The inbox knows an event by its key in place of its id: the next event of an order is dropped.',
    edits: [
      {
        file: INBOX,
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of the source
        before: '`${group} ${event.source} ${event.id}`',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of the source
        after: '`${group} ${event.source} ${event.partitionkey}`',
      },
    ],
    expects: ['INV-9'],
  },
  {
    id: 'old-news-wins',
    title: 'What Shipping knows of an order is overwritten by an older event that comes late.',
    edits: [
      {
        file: 'src/services/shipping/order-events.ts',
        before: 'if (known !== undefined && at < known.at) return;',
        after: '',
      },
    ],
    expects: ['INV-11'],
  },
  {
    id: 'given-up-one-too-late',
    title: 'A message that cannot be handled is delivered once more than `maxDeliveries` says.',
    edits: [
      {
        file: 'src/services/broker/model.ts',
        before: 'deliveries >= settings.maxDeliveries',
        after: 'deliveries > settings.maxDeliveries',
      },
    ],
    expects: ['INV-9'],
  },
];
