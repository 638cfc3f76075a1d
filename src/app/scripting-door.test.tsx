import { beforeEach, expect, it } from 'vitest';
import { createScriptingDoor, openScriptingDoor } from './scripting-door.ts';
import type { Comparison } from './state/comparison.ts';
import { openTestShop, stubMedia } from './testing/render-shop.tsx';

beforeEach(() => stubMedia());

it('gives state, events, commands and tables', async () => {
  const shop = await openTestShop((script) =>
    script.fault(8, 'f1', { kind: 'down', target: { kind: 'service', service: 'shipping' }, lengthMs: null }),
  );
  const door = createScriptingDoor(shop);
  await door.ready;
  expect(door.version).toBe(1);
  expect(door.state()).toMatchObject({
    phase: 'ready',
    faults: [{ faultId: 'f1' }],
    clock: { paused: true },
  });
  expect((await door.events(2)).map((event) => event.type)).toEqual(['fault.started']);
  await door.command({ type: 'run.resume' });
  expect(shop.commands.at(-1)).toEqual({ type: 'run.resume' });
  await expect(door.tables('nobody' as never)).rejects.toThrow('unknown service: nobody');
});

it('resets as the button does: a comparison of two branches ends', async () => {
  const shop = await openTestShop();
  const closed: string[] = [];
  const mirror = { close: () => closed.push('closed') };
  shop.view.setState({ comparison: { branch: 'run-2', mirror } as unknown as Comparison });
  expect((await createScriptingDoor(shop).command({ type: 'run.reset' })).ok).toBe(true);
  expect(closed).toEqual(['closed']);
  expect(shop.view.getState().comparison).toBe(null);
  expect(shop.commands).toEqual([{ type: 'run.reset' }]);
});

interface Posted {
  readonly message: Record<string, unknown>;
  readonly origin: string | undefined;
}

/** A page that is embedded: its parent asks, and hears the answer. */
async function embedded(data: unknown, from: 'parent' | 'stranger' = 'parent'): Promise<Posted[]> {
  const shop = await openTestShop();
  const heard: Posted[] = [];
  const source = {
    postMessage: (message: Record<string, unknown>, options: { targetOrigin?: string }) =>
      heard.push({ message, origin: options.targetOrigin }),
  };
  const listeners: ((event: MessageEvent) => void)[] = [];
  const target = {
    parent: from === 'parent' ? source : {},
    addEventListener: (_type: string, listener: (event: MessageEvent) => void) => listeners.push(listener),
    removeEventListener: () => {},
  };
  openScriptingDoor(target as unknown as Window, shop);
  for (const listener of listeners)
    listener({ data, origin: 'https://school.example', source } as unknown as MessageEvent);
  await new Promise((resolve) => setTimeout(resolve, 20));
  return heard;
}

it('answers the embedding page, and its origin only', async () => {
  const [posted] = await embedded({ bulkhead: 1, id: 7, method: 'command', args: [{ type: 'run.pause' }] });
  expect(posted).toMatchObject({
    origin: 'https://school.example',
    message: { bulkhead: 1, id: 7, ok: true },
  });
});

it('names what is wrong with a question', async () => {
  const [posted] = await embedded({ bulkhead: 1, id: 'x', method: 'nonsense' });
  expect(posted?.message).toMatchObject({
    ok: false,
    error: 'unknown method: nonsense. Known: ready, state, events, seek, command, tables',
  });
});

it('does not hear strangers or other messages', async () => {
  expect(await embedded({ bulkhead: 1, id: 1, method: 'state' }, 'stranger')).toEqual([]);
  expect(await embedded({ hello: true })).toEqual([]);
});
