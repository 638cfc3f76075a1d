import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { DEPLOYABLE_SERVICES } from '../kernel/index.ts';
import { contractBreaks, isObject, type JsonObject, openApiDocument } from '../patterns/index.ts';
import { versionsOf } from '../setups/version-catalogue.ts';
import { type ContractCheck, loadContractCheck, loadProviders } from './contract-check.ts';

// docs/semantics.md, CON-1 …: what consumers need is held against what a version gives.

type Providers = Awaited<ReturnType<typeof loadProviders>>;
let check: ContractCheck;
let providers: Providers;

beforeAll(async () => {
  check = await loadContractCheck();
  providers = await loadProviders();
});

/** The paths to every object's schema of a document that some expectation looks at, with the names in it. */
function objectsIn(schema: unknown, found: JsonObject[] = []): JsonObject[] {
  if (Array.isArray(schema)) for (const each of schema) objectsIn(each, found);
  else if (typeof schema === 'object' && schema !== null) {
    const object = schema as JsonObject;
    if (Array.isArray(object['required']) && isObject(object['properties'])) found.push(object);
    for (const each of Object.values(object)) objectsIn(each, found);
  }
  return found;
}

describe('consumer contracts', () => {
  it('CON-1 every version that says so keeps them; exactly those that break, break', () => {
    for (const service of DEPLOYABLE_SERVICES)
      for (const { label, change } of versionsOf(service))
        expect([service, label, check(service, label).length > 0]).toEqual([
          service,
          label,
          change === 'breaking',
        ]);
  });

  it('CON-2 what is broken says who reads what, of which operation', () => {
    expect(check('product', 'v3')).toEqual([
      {
        consumer: 'order',
        operation: 'PUT /reservations/{orderId}',
        problem: 'Order reads totalMinor of PUT /reservations/{orderId}: v3 does not give it.',
      },
    ]);
  });

  it('CON-3 any field taken away from an answer that is read whole is found', () => {
    const { contract, expectations } = providers.product;
    const whole = expectations.filter(({ reads }) => reads === 'built-against');
    const first = openApiDocument(contract) as JsonObject;
    const answers = (document: JsonObject) =>
      whole.flatMap(({ operation }) => {
        const [method = '', path = ''] = operation.split(' ');
        const item = (
          document['paths'] as Record<string, Record<string, { responses: Record<string, unknown> }>>
        )[path];
        return objectsIn(item?.[method.toLowerCase()]?.responses['200']);
      });
    expect(answers(first).length).toBeGreaterThan(4);
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (one, other) => {
        const document = JSON.parse(JSON.stringify(first)) as JsonObject;
        const objects = answers(document);
        const object = objects[one % objects.length] as {
          properties: Record<string, unknown>;
          required: string[];
        };
        const name = object.required[other % object.required.length] ?? '';
        delete object.properties[name];
        object.required = object.required.filter((each) => each !== name);
        const breaks = contractBreaks(whole, first, document, 'v9');
        expect(breaks.some(({ problem }) => problem.includes(name))).toBe(true);
      }),
    );
  });

  it('CON-4 who reads single fields does not mind the others', () => {
    const { contract } = providers.product;
    const first = openApiDocument(contract) as JsonObject;
    const without = JSON.parse(JSON.stringify(first).replaceAll('"description"', '"text"')) as JsonObject;
    const reads = (...fields: string[]) =>
      contractBreaks(
        [{ consumer: 'customers', operation: 'GET /products/{sku}', reads: fields }],
        first,
        without,
        'v9',
      );
    expect(reads('sku', 'priceMinor')).toEqual([]);
    expect(reads('description')).toHaveLength(1);
  });

  it('CON-5 another type, an operation that is gone, and a field that is demanded now are breaks', () => {
    const { contract, expectations } = providers.product;
    const first = openApiDocument(contract) as JsonObject;
    const changed = (change: (text: string) => string) =>
      contractBreaks(expectations, first, JSON.parse(change(JSON.stringify(first))) as JsonObject, 'v9').map(
        ({ problem }) => problem,
      );
    expect(changed((text) => text)).toEqual([]);
    expect(
      changed((text) => text.replaceAll('"totalMinor":{"type":"integer"', '"totalMinor":{"type":"string"')),
    ).toContain('Order reads totalMinor of PUT /reservations/{orderId}: v9 gives it another type.');
    expect(changed((text) => text.replace('"/products/{sku}":', '"/goods/{sku}":'))).toContain(
      'Whoever calls the shop calls GET /products/{sku}: v9 does not have it any more.',
    );
    expect(
      changed((text) => text.replaceAll('"required":["lines"]', '"required":["lines","currency"]')),
    ).toEqual(expect.arrayContaining([expect.stringContaining('does not send currency')]));
  });
});
