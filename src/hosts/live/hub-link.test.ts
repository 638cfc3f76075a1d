import { expect, it } from 'vitest';
import { HubLink } from './hub-link.ts';
import type { HubToPage, PageToHub } from './messages.ts';

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
