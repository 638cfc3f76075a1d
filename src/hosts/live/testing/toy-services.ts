import type { Composition, LoadService } from '../../../compositions/index.ts';
import {
  type Context,
  callId,
  defineTable,
  emptyResponse,
  type HttpRequest,
  type HttpResponse,
  instanceId,
  type Json,
  jsonResponse,
  type ServiceDefinition,
  splitPath,
} from '../../../kernel/index.ts';

// Two services of the smallest kind, for tests of the host alone.

export interface ToyOrder {
  readonly id: string;
  readonly quantity: number;
}

export const toyOrders = defineTable<ToyOrder>('orders', 'id', { byQuantity: 'quantity' });
export const toyTotals = defineTable<{ readonly name: string; readonly count: number }>('totals', 'name');

const operationOf = (request: HttpRequest) =>
  `${request.method} ${splitPath(request.path).pathname.replace(/\d+$/, '{id}')}`;

const send = async (
  context: Context,
  to: string,
  request: HttpRequest,
  call: string,
): Promise<HttpResponse> => {
  const [service = '', number = '1'] = to.split(/-(?=\d+$)/);
  const outcome = await context.network.send({
    to: instanceId(service as Context['service'], Number(number)),
    request,
    operation: operationOf(request),
    callId: callId(call),
    attempt: 1,
    plane: 'data',
    timeoutMs: 5000,
  });
  return outcome.ok
    ? outcome.value
    : jsonResponse(502, { error: outcome.error.kind, detail: outcome.error.detail });
};

const gateway: ServiceDefinition = {
  name: 'gateway',
  tables: [],
  background: [],
  operationOf,
  async handle(request, context) {
    if (request.path === '/health') return jsonResponse(200, { status: 'ok' });
    // By the number in the path, so that a test chooses.
    const number = Number(/\d+$/.exec(splitPath(request.path).pathname)?.[0] ?? 0);
    const asked = splitPath(request.path).query['to'];
    const callee = `order-${1 + (asked === undefined ? number % context.settings.services.order.instances : Number(asked))}`;
    return await send(context, callee, request, `${context.instance}/${request.path}/${context.clock.now()}`);
  },
};

const order: ServiceDefinition = {
  name: 'order',
  tables: [toyOrders, toyTotals],
  background: [],
  operationOf,
  async handle(request, context) {
    const { pathname, query } = splitPath(request.path);
    if (pathname === '/echo')
      return jsonResponse(200, { method: request.method, body: request.body, headers: request.headers });
    if (pathname === '/slow') {
      await context.work(Number(query['ms'] ?? '100'));
      return emptyResponse();
    }
    if (request.method === 'GET') {
      const rows = await context.store.transact(
        'list orders',
        [toyOrders],
        'readonly',
        async (tx) => await tx.list(toyOrders),
      );
      return jsonResponse(200, rows);
    }
    const id = pathname.slice('/orders/'.length);
    // Several operations in one transaction, so that a kill can come in between.
    const count = await context.store.transact(
      'place order',
      [toyOrders, toyTotals],
      'readwrite',
      async (tx) => {
        const total = (await tx.get(toyTotals, 'placed'))?.count ?? 0;
        await tx.put(toyOrders, { id, quantity: 1 });
        await tx.put(toyOrders, { id, quantity: 2 });
        await tx.put(toyTotals, { name: 'placed', count: total + 1 });
        return total + 1;
      },
    );
    return jsonResponse(201, { id, count });
  },
};

const customers: ServiceDefinition = {
  name: 'customers',
  tables: [],
  background: [],
  operationOf,
  handle: async () => emptyResponse(404),
  async control(command, context): Promise<Json> {
    const { method, path, body } = command as { method: HttpRequest['method']; path: string; body?: Json };
    const request = { method, path, headers: {}, body: body === undefined ? null : JSON.stringify(body) };
    const answer = await send(context, 'gateway-1', request, `customers/${path}/${context.clock.now()}`);
    return { status: answer.status, body: answer.body };
  },
};

export const toyShop: Composition = {
  name: 'toy',
  services: ['order', 'gateway', 'customers'],
  entry: 'gateway',
  lookUps: [],
};

export const loadToy: LoadService = async (service) => {
  const definition = [gateway, order, customers].find(({ name }) => name === service);
  if (definition === undefined) throw new Error(`the toy shop has no ${service}`);
  return definition;
};
