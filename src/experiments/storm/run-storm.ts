import { LabRun, type StopSignal, type Turn } from '../../hosts/virtual/index.ts';
import { INVARIANTS, InvariantCheck, type Violation } from '../../invariants/index.ts';
import type { RunEvent } from '../../kernel/index.ts';
import type { Setup } from '../../setups/index.ts';
import { Administrator } from './administrator.ts';
import { settlingTime } from './settling-time.ts';
import type { StormPlan } from './storm-plan.ts';
import type { StormReport } from './storm-report.ts';
import { unexpectedFailures } from './unexpected-failures.ts';
import { Unfinished } from './unfinished.ts';

/*
 * Besides the invariants over the log, a storm has rules of its own:
 * STORM-1 once healed, all comes to rest in the settling time;
 * STORM-2 no process ends with an error that is not a fault's;
 * STORM-3 the run itself goes on.
 */

export interface StormOptions {
  readonly turn: Turn;
  readonly signal?: StopSignal;
  /** Ends at the first violation: the report tells of the storm no further. Default false. */
  readonly stopAtFirst?: boolean;
}

/** How often a run under way is looked at. */
const LOOK_MS = 1000;
/** So often it is asked whether it shall go on. */
const SLICE_MS = 10_000;
/** How long nothing may begin anew once all has come to rest. */
const QUIET_MS = 5000;
/** A storm that takes too few orders is not waited for longer than this many times its length. */
const MOST_LENGTHS = 2;

/** Runs a storm, heals the shop, lets it settle, and looks at all that happened. Null: it was stopped. */
export async function runStorm(plan: StormPlan, options: StormOptions): Promise<StormReport | null> {
  const storm = await Storm.create(plan, options);
  return await storm.run();
}

class Storm {
  readonly #plan: StormPlan;
  readonly #signal: StopSignal;
  readonly #stopAtFirst: boolean;
  readonly #run: LabRun;
  readonly #unfinished: Unfinished;
  readonly #check: InvariantCheck;
  readonly #administrator: Administrator;

  static async create(plan: StormPlan, options: StormOptions): Promise<Storm> {
    const unfinished = new Unfinished();
    const check = new InvariantCheck({ invariants: INVARIANTS, inTrueOrder: true });
    const run = await LabRun.create({
      setup: setupOf(plan),
      commands: plan.commands,
      turn: options.turn,
      wrote: (event) => {
        unfinished.add(event);
        check.add(event);
      },
    });
    return new Storm(plan, options, run, unfinished, check);
  }

  private constructor(
    plan: StormPlan,
    { signal = NEVER, stopAtFirst = false }: StormOptions,
    run: LabRun,
    unfinished: Unfinished,
    check: InvariantCheck,
  ) {
    this.#plan = plan;
    this.#signal = signal;
    this.#stopAtFirst = stopAtFirst;
    this.#run = run;
    this.#unfinished = unfinished;
    this.#check = check;
    this.#administrator = new Administrator(run);
  }

