import type { HttpHeaders, HttpMethod } from '../../../kernel/index.ts';
import { nobleCrypto } from '../../../kernel/noble-crypto.ts';
import {
  base64url,
  base64urlBytes,
  RUN_EPOCH_S,
  type SigningKey,
  signToken,
  TOKEN_AUDIENCE,
  TOKEN_ISSUER,
  type TokenClaims,
  utf8Bytes,
} from '../../../patterns/index.ts';

// Wrong requests to the gateway and the problem that each gets. The same table is asked in a world in
// memory and through a page's own `fetch`.

export interface WrongMessage {
  readonly method: HttpMethod;
  readonly path: string;
  readonly headers?: HttpHeaders;
  /** Sent as JSON, unless it is a string. */
  readonly body?: unknown;
}

/** What the table needs of a shop. */
export interface ShopToAsk {
  /** Tokens of two customers and an administrator. */
  readonly ada: string;
  readonly ben: string;
  readonly admin: string;
  /** An order of Ada's that has left: `orderBody`, placed with `FIRST_KEY`. */
  readonly adaOrder: string;
  /** User's own key, so that a token can be forged that only its content betrays. */
  readonly key: SigningKey;
}

export interface WrongRequest {
  readonly what: string;
  readonly request: (shop: ShopToAsk) => WrongMessage;
  readonly status: number;
  /** The last part of the problem's type. */
  readonly slug: string;
  /** Named among the problem's `errors`; '' is the body as a whole. */
  readonly field?: string;
  /** What the problem's detail says, among other things. */
  readonly says?: string;
  /** A browser resolves the path before it sends it, so that another request arrives. */
  readonly notFromBrowsers?: true;
}

export interface ProblemAnswer {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly body: unknown;
}

export const FIRST_KEY = 'first';

const address = { name: 'Ada', street: '1 Station Road', postcode: '10115', city: 'Berlin', country: 'DE' };
export const orderBody = { lines: [{ sku: 'games-01', quantity: 1 }], address, cardToken: 'tok_ok' };

/** User's key, of the row that its database has. */
export function signingKeyOf(row: Readonly<Record<string, unknown>> | undefined): SigningKey {
  const secretKey = base64urlBytes(String(row?.['secretKey']));
  if (secretKey === null) throw new Error('User has no key to sign with');
  return { kid: String(row?.['kid']), secretKey };
}

