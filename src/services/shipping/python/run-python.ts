import * as z from 'zod/mini';
import {
  type AnyTable,
  Cancelled,
  type Context,
  defineLocal,
  type Table,
  type Transaction,
} from '../../../kernel/index.ts';
import {
  claimLease,
  leaseHolder,
  leaseTable,
  ModelError,
  outboxCounterTable,
  outboxTable,
  publish,
  wakeRelay,
} from '../../../patterns/index.ts';
import { shipmentEventSchema } from '../contract.ts';
import { orderStatusesTable, shipmentsTable } from '../tables.ts';
import { problemOf } from './answer.ts';
import type { Begins, Interpreter, Raised, Step } from './interpreter.ts';
import { orderStatusRowSchema, shipmentRowSchema, spanSchema } from './row-schemas.ts';

// The sidecar steps a generator of Python's. Each thing that it yields is asked of a port of the instance, and
// the result is sent back in: so Python waits as everything here waits, and a step between two waits is
// synchronous, as IndexedDB's transactions and the Lab's clock demand.

const tables = new Map<string, AnyTable>(
  [shipmentsTable, orderStatusesTable, outboxTable, outboxCounterTable, leaseTable].map((table) => [
    table.name,
    table as AnyTable,
  ]),
);

/** Those whose rows it reads and writes itself; the others belong to the client libraries. */
const own = new Map<unknown, Table<unknown>>(
  [shipmentsTable, orderStatusesTable].map((table) => [table.name, table as unknown as Table<unknown>]),
);

/** Thrown where Python does what its sidecar does not know: a bug. */
const unknown = (what: string) => new Error(`Python asked for '${what}' here, which there is not.`);

function ownTable(name: unknown) {
  const table = own.get(name);
  if (table === undefined) throw unknown(`the table ${String(name)}`);
  return table;
}

/** Python's own exception, with its traceback. */
class PythonError extends Error {
  override readonly name = 'PythonError';
}

const randomKeys = z.array(z.union([z.string(), z.number()]));

function tablesOf(names: unknown): AnyTable[] {
  return z.parse(z.array(z.string()), names).map((name) => {
    const table = tables.get(name);
    if (table === undefined) throw unknown(`the table ${name}`);
    return table;
  });
}

/** Generators under way in one life of an instance. */
interface Generators {
  readonly numbers: Set<number>;
}

/**
 * A life that crashes ends none of its generators: nothing of it runs any more. In a worker they are gone with it;
 * in the Lab they are let go when its memory is.
 */
const generatorsOf = (() => {
  const known = new WeakMap<Interpreter, ReturnType<typeof defineLocal<Generators>>>();
  return (python: Interpreter) => {
    let local = known.get(python);
    if (local === undefined) {
      const gone = new FinalizationRegistry<ReadonlySet<number>>((numbers) => {
        for (const number of numbers) python.forget(number);
      });
      local = defineLocal('python generators', () => {
        const numbers = new Set<number>();
        const generators = { numbers };
        gone.register(generators, numbers);
        return generators;
      });
      known.set(python, local);
    }
    return local;
  };
})();

/**
 * Begins a generator and takes it to its end. `within`: the transaction that it is to run in; without one it
 * opens its own.
 */
export async function runPython(
  python: Interpreter,
  what: Begins,
  argument: unknown,
  context: Context,
  within?: Transaction,
): Promise<unknown> {
  const run = new PythonRun(python, context, python.begin(what, argument));
  return await run.toEnd(within);
}

class PythonRun {
  readonly #python: Interpreter;
  readonly #context: Context;
  readonly #number: number;
  /** What a port threw last: if Python lets it pass, that very error goes on. */
  #thrown: unknown = null;

  constructor(python: Interpreter, context: Context, number: number) {
    this.#python = python;
    this.#context = context;
    this.#number = number;
  }

