import type { FaultId, Json } from '../../kernel/index.ts';
import { type Counterpart, parseRunCommand, type RunCommand } from '../../setups/index.ts';
import type { CommandResult, PageRun } from './page-run.ts';
import type { RunStore } from './run-store.ts';

/** What a fault became on the other side. */
interface Mirrored {
  readonly faultId: FaultId | null;
  readonly undo: readonly RunCommand[];
}

/** The other side of a comparison, and what is done there in place of a command. */
export interface OtherSide {
  readonly store: RunStore;
  readonly title: string;
  readonly counterpart: (command: RunCommand) => Counterpart;
  /** The name that a fault from before the comparison has there; null: it is not there. */
  readonly earlierFault: (faultId: FaultId) => FaultId | null;
}

/** Nothing answers to it there. */
export const NO_COUNTERPART: Counterpart = { commands: [], undo: [], note: null };

const faultIdOf = (result: CommandResult): FaultId | null => {
  if (!result.ok || typeof result.value !== 'object' || result.value === null) return null;
  const { faultId } = result.value as { readonly faultId?: Json };
  return typeof faultId === 'string' ? (faultId as FaultId) : null;
};

/** Does on the other side of a comparison, at the same moment of run time, what is done to this one. */
export class Mirror {
  readonly #left: RunStore;
  readonly #other: OtherSide;
  readonly #tell: (note: string) => void;
  readonly #faults = new Map<FaultId, Mirrored>();
  readonly #stop: () => void;
  readonly #closed: () => void;

  constructor(left: RunStore, other: OtherSide, tell: (note: string) => void, closed: () => void) {
    this.#left = left;
    this.#other = other;
    this.#tell = tell;
    this.#closed = closed;
    this.#stop = left.subscribe((state, before) => {
      if (state.phase === 'starting') this.#faults.clear();
      else if (state.tick !== before.tick) this.#endFaults();
    });
  }

  async command(left: PageRun, input: unknown): Promise<CommandResult> {
    const right = this.#other.store.getState().run;
    const command = parseRunCommand(input);
    if (right === null || left.lab === null || !command.ok || command.value.type.startsWith('run.'))
      return await left.command(input);
    const { commands, undo, note } = this.#counterpart(command.value);
    let own: Promise<CommandResult> = Promise.resolve({ ok: true, value: {} });
    let others: readonly Promise<CommandResult>[] = [];
    await left.lab.between(() => {
      own = left.command(command.value);
      others = commands.map((there) => this.#there(right, there));
    });
    const result = await own;
    if (!result.ok) return result;
    if (note !== null) this.#tell(`${this.#other.title}: ${note}`);
    const faultId = faultIdOf(result);
    if (command.value.type === 'fault.add' && faultId !== null) {
      const [there] = await Promise.all(others);
      this.#faults.set(faultId, { faultId: there === undefined ? null : faultIdOf(there), undo });
    }
    return result;
  }

  /** What the other side refuses is said, and stops nobody. */
  async #there(right: PageRun, command: RunCommand): Promise<CommandResult> {
    const result = await right.command(command).catch(
      (error: unknown): CommandResult => ({
        ok: false,
        error: { message: error instanceof Error ? error.message : String(error) },
      }),
    );
    if (!result.ok) this.#tell(`${this.#other.title}: ${result.error.message}`);
    return result;
  }

  close(): void {
    this.#stop();
    this.#closed();
  }

  #counterpart(command: RunCommand): Counterpart {
    if (command.type === 'fault.clear-all') {
      const undo = [...this.#faults.values()].flatMap((mirrored) => mirrored.undo);
      this.#faults.clear();
      return { ...NO_COUNTERPART, commands: [command, ...undo] };
    }
    if (command.type === 'fault.clear') {
      const mirrored = this.#faults.get(command.faultId);
      this.#faults.delete(command.faultId);
      const faultId = mirrored === undefined ? this.#other.earlierFault(command.faultId) : mirrored.faultId;
      const clear = faultId === null ? [] : [{ ...command, faultId }];
      return { ...NO_COUNTERPART, commands: [...clear, ...(mirrored?.undo ?? [])] };
    }
    return this.#other.counterpart(command);
  }

  /** A fault that ends by itself takes its counterpart with it. */
  #endFaults(): void {
    const { faults } = this.#left.getState().projections;
    const right = this.#other.store.getState().run;
    if (right === null) return;
    for (const [faultId, { undo }] of this.#faults) {
      if (faults.byId.get(faultId)?.endedUs == null) continue;
      this.#faults.delete(faultId);
      for (const command of undo) void this.#there(right, command);
    }
  }
}
