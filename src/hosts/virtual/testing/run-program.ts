import {
  Cancelled,
  type Context,
  Gate,
  Mutex,
  nobleCrypto,
  Once,
  Queue,
  type RunTimeUs,
  runTimeUs,
} from '../../../kernel/index.ts';
import { testService } from '../../../kernel/testing/test-host.ts';
import { testSettings } from '../../../kernel/testing/test-settings.ts';
import { VirtualHost } from '../virtual-host.ts';
import type { Pump } from '../virtual-time.ts';
import { type Line, type Program, processName, SHARED } from './program.ts';

/** Runs a program as one process of an instance on a virtual host, until nothing is left to happen. */
export async function runProgram(program: Program, pump: Pump): Promise<Line[]> {
  const lines: Line[] = [];
  const shared = {
    gates: Array.from({ length: SHARED }, () => new Gate()),
    queues: Array.from({ length: SHARED }, () => new Queue<string>()),
    mutexes: Array.from({ length: SHARED }, () => new Mutex()),
    onces: Array.from({ length: SHARED }, () => new Once<string>()),
  };
  const host = new VirtualHost({
    pump,
    turn: (next) => setImmediate(next),
    seed: 1,
    settings: testSettings(),
    crypto: nobleCrypto,
  });
  const instance = host.add(
    testService('order', {
      background: [
        {
          name: 'program',
          run: async (context) => {
            await rooted('root', context, program);
          },
        },
      ],
    }),
  );
  host.start(instance);

  /** A process to its end, which is a line of its own. */
  async function rooted(process: string, context: Context, body: Program): Promise<void> {
    const write = (text: string) => lines.push({ atUs: context.clock.now(), process, text });
    try {
      await run(process, context, body);
      write('ended');
    } catch (error) {
      write(error instanceof Cancelled ? 'ended cancelled' : `ended by ${String((error as Error).message)}`);
    }
  }

  async function run(process: string, context: Context, body: Program): Promise<void> {
    const write = (text: string) => lines.push({ atUs: context.clock.now(), process, text });
    const branch = (inner: Program) => async (own: Context) => {
      await run(`${process}/${processName(program, inner)}`, own, inner);
    };
    switch (body.kind) {
      case 'log':
        write('log');
        return;
      case 'sleep':
        await context.clock.sleep(body.us / 1000);
        write('slept');
        return;
      case 'native':
        await deep(body.depth);
        write('surfaced');
        await run(process, context, body.body);
        await deep(body.depth);
        return;
      case 'sequence':
        for (const step of body.steps) await run(process, context, step);
        return;
      case 'all':
        await context.all(body.branches.map(branch));
        write('all');
        return;
      case 'race':
        await context.race(body.branches.map(branch));
        write('raced');
        return;
      case 'within': {
        const result = await context.within(body.us / 1000, branch(body.body));
        write(result.ok ? 'in time' : 'timeout');
        return;
      }
      case 'fork':
        context.fork({ name: 'fork' }, async (own) => {
          await rooted(`${process}/${processName(program, body.body)}`, own, body.body);
        });
        return;
      case 'late': {
        // awaited elsewhere: three lines below, which is what is tested
        const sleeping = context.clock.sleep(body.us / 1000);
        await run(process, context, body.body);
        write('comes late');
        await sleeping;
        write('slept late');
        return;
      }
      case 'gate.pass':
        await shared.gates[body.gate]?.pass(context);
        write('passed');
        await context.clock.sleep(body.us / 1000);
        return;
      case 'gate.open':
        shared.gates[body.gate]?.open();
        write('opened');
        return;
      case 'queue.put':
        shared.queues[body.queue]?.put(process);
        return;
      case 'queue.take': {
        const item = await shared.queues[body.queue]?.take(context);
        write(`took ${item}`);
        await context.clock.sleep(body.us / 1000);
        return;
      }
      case 'mutex':
        await shared.mutexes[body.mutex]?.run(context, async () => {
          write('alone');
          await context.clock.sleep(body.us / 1000);
          await run(process, context, body.body);
        });
        write('let go');
        return;
      case 'once': {
        try {
          const value = await shared.onces[body.once]?.get(context, async () => {
            write('computes');
            await context.clock.sleep(body.us / 1000);
            await run(process, context, body.body);
            return process;
          });
          write(`knows ${value}`);
        } catch (error) {
          if (!(error instanceof Cancelled)) await context.clock.sleep(body.us / 1000);
          throw error;
        }
        await context.clock.sleep(body.us / 1000);
        return;
      }
      case 'throw':
        throw new Error(`thrown by ${process}`);
      case 'catch':
        try {
          await run(process, context, body.body);
        } catch (error) {
          if (error instanceof Cancelled) throw error;
          write(`caught ${String((error as Error).message)}`);
          await run(process, context, body.handler);
        }
        return;
      case 'finally':
        try {
          await run(process, context, body.body);
        } finally {
          write('cleans up');
          await run(process, context, body.cleanUp);
        }
    }
  }

  await host.time.run(FOR_EVER);
  return lines;
}

const FOR_EVER: RunTimeUs = runTimeUs(1e15);

async function deep(depth: number): Promise<void> {
  if (depth > 0) await deep(depth - 1);
}
