import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { instanceId } from '../../kernel/index.ts';
import { createTestWorld, type TestRequest, type TestWorld } from '../../kernel/testing/test-host.ts';
import { CARD_TOKENS } from './contract.ts';
import { paymentProviderService } from './index.ts';
import { authorisationsTable } from './tables.ts';

const provider = instanceId('payment-provider', 1);
const from = instanceId('order', 1);

async function world(declineShare = 0, seed = 1): Promise<TestWorld> {
  const own = createTestWorld({ settings: { payment: { declineShare } }, seed });
  own.add(paymentProviderService);
  await own.runFor(10);
  return own;
}

const authorise = (id: string, amountMinor = 1000, cardToken: string = CARD_TOKENS.ok): TestRequest => ({
  method: 'PUT',
  path: `/authorisations/${id}`,
  body: { amountMinor, currency: 'EUR', cardToken },
  from,
});
const voided = (id: string): TestRequest => ({ method: 'DELETE', path: `/authorisations/${id}`, from });
const capture = (id: string): TestRequest => ({
  method: 'POST',
  path: `/authorisations/${id}/capture`,
  from,
});
const get = (id: string): TestRequest => ({ method: 'GET', path: `/authorisations/${id}`, from });

async function ask(own: TestWorld, request: TestRequest): Promise<string> {
  const { status, body } = await own.ask(provider, request);
  const { type, status: state } = body as { type?: string; status?: string };
  return `${status} ${type === undefined ? state : type.split('/').at(-1)}`;
}
const rows = (own: TestWorld) => own.rows('payment-provider', authorisationsTable);

describe('payment provider', () => {
  test('PAY-1 PAY-2 PAY-4 authorise, capture, each twice: the money is taken once', async () => {
    const own = await world();
    expect([await ask(own, authorise('p1')), await ask(own, authorise('p1'))]).toEqual([
      '201 authorised',
      '200 authorised',
    ]);
    expect([await ask(own, capture('p1')), await ask(own, capture('p1'))]).toEqual([
      '200 captured',
      '200 captured',
    ]);
    expect(rows(own)).toMatchObject([
      { paymentId: 'p1', status: 'captured', amountMinor: 1000, capturedMinor: 1000, refundedMinor: 0 },
    ]);
    expect(await ask(own, voided('p1'))).toBe('409 already-captured');
    expect(await ask(own, authorise('p1'))).toBe('200 captured');
  });

  test('PAY-3 a void leaves a tombstone, also where nothing was', async () => {
    const own = await world();
    await ask(own, authorise('p1'));
    for (const id of ['p1', 'p2']) {
      expect([await ask(own, voided(id)), await ask(own, voided(id))]).toEqual(['200 voided', '200 voided']);
      expect(await ask(own, authorise(id))).toBe('409 authorisation-voided');
      expect(await ask(own, capture(id))).toBe('409 authorisation-voided');
    }
  });

  test('PAY-5 a decline is definite, at authorising and at capturing', async () => {
    const own = await world();
    for (let time = 0; time < 2; time += 1) {
      expect(await ask(own, authorise('p1', 500, CARD_TOKENS.declined))).toBe('402 card-declined');
    }
    expect(await ask(own, capture('p1'))).toBe('402 card-declined');
    expect(await ask(own, voided('p1'))).toBe('200 declined');
    expect(await ask(own, authorise('p2', 500, CARD_TOKENS.captureDeclined))).toBe('201 authorised');
    expect([await ask(own, capture('p2')), await ask(own, capture('p2'))]).toEqual([
      '402 card-declined',
      '402 card-declined',
    ]);
    expect(rows(own).map(({ capturedMinor }) => capturedMinor)).toEqual([0, 0]);
  });

  test('the same payment with another amount or card is refused', async () => {
    const own = await world();
    await ask(own, authorise('p1'));
    expect(await ask(own, authorise('p1', 1001))).toBe('422 payment-differs');
    expect(await ask(own, authorise('p1', 1000, 'tok_other'))).toBe('422 payment-differs');
  });

  test('answers what became of a payment, without its card', async () => {
    const own = await world();
    expect([await ask(own, get('p1')), await ask(own, capture('p1'))]).toEqual([
      '404 unknown-payment',
      '404 unknown-payment',
    ]);
    await ask(own, authorise('p1'));
    expect((await own.ask(provider, get('p1'))).body).toEqual({
      paymentId: 'p1',
      status: 'authorised',
      amountMinor: 1000,
      currency: 'EUR',
      capturedMinor: 0,
      refundedMinor: 0,
    });
  });

  test('declines the share that is set, the same payments whatever the order', async () => {
    const fate = async (ids: readonly string[], seed: number) => {
      const own = await world(0.25, seed);
      for (const id of ids) await ask(own, authorise(id));
      return rows(own)
        .filter(({ status }) => status === 'declined')
        .map(({ paymentId }) => paymentId);
    };
    const ids = Array.from({ length: 400 }, (_, index) => `p${index}`);
    const declined = await fate(ids, 1);
    expect(declined.length).toBeGreaterThan(70);
    expect(declined.length).toBeLessThan(130);
    expect(await fate([...ids].reverse(), 1)).toEqual(declined);
    expect(await fate(ids, 2)).not.toEqual(declined);
  });

  test('only Order may come', async () => {
    const own = await world();
    expect(await ask(own, { ...authorise('p1'), from: instanceId('shipping', 1) })).toBe('403 not-a-peer');
    expect(rows(own)).toEqual([]);
  });

  test('PAY-1 to PAY-5 hold over random commands; final states stay', async () => {
    const id = fc.constantFrom('p1', 'p2');
    const request = fc.oneof(
      fc
        .tuple(id, fc.constantFrom(...Object.values(CARD_TOKENS)), fc.constantFrom(700, 900))
        .map(([p, card, amount]) => authorise(p, amount, card)),
      id.map(voided),
      id.map(capture),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(request, { maxLength: 20 }), async (requests) => {
        const own = await world();
        for (const each of requests) {
          const before = new Map(rows(own).map((row) => [row.paymentId, row]));
          const first = await ask(own, each);
          const after = rows(own);
          const second = await ask(own, each);
          expect(second.replace('200', '201')).toBe(first.replace('200', '201'));
          expect(rows(own)).toEqual(after);
          for (const row of after) {
            const old = before.get(row.paymentId);
            if (old !== undefined && old.status !== 'authorised') expect(row).toEqual(old);
            expect(row.capturedMinor).toBe(row.status === 'captured' ? row.amountMinor : 0);
            if (old !== undefined) expect(row.amountMinor).toBe(old.amountMinor);
          }
        }
      }),
      { numRuns: 50 },
    );
  });
});
