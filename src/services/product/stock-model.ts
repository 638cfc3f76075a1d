import { plusMs, type RunTimeUs, type Transaction } from '../../kernel/index.ts';
import { ModelError, type Problem, problem } from '../../patterns/index.ts';
import { available } from './catalogue-model.ts';
import {
  type CartHoldRow,
  cartHoldsTable,
  type Line,
  type ProductRow,
  productsTable,
  type ReservationRow,
  type ReservedLine,
  reservationsTable,
} from './tables.ts';

// STOCK-1 stock, reserved, held and available never fall below 0.
// STOCK-2 a good's `reserved` is the sum over its `reserved` reservations, `held` over its cart holds.
// STOCK-3 an order's lines are reserved all or none.
// STOCK-4 reserve, release and commit may be repeated; a repetition changes nothing.
// STOCK-5 a reservation that arrives after its release is refused (the tombstone).
// STOCK-6 stock goes down by a commit only, exactly once per order.
// STOCK-7 to be out of stock is definite: a reservation that was refused so is refused again, whatever comes in.

const refuse = (refusal: Problem): never => {
  throw new ModelError(refusal);
};

/** One line per good, in the order of the sku: two lines of one good are their sum. */
export function mergedLines(lines: readonly Line[]): readonly Line[] {
  const quantities = new Map<string, number>();
  for (const { sku, quantity } of lines) quantities.set(sku, (quantities.get(sku) ?? 0) + quantity);
  return [...quantities]
    .map(([sku, quantity]) => ({ sku, quantity }))
    .sort((a, b) => (a.sku < b.sku ? -1 : 1));
}

const sameLines = (a: readonly Line[], b: readonly Line[]): boolean =>
  a.length === b.length &&
  a.every(({ sku, quantity }, index) => sku === b[index]?.sku && quantity === b[index].quantity);

/** The goods of the lines; 422 for one that the shop does not have. */
async function goodsOf(tx: Transaction, lines: readonly Line[]): Promise<readonly ProductRow[]> {
  const rows: ProductRow[] = [];
  for (const { sku } of lines) {
    const row = await tx.get(productsTable, sku);
    if (row === undefined) {
      return refuse(
        problem(422, 'unknown-product', 'Unknown product', `The shop has nothing under '${sku}'.`, { sku }),
      );
    }
    rows.push(row);
  }
  return rows;
}

const reservedLine = (row: ProductRow, quantity: number): ReservedLine => ({
  sku: row.sku,
  quantity,
  name: row.name,
  unitPriceMinor: row.priceMinor,
  weightG: row.weightG,
});

/** The lines at today's prices, one for each good; 422 for a good that the shop does not have. */
export async function pricedLines(tx: Transaction, lines: readonly Line[]): Promise<readonly ReservedLine[]> {
  const wanted = mergedLines(lines);
  const goods = await goodsOf(tx, wanted);
  return goods.map((row, index) => reservedLine(row, wanted[index]?.quantity ?? 0));
}

/** 409 for more of a good than is there; null when there is enough. */
function outOfStock(row: ProductRow, quantity: number, left = available(row)): Problem | null {
  if (left >= quantity) return null;
  return problem(
    409,
    'out-of-stock',
    'Out of stock',
    left === 0
      ? `'${row.name}' (${row.sku}) is sold out.`
      : `Only ${left} of '${row.name}' (${row.sku}) ${left === 1 ? 'is' : 'are'} left; ${quantity} were asked for.`,
    { sku: row.sku, requested: quantity, available: left },
  );
}

export interface ReserveCommand {
  readonly orderId: string;
  readonly lines: readonly Line[];
  /** Whose cart hold becomes part of the reservation. */
  readonly customerId?: string | undefined;
}

/**
 * Reserves all lines or none, at today's prices. 409 `out-of-stock` names the sku; 409
 * `reservation-released` after a release; 422 `reservation-differs` for other lines under the same order.
 */
export const reserve = (tx: Transaction, command: ReserveCommand): Promise<ReservationRow> =>
  reserveOr(tx, command, async (refusal) => refuse(refusal));

/**
 * As `reserve`, for those whose request may come again unasked. That a good is out of stock is given as a value, not
 * thrown: it is stored, so that it stays so. Whoever heard it has undone the order, and a copy of the request that
 * comes when there is stock again must not reserve it for nobody.
 */
export const reserveForGood = (tx: Transaction, command: ReserveCommand): Promise<ReservationRow | Problem> =>
  reserveOr(tx, command, async (refusal, isNew) => {
    const { orderId } = command;
    const changedUs = tx.now();
    if (isNew) await tx.put(reservationsTable, { orderId, state: 'released', lines: [], refusal, changedUs });
    return refusal;
  });

async function reserveOr<Refused>(
  tx: Transaction,
  { orderId, lines, customerId }: ReserveCommand,
  refused: (refusal: Problem, isNew: boolean) => Promise<Refused>,
): Promise<ReservationRow | Refused> {
  const wanted = mergedLines(lines);
  const before = await tx.get(reservationsTable, orderId);
  if (before?.refusal !== undefined) return await refused(before.refusal, false);
  if (before?.state === 'released') return refuse(releasedProblem(orderId));
  if (before !== undefined) {
    if (sameLines(before.lines, wanted)) return before;
    return refuse(
      problem(
        422,
        'reservation-differs',
        'Reserved with other lines',
        `Order ${orderId} has a reservation already, for other goods or quantities.`,
        { orderId },
      ),
    );
  }
  const hold = customerId === undefined ? undefined : await tx.get(cartHoldsTable, holdIdOf(customerId));
  let goods = await goodsOf(tx, wanted);
  for (const [index, row] of goods.entries()) {
    // What the customer's own cart keeps is there for the order that takes its place.
    const own = hold?.lines.find(({ sku }) => sku === row.sku)?.quantity ?? 0;
    const refusal = outOfStock(row, wanted[index]?.quantity ?? 0, available(row) + own);
    if (refusal !== null) return await refused(refusal, true);
  }
  if (hold !== undefined) {
    await drop(tx, hold);
    goods = await goodsOf(tx, wanted);
  }
  const reserved: ReservedLine[] = [];
  for (const [index, row] of goods.entries()) {
    const quantity = wanted[index]?.quantity ?? 0;
    reserved.push(reservedLine(row, quantity));
    await tx.put(productsTable, { ...row, reserved: row.reserved + quantity });
  }
  const reservation: ReservationRow = { orderId, state: 'reserved', lines: reserved, changedUs: tx.now() };
  await tx.put(reservationsTable, reservation);
  return reservation;
}

