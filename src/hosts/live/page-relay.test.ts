import { describe, expect, it } from 'vitest';
import {
  callId,
  type EventId,
  err,
  instanceId,
  type OutboundMessage,
  type Reply,
} from '../../kernel/index.ts';
import type { HubToPage } from './messages.ts';
import { PageRelay } from './page-relay.ts';

const request = { method: 'POST', path: '/orders?x=1', headers: {}, body: '{}' } as const;
const message = (from: 'customers' | 'gateway'): OutboundMessage => ({
  from: instanceId(from, 1),
  to: from === 'customers' ? instanceId('gateway', 1) : instanceId('order', 2),
  request,
  operation: 'POST /orders',
  callId: callId('c'),
  attempt: 1,
  plane: 'data',
  timeoutMs: null,
  span: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) } as OutboundMessage['span'],
  cause: 'gateway-1.1.1' as EventId,
});
const response = { status: 202, headers: {}, body: 'from the callee' };
const fetched = { ...response, body: 'through the browser' };
const ok: Reply = { outcome: { ok: true, value: response }, cause: 'order-2.1.9' as EventId };

function world() {
  const posted: HubToPage[] = [];
  const delivered: OutboundMessage[] = [];
  const cancelled: string[] = [];
  let answer: (reply: Reply) => void = () => {};
  let tokens = 0;
  const relay = new PageRelay(
    (one, reply) => {
      delivered.push(one);
      answer = reply;
      return () => cancelled.push('delivery');
    },
    (one) => posted.push(one),
    () => {
      tokens += 1;
      return `hop-${tokens}`;
    },
  );
  const hops = () => posted.flatMap((one) => (one.type === 'relay' ? [one.hop] : []));
  return { relay, posted, delivered, cancelled, hops, answered: (reply: Reply) => answer(reply) };
}

describe('hops through the page', () => {
  it('go to ./api for customers and to ./network for services; who sends is kept here', () => {
    const { relay, hops, delivered } = world();
    relay.send(message('customers'), () => {});
    relay.send(message('gateway'), () => {});
    expect(hops().map(({ url }) => url)).toEqual(['api/orders?x=1', 'network/gateway-1/order-2/orders?x=1']);
    relay.reached(hops()[1]?.token ?? '', { ...request, body: '{"as":"fetched"}' }, () => {});
    expect(delivered).toEqual([{ ...message('gateway'), request: { ...request, body: '{"as":"fetched"}' } }]);
  });

  it.each([
    ['/../../favicon.svg', 'api/favicon.svg'],
    ['/orders/%2e%2e/%2E%2E/x?y=/../z', 'api/x?y=/../z'],
    ['/\\..\\..\\x', 'api/x'],
    ['//elsewhere.example/x', 'api//elsewhere.example/x'],
    ['/orders#part', 'api/orders'],
    ['/grün', 'api/gr%C3%BCn'],
  ])('a path never leads out of the shop: %s', (path, url) => {
    const { relay, hops } = world();
    relay.send({ ...message('customers'), request: { ...request, path } }, () => {});
    expect(hops().map((hop) => hop.url)).toEqual([url]);
    expect(new URL(url, 'http://localhost/shop/').href).toBe(`http://localhost/shop/${url}`);
  });

  it('who has no token, or one for another request, takes part in no hop', () => {
    const posted: HubToPage[] = [];
    const relay = new PageRelay(
      () => () => {},
      (one) => posted.push(one),
    );
    for (let hop = 0; hop < 50; hop += 1) relay.send(message('gateway'), () => {});
    const tokens = posted.flatMap((one) => (one.type === 'relay' ? [one.hop.token] : []));
    expect(new Set(tokens).size).toBe(50);
    for (const token of tokens) expect(token).toMatch(/^hop-[0-9a-f]{32}$/);
    const [token = ''] = tokens;
    expect(relay.reached(token, { ...request, method: 'PUT' }, () => {})).toBeNull();
    expect(relay.reached(token, { ...request, path: '/orders' }, () => {})).toBeNull();
    expect(relay.reached(token, request, () => {})).not.toBeNull();
  });

  it('the caller gets the bytes that went through the browser, with the cause that did not', () => {
    const { relay, hops, answered } = world();
    const replies: Reply[] = [];
    const edge: Reply[] = [];
    relay.send(message('gateway'), (reply) => replies.push(reply));
    relay.reached('hop-1', request, (reply) => edge.push(reply));
    answered(ok);
    expect(edge).toEqual([ok]);
    relay.fetched(hops()[0]?.token ?? '', { response: fetched });
    expect(replies).toEqual([{ outcome: { ok: true, value: fetched }, cause: ok.cause }]);
  });

  it('a failure keeps its own name, whatever the browser calls it', () => {
    const { relay, answered } = world();
    const replies: Reply[] = [];
    const refused: Reply = {
      outcome: err({ kind: 'connection_refused', detail: 'x' }),
      cause: 'run-1.1.2' as EventId,
    };
    relay.send(message('gateway'), (reply) => replies.push(reply));
    relay.reached('hop-1', request, () => {});
    answered(refused);
    relay.fetched('hop-1', { response: null });
    expect(replies).toEqual([refused]);
  });

  it('a fetch that the browser gives up is made again and joins what is under way: one delivery', () => {
    const { relay, hops, delivered, answered } = world();
    const replies: Reply[] = [];
    relay.send(message('customers'), (reply) => replies.push(reply));
    relay.reached('hop-1', request, () => {});
    relay.fetched('hop-1', { response: null });
    expect(hops()).toHaveLength(2);
    relay.reached('hop-1', request, () => {});
    answered(ok);
    relay.fetched('hop-1', { response: fetched });
    expect(delivered).toHaveLength(1);
    expect(replies).toHaveLength(1);
  });

  it('a browser that does not carry it is done without', () => {
    const { relay, hops, delivered, answered } = world();
    const replies: Reply[] = [];
    relay.send(message('customers'), (reply) => replies.push(reply));
    // A static host answers in place of a service worker that is gone.
    for (let fetch = 0; fetch < 3; fetch += 1)
      relay.fetched('hop-1', { response: { status: 404, headers: {}, body: 'no such file' } });
    expect(hops()).toHaveLength(3);
    expect(delivered).toHaveLength(1);
    answered(ok);
    expect(replies).toEqual([ok]);
  });

  it('giving up ends the fetch and the delivery, and what comes later is ignored', () => {
    const { relay, posted, cancelled, answered } = world();
    const replies: Reply[] = [];
    const undo = relay.send(message('customers'), (reply) => replies.push(reply));
    relay.reached('hop-1', request, () => {});
    undo();
    expect(posted.at(-1)).toEqual({ type: 'relay.cancel', token: 'hop-1' });
    expect(cancelled).toEqual(['delivery']);
    answered(ok);
    relay.fetched('hop-1', { response: fetched });
    expect(replies).toEqual([]);
    expect(relay.reached('hop-1', request, () => {})).toBeNull();
  });
});
