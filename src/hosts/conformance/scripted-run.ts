import type { FinalTables } from '../../invariants/index.ts';
import type { Json, RunEvent } from '../../kernel/index.ts';
import { applySettingsPatch, type CommandResult, classroom, type Setup } from '../../setups/index.ts';
import {
  type ClosedSetup,
  type CompositionName,
  type ConcurrentSetup,
  LAST_ORDER,
  ORDERER,
  quickSettings,
  type Step,
  type Wish,
} from './equivalence-setups.ts';

/** A run of the shop on any host, as far as a script needs it. */
export interface ScriptedRun {
  command(command: Json): Promise<CommandResult>;
  events(): readonly RunEvent[];
  /** Run time. */
  nowMs(): number;
  /** Lets run time go on until `look` gives something; throws when that takes longer than `withinMs` of it. */
  until<T>(look: () => T | undefined | null | false, withinMs: number): Promise<T>;
  pass(ms: number): Promise<void>;
  /** Every database, read when nothing is under way. */
  tables(): Promise<FinalTables>;
  stop(): Promise<void>;
}

/** A step may take so long, in run time. */
const STEP_WITHIN_MS = 300_000;
/** After all that: whatever runs by itself has run once more. */
const REST_MS = 1000;

const ENDS: readonly unknown[] = ['CONFIRMED', 'REJECTED', 'CANCELLED'];

const ADDRESS = { name: 'Ada', street: 'Hauptstr. 1', postcode: '10115', city: 'Berlin' };

const setupOf = (
  name: string,
  composition: CompositionName,
  seed: number,
  patch: Readonly<Record<string, Json>>,
  faults: Setup['faults'],
): Setup => {
  const quick = applySettingsPatch(classroom.settings, quickSettings);
  const settings = quick.ok ? applySettingsPatch(quick.value, patch) : quick;
  if (!settings.ok) throw new Error(`${name}: ${settings.error.field} ${settings.error.message}`);
  // A setup's name has at most 40 letters.
  return { ...classroom, name: name.slice(0, 40), composition, seed, settings: settings.value, faults };
};

export const closedSetup = (closed: ClosedSetup, composition: CompositionName): Setup =>
  setupOf(closed.name, composition, 1, closed.settings ?? {}, concrete(closed.faults ?? [], composition, ''));

export const concurrentSetup = (concurrent: ConcurrentSetup, seed: number): Setup =>
  setupOf(concurrent.name, concurrent.composition, seed, concurrent.settings, []);

/** With the names that stand for something put in. */
function concrete<T>(value: T, composition: CompositionName, lastOrder: string): T {
  const orderer = composition === 'monolith' ? 'monolith' : 'order';
  const text = JSON.stringify(value).replaceAll(ORDERER, orderer).replaceAll(LAST_ORDER, lastOrder);
  return JSON.parse(text) as T;
}

interface OrderRow {
  readonly orderId: string;
  readonly status: string;
  readonly delivery: { readonly status: string } | null;
}

/** Orders as the log tells of them, by the time they were placed. */
export class KnownOrders {
  readonly #events: () => readonly RunEvent[];
  readonly #rows = new Map<string, OrderRow>();
  readonly #unread = new Set<string>();
  readonly #taken = new Set<string>();
  #read = 0;

  constructor(events: () => readonly RunEvent[]) {
    this.#events = events;
  }