const releasedProblem = (orderId: string): Problem =>
  problem(
    409,
    'reservation-released',
    'Reservation released',
    `The reservation of order ${orderId} has been released and cannot be used any more.`,
    { orderId },
  );

/**
 * Gives the stock back. Where nothing was reserved it leaves a tombstone, so that a reservation still
 * under way is refused when it arrives. 409 `reservation-committed` once the goods have left.
 */
export async function release(tx: Transaction, orderId: string): Promise<ReservationRow> {
  const before = await tx.get(reservationsTable, orderId);
  if (before?.state === 'released') return before;
  if (before?.state === 'committed') {
    return refuse(
      problem(
        409,
        'reservation-committed',
        'The goods have left',
        `The goods of order ${orderId} have left the warehouse; the reservation cannot be released.`,
        { orderId },
      ),
    );
  }
  for (const line of before?.lines ?? []) {
    await change(tx, line.sku, (row) => ({ ...row, reserved: row.reserved - line.quantity }));
  }
  const released: ReservationRow = {
    orderId,
    state: 'released',
    lines: before?.lines ?? [],
    changedUs: tx.now(),
  };
  await tx.put(reservationsTable, released);
  return released;
}

/** The goods leave. 409 after a release, 404 where nothing was reserved. */
export async function commit(tx: Transaction, orderId: string): Promise<ReservationRow> {
  const before = await tx.get(reservationsTable, orderId);
  if (before === undefined) {
    return refuse(
      problem(
        404,
        'unknown-reservation',
        'Unknown reservation',
        `Nothing is reserved for order ${orderId}.`,
        { orderId },
      ),
    );
  }
  if (before.state === 'released') return refuse(releasedProblem(orderId));
  if (before.state === 'committed') return before;
  for (const { sku, quantity } of before.lines) {
    await change(tx, sku, (row) => ({
      ...row,
      stock: row.stock - quantity,
      reserved: row.reserved - quantity,
    }));
  }
  const committed: ReservationRow = { ...before, state: 'committed', changedUs: tx.now() };
  await tx.put(reservationsTable, committed);
  return committed;
}

async function change(tx: Transaction, sku: string, changed: (row: ProductRow) => ProductRow): Promise<void> {
  const row = await tx.get(productsTable, sku);
  if (row !== undefined) await tx.put(productsTable, changed(row));
}

/** A customer has one cart, so at most one hold. */
const holdIdOf = (customerId: string): string => `hold-${customerId}`;

/** Keeps these goods for a customer, in place of what was kept before: all lines or none. */
export async function holdCart(
  tx: Transaction,
  customerId: string,
  lines: readonly Line[],
  holdMs: number,
): Promise<CartHoldRow> {
  const holdId = holdIdOf(customerId);
  const before = await tx.get(cartHoldsTable, holdId);
  if (before !== undefined) await drop(tx, before);
  const wanted = mergedLines(lines);
  const goods = await goodsOf(tx, wanted);
  for (const [index, row] of goods.entries()) {
    const quantity = wanted[index]?.quantity ?? 0;
    const refusal = outOfStock(row, quantity);
    if (refusal !== null) return refuse(refusal);
    await tx.put(productsTable, { ...row, held: row.held + quantity });
  }
  const hold: CartHoldRow = { holdId, customerId, lines: wanted, expiresUs: plusMs(tx.now(), holdMs) };
  await tx.put(cartHoldsTable, hold);
  return hold;
}

/** Ends a cart hold: its goods are free again. */
async function drop(tx: Transaction, { holdId, lines }: CartHoldRow): Promise<void> {
  for (const { sku, quantity } of lines) {
    await change(tx, sku, (row) => ({ ...row, held: row.held - quantity }));
  }
  await tx.delete(cartHoldsTable, holdId);
}

/** Whether any cart hold has run out at this moment. */
export async function anyHoldExpired(tx: Transaction, nowUs: RunTimeUs): Promise<boolean> {
  const expired = await tx.list(cartHoldsTable, { index: 'expiresUs', to: nowUs, limit: 1 });
  return expired.length > 0;
}

/** Ends the cart holds whose time is over: their goods are free again. */
export async function expireHolds(tx: Transaction): Promise<number> {
  const expired = await tx.list(cartHoldsTable, { index: 'expiresUs', to: tx.now() });
  for (const hold of expired) await drop(tx, hold);
  return expired.length;
}

/** What a reservation is worth and weighs. */
export function toReservation({ orderId, state, lines }: ReservationRow) {
  const sum = (value: (line: ReservedLine) => number) =>
    lines.reduce((total, line) => total + line.quantity * value(line), 0);
  return {
    orderId,
    state,
    lines,
    totalMinor: sum((line) => line.unitPriceMinor),
    currency: 'EUR' as const,
    weightG: sum((line) => line.weightG),
  };
}
