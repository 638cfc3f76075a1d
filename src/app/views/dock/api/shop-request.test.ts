import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import type { AnyContract } from '../../../../patterns/index.ts';
import { brokerContract } from '../../../../services/broker/contract.ts';
import { orderContract } from '../../../../services/order/contract.ts';
import { productContract } from '../../../../services/product/contract.ts';
import { shippingContract } from '../../../../services/shipping/contract.ts';
import { userContract } from '../../../../services/user/contract.ts';
import { parseRunCommand } from '../../../../setups/index.ts';
import { type ApiOperation, apiOf } from './api-documents.ts';
import { exampleDraft, type Known } from './example-input.ts';
import { curlText, missingParameters, type ShopRequest, shopRequest } from './shop-request.ts';

const NOTHING_KNOWN: Known = { orderId: null, sagaId: null, messageId: null, nowUs: 12_345_678 };
const exposed = apiOf('microservices')
  .flatMap(({ operations }) => operations)
  .filter((operation) => operation.exposed);
const operationOf = (key: string): ApiOperation => {
  const found = exposed.find((operation) => operation.key === key);
  if (found === undefined) throw new Error(`no operation ${key}`);
  return found;
};

const contracts: readonly AnyContract[] = [
  userContract,
  productContract,
  orderContract,
  shippingContract,
  brokerContract,
];

describe('what an operation is filled with', () => {
  it.each(exposed.filter(({ service }) => service !== 'gateway'))(
    '$key: its own service accepts it',
    (operation) => {
      const contract = contracts
        .flatMap(({ operations }) => Object.values(operations))
        .find(({ service, id }) => service === operation.service && id === operation.id);
      if (contract === undefined) throw new Error('not in its contract');
      const draft = exampleDraft(operation, NOTHING_KNOWN);
      const given = Object.entries(draft.values).filter(([, value]) => value !== '');
      const of = (where: string) =>
        Object.fromEntries(
          given.filter(([name]) =>
            operation.parameters.some((each) => each.name === name && each.in === where),
          ),
        );
      z.parse(contract.params, of('path'));
      z.parse(contract.query, of('query'));
      if (contract.body !== null) z.parse(contract.body, JSON.parse(draft.body ?? ''));
      expect(missingParameters(operation, draft)).toEqual([]);
      const { as, method, path, headers, body } = shopRequest(operation, draft);
      const command = { type: 'request.send', method, path, headers, as, ...(body === null ? {} : { body }) };
      expect(parseRunCommand(command)).toEqual({ ok: true, value: command });
    },
  );

  it('is of this run where it can be', () => {
    const draft = exampleDraft(operationOf('order/getOrder'), { ...NOTHING_KNOWN, orderId: 'ord-7' });
    expect(shopRequest(operationOf('order/getOrder'), draft)).toMatchObject({
      path: '/orders/ord-7',
      as: 'customer',
    });
  });
});

describe('a request', () => {
  it('leaves out what is empty, and writes the rest into path, query and headers', () => {
    const quote = operationOf('shipping/quote');
    expect(
      shopRequest(quote, { values: { country: 'D/E', weightG: '' }, body: null, as: 'anonymous' }),
    ).toEqual({
      method: 'GET',
      path: '/shipping-quotes?country=D%2FE',
      headers: {},
      body: null,
      as: 'anonymous',
    });
    const draft = exampleDraft(operationOf('order/placeOrder'), NOTHING_KNOWN);
    expect(shopRequest(operationOf('order/placeOrder'), draft).headers).toEqual({
      'Idempotency-Key': 'try-12346',
    });
  });

  it('names the path parameters that are missing', () => {
    const operation = operationOf('product/getProduct');
    expect(missingParameters(operation, { values: { sku: '' }, body: null, as: 'anonymous' })).toEqual([
      'sku',
    ]);
  });
});

/** A shell's words, as far as curl's text needs them. */
function shellWords(text: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (character === "'" || character === '"') {
      const end = text.indexOf(character, at + 1);
      if (end < 0) throw new Error('a quote without its end');
      word = (word ?? '') + text.slice(at + 1, end);
      at = end;
    } else if (character === '\\') {
      at += 1;
      if (text[at] !== '\n') word = (word ?? '') + (text[at] ?? '');
    } else if (/\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? '') + character;
  }
  return word === null ? words : [...words, word];
}

/** What curl would send. */
function readCurl(text: string, base: string): ShopRequest {
  const [curl, ...words] = shellWords(text);
  expect(curl).toBe('curl');
  let request: ShopRequest = { method: 'GET', path: '', headers: {}, body: null, as: 'anonymous' };
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const next = words[at + 1] ?? '';
    if (word.startsWith(base)) request = { ...request, path: word.slice(`${base}api`.length) };
    else if (word === '-X') request = { ...request, method: next as ShopRequest['method'] };
    else if (word === '--data-raw') request = { ...request, body: next };
    else if (word === '-H' && next === 'authorization: Bearer $TOKEN')
      request = { ...request, as: 'customer' };
    else if (word === '-H' && next !== 'content-type: application/json') {
      const colon = next.indexOf(': ');
      request = {
        ...request,
        headers: { ...request.headers, [next.slice(0, colon)]: next.slice(colon + 2) },
      };
    }
    if (word.startsWith('-')) at += 1;
  }
  return request;
}

const requests: fc.Arbitrary<ShopRequest> = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE'),
  path: fc.webPath().map((path) => `/${path.replace(/^\/+/, '')}`),
  headers: fc.dictionary(
    fc
      .stringMatching(/^[a-z][a-z-]{0,12}$/)
      .filter((name) => name !== 'authorization' && name !== 'content-type'),
    fc.stringMatching(/^[\x20-\x7e]{1,20}$/),
    { maxKeys: 3, noNullPrototype: true },
  ),
  body: fc.option(fc.string({ unit: 'grapheme' })),
  as: fc.constantFrom('anonymous', 'customer'),
});

describe('curl', () => {
  const base = 'http://localhost:5173/class/';

  it('is what a person would type', () => {
    const operation = operationOf('product/setStock');
    const draft = { values: { sku: "kit'chen-01" }, body: '{"stock": 5}', as: 'admin' } as const;
    expect(curlText(shopRequest(operation, draft), base)).toBe(
      [
        `curl -X PUT 'http://localhost:5173/class/api/products/kit'\\''chen-01/stock' \\`,
        '  -H "authorization: Bearer $TOKEN" \\',
        "  -H 'content-type: application/json' \\",
        `  --data-raw '{"stock": 5}'`,
      ].join('\n'),
    );
  });

  it('says to a shell the same request, whatever is in it', () => {
    fc.assert(
      fc.property(requests, (request) => {
        expect(readCurl(curlText(request, base), base)).toEqual(request);
      }),
    );
  });
});
