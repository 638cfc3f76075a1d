import {
  type Context,
  type HttpMethod,
  type HttpRequest,
  type HttpResponse,
  instanceId,
  type Json,
  type ServiceDefinition,
  type ServiceName,
  type VersionLabel,
} from '../../kernel/index.ts';
import {
  openShop,
  SKU,
  type TestShop,
  type TestShopOptions,
} from '../../services/order/testing/test-shop.ts';
import { CARD_TOKENS } from '../../services/payment-provider/contract.ts';
import { loadVersioner } from '../load-version.ts';

// The shop with versions of its services, every request and answer of them kept.

export interface Exchange {
  readonly service: ServiceName;
  readonly caller: ServiceName | null;
  readonly operation: string;
  readonly request: HttpRequest;
  readonly response: HttpResponse;
}

export interface VersionShop extends TestShop {
  readonly exchanges: readonly Exchange[];
  ask(service: ServiceName, method: HttpMethod, path: string, more?: Asked): Promise<Answer>;
}

interface Asked {
  readonly as?: string;
  readonly body?: Json;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly body: Json;
}

export async function openVersionShop(
  versions: Readonly<Partial<Record<ServiceName, VersionLabel>>> = {},
  options: TestShopOptions = {},
): Promise<VersionShop> {
  const versioner = await loadVersioner();
  const exchanges: Exchange[] = [];
  const before = options.make ?? ((first: ServiceDefinition) => first);
  const make = (first: ServiceDefinition): ServiceDefinition => {
    const own = before(first);
    const label = versions[first.name];
    const made = label === undefined ? own : versioner(own, label);
    return {
      ...made,
      handle: async (request: HttpRequest, context: Context) => {
        const response = await made.handle(request, context);
        const caller = context.caller?.service ?? null;
        const operation = made.operationOf(request);
        exchanges.push({ service: made.name, caller, operation, request, response });
        return response;
      },
    };
  };
  const shop = await openShop({ ...options, make });
  return {
    ...shop,
    exchanges,
    ask: async (service, method, path, { as, body, headers = {} } = {}) => {
      const bearer = as === undefined ? {} : { authorization: `Bearer ${await shop.token(as)}` };
      const request = {
        method,
        path,
        headers: { ...bearer, ...headers },
        ...(body === undefined ? {} : { body }),
      };
      const answer = await shop.world.ask(instanceId(service, 1), request);
      return { status: answer.status, body: answer.body as Json };
    },
  };
}

/** Asks for every operation of the four services at least once; orders that go through, are refused, are cancelled. */
export async function askForEverything(shop: VersionShop): Promise<void> {
  const { ask, place, settle, world } = shop;
  const admin = { as: 'admin' };
  const ada = { as: 'ada' };
  const email = 'zoe@example.com';
  await ask('user', 'POST', '/users', { body: { email, password: 'long-enough-1', name: 'Zoe van Dam' } });
  await ask('user', 'GET', '/users/me', ada);
  const me = await ask('user', 'PATCH', '/users/me', { ...ada, body: { phone: '+49 30 1234567' } });
  await ask('user', 'GET', `/users/${(me.body as { customerId: string }).customerId}`, admin);
  await ask('user', 'GET', '/.well-known/jwks.json');
  await ask('user', 'POST', '/signing-keys', admin);
  await ask('user', 'POST', '/sessions', { body: { email, password: 'long-enough-1' } });

  const held = { lines: [{ sku: SKU, quantity: 1 }] };
  await ask('product', 'GET', '/products?category=kitchen&limit=6');
  await ask('product', 'GET', `/products/${SKU}`);
  await ask('product', 'GET', `/products/${SKU}/prices`);
  await ask('product', 'PUT', `/products/${SKU}/price`, {
    ...admin,
    body: { priceMinor: 3500, currency: 'EUR' },
  });
  await ask('product', 'PUT', `/products/${SKU}/stock`, { ...admin, body: { stock: 500 } });
  await ask('product', 'POST', '/cart-holds', { ...ada, body: held });

  await ask('order', 'PUT', '/cart', { ...ada, body: held });
  await ask('order', 'GET', '/cart', ada);
  const orderId = await place({
    lines: [
      { sku: SKU, quantity: 2 },
      { sku: 'games-01', quantity: 1 },
    ],
  });
  const cancelled = await place();
  await ask('order', 'POST', `/orders/${cancelled}/cancellation`, ada);
  const refused = await place({ country: 'XX' });
  await place({ cardToken: CARD_TOKENS.captureDeclined });
  await settle();
  await world.runFor(5000);
  for (const id of [orderId, refused]) {
    for (let time = 1; time <= 5; time += 1) await ask('order', 'GET', `/orders/${id}`, ada);
    await ask('shipping', 'GET', `/shipments/${id}`, ada);
  }
  await ask('order', 'GET', '/orders', ada);
  await ask('order', 'GET', '/sagas', admin);
  await ask('order', 'POST', '/sagas/retry', admin);
  await ask('shipping', 'GET', '/shipping-quotes?country=DE&weightG=1200');
}
