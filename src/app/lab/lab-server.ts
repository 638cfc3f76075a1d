import { forkRun, type LabOptions, LabRun, type Turn } from '../../hosts/virtual/index.ts';
import type { RunEvent } from '../../kernel/index.ts';
import { isStop } from '../../projections/index.ts';
import type { BranchId, FromLab, LabPlan, LabQuestion, LabQuestions, ToLab } from './messages.ts';

interface Branch {
  readonly options: LabOptions;
  readonly run: LabRun;
  /** Heard, and not told yet. */
  readonly news: RunEvent[];
  /** One thing at a time: a command waits until the moment under way is over. */
  last: Promise<unknown>;
}

type Answers = {
  readonly [Question in LabQuestion]: (
    ask: LabQuestions[Question]['ask'],
    job: Job,
  ) => Promise<LabQuestions[Question]['answer']>;
};

interface Job {
  readonly signal: { readonly aborted: boolean };
  progress(share: number): void;
}

/** A long advance shows what it has so far this often, in run time. */
const PART_MS = 5000;
const FULL = 2000;

/** Runs of the Lab, for a page that asks over messages. The worker's own code, without the worker. */
export class LabServer {
  readonly #post: (message: FromLab) => void;
  readonly #turn: Turn;
  readonly #branches = new Map<BranchId, Branch>();
  readonly #jobs = new Map<number, { aborted: boolean }>();

  constructor(post: (message: FromLab) => void, turn: Turn) {
    this.#post = post;
    this.#turn = turn;
  }

  received(message: ToLab): void {
    if (message.type === 'ping') {
      this.#post({ type: 'pong' });
      return;
    }
    if (message.type === 'cancel') {
      const job = this.#jobs.get(message.id);
      if (job !== undefined) job.aborted = true;
      return;
    }
    void this.#answer(message.id, message.question, message.ask);
  }

  async #answer(id: number, question: LabQuestion, ask: unknown): Promise<void> {
    const signal = { aborted: false };
    this.#jobs.set(id, signal);
    const job: Job = { signal, progress: (share) => this.#post({ type: 'progress', id, share }) };
    try {
      const perform = this.#answers[question] as (ask: unknown, job: Job) => Promise<unknown>;
      this.#post({ type: 'answer', id, answer: await perform(ask, job) });
    } catch (error) {
      this.#post({ type: 'failed', id, message: error instanceof Error ? error.message : String(error) });
    } finally {
      this.#jobs.delete(id);
    }
  }

  readonly #answers: Answers = {
    open: async ({ branch, plan }) => {
      const options = this.#options(plan);
      const news: RunEvent[] = [];
      const run = await LabRun.create({ ...options, wrote: (event) => news.push(event) });
      this.#add(branch, options, run, news);
      return null;
    },
    advance: async ({ branch: id, toUs, stopAt }, { signal, progress }) =>
      await this.#inTurn(id, async (branch) => {
        const { run, news } = branch;
        const fromUs = run.time.nowUs;
        let looked = news.length;
        let found = false;
        const done = () => {
          for (; looked < news.length && !found; looked += 1) {
            const event = news[looked];
            found = stopAt !== null && event !== undefined && isStop(event, stopAt);
          }
          return found || signal.aborted;
        };
        let over = false;
        while (!over && run.time.nowUs < toUs) {
          const partMs = Math.min(toUs / 1000, run.nowMs + PART_MS);
          over = await run.advanceUntil(done, partMs);
          // What else happens at that moment: a command, or a fork, comes after all of it.
          await run.advanceTo(over ? run.nowMs : partMs);
          looked = 0;
          this.#tell(id, branch);
          if (toUs > fromUs) progress((run.time.nowUs - fromUs) / (toUs - fromUs));
        }
        return { nowUs: run.time.nowUs, stoppedEarly: over };
      }),
    command: async ({ branch: id, command }) => {
      // Answered when the run goes on; meanwhile others have their turn.
      let answered: ReturnType<LabRun['begin']> | null = null;
      await this.#inTurn(id, async (branch) => {
        answered = branch.run.begin(command);
        await branch.run.time.turned();
        this.#tell(id, branch);
      });
      return await (answered ?? Promise.reject(new Error('it was not begun')));
    },
    fork: async ({ from, branch: id, atUs }, { signal, progress }) =>
      await this.#inTurn(from, async ({ options, run: past }) => {
        const news: RunEvent[] = [];
        const run = await forkRun({
          run: { ...options, commands: past.commands, wrote: (event) => news.push(event) },
          past: past.events,
          atMs: atUs / 1000,
          commands: [],
          signal,
          progress,
        });
        if (run === null) return null;
        this.#tell(id, this.#add(id, options, run, news));
        return { nowUs: run.time.nowUs };
      }),
    again: async ({ branch: id }, { signal, progress }) =>
      await this.#inTurn(id, async ({ options, run: first }) => {
        const untilMs = first.nowMs;
        const commands = first.commands.filter(({ atMs }) => atMs <= untilMs);
        const run = await LabRun.create({ ...options, commands });
        for (let atMs = 0; atMs < untilMs; ) {
          atMs = Math.min(untilMs, atMs + PART_MS);
          await run.advanceTo(atMs, { signal });
          if (signal.aborted) return null;
          progress(atMs / untilMs);
        }
        const logHash = run.logHash();
        return { same: logHash === first.logHash(), events: run.events.length, logHash };
      }),
    tables: async ({ branch: id, service }) => (await this.#branch(id)).run.tables()[service] ?? {},
    close: async ({ branch }) => {
      this.#branches.delete(branch);
      return null;
    },
  };

  #options({ scenario, seed, composition }: LabPlan): LabOptions {
    return { setup: scenario.setup, seed, composition, commands: scenario.commands, turn: this.#turn };
  }

  #add(id: BranchId, options: LabOptions, run: LabRun, news: RunEvent[]): Branch {
    const branch: Branch = { options, run, news, last: Promise.resolve() };
    this.#branches.set(id, branch);
    return branch;
  }

  async #branch(id: BranchId): Promise<Branch> {
    const branch = this.#branches.get(id);
    if (branch === undefined) throw new Error(`the Lab has no run ${id}`);
    return branch;
  }

  async #inTurn<T>(id: BranchId, act: (branch: Branch) => Promise<T>): Promise<T> {
    const branch = await this.#branch(id);
    const before = branch.last;
    const own = (async () => {
      await before.catch(() => {});
      return await act(branch);
    })();
    branch.last = own;
    return await own;
  }

  #tell(id: BranchId, { news }: Branch): void {
    while (news.length > 0) this.#post({ type: 'events', branch: id, events: news.splice(0, FULL) });
  }
}
