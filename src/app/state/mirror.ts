import type { Json } from '../../kernel/index.ts';
import { monolithCounterpart, parseRunCommand, type RunCommand } from '../../setups/index.ts';
import type { CommandResult, PageRun } from './page-run.ts';
import type { RunStore } from './run-store.ts';

/** What a fault of the services became on the other side. */
interface Mirrored {
  readonly faultId: string | null;
  readonly undo: readonly RunCommand[];
}

const faultIdOf = (result: CommandResult): string | null => {
  if (!result.ok || typeof result.value !== 'object' || result.value === null) return null;
  const { faultId } = result.value as { readonly faultId?: Json };
  return typeof faultId === 'string' ? faultId : null;
};

/** Does on the monolith's side, at the same moment of run time, what is done to the services. */
export class Mirror {
  readonly #left: RunStore;
  readonly #right: RunStore;
  readonly #tell: (note: string) => void;
  readonly #faults = new Map<string, Mirrored>();
  readonly #stop: () => void;
  readonly #closed: () => void;

  constructor(left: RunStore, right: RunStore, tell: (note: string) => void, closed: () => void) {
    this.#left = left;
    this.#right = right;
    this.#tell = tell;
    this.#closed = closed;
    this.#stop = left.subscribe((state, before) => {
      if (state.phase === 'starting') this.#faults.clear();
      else if (state.tick !== before.tick) this.#endFaults();
    });
  }

  async command(left: PageRun, input: unknown): Promise<CommandResult> {
    const right = this.#right.getState().run;
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
    if (note !== null) this.#tell(`Monolith: ${note}`);
    const faultId = faultIdOf(result);
    if (command.value.type === 'fault.add' && faultId !== null) {
      const [there] = await Promise.all(others);
      this.#faults.set(faultId, { faultId: there === undefined ? null : faultIdOf(there), undo });
    }
    return result;
  }

  /** What the monolith refuses is said, and stops nobody. */
  async #there(right: PageRun, command: RunCommand): Promise<CommandResult> {
    const result = await right.command(command).catch(
      (error: unknown): CommandResult => ({
        ok: false,
        error: { message: error instanceof Error ? error.message : String(error) },
      }),
    );
    if (!result.ok) this.#tell(`Monolith: ${result.error.message}`);
    return result;
  }

  close(): void {
    this.#stop();
    this.#closed();
  }

  #counterpart(command: RunCommand): ReturnType<typeof monolithCounterpart> {
    if (command.type === 'fault.clear-all') {
      const undo = [...this.#faults.values()].flatMap((mirrored) => mirrored.undo);
      this.#faults.clear();
      return { commands: [command, ...undo], undo: [], note: null };
    }
    if (command.type === 'fault.clear') {
      const mirrored = this.#faults.get(command.faultId);
      this.#faults.delete(command.faultId);
      const clear: readonly RunCommand[] =
        mirrored?.faultId == null
          ? []
          : [{ ...command, faultId: mirrored.faultId as typeof command.faultId }];
      return { commands: [...clear, ...(mirrored?.undo ?? [])], undo: [], note: null };
    }
    const settings = this.#right.getState().projections.facts.settings;
    return settings === null
      ? { commands: [], undo: [], note: null }
      : monolithCounterpart(command, settings);
  }

  /** A fault that ends by itself takes its counterpart with it. */
  #endFaults(): void {
    const { faults } = this.#left.getState().projections;
    const right = this.#right.getState().run;
    if (right === null) return;
    for (const [faultId, { undo }] of this.#faults) {
      if (faults.byId.get(faultId as never)?.endedUs == null) continue;
      this.#faults.delete(faultId);
      for (const command of undo) void this.#there(right, command);
    }
  }
}
