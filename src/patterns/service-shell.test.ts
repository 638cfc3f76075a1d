import { describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { defineTable, err, instanceId, ok } from '../kernel/index.ts';
import { createTestWorld } from '../kernel/testing/test-host.ts';
import { defineContract, operation } from './define-contract.ts';
import { unauthorised } from './key-set.ts';
import { ModelError, problem } from './problem.ts';
import { defineService } from './service-shell.ts';

interface NoteRow {
  readonly id: string;
  readonly text: string;
}
const notesTable = defineTable<NoteRow>('notes', 'id');
const note = z.strictObject({ text: z.string().check(z.minLength(1), z.maxLength(50_000)) });
const params = z.strictObject({ id: z.string().check(z.regex(/^n\d$/)) });

const contract = defineContract({
  service: 'order',
  title: 'Notes',
  version: '1.0.0',
  operations: {
    list: operation('order', {
      id: 'list',
      method: 'GET',
      path: '/notes',
      summary: 'All notes.',
      access: { kind: 'public' },
      query: z.strictObject({ limit: z._default(z.coerce.number().check(z.int(), z.gte(1), z.lte(5)), 2) }),
      answers: { 200: { description: 'They.', body: z.object({ limit: z.int() }) } },
    }),
    write: operation('order', {
      id: 'write',
      method: 'PUT',
      path: '/notes/{id}',
      summary: 'Writes a note.',
      access: { kind: 'customer' },
      params,
      body: note,
      answers: { 204: { description: 'Written.', body: null } },
    }),
    add: operation('order', {
      id: 'add',
      method: 'POST',
      path: '/notes',
      summary: 'Adds a note.',
      access: { kind: 'admin' },
      body: note,
      idempotencyKey: 'required',
      answers: { 201: { description: 'Added.', body: z.object({ key: z.string(), by: z.string() }) } },
    }),
    drop: operation('order', {
      id: 'drop',
      method: 'DELETE',
      path: '/notes/{id}',
      summary: 'Drops a note.',
      access: { kind: 'services', services: ['shipping'] },
      params,
      answers: { 204: { description: 'Dropped.', body: null } },
    }),
  },
});

const service = defineService({
  contract,
  tables: [notesTable],
  authorise: async (token) =>
    token === 'bad'
      ? err(unauthorised('The token is refused.', 'invalid_token'))
      : ok({
          customerId: token,
          email: '',
          roles: token === 'boss' ? (['admin'] as const) : (['customer'] as const),
        }),
  handlers: {
    list: async ({ query }) => ({ status: 200, body: { limit: query.limit } }),
    write: async ({ params: { id }, body, principal }, context) => {
      await context.store.transact('write', [notesTable], 'readwrite', async (tx) => {
        await tx.put(notesTable, { id, text: body.text });
        if (principal?.customerId === 'eve') {
          throw new ModelError(problem(409, 'not-eve', 'Not Eve', 'Eve may not write.'));
        }
      });
      return { status: 204 };
    },
    add: async ({ idempotencyKey, principal }) => ({
      status: 201,
      body: { key: idempotencyKey, by: principal?.customerId },
      headers: { location: '/notes/n1' },
    }),
    drop: async () => ({ status: 204 }),
  },
});

const order = instanceId('order', 1);
async function world() {
  const own = createTestWorld();
  own.add(service);
  await own.runFor(10);
  return own;
}
const json = { 'content-type': 'application/json' };
const as = (token: string) => ({ ...json, authorization: `Bearer ${token}` });

describe('service shell', () => {
  test('parses, authorises and answers', async () => {
    const own = await world();
    expect(await own.ask(order, { method: 'GET', path: '/notes?limit=3' })).toMatchObject({
      status: 200,
      body: { limit: 3 },
    });
    expect(await own.ask(order, { method: 'GET', path: '/notes' })).toMatchObject({ body: { limit: 2 } });
    const written = await own.ask(order, {
      method: 'PUT',
      path: '/notes/n1',
      headers: as('ada'),
      body: { text: 'hé' },
    });
    expect(written).toMatchObject({ status: 204, body: null });
    expect(own.rows('order', notesTable)).toEqual([{ id: 'n1', text: 'hé' }]);
    const added = await own.ask(order, {
      method: 'POST',
      path: '/notes',
      headers: { ...as('boss'), 'idempotency-key': 'k1' },
      body: { text: 'x' },
    });
    expect(added).toMatchObject({
      status: 201,
      body: { key: 'k1', by: 'boss' },
      headers: { location: '/notes/n1' },
    });
  });

  const write = { method: 'PUT', path: '/notes/n1', headers: as('ada'), body: { text: 'x' } } as const;
  const add = {
    method: 'POST',
    path: '/notes',
    headers: { ...as('boss'), 'idempotency-key': 'k' },
    body: { text: 'x' },
  } as const;
  test.each([
    ['an unknown path', { method: 'GET', path: '/nothing' }, 404, 'no-such-path'],
    ['a wrong method', { method: 'PATCH', path: '/notes/n1' }, 405, 'method-not-allowed'],
    ['a wrong query', { method: 'GET', path: '/notes?limit=6' }, 400, 'invalid-request'],
    ['an unknown query parameter', { method: 'GET', path: '/notes?limits=1' }, 400, 'invalid-request'],
    ['a wrong path parameter', { ...write, path: '/notes/x' }, 400, 'invalid-request'],
    ['a body that is not JSON', { ...write, body: '{"text": ' }, 400, 'body-not-json'],
    ['no body', { ...write, body: undefined }, 400, 'body-not-json'],
    ['a wrong body', { ...write, body: { text: '' } }, 400, 'invalid-request'],
    ['an unknown field', { ...write, body: { text: 'x', more: 1 } }, 400, 'invalid-request'],
    ['a body that is no object', { ...write, body: '[]' }, 400, 'invalid-request'],
    [
      'a form',
      { ...write, headers: { ...as('ada'), 'content-type': 'application/x-www-form-urlencoded' } },
      415,
      'unsupported-media-type',
    ],
    [
      'no content type',
      { ...write, headers: { authorization: 'Bearer ada', 'content-type': '' } },
      415,
      'unsupported-media-type',
    ],
    ['a body over 64 kB', { ...write, body: { text: 'é'.repeat(33_000) } }, 413, 'body-too-large'],
    ['no token', { ...write, headers: json }, 401, 'sign-in-required'],
    ['another scheme', { ...write, headers: { ...json, authorization: 'Basic YWRh' } }, 401, 'token-refused'],
    ['a refused token', { ...write, headers: as('bad') }, 401, 'token-refused'],
    [
      'a customer as administrator',
      { ...add, headers: { ...as('ada'), 'idempotency-key': 'k' } },
      403,
      'admin-only',
    ],
    ['no Idempotency-Key', { ...add, headers: as('boss') }, 400, 'idempotency-key-missing'],
    [
      'a long Idempotency-Key',
      { ...add, headers: { ...as('boss'), 'idempotency-key': 'k'.repeat(256) } },
      400,
      'invalid-request',
    ],
    ['a peer operation from outside', { method: 'DELETE', path: '/notes/n1' }, 403, 'not-a-peer'],
    [
      'a peer operation by another peer',
      { method: 'DELETE', path: '/notes/n1', from: instanceId('product', 1) },
      403,
      'not-a-peer',
    ],
    ['a refusal of the model', { ...write, headers: as('eve') }, 409, 'not-eve'],
  ] as const)('%s is refused and changes nothing', async (_, request, status, slug) => {
    const own = await world();
    const answer = await own.ask(order, request);
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.body).toMatchObject({
      status,
      type: `https://bulkhead.dev/problems/${slug}`,
      instance: request.path,
      title: expect.any(String) as string,
      detail: expect.any(String) as string,
    });
    expect(own.rows('order', notesTable)).toEqual([]);
  });

  test('names each wrong field, in path, query and body at once', async () => {
    const own = await world();
    const { body } = await own.ask(order, { ...write, path: '/notes/x', body: { text: 7, more: 1 } });
    expect(body).toMatchObject({
      errors: [
        { in: 'path', field: 'id', message: 'does not have the right form' },
        { in: 'body', field: 'text', message: 'must be a text' },
        { in: 'body', field: 'more', message: 'is not known here' },
      ],
    });
  });

  test('says in headers how it could be done: Allow, WWW-Authenticate', async () => {
    const own = await world();
    const wrong = await own.ask(order, { method: 'PATCH', path: '/notes/n1' });
    expect(wrong.headers['allow']).toBe('DELETE, PUT');
    const nobody = await own.ask(order, { ...write, headers: json });
    expect(nobody.headers['www-authenticate']).toBe('Bearer realm="bulkhead"');
    const refused = await own.ask(order, { ...write, headers: as('bad') });
    expect(refused.headers['www-authenticate']).toBe('Bearer realm="bulkhead", error="invalid_token"');
  });

  test('takes the service time once per admitted request, none for a refused one', async () => {
    const own = await world();
    const time = async (request: Parameters<typeof own.ask>[1]) => {
      const before = own.nowMs;
      await own.ask(order, request);
      return own.nowMs - before;
    };
    expect(await time({ method: 'GET', path: '/notes' })).toBeCloseTo(7); // 2 hops of 1 ms, 5 ms of work
    expect(await time({ method: 'GET', path: '/notes?limit=9' })).toBeCloseTo(2);
    expect(await time({ method: 'GET', path: '/health' })).toBeCloseTo(2);
  });

  test('every service has health and its own document', async () => {
    const own = await world();
    const health = await own.ask(order, { method: 'GET', path: '/health', plane: 'control' });
    expect(health).toMatchObject({
      status: 200,
      body: { status: 'up', service: 'order', instance: 'order-1' },
    });
    const document = await own.ask(order, { method: 'GET', path: '/openapi.json', plane: 'control' });
    expect(Object.keys((document.body as { paths: object }).paths)).toEqual([
      '/notes',
      '/notes/{id}',
      '/health',
      '/openapi.json',
    ]);
  });

  test('names operations by their template, anything else as it is asked', () => {
    const named = (method: 'GET' | 'PUT', path: string) =>
      service.operationOf({ method, path, headers: {}, body: null });
    expect(named('PUT', '/notes/n1?x=1')).toBe('PUT /notes/{id}');
    expect(named('GET', '/else?x=1')).toBe('GET /else');
  });
});
