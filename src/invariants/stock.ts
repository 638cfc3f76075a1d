import { defineChecker } from './invariant.ts';
import { isRow, linesOf, numberOf, type Row, textOf } from './rows.ts';

/** How much of each good something asks for. */
class Demand {
  readonly #sums = new Map<string, number>();

  of(sku: string): number {
    return this.#sums.get(sku) ?? 0;
  }

  /** `times` −1 takes it back. */
  add(row: Row | undefined, times: 1 | -1, touched: Map<string, Touched>): void {
    for (const line of linesOf(row)) {
      if (!isRow(line)) continue;
      const sku = textOf(line, 'sku');
      this.#sums.set(sku, this.of(sku) + times * numberOf(line, 'quantity'));
      touch(touched, sku);
    }
  }
}

/** A good that the present transaction has to do with. */
interface Touched {
  /** null: its row was not written, or not there before. */
  stockBefore: number | null;
  /** What the transaction took out of the warehouse. */
  gone: number;
}

function touch(all: Map<string, Touched>, sku: string): Touched {
  const known = all.get(sku);
  if (known !== undefined) return known;
  const touched = { stockBefore: null, gone: 0 };
  all.set(sku, touched);
  return touched;
}

/**
 * After each commit: a good's `reserved` is the sum of its reservations and `held` of its cart holds,
 * no number is below 0, no more is promised than there is, and stock has gone down by exactly what
 * was committed in that transaction. A transaction that writes goods alone is the administrator's.
 */
export const stockConserved = defineChecker('INV-2', 'Stock is conserved', (run, report) => {
  const reserved = new Demand();
  const held = new Demand();
  const touched = new Map<string, Touched>();
  let administrative = true;
  return {
    rows: {
      products(sku, before) {
        const good = touch(touched, sku);
        if (before !== undefined && good.stockBefore === null) good.stockBefore = numberOf(before, 'stock');
      },
      cart_holds(_, before, now) {
        administrative = false;
        held.add(before, -1, touched);
        held.add(now, 1, touched);
      },
      reservations(orderId, before, now, commit) {
        administrative = false;
        const was = textOf(before, 'state');
        const is = now === undefined ? 'deleted' : textOf(now, 'state');
        if (is === 'deleted') report(`the reservation of order ${orderId} was deleted`, commit);
        if ((was === 'released' || was === 'committed') && is !== was)
          report(`the reservation of order ${orderId} was ${was}, then ${is}`, commit);
        if (was === 'reserved') reserved.add(before, -1, touched);
        if (is === 'reserved') reserved.add(now, 1, touched);
        if (is !== 'committed' || was === 'committed') return;
        for (const line of linesOf(now))
          if (isRow(line)) touch(touched, textOf(line, 'sku')).gone += numberOf(line, 'quantity');
      },
    },
    committed(commit) {
      const isAdministrators = administrative;
      administrative = true;
      if (touched.size === 0) return;
      for (const [sku, { stockBefore, gone }] of touched) {
        const row = run.rows.row('products', sku);
        if (row === undefined) continue;
        const stock = numberOf(row, 'stock');
        const isReserved = numberOf(row, 'reserved');
        const isHeld = numberOf(row, 'held');
        if (isReserved !== reserved.of(sku))
          report(
            `${sku}: ${isReserved} reserved, but its reservations sum up to ${reserved.of(sku)}`,
            commit,
          );
        if (isHeld !== held.of(sku))
          report(`${sku}: ${isHeld} held, but its cart holds sum up to ${held.of(sku)}`, commit);
        if (stock < 0 || isReserved < 0 || isHeld < 0) report(`${sku}: a number is below 0`, commit);
        if (isAdministrators) continue;
        if (isReserved + isHeld > stock)
          report(`${sku}: more is promised than the ${stock} in stock`, commit);
        // A good whose row was not written kept its stock.
        const left = (stockBefore ?? stock) - gone;
        if (stock !== left)
          report(
            `${sku}: stock went from ${stockBefore ?? stock} to ${stock}, but ${gone} left the warehouse`,
            commit,
          );
      }
      touched.clear();
    },
  };
});
