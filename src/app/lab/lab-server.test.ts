import { expect, it } from 'vitest';
import type { RunEvent } from '../../kernel/index.ts';
import { isStop } from '../../projections/index.ts';
import { classroom } from '../../setups/index.ts';
import { LabLink, type LabPort } from './lab-link.ts';
import { LabServer } from './lab-server.ts';
import type { FromLab, ToLab } from './messages.ts';

const plan = { scenario: { setup: classroom, commands: [] }, seed: 3, composition: 'microservices' } as const;
const SLOW = {
  kind: 'slow',
  target: { kind: 'service', service: 'shipping' },
  addMs: 3000,
  spreadShare: 0,
  share: 1,
  lengthMs: null,
} as const;

/** A Lab without a worker: messages go through the same clone, and arrive a turn later. */
function lab() {
  const port: LabPort = {
    postMessage: (message) => setImmediate(() => server.received(structuredClone(message))),
    terminate: () => {},
    onmessage: null,
    onerror: null,
  };
  const server = new LabServer(
    (message: FromLab) =>
      setImmediate(() => port.onmessage?.({ data: structuredClone(message) } as MessageEvent<FromLab>)),
    (next) => setImmediate(next),
  );
  const link = new LabLink(port, () => {});
  const heard = new Map<string, RunEvent[]>();
  const listen = (branch: string) => {
    const events: RunEvent[] = [];
    heard.set(branch, events);
    link.listen(branch, (batch) => events.push(...batch));
    return events;
  };
  return { link, listen, send: (message: ToLab) => port.postMessage(message) };
}

async function opened() {
  const { link, listen, send } = lab();
  const events = listen('a');
  await link.ask('open', { branch: 'a', plan });
  const advance = (toS: number, stopAt: 'breaker' | null = null) =>
    link.ask('advance', { branch: 'a', toUs: toS * 1_000_000, stopAt });
  return { link, listen, send, events, advance };
}

it('lets a run go on, and tells every event once and in order', async () => {
  const { events, advance } = await opened();
  expect(await advance(4)).toEqual({ nowUs: 4_000_000, stoppedEarly: false });
  expect(await advance(8)).toEqual({ nowUs: 8_000_000, stoppedEarly: false });
  expect(events.length).toBeGreaterThan(500);
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index));
});

it('stops at the very event that was asked for', async () => {
  const { link, events, advance } = await opened();
  await advance(4);
  const command = { type: 'fault.add', fault: SLOW } as const;
  expect(await link.ask('command', { branch: 'a', command })).toMatchObject({ ok: true });
  const { nowUs, stoppedEarly } = await advance(60, 'breaker');
  expect(stoppedEarly).toBe(true);
  const first = events.find((event) => isStop(event, 'breaker'));
  expect(first?.timeUs).toBe(nowUs);
  expect(events.filter(({ timeUs }) => timeUs > nowUs)).toEqual([]);
});

it('answers what takes run time when the run goes on, and not before', async () => {
  const { link, advance } = await opened();
  await advance(4);
  let answer: unknown = null;
  const asked = link.ask('command', { branch: 'a', command: { type: 'order.place' } }).then((given) => {
    answer = given;
  });
  expect((await link.ask('advance', { branch: 'a', toUs: 4_000_000, stopAt: null })).nowUs).toBe(4_000_000);
  expect(answer).toBe(null);
  await advance(8);
  await asked;
  expect(answer).toMatchObject({ ok: true, value: { status: 202 } });
});

it('forks: the same past, the same arrivals to come, and another future once something is changed', async () => {
  const { link, listen, events, advance } = await opened();
  await advance(12);
  const forked = listen('b');
  const shares: number[] = [];
  const ask = { from: 'a', branch: 'b', atUs: 6_000_000 };
  expect(await link.ask('fork', ask, { progress: (share) => shares.push(share) })).toEqual({
    nowUs: 6_000_000,
  });
  expect(shares.at(-1)).toBe(1);
  expect(forked).toEqual(events.slice(0, forked.length));

  const alike = listen('c');
  await link.ask('fork', { ...ask, branch: 'c' });
  await link.ask('advance', { branch: 'c', toUs: 12_000_000, stopAt: null });
  expect(alike).toEqual(events);

  await link.ask('command', { branch: 'b', command: { type: 'fault.add', fault: SLOW } });
  await link.ask('advance', { branch: 'b', toUs: 12_000_000, stopAt: null });
  const arrivals = (of: RunEvent[]) =>
    of.flatMap((event) => (event.type === 'intent.started' ? [[event.intentId, event.timeUs]] : []));
  expect(arrivals(forked)).toEqual(arrivals(events));
  expect(forked).not.toEqual(events);
});

it('does a run again to the same hash, with what was done by hand', async () => {
  const { link, events, advance } = await opened();
  await advance(5);
  await link.ask('command', { branch: 'a', command: { type: 'fault.add', fault: SLOW } });
  void link.ask('command', { branch: 'a', command: { type: 'order.place' } });
  await advance(9);
  const again = await link.ask('again', { branch: 'a' });
  expect(again).toMatchObject({ same: true, events: events.length });
});

it('ends a long piece of work when it is cancelled; the run stands where it came to', async () => {
  const { link, advance } = await opened();
  await advance(3);
  const controller = new AbortController();
  const cancelled = link.ask(
    'advance',
    { branch: 'a', toUs: 600_000_000, stopAt: null },
    { signal: controller.signal, progress: () => controller.abort() },
  );
  const { nowUs, stoppedEarly } = await cancelled;
  expect(stoppedEarly).toBe(true);
  expect(nowUs).toBeLessThan(600_000_000);
  expect((await advance(nowUs / 1_000_000 + 1)).stoppedEarly).toBe(false);
  const stopped = new AbortController();
  const fork = link.ask('fork', { from: 'a', branch: 'b', atUs: nowUs }, { signal: stopped.signal });
  stopped.abort();
  expect(await fork).toBe(null);
});

it('says what is wrong, and a worker that is gone answers nothing more', async () => {
  const { link } = lab();
  await expect(link.ask('again', { branch: 'none' })).rejects.toThrow('the Lab has no run none');
  await link.leave('none');
  await expect(link.ask('again', { branch: 'none' })).rejects.toThrow('The run has ended.');
});
