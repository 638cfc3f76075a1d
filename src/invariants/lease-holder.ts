import type { RunEventOf } from '../kernel/index.ts';
import { defineChecker } from './invariant.ts';
import { lifeOf } from './lives.ts';
import { numberOf, textOf } from './rows.ts';

/** `order-1` of `order-1.2`. */
const instanceOf = (life: string): string => life.slice(0, life.lastIndexOf('.'));

type Delivery =
  | RunEventOf<'message.sent'>
  | RunEventOf<'message.acknowledged'>
  | RunEventOf<'message.redelivery.scheduled'>
  | RunEventOf<'message.dead-lettered'>;

/**
 * What only one instance may do at a time: a lease changes hands only once it has run out, or to a later
 * life of the same instance, and each new holder has a higher fencing number. Of the brokers, its holder
 * alone sends messages and notes what became of them.
 */
export const leaseHolder = defineChecker('INV-20', 'A lease has one holder', (run, report) => {
  const byHolder = (event: Delivery) => {
    const holder = textOf(run.rows.table(event.service, 'leases')?.rows.get('delivery'), 'holder');
    const writer = lifeOf(event.id);
    if (holder !== writer)
      report(`${writer} wrote ${event.type} of ${event.messageId}, but ${holder || 'nobody'} may`, event);
  };
  return {
    rows: {
      leases(name, before, now, commit) {
        if (before === undefined || now === undefined) return;
        const [held, holder] = [textOf(before, 'holder'), textOf(now, 'holder')];
        const [fenceBefore, fence] = [numberOf(before, 'fence'), numberOf(now, 'fence')];
        if (held === holder) {
          if (fence !== fenceBefore)
            report(`${holder} holds '${name}' with another number than before`, commit);
          return;
        }
        if (fence <= fenceBefore)
          report(`'${name}' went from ${held} to ${holder} without a new number`, commit);
        // The transaction looked before it committed: if it is early now, it was early then.
        if (commit.timeUs < numberOf(before, 'untilUs') && instanceOf(held) !== instanceOf(holder))
          report(`${holder} took '${name}' from ${held} before it had run out`, commit);
      },
    },
    events: {
      'message.sent': byHolder,
      'message.acknowledged': byHolder,
      'message.redelivery.scheduled': byHolder,
      'message.dead-lettered': byHolder,
    },
  };
});
