import type { Composition } from '../../compositions/index.ts';
import {
  type Context,
  defineLocal,
  emptyResponse,
  type HttpRequest,
  type HttpResponse,
  type InstanceId,
  type Json,
  jsonResponse,
  parseJsonBody,
  type ServiceDefinition,
  type ServiceName,
  StoreError,
  splitPath,
} from '../../kernel/index.ts';
import { probes } from './probes/index.ts';
import { sendTo } from './probes/network.ts';
import { conformanceTables, countersTable } from './tables.ts';

// Services that do what a case asks of them, by name. `order` has two instances with one database;
// `product` is asked; `shipping` takes a while to start, and its background task fails; `gateway` is the door.

/** How long `shipping` takes to become ready. */
export const SLOW_START_MS = 300;

type Route = (
  request: HttpRequest,
  context: Context,
  query: Readonly<Record<string, string>>,
) => Promise<HttpResponse>;

const routes: Readonly<Record<string, Route>> = {
  '/health': async () => await Promise.resolve(jsonResponse(200, { status: 'ok' })),

  /** What arrived here. */
  '/echo': async ({ method, path, headers, body }) =>
    await Promise.resolve(jsonResponse(200, { method, path, headers, body })),

  /** Answers as the body says. */
  '/answer': async ({ body }) => {
    const wanted = parseJsonBody(body);
    return await Promise.resolve(wanted.ok ? (wanted.value as HttpResponse) : emptyResponse(400));
  },

  /** Answers after `ms`; says in the log what becomes of it meanwhile. */
  '/hold': async (_request, context, { name = 'hold', ms = '1000' }) => {
    context.log.info(`${name} began`);
    let end = 'was cancelled';
    try {
      await context.clock.sleep(Number(ms));
      end = 'answered';
    } finally {
      context.log.info(`${name} ${end}`);
    }
    return emptyResponse();
  },

  '/work': async (_request, context, { ms = '10' }) => {
    await context.work(Number(ms));
    return emptyResponse();
  },

  '/throw': async () => await Promise.reject(new Error('a bug of the handler')),

  '/store-error': async () => await Promise.reject(new StoreError('quota-exceeded', 'the disk is full')),

  /** Says in the log what it finds in the database. */
  '/found': async (_request, context) => {
    const row = await context.store.transact('found', [countersTable], 'readonly', async (tx) =>
      tx.get(countersTable, 'told'),
    );
    context.log.info(`found ${row?.count ?? 'nothing'}`);
    return emptyResponse();
  },
};

async function runProbe(name: string, request: HttpRequest, context: Context): Promise<HttpResponse> {
  const probe = probes[name];
  if (probe === undefined) return jsonResponse(404, { error: `there is no probe '${name}'` });
  const input = parseJsonBody(request.body);
  return jsonResponse(200, await probe(context, (input.ok ? input.value : null) as Json));
}

/** The path without what differs from request to request. */
const operationOf = ({ method, path }: HttpRequest): string => `${method} ${splitPath(path).pathname}`;

const handle = async (request: HttpRequest, context: Context): Promise<HttpResponse> => {
  const { pathname, query } = splitPath(request.path);
  if (pathname.startsWith('/probes/'))
    return await runProbe(pathname.slice('/probes/'.length), request, context);
  const route = routes[pathname];
  return route === undefined ? emptyResponse(404) : await route(request, context, query);
};

const service = (name: ServiceName, more: Partial<ServiceDefinition> = {}): ServiceDefinition => ({
  name,
  tables: conformanceTables,
  background: [],
  operationOf,
  handle,
  ...more,
});

/** `/at/<instance>/<path>`: passes a request from outside on to any instance. */
const gateway = service('gateway', {
  tables: [],
  handle: async (request, context) => {
    const [, instance, path] = /^\/at\/([a-z]+-\d+)(\/.*)$/.exec(request.path) ?? [];
    if (instance === undefined || path === undefined) return await handle(request, context);
    const { method, headers, body } = request;
    const type = headers['content-type'];
    const outcome = await sendTo(context, {
      to: instance as InstanceId,
      method,
      path,
      headers: type === undefined ? {} : { 'content-type': type },
      body,
    });
    return outcome.ok ? outcome.value : jsonResponse(502, { error: outcome.error.kind });
  },
});

const failures = defineLocal('failures', () => ({ left: 2 }));

const shipping = service('shipping', {
  onStart: async (context) => {
    context.log.info('starting');
    await context.clock.sleep(SLOW_START_MS);
  },
  background: [
    {
      name: 'failing task',
      run: async (context) => {
        const local = context.local(failures);
        local.left -= 1;
        context.log.info(`the task begins, ${local.left} left`);
        if (local.left > 0) throw new Error('the task failed');
        return await Promise.resolve();
      },
    },
  ],
});

const definitions: readonly ServiceDefinition[] = [service('order'), service('product'), shipping, gateway];

export const conformanceComposition: Composition = {
  name: 'conformance',
  services: definitions.map(({ name }) => name),
  entry: 'gateway',
  lookUps: [],
};

export async function loadConformanceService(name: ServiceName): Promise<ServiceDefinition> {
  const definition = definitions.find((candidate) => candidate.name === name);
  if (definition === undefined) throw new Error(`the conformance services have no ${name}`);
  return await Promise.resolve(definition);
}
