import { describe, expect, it } from 'vitest';
import { type Context, type InstanceId, nobleCrypto, runTimeUs } from '../../kernel/index.ts';
import { testService } from '../../kernel/testing/test-host.ts';
import { testSettings } from '../../kernel/testing/test-settings.ts';
import { VirtualHost } from './virtual-host.ts';
import type { Pump } from './virtual-time.ts';

const turn = (next: () => void) => setImmediate(next);
const MINUTE = runTimeUs(60_000_000);

function hostWith(
  pump: Pump,
  run: (context: Context) => Promise<void>,
): { host: VirtualHost; id: InstanceId } {
  const host = new VirtualHost({ pump, turn, seed: 1, settings: testSettings(), crypto: nobleCrypto });
  const id = host.add(testService('order', { background: [{ name: 'test', run }] }));
  host.start(id);
  return { host, id };
}

describe.each<Pump>(['counting', 'exact'])('the clock of a virtual run, %s', (pump) => {
  it('refuses a bare Promise.all over port calls, by the name of the call', async () => {
    const { host } = hostWith(pump, async (context) => {
      await Promise.all([context.clock.sleep(1), context.clock.sleep(2)]);
    });
    await host.time.run(MINUTE).catch(() => {});
    const failures = host.events.filter((event) => event.type === 'process.failed');
    expect(failures[0]).toMatchObject({ error: expect.stringContaining("'clock.sleep' was awaited while") });
  });

  it('fails a run whose process waits for a promise that two share, and names the last call', async () => {
    const { host } = hostWith(pump, async (context) => {
      await context.clock.sleep(5);
      await new Promise<void>(() => {});
    });
    await expect(host.time.run(MINUTE)).rejects.toThrow(
      /wait for something that is no port call.*clock\.sleep/,
    );
  });

  it('throws where a call is awaited twice', async () => {
    const { host } = hostWith(pump, async (context) => {
      // awaited elsewhere: twice below, which is what is tested
      const sleeping = context.clock.sleep(5);
      await sleeping;
      await sleeping;
    });
    await host.time.run(MINUTE).catch(() => {});
    expect(host.events.filter((event) => event.type === 'process.failed')[0]).toMatchObject({
      error: "'clock.sleep' was awaited twice",
    });
  });

  it('stands still while something real is under way outside', async () => {
    const seen: number[] = [];
    const { host } = hostWith(pump, async (context) => {
      await context.clock.sleep(10);
      const over = host.time.holdForExternal();
      await context.portCall<void>('outside', (settle) => {
        setTimeout(() => {
          settle.resolve();
          over();
        }, 5);
        return undefined;
      });
      seen.push(context.clock.now());
    });
    host.time.schedule(11, () => seen.push(-1));
    expect(await host.time.run(MINUTE)).toBe('idle');
    expect(seen).toEqual([10_000, -1]);
  });

  it('stops between two events when told to, and goes on from there', async () => {
    const seen: number[] = [];
    const { host } = hostWith(pump, async (context) => {
      for (let n = 0; n < 5; n += 1) {
        await context.clock.sleep(1);
        seen.push(n);
      }
    });
    expect(await host.time.run(MINUTE, () => seen.length === 2)).toBe('done');
    expect(seen).toEqual([0, 1]);
    expect(await host.time.run(runTimeUs(3000))).toBe('late');
    expect(seen).toEqual([0, 1, 2]);
    expect(await host.time.run(MINUTE)).toBe('idle');
    expect(seen).toHaveLength(5);
  });

  it('a throw outside any process ends the run with that error, not with silence', async () => {
    const { host } = hostWith(pump, async () => {});
    host.time.schedule(1, () => {
      throw new Error('the host is broken');
    });
    await expect(host.time.run(MINUTE)).rejects.toThrow('the host is broken');
  });

  it('an instance that crashes is counted no more, whatever its processes do', async () => {
    const { host, id } = hostWith(pump, async (context) => {
      await context.all([
        async (own) => {
          await own.clock.sleep(1);
          host.crash(id, { reason: 'test', faultId: null });
          await Promise.resolve();
          await own.clock.sleep(1);
        },
        async (own) => await own.clock.sleep(100),
      ]);
    });
    host.time.schedule(5, () => host.start(id));
    expect(await host.time.run(MINUTE)).toBe('idle');
    expect(host.events.filter((event) => event.type === 'instance.crashed')).toHaveLength(2);
  });

  it('lets the last of a moment wait for all others of it', async () => {
    const { host } = hostWith(pump, async () => {});
    const seen: string[] = [];
    host.time.scheduleLast(runTimeUs(1000), () => seen.push('last'));
    host.time.schedule(1, () => {
      seen.push('first');
      host.time.schedule(0, () => seen.push('second'));
    });
    await host.time.run(MINUTE);
    expect(seen).toEqual(['first', 'second', 'last']);
  });
});
