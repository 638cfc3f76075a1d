import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { DEPLOYABLE_SERVICES, type Json, splitPath } from '../kernel/index.ts';
import { createTestWorld } from '../kernel/testing/test-host.ts';
import { contractBreaks, type Expectation, openApiDocument, operationName } from '../patterns/index.ts';
import { versionsOf } from '../setups/index.ts';
import { expectationsOf } from './consumer-contracts.ts';
import { loadContractCheck, loadMicroservice, microservices } from './index.ts';
import { contractOfVersion } from './service-versions.ts';
import { askForEverything, type Exchange, openVersionShop } from './testing/version-shop.ts';

vi.setConfig({ testTimeout: 60_000 });

type Schema = { [keyword: string]: unknown };
type Answers = Record<string, { content?: { 'application/json'?: { schema: Schema } } }>;
type Mutable = { paths: Record<string, Record<string, { responses: Answers }>> };

const firstDocument = (service: (typeof DEPLOYABLE_SERVICES)[number]) =>
  JSON.parse(JSON.stringify(openApiDocument(contractOfVersion(service, 'v1')))) as Mutable;

const readBy = ({ operation }: Expectation): Schema =>
  operation.answer === null ? {} : (z.toJSONSchema(operation.answer as never, { io: 'input' }) as Schema);

/** Each field that a schema names, as the way there: `['lines', '[]', 'sku']`. */
function fieldsOf(schema: Schema, way: readonly string[] = []): (readonly string[])[] {
  const items = schema['items'] as Schema | undefined;
  const own = Object.entries((schema['properties'] ?? {}) as Record<string, Schema>);
  return [
    ...own.flatMap(([name, inner]) => [[...way, name], ...fieldsOf(inner, [...way, name])]),
    ...(items === undefined ? [] : fieldsOf(items, [...way, '[]'])),
  ];
}

const written = (way: readonly string[]) => way.join('.').replaceAll('.[]', '[]');

const everyField = DEPLOYABLE_SERVICES.flatMap((service) =>
  expectationsOf(service).flatMap((expectation) =>
    fieldsOf(readBy(expectation)).map((way) => ({ service, expectation, way })),
  ),
);

/** The schema that holds a field, in each successful answer of the operation. */
function holders(document: Mutable, { operation }: Expectation, way: readonly string[]): Schema[] {
  const { responses } = document.paths[operation.path]?.[operation.method.toLowerCase()] ?? { responses: {} };
  return Object.entries(responses).flatMap(([status, { content }]) => {
    let at = content?.['application/json']?.schema;
    if (!status.startsWith('2') || at === undefined) return [];
    for (const part of way.slice(0, -1))
      at = (part === '[]' ? at['items'] : (at['properties'] as Schema)[part]) as Schema;
    return [at];
  });
}

const checked = (service: (typeof DEPLOYABLE_SERVICES)[number], document: Mutable) =>
  contractBreaks(expectationsOf(service), document as unknown as Json, 'v9');

