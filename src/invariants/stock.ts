import { defineInvariant } from './invariant.ts';
import { isRow, LoggedRows, linesOf, numberOf, type Row, textOf } from './rows.ts';

/** How much of each good something asks for. */
class Demand {
  readonly #sums = new Map<string, number>();

  of(sku: string): number {
    return this.#sums.get(sku) ?? 0;
  }

  /** `times` −1 takes it back. */
  add(row: Row | undefined, times: 1 | -1): void {
    for (const { sku, quantity } of linesOf(row)) this.#sums.set(sku, this.of(sku) + times * quantity);
  }
}

/**
 * After each commit: a good's `reserved` is the sum of its reservations and `held` of its cart holds,
 * no number is below 0, no more is promised than there is, and stock has gone down by exactly what
 * was committed in that transaction. A transaction that writes goods alone is the administrator's.
 */
export const stockConserved = defineInvariant('INV-2', 'Stock is conserved', (log, report) => {
  const rows = new LoggedRows();
  const sums = new Map<string, { readonly reserved: Demand; readonly held: Demand }>();
  for (const event of log) {
    if (event.type !== 'store.committed') continue;
    const wrote = (table: string) => event.rows.some((row) => row.table === table);
    if (!wrote('products') && !wrote('reservations') && !wrote('cart_holds')) continue;
    const goods = rows.table(event.service, 'products');
    const reservations = rows.table(event.service, 'reservations');
    const holds = rows.table(event.service, 'cart_holds');
    const { reserved, held } = sums.get(event.service) ?? { reserved: new Demand(), held: new Demand() };
    sums.set(event.service, { reserved, held });
    const stockBefore = new Map([...goods].map(([sku, row]) => [sku, numberOf(row, 'stock')]));
    // A row written twice in one transaction counts as it ends.
    const last = new Map(event.rows.map((change) => [`${change.table}/${change.key}`, change]));
    const gone = new Demand();
    for (const { table, key, after } of last.values()) {
      const now = isRow(after) ? after : undefined;
      if (table === 'cart_holds') {
        held.add(holds.get(key), -1);
        held.add(now, 1);
      }
      if (table !== 'reservations') continue;
      const before = reservations.get(key);
      const was = textOf(before, 'state');
      const is = now === undefined ? 'deleted' : textOf(now, 'state');
      if (is === 'deleted') report(`the reservation of order ${key} was deleted`, event);
      if (was === 'released' && is !== 'released')
        report(`the reservation of order ${key} was released, then ${is}`, event);
      if (was === 'committed' && is !== 'committed')
        report(`the reservation of order ${key} was committed, then ${is}`, event);
      if (was === 'reserved') reserved.add(before, -1);
      if (is === 'reserved') reserved.add(now, 1);
      if (is === 'committed' && was !== 'committed') gone.add(now, 1);
    }
    rows.apply(event);

    const administrative = !wrote('reservations') && !wrote('cart_holds');
    for (const [sku, row] of goods) {
      const stock = numberOf(row, 'stock');
      const before = stockBefore.get(sku);
      if (numberOf(row, 'reserved') !== reserved.of(sku)) {
        report(
          `${sku}: ${numberOf(row, 'reserved')} reserved, but its reservations sum up to ${reserved.of(sku)}`,
          event,
        );
      }
      if (numberOf(row, 'held') !== held.of(sku)) {
        report(`${sku}: ${numberOf(row, 'held')} held, but its cart holds sum up to ${held.of(sku)}`, event);
      }
      if (stock < 0 || numberOf(row, 'reserved') < 0 || numberOf(row, 'held') < 0)
        report(`${sku}: a number is below 0`, event);
      if (!administrative && numberOf(row, 'reserved') + numberOf(row, 'held') > stock) {
        report(`${sku}: more is promised than the ${stock} in stock`, event);
      }
      const left = (before ?? 0) - gone.of(sku);
      if (!administrative && before !== undefined && stock !== left) {
        report(
          `${sku}: stock went from ${before} to ${stock}, but ${gone.of(sku)} left the warehouse`,
          event,
        );
      }
    }
  }
});
