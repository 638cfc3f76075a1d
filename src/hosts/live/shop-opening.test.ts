import { describe, expect, it, vi } from 'vitest';
import { instanceId, type RunEvent } from '../../kernel/index.ts';
import { AwaitedOpening } from './shop-opening.ts';

const refreshed = (instance: string, known: Record<string, string[]>): RunEvent =>
  ({ type: 'discovery.refreshed', instance, known }) as unknown as RunEvent;
const instances = [instanceId('gateway', 1), instanceId('order', 1), instanceId('user', 1)];

describe('the shop opens', () => {
  it('when everyone who looks others up has found all of them', async () => {
    const opening = new AwaitedOpening(['gateway', 'order']);
    let open = false;
    const opened = opening.open(instances, 60_000).then(() => {
      open = true;
    });
    opening.add([
      refreshed('gateway-1', { order: ['order-1'], product: ['product-1'] }),
      refreshed('order-1', { product: [] }),
    ]);
    await Promise.resolve();
    expect(open).toBe(false);
    opening.add([refreshed('order-1', { product: ['product-1'] })]);
    await opened;
    expect(open).toBe(true);
  });

  it('at once when nobody looks anybody up', async () => {
    await new AwaitedOpening([]).open(instances, 60_000);
  });

  it('all the same when somebody is never found', async () => {
    vi.useFakeTimers();
    try {
      const opened = new AwaitedOpening(['gateway']).open(instances, 1000);
      await vi.advanceTimersByTimeAsync(1001);
      await opened;
    } finally {
      vi.useRealTimers();
    }
  });
});
