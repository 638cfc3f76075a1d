import { afterEach, expect, it, vi } from 'vitest';
import { HubLink } from './hub-link.ts';
import type { HubToPage, PageToHub } from './messages.ts';

afterEach(() => {
  vi.useRealTimers();
});

it('says when the hub falls silent, stops the clock, and says when it answers again', () => {
  vi.useFakeTimers();
  let dead = false;
  const worker = {
    onmessage: null as ((event: { readonly data: HubToPage }) => void) | null,
    onerror: null,
    postMessage(message: PageToHub) {
      if (message.type === 'ping' && !dead) this.onmessage?.({ data: { type: 'pong' } });
    },
    terminate() {},
  };
  const said: string[] = [];
  const link = new HubLink(worker as unknown as Worker, {
    events: () => {},
    progress: () => {},
    notice: ({ text }) => void said.push(text),
  });
  link.clock.apply({ ...link.clock.state, paused: false });
  vi.advanceTimersByTime(60_000);
  expect({ said, silent: link.silent, paused: link.clock.paused }).toEqual({
    said: [],
    silent: false,
    paused: false,
  });
  dead = true;
  vi.advanceTimersByTime(60_000);
  expect(said).toEqual([expect.stringMatching(/^The run's worker does not answer any more\./)]);
  expect({ silent: link.silent, paused: link.clock.paused }).toEqual({ silent: true, paused: true });
  dead = false;
  vi.advanceTimersByTime(3000);
  expect(said[1]).toBe("The run's worker answers again.");
  expect({ silent: link.silent, paused: link.clock.paused }).toEqual({ silent: false, paused: false });
});

it('leaves nobody waiting for a hub that is stopped', async () => {
  const worker = {
    onmessage: null as ((event: { readonly data: HubToPage }) => void) | null,
    onerror: null,
    postMessage(message: PageToHub) {
      if (message.type === 'stop') this.onmessage?.({ data: { type: 'stopped' } });
    },
    terminate() {},
  };
  const link = new HubLink(worker as unknown as Worker, {
    events: () => {},
    progress: () => {},
    notice: () => {},
  });
  const request = { method: 'GET', path: '/', headers: {}, body: null } as const;
  const ask = () => [
    link.memoryTables('order'),
    link.command({ type: 'run.pause' }),
    link.request(request, null, new AbortController().signal),
  ];
  const before = ask();
  await link.stop();
  const ended = { ok: false, error: { message: 'The run has ended.' } };
  expect(await Promise.all([...before, ...ask()])).toEqual([null, ended, null, null, ended, null]);
});
