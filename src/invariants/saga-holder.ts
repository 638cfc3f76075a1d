import { defineChecker } from './invariant.ts';
import { lifeOf } from './lives.ts';
import { numberOf, type Row, type RowListener, textOf } from './rows.ts';

/**
 * An order's saga, or in the monolith its payment intent, is worked on by who holds its lease (SAGA-10):
 * nobody else writes its progress, the lease changes hands only with a higher fencing number, and that
 * number never falls.
 */
export const sagaHolder = defineChecker('INV-18', 'A saga is advanced by its holder alone', (_, report) => {
  const held =
    (what: string, isProgress: (before: Row, now: Row) => boolean): RowListener =>
    (key, before, now, commit) => {
      if (before === undefined || now === undefined) return;
      const fenceBefore = numberOf(before, 'fence');
      const fence = numberOf(now, 'fence');
      if (fence < fenceBefore)
        report(`${what} ${key}: the fencing number fell from ${fenceBefore} to ${fence}`, commit);
      const holderBefore = textOf(before, 'leaseHolder');
      const holder = textOf(now, 'leaseHolder');
      if (holder !== '' && holder !== holderBefore && fence <= fenceBefore)
        report(`${what} ${key} went over to ${holder} with the same fencing number`, commit);
      if (!isProgress(before, now)) return;
      const writer = lifeOf(commit.id);
      if (writer !== holderBefore)
        report(`${writer} advanced ${what} ${key}, which ${holderBefore || 'nobody'} holds`, commit);
    };
  return {
    rows: {
      sagas: held('saga', (before, now) => now['entries'] !== before['entries']),
      'payment-intents': held(
        'intent',
        (before, now) => now['state'] !== before['state'] || now['failures'] !== before['failures'],
      ),
    },
  };
});
