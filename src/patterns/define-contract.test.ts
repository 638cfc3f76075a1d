import { expect, expectTypeOf, test } from 'vitest';
import * as z from 'zod/mini';
import type { Operation } from './contract.ts';
import { defineContract, operation, requestPath } from './define-contract.ts';

const readThing = operation('product', {
  id: 'readThing',
  method: 'GET',
  path: '/things/{thingId}',
  summary: 'One thing',
  access: { kind: 'public' },
  params: z.object({ thingId: z.string() }),
  query: z.object({ full: z.optional(z.boolean()) }),
  answers: { 200: { description: 'The thing.', body: z.object({ name: z.string() }) } },
});

const makeThing = operation('product', {
  id: 'makeThing',
  method: 'POST',
  path: '/things',
  summary: 'Make one',
  access: { kind: 'admin' },
  body: z.object({ name: z.string() }),
  answers: {
    202: { description: 'Later.', body: null },
    201: { description: 'Made.', body: z.object({ thingId: z.string() }) },
  },
});

test.each([
  ['GET', { kind: 'public' }, 'sheddable'],
  ['GET', { kind: 'services', services: ['order'] }, 'sheddable'],
  ['POST', { kind: 'customer' }, 'normal'],
  ['PUT', { kind: 'admin' }, 'normal'],
  ['PUT', { kind: 'services', services: ['order'] }, 'critical'],
  ['DELETE', { kind: 'services', services: ['order'] }, 'critical'],
] as const)('SHED-4 %s for %j is %s', (method, access, expected) => {
  const spec = { id: 'any', method, path: '/any', summary: 'Any', access, answers: readThing.answers };
  expect(operation('product', spec).priority).toBe(expected);
  expect(operation('product', { ...spec, priority: 'normal' }).priority).toBe('normal');
});

test('an operation is typed by its schemas', () => {
  expectTypeOf(readThing).toEqualTypeOf<
    Operation<{ thingId: string }, { full?: boolean | undefined }, null, { name: string }>
  >();
  expectTypeOf(makeThing).toEqualTypeOf<
    Operation<Record<string, never>, Record<string, never>, { name: string }, { thingId: string }>
  >();
});

test('defaults: empty parameters and query, no body, repeatable by method, data plane, cost 1', () => {
  expect(readThing).toMatchObject({
    body: null,
    repeatable: true,
    idempotencyKey: 'none',
    plane: 'data',
    cost: 1,
  });
  expect(makeThing).toMatchObject({ repeatable: false });
  expect(z.parse(makeThing.params, {})).toEqual({});
  expect(z.parse(makeThing.query, {})).toEqual({});
});

test('an operation that requires an Idempotency-Key is repeatable', () => {
  const place = operation('order', {
    id: 'place',
    method: 'POST',
    path: '/orders',
    summary: 'Place',
    access: { kind: 'customer' },
    idempotencyKey: 'required',
    answers: { 202: { description: 'Taken.', body: null } },
  });
  expect(place.repeatable).toBe(true);
});

test('the answer schema is that of the lowest successful status', () => {
  expect(z.safeParse(makeThing.answer ?? z.never(), { thingId: 'a' }).success).toBe(true);
});

test('a path is filled in and encoded; unset query values are left out', () => {
  expect(
    requestPath(readThing, { params: { thingId: 'a/b c' }, query: { full: true, other: undefined } }),
  ).toBe('/things/a%2Fb%20c?full=true');
  expect(requestPath(readThing, { params: { thingId: 7 } })).toBe('/things/7');
  expect(() => requestPath(readThing, {})).toThrow("needs the parameter 'thingId'");
});

test('a contract refuses a wrong name, a foreign operation and a route that is there twice', () => {
  const contract = (operations: Parameters<typeof defineContract>[0]['operations']) => () =>
    defineContract({ service: 'product', title: 'Product', version: '1', operations });
  expect(contract({ readThing, makeThing })).not.toThrow();
  expect(contract({ other: readThing })).toThrow("stands under the name 'other'");
  expect(contract({ readThing, again: { ...readThing, id: 'again' } })).toThrow(
    "has 'GET /things/{thingId}' twice",
  );
  expect(contract({ readThing: { ...readThing, service: 'user' } })).toThrow('belongs to user');
});
