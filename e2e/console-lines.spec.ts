import { expect, test } from '@playwright/test';
import {
  type ConsoleLine,
  type LoggedEnds,
  loggedEnds,
  type SeenRequest,
  unexplainedLines,
} from './console-lines.ts';

// The judge of every other test's console is judged here; no page is needed.

const BASE = 'http://localhost/shop/';
const NOTHING: LoggedEnds = { attempts: [], strangers: [] };
const line = (failure: number | 'net', path: string): ConsoleLine => ({
  type: 'error',
  text: `Failed to load resource: ${failure === 'net' ? 'net::ERR_FAILED' : `the server responded with a status of ${failure} ()`}`,
  url: `${BASE}${path}`,
});
const hop = (path: string, spanId: string): SeenRequest => ({
  method: 'GET',
  url: `${BASE}${path}`,
  spanId,
  relayed: true,
});
const stranger = (path: string): SeenRequest => ({
  method: 'GET',
  url: `${BASE}${path}`,
  spanId: null,
  relayed: false,
});
const judge = (
  lines: readonly ConsoleLine[],
  requests: readonly SeenRequest[],
  ends: Partial<LoggedEnds> = {},
) => unexplainedLines(lines, requests, { ...NOTHING, ...ends }, BASE);

test('the console is matched with the log one to one', () => {
  const path = 'network/order-1/shipping-1/shipments/7';
  const requests = [hop(path, 'a'), hop(path, 'b'), hop(path, 'c')];
  const attempts = [
    ['a', 503],
    ['b', 503],
    ['c', 201],
  ] as const;
  expect(judge([line(503, path), line(503, path)], requests, { attempts })).toEqual([]);
  expect(judge([line(503, path)], requests, { attempts })).toEqual([
    `no line in the console for 503 ${BASE}${path}`,
  ]);
  expect(
    judge(
      [503, 503, 503].map((status) => line(status, path)),
      requests,
      { attempts },
    ),
  ).toHaveLength(1);
  expect(judge([line(503, path), line(500, path)], requests, { attempts })).toHaveLength(2);
  expect(judge([line(503, path), line(503, 'api/orders')], requests, { attempts })).toHaveLength(2);
});

test('a refused or reset connection has its line; a call that was given up, or has no end, may have one', () => {
  const path = 'api/orders';
  expect(judge([line('net', path)], [hop(path, 'a')], { attempts: [['a', 'failed']] })).toEqual([]);
  expect(judge([], [hop(path, 'a')], { attempts: [['a', 'failed']] })).toHaveLength(1);
  for (const attempts of [[['a', 'given-up']], []] as const) {
    expect(judge([], [hop(path, 'a')], { attempts })).toEqual([]);
    expect(judge([line(504, path)], [hop(path, 'a')], { attempts })).toEqual([]);
    expect(judge([line(504, path), line(504, path)], [hop(path, 'a')], { attempts })).toHaveLength(1);
  }
});

test('a fetch that was made again carries its answer once', () => {
  const again = [hop('api/orders', 'a'), hop('api/orders', 'a')];
  expect(judge([line(404, 'api/orders')], again, { attempts: [['a', 404]] })).toEqual([]);
  expect(
    judge([line('net', 'api/orders'), line(404, 'api/orders')], again, { attempts: [['a', 404]] }),
  ).toEqual([]);
});

test('strangers are answered by the gateway, and turned away from the services', () => {
  const strangers = [
    { method: 'GET', path: '/nothing', status: 404 },
    { method: 'GET', path: '/products', status: 200 },
  ];
  const requests = [
    stranger('api/nothing'),
    stranger('api/products'),
    stranger('network/order-1/user-1/users'),
  ];
  const lines = [line(404, 'api/nothing'), line(403, 'network/order-1/user-1/users')];
  expect(judge(lines, requests, { strangers })).toEqual([]);
  expect(judge(lines.slice(1), requests, { strangers })).toHaveLength(1);
  expect(judge(lines.slice(0, 1), requests, { strangers })).toHaveLength(1);
  expect(judge([...lines, line(404, 'api/products')], requests, { strangers })).toHaveLength(1);
  // Answered inside the page, without a service worker: the browser hears of no failure.
  expect(judge([], [], { strangers })).toEqual([]);
});

test('anything else is not explained', () => {
  const warning = { type: 'warning', text: 'Deprecated', url: BASE };
  expect(judge([warning], [])).toEqual(['warning: Deprecated']);
  expect(judge([line(404, 'favicon.ico')], [stranger('favicon.ico')])).toHaveLength(1);
});

test('the log’s ends are read from its events', () => {
  const events = [
    { type: 'response.received', spanId: 'a', status: 503 },
    { type: 'request.failed', spanId: 'b', error: 'connection_reset' },
    { type: 'request.failed', spanId: 'f', error: 'connection_refused' },
    { type: 'request.failed', spanId: 'c', error: 'timeout' },
    { type: 'request.received', spanId: 'd', from: null },
    { type: 'request.received', spanId: 'e', from: 'customers' },
    ...['d', 'e'].map((spanId) => ({
      type: 'service.logged',
      service: 'gateway',
      spanId,
      data: { method: 'GET', path: '/nothing', status: 404, durationMs: 0, customer: null },
    })),
  ];
  expect(loggedEnds(events as unknown as Parameters<typeof loggedEnds>[0])).toEqual({
    attempts: [
      ['a', 503],
      ['b', 'failed'],
      ['f', 'failed'],
      ['c', 'given-up'],
    ],
    strangers: [{ method: 'GET', path: '/nothing', status: 404 }],
  });
});