  async toEnd(within: Transaction | undefined): Promise<unknown> {
    const context = this.#context;
    const { numbers } = context.local(generatorsOf(this.#python));
    numbers.add(this.#number);
    let step = this.#resume(null);
    try {
      for (;;) {
        if (step[0] === 'end') return step[1];
        if (step[0] === 'raise') throw this.#errorOf(step[1]);
        const [asked, ...args] = step[1];
        if (asked === 'begin' && within === undefined) {
          step = await this.#transact(String(args[0]), args[1], args[2]);
          continue;
        }
        let value: unknown;
        try {
          value =
            within === undefined ? await this.#outside(asked, args) : await this.#inside(within, asked, args);
        } catch (error) {
          step = this.#fail(error);
          continue;
        }
        step = this.#resume(value);
      }
    } finally {
      numbers.delete(this.#number);
    }
  }

  /** From a transaction's beginning to its end: the step after it. */
  async #transact(operation: string, names: unknown, mode: unknown): Promise<Step> {
    // Python has said that it is over, and is to go on by itself with what it raised.
    let aborted = false;
    try {
      await this.#context.store.transact(
        operation,
        tablesOf(names),
        mode === 'readonly' ? 'readonly' : 'readwrite',
        async (tx) => {
          let step = this.#resume(null);
          for (;;) {
            // Its helper says how a transaction ends; nothing else ends one.
            if (step[0] !== 'ask') throw new Error(`Python left the transaction '${operation}' unended.`);
            const [asked, ...args] = step[1];
            if (asked === 'commit') return;
            if (asked === 'abort') {
              aborted = true;
              throw this.#errorOf(args[0] as Raised);
            }
            let value: unknown;
            try {
              value = await this.#inside(tx, asked, args);
            } catch (error) {
              step = this.#fail(error);
              continue;
            }
            step = this.#resume(value);
          }
        },
      );
    } catch (error) {
      return aborted ? this.#resume(null) : this.#fail(error);
    }
    return this.#resume(null);
  }

  async #inside(tx: Transaction, asked: string, args: readonly unknown[]): Promise<unknown> {
    const [first, second, third, fourth, fifth] = args;
    switch (asked) {
      case 'get':
        return (await tx.get(ownTable(first), String(second))) ?? null;
      case 'put':
        return await tx.put(
          ownTable(first),
          z.parse(first === shipmentsTable.name ? shipmentRowSchema : orderStatusRowSchema, second),
        );
      case 'list':
        return await tx.list(ownTable(first), second ?? {});
      case 'publish':
        return await publish(tx, {
          source: 'shipping',
          topic: String(first),
          type: String(second),
          key: String(third),
          data: z.parse(shipmentEventSchema, fourth),
          span: z.parse(spanSchema, fifth),
        });
      case 'claim-lease':
        return await claimLease(tx, String(first), leaseHolder(this.#context), Number(second));
      case 'now':
        return tx.now();
      default:
        return this.#anywhere(asked, args);
    }
  }

  async #outside(asked: string, args: readonly unknown[]): Promise<unknown> {
    const context = this.#context;
    switch (asked) {
      case 'now':
        return context.clock.now();
      case 'sleep':
        return await context.clock.sleep(Number(args[0]));
      case 'wake-relay':
        return wakeRelay(context);
      default:
        return this.#anywhere(asked, args);
    }
  }

  /** What waits for nothing. */
  #anywhere(asked: string, args: readonly unknown[]): unknown {
    const { random, settings } = this.#context;
    switch (asked) {
      case 'uniform':
        return random.uniform(String(args[0]), ...z.parse(randomKeys, args[1]));
      case 'settings':
        if (args[0] === 'tracking') return settings.tracking;
        throw unknown(`the settings of ${String(args[0])}`);
      default:
        throw unknown(asked);
    }
  }

  #resume(value: unknown): Step {
    return this.#heard(this.#python.resume(this.#number, value));
  }

  #fail(error: unknown): Step {
    this.#thrown = error;
    const message = error instanceof Error ? error.message : String(error);
    return this.#heard(this.#python.fail(this.#number, error instanceof Cancelled, message));
  }

  #heard(step: Step): Step {
    for (const line of this.#python.printed()) this.#context.log.info(line);
    return step;
  }

  #errorOf(raised: Raised): Error {
    switch (raised.kind) {
      case 'refused':
        return new ModelError(problemOf(raised.refusal));
      case 'port':
        return this.#thrown instanceof Error ? this.#thrown : new Error(String(this.#thrown));
      case 'bug':
        return new PythonError(raised.traceback);
    }
  }
}