describe('the contract check', () => {
  it('CON-1: the first versions give all consumers what they expect', async () => {
    const check = await loadContractCheck();
    for (const service of DEPLOYABLE_SERVICES) {
      expect(expectationsOf(service).length).toBeGreaterThan(0);
      expect(check(service, 'v1')).toEqual([]);
    }
  });

  it('CON-2: of all versions exactly the breaking ones break, and the sentence says whom, where and what', async () => {
    const check = await loadContractCheck();
    for (const service of DEPLOYABLE_SERVICES) {
      for (const { label, change } of versionsOf(service))
        expect(check(service, label).length > 0, `${service} ${label}`).toBe(change === 'breaking');
    }
    expect(check('product', 'v3')).toEqual([
      {
        consumer: 'order',
        operation: 'PUT /reservations/{orderId}',
        problem: 'Order reads totalMinor of PUT /reservations/{orderId}: v3 does not give it.',
      },
    ]);
    expect(() => check('order', 'v9')).toThrow("There is no version 'v9' of order");
  });

  it('CON-3: a field more in an answer never breaks anybody', () => {
    for (const { service, expectation, way } of everyField) {
      const document = firstDocument(service);
      for (const holder of holders(document, expectation, way)) {
        holder['properties'] = { ...(holder['properties'] as Schema), more: { type: 'string' } };
        holder['required'] = [...(holder['required'] as string[]), 'more'];
      }
      expect(checked(service, document)).toEqual([]);
    }
  });

  it('CON-4: whichever field that somebody reads is taken away, made optional or made something else, it is found', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...everyField),
        fc.constantFrom('gone' as const, 'optional' as const, 'other' as const, 'nullable' as const),
        ({ service, expectation, way }, how) => {
          const document = firstDocument(service);
          const name = way.at(-1) ?? '';
          for (const holder of holders(document, expectation, way)) {
            const properties = holder['properties'] as Record<string, Schema>;
            const before = properties[name];
            if (before === undefined) throw new Error(`${name} is not in the first version's document`);
            if (how === 'gone') delete properties[name];
            if (how === 'other') properties[name] = { type: 'boolean' };
            if (how === 'nullable') properties[name] = { anyOf: [before, { type: 'null' }] };
            if (how === 'gone' || how === 'optional')
              holder['required'] = (holder['required'] as string[]).filter((each) => each !== name);
          }
          const words = {
            gone: 'does not give it',
            optional: 'does not always give it',
            other: 'gives something else there',
            nullable: 'gives something else there',
          };
          const found = checked(service, document).filter(
            ({ consumer, operation, problem }) =>
              consumer === expectation.consumer &&
              operation === operationName(expectation.operation) &&
              problem.includes(`reads ${written(way)} of ${operation}: v9 ${words[how]}.`),
          );
          expect(found).toHaveLength(1);
        },
      ),
      { numRuns: 4 * everyField.length },
    );
  });

  it('CON-5: an operation that is gone is missed by all who call it', () => {
    for (const service of DEPLOYABLE_SERVICES) {
      for (const { operation, consumer } of expectationsOf(service)) {
        const document = firstDocument(service);
        delete document.paths[operation.path]?.[operation.method.toLowerCase()];
        const name = operationName(operation);
        expect(
          checked(service, document).filter((each) => each.consumer === consumer && each.operation === name),
        ).toMatchObject([{ problem: expect.stringContaining(`calls ${name}: v9 does not have it.`) }]);
      }
    }
  });

  it('CON-6: what a version demands more, or does not take any more, is found in what consumers send', () => {
    const document = firstDocument('product') as unknown as {
      paths: Record<
        string,
        Record<string, { requestBody: { content: Record<string, { schema: Schema }> }; parameters: Json[] }>
      >;
    };
    const reserve = document.paths['/reservations/{orderId}']?.['put'];
    const body = reserve?.requestBody.content['application/json']?.schema as Schema;
    const { customerId: _, ...taken } = body['properties'] as Schema;
    body['properties'] = { ...taken, warehouse: { type: 'string' } };
    body['required'] = ['lines', 'warehouse'];
    document.paths['/products']?.['get']?.parameters.push({
      name: 'language',
      in: 'query',
      required: true,
      schema: { type: 'string' },
    });
    expect(checked('product', document as unknown as Mutable).map(({ problem }) => problem)).toEqual([
      'A customer sends no language to GET /products: v9 demands it.',
      'Order sends no warehouse to PUT /reservations/{orderId}: v9 demands it.',
      'Order sends customerId to PUT /reservations/{orderId}: v9 does not take it.',
    ]);
  });

  describe('CON-7: expectations are true', () => {
    const sentAndRead = async () => {
      const shop = await openVersionShop();
      await askForEverything(shop);
      return shop;
    };
    const isOf =
      ({ consumer, operation }: Expectation) =>
      (exchange: Exchange) =>
        exchange.caller === consumer && exchange.operation === operationName(operation);

    it('who calls whom is what they say, and what is sent is what they say that they send', async () => {
      const { exchanges } = await sentAndRead();
      const expected = DEPLOYABLE_SERVICES.flatMap((service) => expectationsOf(service));
      const calls = new Set(
        exchanges
          .filter(
            ({ service, caller, operation }) =>
              [...DEPLOYABLE_SERVICES].some((each) => each === service) &&
              (caller === 'order' || caller === 'shipping') &&
              !operation.endsWith('/health'),
          )
          .map(({ caller, operation }) => `${caller} ${operation}`),
      );
      expect([...calls].sort()).toEqual(
        expected
          .filter(({ consumer }) => consumer === 'order' || consumer === 'shipping')
          .map(({ consumer, operation }) => `${consumer} ${operationName(operation)}`)
          .sort(),
      );
      for (const expectation of expected) {
        const { sends } = expectation;
        for (const { request } of exchanges.filter(isOf(expectation))) {
          const body: unknown = request.body === null ? undefined : JSON.parse(request.body);
          if (sends?.body === undefined) expect(body).toBeUndefined();
          else
            expect(
              z.fromJSONSchema(z.toJSONSchema(sends.body as never, { io: 'output' }) as never).parse(body),
            ).toEqual(body);
        }
      }
    });

    it('with answers of nothing but what they read, orders go through as ever', async () => {
      const reduced = await openVersionShop(
        {},
        {
          make: (first) => {
            const service = DEPLOYABLE_SERVICES.find((each) => each === first.name);
            if (service === undefined) return first;
            return {
              ...first,
              handle: async (request, context) => {
                const response = await first.handle(request, context);
                const mine = expectationsOf(service).find(
                  ({ consumer, operation }) =>
                    consumer === context.caller?.service &&
                    operationName(operation) === first.operationOf(request),
                );
                if (mine === undefined || response.status >= 300 || mine.operation.answer === null)
                  return response;
                const read = z.parse(mine.operation.answer as never, JSON.parse(response.body ?? 'null'));
                return { ...response, body: JSON.stringify(read) };
              },
            };
          },
        },
      );
      await askForEverything(reduced);
      const plain = await sentAndRead();
      const ends = (shop: typeof plain) =>
        [...shop.world.eventsOf('saga.completed'), ...shop.world.eventsOf('saga.compensated')].map(
          ({ type, orderId }) => [type, shop.row(orderId).status, shop.row(orderId).totalMinor],
        );
      expect(ends(reduced)).toEqual(ends(plain));
      expect(ends(plain).map(([type]) => type)).toContain('saga.completed');
      const commits = (shop: typeof plain) =>
        shop.world
          .eventsOf('store.committed')
          .filter(({ service }) => service === 'order')
          .map(({ operation }) => operation);
      expect(commits(reduced)).toEqual(commits(plain));
      expect(reduced.world.eventsOf('response.unreadable')).toEqual([]);
      // Something was left out: else this would say nothing.
      const reserved = reduced.exchanges.find(({ operation }) => operation === 'PUT /reservations/{orderId}');
      expect(JSON.parse(reserved?.response.body ?? '')).not.toHaveProperty('state');
    });

    it('customers ask for what they say, read what they say, and need no more', async () => {
      const exchanges: Exchange[] = [];
      const own = DEPLOYABLE_SERVICES.flatMap(expectationsOf).filter(
        ({ consumer }) => consumer === 'customers',
      );
      const world = createTestWorld({ settings: { load: { running: true } } });
      for (const service of microservices.services) {
        const first = await loadMicroservice(service);
        const handle: typeof first.handle = async (request, context) => {
          const response = await first.handle(request, context);
          const operation = first.operationOf(request);
          const caller = context.caller?.service ?? null;
          exchanges.push({ service, caller, operation, request, response });
          const mine = own.find((each) => operationName(each.operation) === operation);
          if (service !== 'gateway' || mine?.operation.answer == null || response.status >= 300)
            return response;
          const read: unknown = z.parse(mine.operation.answer as never, JSON.parse(response.body ?? 'null'));
          return { ...response, body: JSON.stringify(read) };
        };
        world.add(service === 'gateway' ? { ...first, handle } : first);
      }
      world.changeSettings({ load: { running: true } });
      await world.runFor(120_000);
      expect(new Set(exchanges.map(({ operation }) => operation))).toEqual(
        new Set(own.map(({ operation }) => operationName(operation))),
      );
      for (const { request, operation } of exchanges) {
        const sends = own.find((each) => operationName(each.operation) === operation)?.sends;
        const body: unknown = request.body === null ? undefined : JSON.parse(request.body);
        expect(body).toEqual(sends?.body === undefined ? undefined : z.parse(sends.body as never, body));
        expect('idempotency-key' in request.headers).toBe(sends?.idempotencyKey === true);
        const query = Object.entries(splitPath(request.path).query);
        const typed = Object.fromEntries(
          query.map(([name, value]) => [name, /^\d+$/.test(value) ? Number(value) : value]),
        );
        expect(typed).toEqual(sends?.query === undefined ? {} : z.parse(sends.query as never, typed));
      }
      const answers = world.eventsOf('intent.answered').filter(({ outcome }) => outcome !== 'ok');
      expect(world.eventsOf('intent.answered').length).toBeGreaterThan(50);
      expect(answers).toEqual([]);
      expect(world.eventsOf('saga.completed').length).toBeGreaterThan(10);
    });
  });
});
