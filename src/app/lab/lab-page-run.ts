import { HIDDEN_NOTICE } from '../../hosts/live/index.ts';
import type { RunEvent } from '../../kernel/index.ts';
import type { Stop } from '../../projections/index.ts';
import { type CommandResult, parseRunCommand } from '../../setups/index.ts';
import type { JobOptions, LabPowers, Notice, PageRun } from '../state/page-run.ts';
import { LabLink, type LabPort } from './lab-link.ts';
import { LabPlayer, type Played } from './lab-player.ts';
import type { LabPlan } from './messages.ts';

/** Several runs that are watched together have one clock; each has a worker of its own. */
export interface LabOptions {
  readonly plans: readonly LabPlan[];
  readonly newPort: () => LabPort;
}

const ports = {
  nowMs: () => performance.now(),
  soon: (next: () => void) => {
    setTimeout(next, 30);
  },
};

let branches = 0;
const nextBranch = (): string => {
  branches += 1;
  return `branch-${branches}`;
};

/** Begins runs in the Lab that share one clock, paused at 0:00. */
export async function startLabRuns({ plans, newPort }: LabOptions): Promise<readonly PageRun[]> {
  const together: Together = {
    runs: new Set(),
    newLink: () =>
      new LabLink(newPort(), (message) => {
        for (const run of together.runs) run.failed(message);
      }),
  };
  const player: LabPlayer = playerOf(together);
  const runs = plans.map((plan) => new LabPageRun(together.newLink(), together, player, plan, nextBranch()));
  try {
    await Promise.all(runs.map((run) => run.open()));
    return runs;
  } catch (error) {
    await Promise.all(runs.map((run) => run.stop()));
    throw error;
  }
}

/** Runs that were begun together, and their forks: what befalls one's worker is said of all. */
interface Together {
  readonly runs: Set<LabPageRun>;
  readonly newLink: () => LabLink;
}

const playerOf = ({ runs }: Pick<Together, 'runs'>): LabPlayer =>
  new LabPlayer(ports, (error) => {
    for (const run of runs) run.failed(error instanceof Error ? error.message : String(error));
  });

class LabPageRun implements PageRun, Played {
  #link: LabLink;
  readonly #together: Together;
  #player: LabPlayer;
  readonly #plan: LabPlan;
  #branch: string;
  readonly #heard: RunEvent[] = [];
  #listener: ((events: readonly RunEvent[]) => void) | null = null;
  #notices: readonly Notice[] = [];
  readonly #noticeListeners = new Set<(notices: readonly Notice[]) => void>();
  readonly #onVisibility = () => this.#visibilityChanged();
  readonly lab: LabPowers;

