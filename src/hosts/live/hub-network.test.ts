import { expect, it } from 'vitest';
import { callId, type EventId, instanceId, type OutboundMessage, type Reply } from '../../kernel/index.ts';
import { provideLocalStorage } from './local-storage-shim.ts';

it('a request that HTTP cannot carry is a reset connection, and nothing breaks', async () => {
  provideLocalStorage();
  const { createHubNetwork } = await import('./hub-network.ts');
  const delivered: OutboundMessage[] = [];
  const send = createHubNetwork((message, reply) => {
    delivered.push(message);
    reply({ outcome: { ok: true, value: { status: 204, headers: {}, body: null } }, cause: null });
    return () => {};
  });
  const message = (key: string): OutboundMessage => ({
    from: instanceId('gateway', 1),
    to: instanceId('order', 1),
    request: { method: 'POST', path: '/orders', headers: { 'idempotency-key': key }, body: null },
    operation: 'POST /orders',
    callId: callId('c'),
    attempt: 1,
    plane: 'data',
    timeoutMs: null,
    span: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) } as OutboundMessage['span'],
    cause: 'gateway-1.1.1' as EventId,
  });
  const replies: Reply[] = [];
  send(message('Bestellung-✓'), (reply) => replies.push(reply))();
  expect(replies).toMatchObject([{ outcome: { ok: false, error: { kind: 'connection_reset' } } }]);
  send(message('order-1'), (reply) => replies.push(reply));
  await expect.poll(() => replies).toHaveLength(2);
  expect(replies[1]?.outcome).toMatchObject({ ok: true, value: { status: 204 } });
  expect(delivered).toHaveLength(1);
});
