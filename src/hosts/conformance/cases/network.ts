import { expect } from 'vitest';
import { type HttpOutcome, instanceId, type Json } from '../../../kernel/index.ts';
import { type ConformanceHost, caughtUp, eventsOf, probe, said } from '../conformance-host.ts';
import { HOP_MS } from '../conformance-settings.ts';
import type { Sending } from '../probes/network.ts';
import type { PortCases } from './case.ts';
import { expectToTake } from './clock.ts';

const ORDER = instanceId('order', 1);
const OTHER_ORDER = instanceId('order', 2);
const PRODUCT = instanceId('product', 1);
const SHIPPING = instanceId('shipping', 1);

interface Sent {
  readonly outcome: HttpOutcome;
  readonly tookUs: number;
}

const send = (host: ConformanceHost, sending: Sending): Promise<Sent> =>
  probe<Sent>(host, ORDER, 'send', sending as unknown as Json);

interface Echo {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** What the callee of an echo saw. */
async function echoed(host: ConformanceHost, sending: Omit<Sending, 'to'>): Promise<Echo> {
  const { outcome } = await send(host, { to: PRODUCT, ...sending });
  if (!outcome.ok) throw new Error(outcome.error.kind);
  return JSON.parse(outcome.value.body ?? 'null') as Echo;
}

/** The answer to a request that asks for it. */
async function answered(host: ConformanceHost, wanted: Json): Promise<HttpOutcome> {
  const body = JSON.stringify(wanted);
  return (await send(host, { to: PRODUCT, method: 'POST', path: '/answer', body })).outcome;
}

const error = (outcome: HttpOutcome) => (outcome.ok ? outcome.value.status : outcome.error.kind);

export const networkCases: PortCases = {
  port: 'network',
  cases: [
    {
      title: 'a request arrives as it was sent: method, path, headers, body',
      check: async (host) => {
        for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const) {
          const seen = await echoed(host, {
            method,
            path: '/echo?q=a%20b&q=%C3%BC',
            headers: { 'content-type': 'text/plain', 'x-mine': 'äöü §', accept: 'application/json' },
            body: 'Grüße, 世界 🚢\n{"a":1}',
          });
          expect(seen).toMatchObject({
            method,
            path: '/echo?q=a%20b&q=%C3%BC',
            body: 'Grüße, 世界 🚢\n{"a":1}',
          });
          expect(seen.headers).toMatchObject({
            'content-type': 'text/plain',
            'x-mine': 'äöü §',
            accept: 'application/json',
          });
        }
      },
    },
    {
      title: 'nothing is added but who calls, and within which trace',
      check: async (host) => {
        const seen = await echoed(host, { method: 'GET', path: '/echo', headers: { 'x-a': '1' } });
        expect(seen.body).toBeNull();
        expect(Object.keys(seen.headers).toSorted()).toEqual([
          'traceparent',
          'x-a',
          'x-request-attempt',
          'x-request-id',
        ]);
        expect(seen.headers['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
        const withBody = await echoed(host, { method: 'POST', path: '/echo', body: 'text' });
        expect(withBody.headers).not.toHaveProperty('content-type');
        expect(withBody.body).toBe('text');
        expect((await echoed(host, { method: 'POST', path: '/echo', body: '' })).body ?? '').toBe('');
      },
    },
    {
      title: 'an answer arrives as it was given: status, headers, body, or none',
      check: async (host) => {
        const headers = { 'content-type': 'application/json', 'retry-after': '7', 'x-mine': 'ü' };
        for (const status of [200, 201, 202, 400, 402, 404, 409, 422, 429, 500, 503, 599]) {
          expect(await answered(host, { status, headers, body: '{"ü":"世界"}' })).toEqual({
            ok: true,
            value: { status, headers, body: '{"ü":"世界"}' },
          });
        }
        for (const status of [204, 205, 304]) {
          expect(await answered(host, { status, headers: { 'x-mine': '1' }, body: null })).toEqual({
            ok: true,
            value: { status, headers: { 'x-mine': '1' }, body: null },
          });
        }
      },
    },
    {
      title: 'what HTTP cannot carry is not for a service to send',
      differs: 'DIFF-4',
      check: async (host) => {
        const cases: Readonly<Record<string, Omit<Sending, 'to'>>> = {
          'a path that climbs': { path: '/a/../echo' },
          'a fragment': { path: '/echo#part' },
          'a letter beyond ASCII': { path: '/echo?q=ü' },
          'spaces around a header': { path: '/echo', headers: { 'x-mine': ' a ' } },
          'a cookie': { path: '/echo', headers: { cookie: 'a=1' } },
          'a body of a GET': { path: '/echo', body: 'text' },
          'a letter beyond Latin-1': { path: '/echo', headers: { 'x-mine': '世' } },
        };
        const seen: Record<string, unknown> = {};
        for (const [name, sending] of Object.entries(cases)) {
          const { outcome } = await send(host, { to: PRODUCT, ...sending });
          if (!outcome.ok) seen[name] = outcome.error.kind;
          else if (outcome.value.status !== 200) seen[name] = outcome.value.status;
          else {
            const { path, headers, body } = JSON.parse(outcome.value.body ?? '{}') as Echo;
            seen[name] = [path, headers['x-mine'] ?? headers['cookie'] ?? null, body];
          }
        }
        const bodied = await answered(host, { status: 204, headers: {}, body: 'text' });
        seen['a body of a 204'] = bodied.ok ? bodied.value.body : bodied.error.kind;
        expect(seen).toEqual(host.virtual ? AS_SENT : AS_HTTP_CARRIES_IT);
      },
    },
    {
      title: 'K-22: the callee knows its caller from the host, and a request from outside has none',
      check: async (host) => {
        const { outcome } = await send(host, { to: PRODUCT, method: 'POST', path: '/probes/whoAsks' });
        expect(outcome.ok && JSON.parse(outcome.value.body ?? '')).toEqual({
          caller: { service: 'order', instance: 'order-1' },
          hasSpan: true,
          leftMs: null,
        });
        const [received] = eventsOf(host, 'request.received').filter(
          ({ instance, fromInstance }) => instance === 'gateway-1' && fromInstance !== null,
        );
        expect(received).toBeUndefined();
      },
    },
    {
      title: 'a request and its answer take one hop each',
      differs: 'DIFF-1',
      check: async (host) => {
        const { outcome, tookUs } = await send(host, { to: PRODUCT, path: '/echo' });
        expect(error(outcome)).toBe(200);
        expectToTake(host, tookUs, 2 * HOP_MS, 2);
      },
    },
    {
      title: 'nobody there: a refused connection, as a value, after two hops',
      differs: 'DIFF-1',
      check: async (host) => {
        const { outcome, tookUs } = await send(host, { to: instanceId('product', 9), path: '/echo' });
        expect(error(outcome)).toBe('connection_refused');
        expectToTake(host, tookUs, 2 * HOP_MS, 2);
      },
    },
    {
      title: 'K-12: a timeout is a value, comes at its time, and the callee is cancelled',
      differs: 'DIFF-1',
      check: async (host) => {
        const { outcome, tookUs } = await send(host, {
          to: PRODUCT,
          path: '/hold?name=timed-out&ms=2000',
          timeoutMs: 100,
        });
        expect(outcome).toEqual({
          ok: false,
          error: { kind: 'timeout', detail: 'no answer within 100 ms' },
        });
        expectToTake(host, tookUs, 100);
        await host.until(() => said(host, 'timed-out').length === 2);
        expect(said(host, 'timed-out')).toEqual(['timed-out began', 'timed-out was cancelled']);
        const failed = eventsOf(host, 'request.failed').at(-1);
        expect(failed).toMatchObject({ error: 'timeout', toInstance: 'product-1' });
      },
    },
    {
      title: 'K-21: a deadline ends a call, travels along, and gets shorter on its way',
      check: async (host) => {
        const { outcome } = await send(host, {
          to: PRODUCT,
          path: '/hold?name=too-late&ms=5000',
          deadlineMs: 120,
          timeoutMs: 4000,
        });
        expect(error(outcome)).toBe('deadline_exceeded');
        const left = await probe<{ direct: { leftMs: number }; relayed: { leftMs: number } }>(
          host,
          ORDER,
          'deadlineTravels',
          { deadlineMs: 3000 },
        );
        // What remains is measured at the sender: the way itself is not known there.
        expect(left.direct.leftMs).toBeLessThanOrEqual(3000);
        expect(left.direct.leftMs).toBeGreaterThan(host.virtual ? 2999 : 2500);
        expect(left.relayed.leftMs).toBeLessThan(left.direct.leftMs);
        expect(left.relayed.leftMs).toBeGreaterThan(host.virtual ? 2900 : 2000);
      },
    },
    {
      title: 'a deadline that is over sends nothing that could be answered',
      check: async (host) => {
        const { outcome } = await send(host, { to: PRODUCT, path: '/echo?too=late', deadlineMs: 0 });
        expect(error(outcome)).toBe('deadline_exceeded');
      },
    },
    {
      title: 'K-12: who gives up is heard by the callee, whose finally runs and whose answer nobody gets',
      check: async (host) => {
        const given = await probe(host, ORDER, 'sendAndGiveUp', {
          to: PRODUCT,
          path: '/hold?name=given-up&ms=3000',
          giveUpMs: 60,
          thenMs: 100,
        });
        expect(given).toBe('timeout');
        await caughtUp(host, PRODUCT);
        await caughtUp(host, ORDER);
        expect(said(host, 'given-up')).toEqual(['given-up began', 'given-up was cancelled']);
        expect(eventsOf(host, 'request.failed').at(-1)).toMatchObject({ error: 'cancelled' });
        expect(eventsOf(host, 'response.sent').filter(({ operation }) => operation === 'GET /hold')).toEqual(
          [],
        );
      },
    },
    {
      title: 'a caller that gives up before its request has arrived is heard after it',
      check: async (host) => {
        await probe(host, ORDER, 'sendAndGiveUp', {
          to: PRODUCT,
          path: '/hold?name=at-once&ms=3000',
          giveUpMs: 1,
          thenMs: 100,
        });
        await caughtUp(host, PRODUCT);
        expect(said(host, 'at-once')).toEqual(['at-once began', 'at-once was cancelled']);
      },
    },
    {
      title: 'an answer that comes after the caller gave up is ignored',
      check: async (host) => {
        await host.changeSettings({ hop: { meanMs: 100 } });
        try {
          // Answered after 100 + 20 ms, and back after 220; given up at 170, heard of at 270.
          const given = await probe(host, ORDER, 'sendAndGiveUp', {
            to: PRODUCT,
            path: '/hold?name=crossed&ms=20',
            giveUpMs: 170,
            thenMs: 200,
          });
          expect(given).toBe('timeout');
        } finally {
          await host.changeSettings({ hop: { meanMs: HOP_MS } });
        }
        await caughtUp(host, PRODUCT);
        await caughtUp(host, ORDER);
        expect(said(host, 'crossed')).toEqual(['crossed began', 'crossed answered']);
        const sent = eventsOf(host, 'request.sent').find(({ path }) => path.includes('name=crossed'));
        const ends = host
          .events()
          .filter(({ spanId, instance }) => spanId === sent?.spanId && instance === ORDER)
          .map(({ type }) => type);
        expect(ends).toEqual(['request.sent', 'request.failed']);
      },
    },
    {
      title: 'what is sent later arrives later, where every hop takes as long',
      check: async (host) => {
        const ended = await probe<{ number: number; came: unknown }[]>(host, ORDER, 'sendMany', {
          apartMs: 5,
          sendings: [1, 2, 3, 4, 5].map((number) => ({ to: OTHER_ORDER, path: `/echo?number=${number}` })),
        });
        expect(ended.map(({ number, came }) => [number, came])).toEqual([
          [0, 200],
          [1, 200],
          [2, 200],
          [3, 200],
          [4, 200],
        ]);
      },
    },
    {
      title:
        'a handler that throws answers 500 and tells the log, not the caller, why; a store that fails, 503',
      check: async (host) => {
        const thrown = await send(host, { to: PRODUCT, path: '/throw' });
        expect(error(thrown.outcome)).toBe(500);
        expect(JSON.stringify(thrown.outcome)).not.toContain('a bug of the handler');
        const failed = await send(host, { to: PRODUCT, path: '/store-error' });
        expect(failed.outcome).toMatchObject({
          ok: true,
          value: { status: 503, headers: { 'retry-after': '1' } },
        });
        await caughtUp(host, PRODUCT);
        const failures = eventsOf(host, 'process.failed').filter(({ instance }) => instance === PRODUCT);
        expect(failures.map(({ process, error: why }) => [process, why])).toEqual([
          ['GET /throw', 'a bug of the handler'],
          ['GET /store-error', 'the disk is full'],
        ]);
      },
    },
    {
      title: 'K-20: an instance that is still starting answers 503, and the same request later is answered',
      check: async (host) => {
        await host.restart(SHIPPING);
        await host.until(() =>
          eventsOf(host, 'service.logged').some(
            ({ id, message }) => id.startsWith('shipping-1.2.') && message === 'starting',
          ),
        );
        const early = await send(host, { to: SHIPPING, path: '/echo' });
        expect(early.outcome).toMatchObject({
          ok: true,
          value: { status: 503, headers: { 'retry-after': '1' } },
        });
        await host.until(() =>
          eventsOf(host, 'instance.ready').some(({ id }) => id.startsWith('shipping-1.2.')),
        );
        expect(error((await send(host, { to: SHIPPING, path: '/echo' })).outcome)).toBe(200);
      },
    },
    {
      title: 'every event has its cause before it, and each instance numbers its events without a gap',
      check: async (host) => {
        await caughtUp(host, ORDER);
        const seen = new Set<string>();
        const numbers = new Map<string, number[]>();
        const wrong: string[] = [];
        for (const event of host.events()) {
          expect(event.cause === null || seen.has(event.cause), `${event.id} after ${event.cause}`).toBe(
            true,
          );
          expect(event.seq).toBe(seen.size);
          seen.add(event.id);
          const at = event.id.lastIndexOf('.');
          const life = event.id.slice(0, at);
          numbers.set(life, [...(numbers.get(life) ?? []), Number(event.id.slice(at + 1))]);
        }
        for (const [life, given] of numbers) {
          const sorted = given.toSorted((a, b) => a - b);
          if (sorted.some((number, index) => number !== index + 1)) wrong.push(`${life}: ${sorted.join()}`);
        }
        expect(wrong).toEqual([]);
      },
    },
  ],
};

/** Path, header and body as the callee of `what HTTP cannot carry` saw them, or the status that came back. */
const AS_SENT: Readonly<Record<string, unknown>> = {
  'a path that climbs': 404,
  'a fragment': 404,
  'a letter beyond ASCII': ['/echo?q=ü', null, null],
  'spaces around a header': ['/echo', ' a ', null],
  'a cookie': ['/echo', 'a=1', null],
  'a body of a GET': ['/echo', null, 'text'],
  'a letter beyond Latin-1': ['/echo', '世', null],
  'a body of a 204': 'text',
};

const AS_HTTP_CARRIES_IT: Readonly<Record<string, unknown>> = {
  'a path that climbs': ['/echo', null, null],
  'a fragment': ['/echo', null, null],
  'a letter beyond ASCII': ['/echo?q=%C3%BC', null, null],
  'spaces around a header': ['/echo', 'a', null],
  'a cookie': ['/echo', null, null],
  'a body of a GET': ['/echo', null, null],
  'a letter beyond Latin-1': 'connection_reset',
  'a body of a 204': null,
};