  constructor(link: LabLink, together: Together, player: LabPlayer, plan: LabPlan, branch: string) {
    this.#link = link;
    this.#together = together;
    this.#player = player;
    this.#plan = plan;
    this.#branch = branch;
    player.add(this);
    together.runs.add(this);
    document.addEventListener('visibilitychange', this.#onVisibility);
    this.#listen();
    this.lab = {
      seed: plan.seed,
      runTo: (timeUs, options) => this.#player.runTo(timeUs, options),
      stopAt: (stop) => this.#player.stopAt(stop),
      stopsAt: () => this.#player.stopsAt,
      fork: (atUs, options) => this.#fork(atUs, options),
      beside: (other) => {
        if (!(other instanceof LabPageRun))
          throw new TypeError('only runs in the Lab have a clock that can be shared');
        other.#changePlayer(this.#player);
        const part = () => {
          const own = playerOf(this.#together);
          own.setSpeed(this.#player.speed);
          own.standAt(this.#player.headUs);
          other.#changePlayer(own);
        };
        // Between two steps both stand at the same moment; after a failed one nobody moves any more.
        return () => void this.#player.between(part).catch(part);
      },
      between: (act) => this.#player.between(act),
      again: (options) => this.#link.ask('again', { branch: this.#branch }, options),
    };
  }

  async open(): Promise<void> {
    await this.#link.ask('open', { branch: this.#branch, plan: this.#plan });
  }

  async advance(
    toUs: number,
    stopAt: Stop | null,
    options?: JobOptions,
  ): Promise<{ nowUs: number; stoppedEarly: boolean }> {
    return await this.#link.ask('advance', { branch: this.#branch, toUs, stopAt }, options);
  }

  async command(command: unknown): Promise<CommandResult> {
    const parsed = parseRunCommand(command);
    if (!parsed.ok) return parsed;
    switch (parsed.value.type) {
      case 'run.pause':
        await this.#player.pause();
        return { ok: true, value: {} };
      case 'run.resume':
        this.#player.play();
        return { ok: true, value: {} };
      case 'run.speed':
        this.#player.setSpeed(parsed.value.speed);
        return { ok: true, value: {} };
      case 'run.reset':
        return await this.#reset();
      default:
        return await this.#link.ask('command', { branch: this.#branch, command: command as never });
    }
  }

  subscribe(listener: (events: readonly RunEvent[]) => void): () => void {
    this.#listener = listener;
    if (this.#heard.length > 0) listener(this.#heard.splice(0));
    return () => {
      this.#listener = null;
    };
  }

  clock(): { nowUs: number; paused: boolean; speed: number } {
    const { nowUs, paused, speed } = this.#player;
    return { nowUs, paused, speed };
  }

  async tables(service: Parameters<PageRun['tables']>[0]): ReturnType<PageRun['tables']> {
    return await this.#link.ask('tables', { branch: this.#branch, service });
  }

  notices(): readonly Notice[] {
    return this.#notices;
  }

  onNotice(listener: (notices: readonly Notice[]) => void): () => void {
    this.#noticeListeners.add(listener);
    return () => this.#noticeListeners.delete(listener);
  }

  async stop(): Promise<void> {
    document.removeEventListener('visibilitychange', this.#onVisibility);
    this.#player.remove(this);
    this.#together.runs.delete(this);
    await this.#link.leave(this.#branch);
  }

  failed(message: string): void {
    this.#notice({
      id: 'lab-failed',
      level: 'error',
      text: `${message} What was recorded can still be looked at.`,
    });
  }

  #notice(notice: Notice): void {
    this.#setNotices([...this.#notices.filter(({ id }) => id !== notice.id), notice]);
  }

  #setNotices(notices: readonly Notice[]): void {
    this.#notices = notices;
    for (const listener of this.#noticeListeners) listener(this.#notices);
  }

  #visibilityChanged(): void {
    if (document.visibilityState !== 'hidden') this.#player.release();
    else if (this.#player.hold()) this.#notice(HIDDEN_NOTICE);
  }

  #listen(): void {
    this.#link.listen(this.#branch, (events) => {
      if (this.#listener === null) this.#heard.push(...events);
      else this.#listener(events);
    });
  }

  #changePlayer(player: LabPlayer): void {
    this.#player.remove(this);
    player.add(this);
    this.#player = player;
  }

  async #reset(): Promise<CommandResult> {
    await this.#player.pause();
    const before = this.#branch;
    const failed = this.#link.over;
    if (failed) this.#link = this.#together.newLink();
    this.#branch = nextBranch();
    this.#listen();
    await this.open();
    if (!failed) await this.#link.ask('close', { branch: before });
    this.#setNotices([]);
    this.#player.standAt(0);
    return { ok: true, value: {} };
  }

  async #fork(atUs: number, options: JobOptions): Promise<PageRun | null> {
    await this.#player.pause();
    const branch = nextBranch();
    const player = playerOf(this.#together);
    const fork = new LabPageRun(this.#link.join(), this.#together, player, this.#plan, branch);
    let made: { readonly nowUs: number } | null = null;
    try {
      const answer = await this.#link.ask('fork', { from: this.#branch, branch, atUs }, options);
      // It may have been done before the worker heard that it is not wanted.
      made = options.signal.aborted ? null : answer;
    } finally {
      if (made === null) await fork.stop();
    }
    if (made === null) return null;
    player.setSpeed(this.#player.speed);
    player.standAt(made.nowUs);
    return fork;
  }
}