  async run(): Promise<StormReport | null> {
    const run = this.#run;
    const unfinished = this.#unfinished;
    const own: Violation[] = [];
    let settledMs: number | null = null;
    let stormMs = this.#plan.stormMs;
    let settlingMs = 0;
    try {
      await this.#rage();
      stormMs = run.nowMs;
      const settling = settlingTime(this.#plan.settings, this.#plan.faults, unfinished.backlog);
      settlingMs = settling.settlingMs;
      if (!this.#over) settledMs = await this.#settle(stormMs, settling);
    } catch (error) {
      own.push(stormViolation('STORM-3', `the run cannot go on: ${messageOf(error)}`));
    }
    if (this.#signal.aborted) return null;
    if (!this.#over && settledMs === null) {
      for (const rest of unfinished.list())
        own.push(stormViolation('STORM-1', `${settlingMs / 1000} s after the heal ${rest}`));
    }
    own.push(...unexpectedFailures(run.events));
    this.#check.end(run.tables(), { healed: settledMs !== null });
    return {
      ...summaryOf(this.#plan, run.events),
      orders: unfinished.orders,
      stormMs,
      settledMs,
      settlingMs,
      violations: [...own, ...this.#check.violations].map((found) => ({
        ...found,
        events: [...found.events],
      })),
    };
  }

  /** Nobody wants to know more. */
  get #over(): boolean {
    return this.#signal.aborted || (this.#stopAtFirst && this.#check.violations.length > 0);
  }

  /** The storm itself: until its time is over and it has taken enough orders. */
  async #rage(): Promise<void> {
    const { cancellations, stormMs, leastOrders } = this.#plan;
    for (const atMs of cancellations) {
      await this.#advanceTo(atMs);
      const orderId = this.#unfinished.newestOrder();
      if (orderId !== null && !this.#over) await this.#administrator.cancel(orderId);
    }
    await this.#advanceTo(stormMs);
    while (!this.#over && this.#unfinished.orders < leastOrders && this.#run.nowMs < MOST_LENGTHS * stormMs) {
      await this.#advanceTo(this.#run.nowMs + LOOK_MS);
    }
  }

  /** Heals the shop and waits until all rests. Gives how long that took; null when it took too long. */
  async #settle(
    stormMs: number,
    { heldMs, passingMs, settlingMs }: ReturnType<typeof settlingTime>,
  ): Promise<number | null> {
    const untilMs = stormMs + settlingMs;
    await this.#administrator.heal();
    await this.#administrator.bringBack();
    // What was under way when the shop was healed may be parked or given up later: so he looks twice.
    let looks = (await this.#administrator.takeUpAgain()) ? 1 : 0;
    while (!this.#over && !this.#unfinished.isAtRest && this.#run.nowMs < untilMs) {
      await this.#advanceTo(Math.min(this.#run.nowMs + LOOK_MS, untilMs));
      await this.#administrator.bringBack();
      const isDue = looks === 0 || (looks === 1 && this.#run.nowMs >= stormMs + passingMs);
      if (isDue && (await this.#administrator.takeUpAgain())) looks += 1;
    }
    if (this.#over || !this.#unfinished.isAtRest) return null;
    const settledMs = this.#run.nowMs - stormMs;
    // What faults still hold back arrives, and must change nothing.
    await this.#advanceTo(Math.max(this.#run.nowMs, stormMs + heldMs) + QUIET_MS);
    return this.#unfinished.isAtRest ? settledMs : null;
  }

  async #advanceTo(atMs: number): Promise<void> {
    // A sum of fractions may lie a hair above the microsecond that the clock can reach.
    const untilMs = Math.ceil(atMs);
    // A command that had to be answered may have let the clock go on further.
    while (!this.#over && this.#run.nowMs < untilMs) {
      await this.#run.advanceTo(Math.min(this.#run.nowMs + SLICE_MS, untilMs), { signal: this.#signal });
    }
  }
}

const NEVER: StopSignal = { aborted: false };

function setupOf({ seed, settings, faults }: StormPlan): Setup {
  return {
    name: 'storm',
    title: `Storm ${seed}`,
    text: '',
    seed,
    composition: 'microservices',
    settings,
    faults,
  };
}

const stormViolation = (invariant: string, message: string): Violation => ({
  invariant,
  message,
  events: [],
});

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function summaryOf({ seed, classes }: StormPlan, events: readonly RunEvent[]) {
  const count = (is: (event: RunEvent) => boolean) =>
    events.reduce((sum, event) => sum + (is(event) ? 1 : 0), 0);
  return {
    seed,
    classes: [...classes],
    completed: count(({ type }) => type === 'saga.completed'),
    undone: count(({ type }) => type === 'saga.compensated'),
    crashes: count(({ type }) => type === 'instance.crashed'),
    breakerOpenings: count((event) => event.type === 'breaker.state.changed' && event.after === 'OPEN'),
    parked: count(({ type }) => type === 'saga.parked'),
    deadLetters: count(({ type }) => type === 'message.dead-lettered'),
    events: events.length,
  };
}