/** All that is wrong with the answer to a wrong request; nothing when it is the problem that it should be. */
export function faultsOfAnswer(
  { status, slug, field, says }: WrongRequest,
  path: string,
  answer: ProblemAnswer,
): string[] {
  const { headers } = answer;
  const body = (typeof answer.body === 'object' ? answer.body : null) ?? {};
  const problem = body as Readonly<Record<string, unknown>>;
  const errors = Array.isArray(problem['errors']) ? (problem['errors'] as readonly unknown[]) : [];
  const fields = errors.map((error) => (error as { readonly field?: unknown }).field);
  const expectations: readonly (readonly [holds: boolean, otherwise: string])[] = [
    [answer.status === status, `status ${answer.status} instead of ${status}`],
    [headers['content-type'] === 'application/problem+json', `type ${headers['content-type']}`],
    [String(problem['type']).endsWith(`/${slug}`), `the type ${String(problem['type'])}`],
    [problem['status'] === status, `says status ${String(problem['status'])}`],
    [/^.{4,}$/.test(String(problem['title'])), `the title ${String(problem['title'])}`],
    // A sentence.
    [/^[A-Z"'].*[.…]$/s.test(String(problem['detail'])), `the detail ${String(problem['detail'])}`],
    [says === undefined || String(problem['detail']).includes(says), `says ${String(problem['detail'])}`],
    [problem['instance'] === path, `is about ${String(problem['instance'])} instead of ${path}`],
    [field === undefined || fields.includes(field), `names ${JSON.stringify(fields)} instead of ${field}`],
    [
      status !== 401 || (headers['www-authenticate'] ?? '').startsWith('Bearer'),
      'does not say how to sign in',
    ],
    [status !== 405 || Boolean(headers['allow']), 'does not say what is allowed'],
  ];
  return expectations.flatMap(([holds, otherwise]) => (holds ? [] : [otherwise]));
}

const bearer = (token: string): HttpHeaders => ({ authorization: `Bearer ${token}` });
const part = (value: unknown): string => base64url(utf8Bytes(JSON.stringify(value)));

const get = (path: string, token?: string): WrongMessage => ({
  method: 'GET',
  path,
  ...(token === undefined ? {} : { headers: bearer(token) }),
});
const send =
  (method: HttpMethod) =>
  (path: string, body: unknown, token?: string): WrongMessage => ({
    method,
    path,
    ...(body === undefined ? {} : { body }),
    ...(token === undefined ? {} : { headers: bearer(token) }),
  });
const post = send('POST');
const put = send('PUT');
const patch = send('PATCH');

const order = (
  { ada }: ShopToAsk,
  changed: Readonly<Record<string, unknown>>,
  headers: HttpHeaders = {},
): WrongMessage => ({
  method: 'POST',
  path: '/orders',
  headers: { ...bearer(ada), 'idempotency-key': 'wrong', ...headers },
  body: { ...orderBody, ...changed },
});
const orderOf = (shop: ShopToAsk, quantity: unknown): WrongMessage =>
  order(shop, { lines: [{ sku: 'games-01', quantity }] });

const register = (changed: Readonly<Record<string, unknown>>): WrongMessage =>
  post('/users', { email: 'x@example.com', password: 'long enough 1', name: 'A', ...changed });

/** A token that would be good, but for what is changed. */
const token = (key: SigningKey, changed: Partial<TokenClaims> = {}): string =>
  signToken(
    { crypto: nobleCrypto },
    {
      customerId: 'cus_ada',
      email: 'ada@example.com',
      roles: ['admin'],
      issuer: TOKEN_ISSUER,
      audience: TOKEN_AUDIENCE,
      issuedAtS: RUN_EPOCH_S,
      expiresAtS: RUN_EPOCH_S + 3600,
      ...changed,
    },
    key,
  );
const someoneElses = ({ kid }: SigningKey): SigningKey => ({ kid, secretKey: new Uint8Array(32).fill(9) });

export const wrongRequests: readonly WrongRequest[] = [
  // Routes.
  { what: 'an unknown path', request: () => get('/nothing'), status: 404, slug: 'no-such-path' },
  {
    what: 'a path with a slash too many',
    request: () => get('/products/'),
    status: 404,
    slug: 'no-such-path',
  },
  {
    what: 'a path that climbs',
    request: () => get('/products/../users/me'),
    status: 404,
    slug: 'no-such-path',
    notFromBrowsers: true,
  },
  {
    what: 'a method that the path does not take',
    request: () => ({ method: 'PATCH', path: '/products' }),
    status: 405,
    slug: 'method-not-allowed',
  },
  {
    what: 'deleting an order',
    request: ({ ada, adaOrder }) => send('DELETE')(`/orders/${adaOrder}`, undefined, ada),
    status: 405,
    slug: 'method-not-allowed',
  },
  {
    what: 'a reservation from outside',
    request: ({ ada }) => put('/reservations/o1', { lines: orderBody.lines }, ada),
    status: 404,
    slug: 'no-such-path',
  },
  {
    what: 'a release of stock from outside',
    request: ({ admin, adaOrder }) => send('DELETE')(`/reservations/${adaOrder}`, undefined, admin),
    status: 404,
    slug: 'no-such-path',
  },
  {
    what: 'a shipment from outside',
    request: ({ ada }) => put('/shipments/o1', {}, ada),
    status: 405,
    slug: 'method-not-allowed',
  },
  {
    what: 'a payment from outside',
    request: ({ admin }) => post('/authorisations/p1/capture', {}, admin),
    status: 404,
    slug: 'no-such-path',
  },
  { what: 'an event from outside', request: () => post('/events', {}), status: 404, slug: 'no-such-path' },
  {
    what: 'a registration with the registry from outside',
    request: () => put('/instances/order-9', {}),
    status: 404,
    slug: 'no-such-path',
  },

  // Parameters.
  { what: 'an unknown good', request: () => get('/products/games-99'), status: 404, slug: 'unknown-product' },
  {
    what: 'a sku of the wrong form',
    request: () => get("/products/';drop"),
    status: 400,
    slug: 'invalid-request',
    field: 'sku',
  },
  {
    what: 'a sku that is not even text',
    request: () => get('/products/%ff'),
    status: 400,
    slug: 'invalid-request',
    field: 'sku',
  },
  {
    what: 'a limit that is no number',
    request: () => get('/products?limit=many'),
    status: 400,
    slug: 'invalid-request',
    field: 'limit',
  },
  {
    what: 'a limit that is too high',
    request: () => get('/products?limit=101'),
    status: 400,
    slug: 'invalid-request',
    field: 'limit',
  },
  {
    what: 'a negative offset',
    request: () => get('/products?offset=-1'),
    status: 400,
    slug: 'invalid-request',
    field: 'offset',
  },
  {
    what: 'an unknown category',
    request: () => get('/products?category=cars'),
    status: 400,
    slug: 'invalid-request',
    field: 'category',
  },
  {
    what: 'an unknown query parameter',
    request: () => get('/products?sort=price'),
    status: 400,
    slug: 'invalid-request',
    field: 'sort',
  },
  {
    what: 'a quote without a weight',
    request: () => get('/shipping-quotes?country=DE'),
    status: 400,
    slug: 'invalid-request',
    field: 'weightG',
  },
  {
    what: 'a quote to where nothing is delivered',
    request: () => get('/shipping-quotes?country=ZZ&weightG=500'),
    status: 422,
    slug: 'undeliverable',
  },

  // Bodies.
  {
    what: 'a broken body',
    request: () => post('/sessions', '{"email": "ada'),
    status: 400,
    slug: 'body-not-json',
    field: '',
  },
  {
    what: 'no body',
    request: () => ({ method: 'POST', path: '/users', headers: { 'content-type': 'application/json' } }),
    status: 400,
    slug: 'body-not-json',
  },
  {
    what: 'a body that is a list',
    request: () => post('/users', []),
    status: 400,
    slug: 'invalid-request',
    field: '',
  },
  {
    what: 'a body of lists in lists',
    request: () => post('/users', `${'['.repeat(30_000)}${']'.repeat(30_000)}`),
    status: 400,
    slug: 'invalid-request',
    field: '',
  },
  {
    what: 'a body that would change its own prototype',
    request: () => post('/users', '{"__proto__": {"roles": ["admin"]}, "email": "x@example.com"}'),
    status: 400,
    slug: 'invalid-request',
    field: '__proto__',
  },
  {
    what: 'a form instead of JSON',
    request: () => ({
      method: 'POST',
      path: '/sessions',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'email=ada',
    }),
    status: 415,
    slug: 'unsupported-media-type',
  },
  {
    what: 'a body over 64 kB',
    request: () => register({ name: 'x'.repeat(70_000) }),
    status: 413,
    slug: 'body-too-large',
  },

  // Accounts.
  {
    what: 'an e-mail that is none',
    request: () => register({ email: 'ada' }),
    status: 400,
    slug: 'invalid-request',
    field: 'email',
  },
  {
    what: 'a short password',
    request: () => register({ password: 'short' }),
    status: 400,
    slug: 'invalid-request',
    field: 'password',
  },
  {
    what: 'making oneself an administrator',
    request: () => register({ roles: ['admin'] }),
    status: 400,
    slug: 'invalid-request',
    field: 'roles',
  },
  {
    what: 'becoming an administrator',
    request: ({ ada }) => patch('/users/me', { name: 'Ada', roles: ['admin'] }, ada),
    status: 400,
    slug: 'invalid-request',
    field: 'roles',
  },
  {
    what: 'a change of nothing',
    request: ({ ada }) => patch('/users/me', {}, ada),
    status: 400,
    slug: 'invalid-request',
    field: '',
  },
  {
    what: 'an e-mail that has an account',
    request: () => register({ email: 'ADA@example.com' }),
    status: 409,
    slug: 'email-taken',
  },
  {
    what: 'a wrong password',
    request: () => post('/sessions', { email: 'ada@example.com', password: 'wrong password' }),
    status: 401,
    slug: 'wrong-credentials',
  },
  {
    what: 'an unknown e-mail',
    request: () => post('/sessions', { email: 'x@example.com', password: 'wrong password' }),
    status: 401,
    slug: 'wrong-credentials',
  },

  // Tokens.
  { what: 'no token', request: () => get('/orders'), status: 401, slug: 'sign-in-required' },
  {
    what: 'another scheme',
    request: () => ({ ...get('/orders'), headers: { authorization: 'Basic YWRhOmFkYQ==' } }),
    status: 401,
    slug: 'token-refused',
  },
  {
    what: 'a token that is garbage',
    request: () => get('/orders', 'garbage'),
    status: 401,
    slug: 'token-refused',
  },
  {
    what: 'a token with alg none',
    request: ({ key }) =>
      get('/orders', `${part({ alg: 'none', kid: key.kid })}.${token(key).split('.')[1]}.`),
    status: 401,
    slug: 'token-refused',
    says: 'not signed with EdDSA',
  },
  {
    what: 'a token without its signature',
    request: ({ ada }) => get('/orders', ada.replace(/[^.]*$/, '')),
    status: 401,
    slug: 'token-refused',
    says: 'signature cannot be read',
  },
  {
    what: 'a token signed by somebody else',
    request: ({ key }) => get('/orders', token(someoneElses(key))),
    status: 401,
    slug: 'token-refused',
    says: 'signature is wrong',
  },
  {
    what: 'a token of an unknown key',
    request: ({ ada }) => get('/orders', ada.replace(/^[^.]*/, part({ alg: 'EdDSA', kid: 'key-7' }))),
    status: 401,
    slug: 'token-refused',
    says: 'key that is not known',
  },
  {
    what: 'a token with another content',
    request: ({ ada, key }) =>
      get('/orders', ada.replace(/\.[^.]*\./, `.${token(key, { customerId: 'cus_ben' }).split('.')[1]}.`)),
    status: 401,
    slug: 'token-refused',
    says: 'signature is wrong',
  },
  {
    what: 'a genuine token that has expired',
    request: ({ key }) =>
      get('/orders', token(key, { issuedAtS: RUN_EPOCH_S - 3600, expiresAtS: RUN_EPOCH_S })),
    status: 401,
    slug: 'token-refused',
    says: 'expired',
  },
  {
    what: "an administrator's work with a genuine token that has expired",
    request: ({ key }) =>
      put('/products/games-01/stock', { stock: 1 }, token(key, { expiresAtS: RUN_EPOCH_S })),
    status: 401,
    slug: 'token-refused',
    says: 'expired',
  },
  {
    what: 'a genuine token for another shop',
    request: ({ key }) => get('/orders', token(key, { audience: 'bulkhead/elsewhere' })),
    status: 401,
    slug: 'token-refused',
    says: 'made for someone else',
  },
  {
    what: 'a genuine token of another issuer',
    request: ({ key }) => get('/orders', token(key, { issuer: 'bulkhead/elsewhere' })),
    status: 401,
    slug: 'token-refused',
    says: 'issued by someone else',
  },

  // Rights.
  {
    what: "an administrator's work by a customer",
    request: ({ ada }) => put('/products/games-01/price', { priceMinor: 1, currency: 'EUR' }, ada),
    status: 403,
    slug: 'admin-only',
  },
  {
    what: 'a key rotation by a customer',
    request: ({ ada }) => post('/signing-keys', undefined, ada),
    status: 403,
    slug: 'admin-only',
  },
  {
    what: "somebody's account by a customer",
    request: ({ ada }) => get('/users/cus_ben', ada),
    status: 403,
    slug: 'admin-only',
  },
  {
    what: "another customer's order",
    request: ({ ben, adaOrder }) => get(`/orders/${adaOrder}`, ben),
    status: 404,
    slug: 'no-such-order',
  },
  {
    what: "another customer's parcel",
    request: ({ ben, adaOrder }) => get(`/shipments/${adaOrder}`, ben),
    status: 404,
    slug: 'no-such-shipment',
  },
  {
    what: "cancelling another customer's order",
    request: ({ ben, adaOrder }) => post(`/orders/${adaOrder}/cancellation`, undefined, ben),
    status: 404,
    slug: 'no-such-order',
  },
  {
    what: 'an order that there never was',
    request: ({ ada }) => get('/orders/ord-000000000000', ada),
    status: 404,
    slug: 'no-such-order',
  },

  // Orders.
  {
    what: 'cancelling an order that has left',
    request: ({ ada, adaOrder }) => post(`/orders/${adaOrder}/cancellation`, undefined, ada),
    status: 409,
    slug: 'too-late-to-cancel',
  },
  {
    what: 'an order without Idempotency-Key',
    request: (shop) => order(shop, {}, { 'idempotency-key': '' }),
    status: 400,
    slug: 'idempotency-key-missing',
    field: 'idempotency-key',
  },
  {
    what: 'an endless Idempotency-Key',
    request: (shop) => order(shop, {}, { 'idempotency-key': 'k'.repeat(256) }),
    status: 400,
    slug: 'invalid-request',
    field: 'idempotency-key',
  },
  {
    what: 'the same key for another order',
    request: (shop) => order(shop, { cardToken: 'tok_else' }, { 'idempotency-key': FIRST_KEY }),
    status: 422,
    slug: 'idempotency-key-reused',
  },
  {
    what: 'an order of nothing',
    request: (shop) => order(shop, { lines: [] }),
    status: 400,
    slug: 'invalid-request',
    field: 'lines',
  },
  {
    what: 'an order of none of a good',
    request: (shop) => orderOf(shop, 0),
    status: 400,
    slug: 'invalid-request',
    field: 'lines.0.quantity',
  },
  {
    what: 'an order of minus one',
    request: (shop) => orderOf(shop, -1),
    status: 400,
    slug: 'invalid-request',
    field: 'lines.0.quantity',
  },
  {
    what: 'an order of half a good',
    request: (shop) => orderOf(shop, 0.5),
    status: 400,
    slug: 'invalid-request',
    field: 'lines.0.quantity',
  },
  {
    what: 'an order of "1" good',
    request: (shop) => orderOf(shop, '1'),
    status: 400,
    slug: 'invalid-request',
    field: 'lines.0.quantity',
  },
  {
    what: 'an order of more than any number',
    request: (shop) => ({ ...order(shop, {}), body: JSON.stringify(orderBody).replace(':1}', ':1e999}') }),
    status: 400,
    slug: 'invalid-request',
    field: 'lines.0.quantity',
  },
  {
    what: 'an order that names its own price',
    request: (shop) => order(shop, { lines: [{ sku: 'games-01', quantity: 1, unitPriceMinor: 1 }] }),
    status: 400,
    slug: 'invalid-request',
    field: 'lines.0.unitPriceMinor',
  },
  {
    what: 'an order without an address',
    request: (shop) => order(shop, { address: undefined }),
    status: 400,
    slug: 'invalid-request',
    field: 'address',
  },
  {
    what: 'an order with a card number instead of a token',
    request: (shop) => order(shop, { cardToken: '4111 1111 1111 1111' }),
    status: 400,
    slug: 'invalid-request',
    field: 'cardToken',
  },
  {
    what: 'an order to no country',
    request: (shop) => order(shop, { address: { ...address, country: 'Germany' } }),
    status: 400,
    slug: 'invalid-request',
    field: 'address.country',
  },
  {
    what: 'a cart without lines',
    request: ({ ada }) => put('/cart', {}, ada),
    status: 400,
    slug: 'invalid-request',
    field: 'lines',
    says: "'lines' is missing",
  },

  // Goods.
  {
    what: 'a hold of too much',
    request: ({ ada }) =>
      post(
        '/cart-holds',
        { lines: Array.from({ length: 20 }, () => ({ sku: 'outdoor-04', quantity: 100 })) },
        ada,
      ),
    status: 409,
    slug: 'out-of-stock',
  },
  {
    what: 'a price in another currency',
    request: ({ admin }) => put('/products/games-01/price', { priceMinor: 1, currency: 'USD' }, admin),
    status: 400,
    slug: 'invalid-request',
    field: 'currency',
  },
  {
    what: 'a price of half a cent',
    request: ({ admin }) => put('/products/games-01/price', { priceMinor: 0.5, currency: 'EUR' }, admin),
    status: 400,
    slug: 'invalid-request',
    field: 'priceMinor',
  },
  {
    what: 'less than nothing in stock',
    request: ({ admin }) => put('/products/games-01/stock', { stock: -1 }, admin),
    status: 400,
    slug: 'invalid-request',
    field: 'stock',
  },
  {
    what: 'the stock of an unknown good',
    request: ({ admin }) => put('/products/games-99/stock', { stock: 1 }, admin),
    status: 404,
    slug: 'unknown-product',
  },
];
