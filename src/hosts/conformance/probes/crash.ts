import { defineLocal } from '../../../kernel/index.ts';
import { fieldsOf, type Probe, type Probes } from '../probe.ts';
import { itemsTable } from '../tables.ts';

const memory = defineLocal('memory', () => ({ visits: 0 }));

/** Counts in the instance's memory, which ends with its life. */
const visit: Probe = async (context) => {
  const local = context.local(memory);
  local.visits += 1;
  return await Promise.resolve({ visits: local.visits, incarnation: context.incarnation });
};

/** Says that it begins, and then sleeps and speaks until it is ended; its `finally` would speak too. */
const speakUntilTheEnd: Probe = async (context, input) => {
  const { name } = fieldsOf<{ name: string }>(input);
  context.log.info(`${name} begins`);
  try {
    for (let count = 1; ; count += 1) {
      await context.clock.sleep(5);
      context.log.info(`${name} ${count}`);
    }
  } finally {
    context.log.info(`${name} finally`);
  }
};

/** Holds a transaction open by very many operations. */
const longTransaction: Probe = async (context, input) => {
  const { name, operations } = fieldsOf<{ name: string; operations: number }>(input);
  context.log.info(`${name} begins`);
  await context.store.transact('long', [itemsTable], 'readwrite', async (tx) => {
    await tx.put(itemsTable, { id: name });
    for (let look = 0; look < operations; look += 1) await tx.list(itemsTable, { limit: 1 });
  });
  return 'committed';
};

/** Says where the log is. */
const mark: Probe = async (context, input) => {
  context.log.info(fieldsOf<string>(input));
  return await Promise.resolve('marked');
};

export const crashProbes: Probes = { visit, speakUntilTheEnd, longTransaction, mark };