  get rows(): readonly OrderRow[] {
    this.#look();
    return [...this.#rows.values()];
  }

  #look(): void {
    const events = this.#events();
    for (; this.#read < events.length; this.#read += 1) {
      const event = events[this.#read];
      if (event?.type === 'message.published') this.#unread.add(event.messageId);
      if (event?.type === 'message.consumed') this.#unread.delete(event.messageId);
      if (event?.type !== 'store.committed') continue;
      for (const { table, after } of event.rows) {
        const row = after as unknown as OrderRow | null;
        if (table === 'orders' && row !== null) this.#rows.set(row.orderId, row);
      }
    }
  }

  /** The shop has taken this order: it will be stored, if it is not yet. */
  taken(orderId: string): void {
    this.#taken.add(orderId);
  }

  hasEnded(orderId: string): boolean {
    this.#look();
    return ENDS.includes(this.#rows.get(orderId)?.status);
  }

  get allEnded(): boolean {
    const all = [...this.#taken, ...this.rows.map(({ orderId }) => orderId)];
    return all.every((orderId) => this.hasEnded(orderId));
  }

  /** Whatever was sold has been delivered, and the shop knows it. */
  get allArrived(): boolean {
    return this.rows.every(
      ({ status, delivery }) => status !== 'CONFIRMED' || delivery?.status === 'delivered',
    );
  }

  /** Whatever was published has been read. */
  get allRead(): boolean {
    this.#look();
    return this.#unread.size === 0;
  }
}

/** Plays a script to its end and lets the shop come to rest; gives what the script's requests were answered. */
export async function playScript(
  run: ScriptedRun,
  script: readonly Step[],
  composition: CompositionName,
): Promise<readonly string[]> {
  const orders = new KnownOrders(() => run.events());
  const answers: string[] = [];
  let placed = 0;
  let lastOrder = '';

  const command = async (wanted: Json): Promise<Json> => {
    const result = await run.command(wanted);
    if (!result.ok) throw new Error(`${JSON.stringify(wanted)}: ${result.error.message}`);
    return result.value;
  };

  const order = async ({ lines, cardToken, country, idempotencyKey }: Wish): Promise<string | null> => {
    placed += 1;
    const value = (await command({
      type: 'order.place',
      lines: lines ?? [{ sku: 'kitchen-01', quantity: 1 }],
      cardToken: cardToken ?? 'tok_ok',
      address: { ...ADDRESS, country: country ?? 'DE' },
      idempotencyKey: idempotencyKey ?? `order-${placed}`,
    } as unknown as Json)) as { status: number | null; orderId: string | null };
    answers.push(`order ${placed}: ${value.status ?? 'no answer'} ${value.orderId ?? '-'}`);
    if (value.orderId !== null) orders.taken(value.orderId);
    return value.orderId;
  };

  for (const [index, wanted] of script.entries()) {
    const step = concrete(wanted, composition, lastOrder);
    const about = `step ${index + 1}, ${JSON.stringify(step)}`;
    switch (step.do) {
      case 'order': {
        const orderId = await order(step);
        const until = step.until ?? 'ended';
        if (until === 'unanswered') break;
        if (orderId === null) throw new Error(`${about}: the order was not taken`);
        lastOrder = orderId;
        if (until === 'ended') await run.until(() => orders.hasEnded(orderId), STEP_WITHIN_MS);
        break;
      }
      case 'request': {
        const { do: _, ...request } = step;
        const { status } = (await command({ type: 'request.send', ...request })) as { status: number | null };
        answers.push(`${step.method} ${step.path}: ${status ?? 'no answer'}`);
        break;
      }
      case 'break':
        await command({ type: 'fault.add', fault: step.fault as unknown as Json });
        break;
      case 'heal':
        await command({ type: 'fault.clear-all' });
        break;
      case 'await': {
        const { type, fields = {}, nth = 1 } = step;
        const isMeant = (event: RunEvent) =>
          event.type === type &&
          Object.entries(fields).every(
            ([name, value]) => (event as unknown as Record<string, unknown>)[name] === value,
          );
        await run.until(() => run.events().filter(isMeant).length >= nth, STEP_WITHIN_MS);
        break;
      }
      case 'settle':
        await run.until(() => orders.allEnded, STEP_WITHIN_MS);
    }
  }
  await comeToRest(run, orders);
  return answers;
}

/** Clears all faults, and waits until every order has ended, and whatever was sold or told has arrived. */
export async function comeToRest(run: ScriptedRun, orders: KnownOrders): Promise<void> {
  await run.command({ type: 'fault.clear-all' });
  await run.until(() => orders.allEnded && orders.allArrived && orders.allRead, STEP_WITHIN_MS);
  await run.pass(REST_MS);
}
