import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRunCommand, RUN_COMMAND_TYPES, type RunCommand } from './index.ts';

const refusal = (input: unknown) => {
  const parsed = parseRunCommand(input);
  if (parsed.ok) throw new Error(`was accepted: ${JSON.stringify(input)}`);
  return parsed.error;
};

const slow = {
  kind: 'slow',
  target: { kind: 'service', service: 'shipping' },
  addMs: 2000,
  spreadShare: 0.1,
  share: 1,
  lengthMs: null,
};

/** Printable ASCII. */
const headerText = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 20,
});
const text = fc.string({ minLength: 1, maxLength: 20 });
const share = fc.double({ min: 0, max: 1, noNaN: true });
const factor = fc.integer({ min: 1, max: 100 });
const CUSTOMERS = { kind: 'service', service: 'customers' };
const rate = fc.double({ min: 0, max: 50, noNaN: true });
const instance = fc.constantFrom('order-1', 'shipping-2', 'payment-provider-1');
const edge = fc.record({
  from: fc.constantFrom('gateway', 'order', 'customers'),
  to: fc.constantFrom('shipping', 'product'),
});
const place = fc.oneof(
  fc.record({
    kind: fc.constant('service'),
    service: fc.constantFrom('shipping', 'broker', 'payment-provider'),
  }),
  fc.record({ kind: fc.constant('instance'), instance }),
);
const way = fc.oneof(
  edge.map((value) => ({ kind: 'edge', ...value })),
  fc.constant({ kind: 'network' }),
);
const target = fc.oneof(place, way);
const lengthMs = fc.option(fc.integer({ min: 100, max: 3_600_000 }));
const fault = fc.oneof(
  fc.record({
    kind: fc.constant('slow'),
    target,
    addMs: fc.integer({ min: 1, max: 60_000 }),
    spreadShare: share,
    share,
    lengthMs,
  }),
  fc.record({
    kind: fc.constant('errors'),
    target,
    status: fc.integer({ min: 400, max: 599 }),
    share,
    lengthMs,
  }),
  fc.record({ kind: fc.constant('down'), target, lengthMs }),
  fc.record({
    kind: fc.constant('loss'),
    target: way,
    way: fc.constantFrom('request', 'response', 'both'),
    share,
    lengthMs,
  }),
  fc.record({
    kind: fc.constant('latency'),
    target: way,
    meanMs: fc.integer({ min: 1, max: 10_000 }),
    lengthMs,
  }),
  fc.record({
    kind: fc.constant('partition'),
    instances: fc.uniqueArray(fc.constantFrom('order-1', 'order-2'), { minLength: 1 }),
    others: fc.option(fc.uniqueArray(fc.constantFrom('shipping-1', 'broker-1'), { minLength: 1 })),
    way: fc.constantFrom('both', 'out', 'in'),
    lengthMs,
  }),
  fc.record({
    kind: fc.constant('clog'),
    target: way,
    extraMs: fc.integer({ min: 0, max: 60_000 }),
    lengthMs,
  }),
  fc.record({
    kind: fc.constant('reset'),
    target: way,
    when: fc.constantFrom('before', 'after'),
    share,
    lengthMs,
  }),
  fc.record({
    kind: fc.constant('duplicate'),
    target: way,
    share,
    withinMs: fc.integer({ min: 0, max: 60_000 }),
    lengthMs,
  }),
  fc.record({
    kind: fc.constant('store-errors'),
    target: place,
    at: fc.constantFrom('begin', 'commit'),
    error: fc.constantFrom('unavailable', 'aborted', 'quota-exceeded', 'read-only'),
    share,
    lengthMs,
  }),
  fc.record({
    kind: fc.constant('store-slow'),
    target: place,
    addMs: fc.integer({ min: 1, max: 60_000 }),
    share,
    lengthMs,
  }),
  fc.record({
    kind: fc.constant('crash-loop'),
    target: place,
    meanUpMs: fc.integer({ min: 100, max: 3_600_000 }),
    restartAfterMs: fc.integer({ min: 0, max: 3_600_000 }),
    lengthMs,
  }),
  fc.record({ kind: fc.constant('hang'), target: place, lengthMs }),
  fc.record({ kind: fc.constant('slow-cpu'), target: place, factor, lengthMs }),
  fc.record({
    kind: fc.constant('memory-limit'),
    target: place,
    leakKbPerRequest: fc.integer({ min: 1, max: 1_048_576 }),
    limitMb: fc.integer({ min: 1, max: 4096 }),
    restartAfterMs: fc.integer({ min: 0, max: 3_600_000 }),
    lengthMs,
  }),
  fc.record({
    kind: fc.constant('slow-start'),
    target: place,
    addMs: fc.integer({ min: 1, max: 60_000 }),
    lengthMs,
  }),
  fc.record({
    kind: fc.constant('clock-offset'),
    target: place,
    offsetMs: fc.integer({ min: -86_400_000, max: 86_400_000 }),
    lengthMs,
  }),
  fc.record({
    kind: fc.constant('slow-body'),
    target: place,
    bytesPerSecond: fc.integer({ min: 10, max: 1_000_000 }),
    share,
    lengthMs,
  }),
  fc.record({
    kind: fc.constant('corrupt-body'),
    target: place,
    how: fc.constantFrom('cut', 'garble'),
    share,
    lengthMs,
  }),
  fc.record({
    kind: fc.constant('message-poison'),
    target: place,
    share,
    messageType: fc.option(text),
    lengthMs,
  }),
  fc.record({
    kind: fc.constant('registry-stale'),
    target: fc.constant({ kind: 'service', service: 'registry' }),
    lengthMs,
  }),
  fc.record({ kind: fc.constant('spike'), target: fc.constant(CUSTOMERS), factor, lengthMs }),
  fc.record({
    kind: fc.constant('ramp'),
    target: fc.constant(CUSTOMERS),
    factor,
    overMs: fc.integer({ min: 1000, max: 3_600_000 }),
    lengthMs,
  }),
  fc.record({
    kind: fc.constant('hot-product'),
    target: fc.constant(CUSTOMERS),
    sku: fc.constantFrom('games-01', 'office-02'),
    share,
    lengthMs,
  }),
  fc.record({
    kind: fc.constant('crash-at'),
    instance,
    port: fc.constantFrom('network', 'store', 'handler'),
    operation: text,
    nth: fc.integer({ min: 1, max: 1_000_000 }),
    when: fc.constantFrom('before', 'after'),
    restartAfterMs: fc.option(fc.integer({ min: 0, max: 3_600_000 })),
  }),
);
const json = fc.jsonValue({ maxDepth: 3 });

const byType: Record<RunCommand['type'], fc.Arbitrary<unknown>> = {
  'customer.sign-in': fc.record({ type: fc.constant('customer.sign-in'), email: text, password: text }),
  'order.place': fc.record(
    {
      type: fc.constant('order.place'),
      customer: text,
      lines: fc.array(fc.record({ sku: text, quantity: fc.integer({ min: 1, max: 99 }) }), {
        minLength: 1,
        maxLength: 20,
      }),
      cardToken: text,
      address: fc.record({ name: text, street: text, postcode: text, city: text, country: text }),
      idempotencyKey: headerText,
    },
    { requiredKeys: ['type'] },
  ),
  'request.send': fc.record(
    {
      type: fc.constant('request.send'),
      method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE'),
      path: fc.webPath().map((path) => `/${path.replace(/^\/+/, '')}`),
      headers: fc.dictionary(fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,20}$/), headerText, { maxKeys: 3 }),
      body: json,
      as: fc.constantFrom('customer', 'admin', 'anonymous'),
    },
    { requiredKeys: ['type', 'method', 'path'] },
  ),
  'fault.add': fc.record({ type: fc.constant('fault.add'), fault }),
  'fault.schedule': fc.record(
    {
      type: fc.constant('fault.schedule'),
      atMs: fc.integer({ min: 0, max: 36_000_000 }),
      fault: fc.record({
        kind: fc.constant('hang'),
        target: place,
        lengthMs: fc.integer({ min: 100, max: 60_000 }),
      }),
      repeat: fc.record({
        count: fc.option(fc.integer({ min: 2, max: 1000 })),
        gapMs: fc.integer({ min: 100, max: 3_600_000 }),
        gapSpread: share,
      }),
    },
    { requiredKeys: ['type', 'atMs', 'fault'] },
  ),
  'fault.clear': fc.record({ type: fc.constant('fault.clear'), faultId: text }),
  'fault.clear-all': fc.record({ type: fc.constant('fault.clear-all') }),
  'load.set': fc.record(
    {
      type: fc.constant('load.set'),
      running: fc.boolean(),
      ordersPerSecond: rate,
      browsesPerSecond: rate,
      statusesPerSecond: rate,
      floodPerSecond: rate,
      arrivals: fc.constantFrom('even', 'poisson'),
    },
    { requiredKeys: ['type'] },
  ),
  'safety-nets.set': fc.record(
    {
      type: fc.constant('safety-nets.set'),
      preset: fc.constantFrom('none', 'classroom', 'production'),
      edge,
    },
    { requiredKeys: ['type', 'preset'] },
  ),
  'settings.set': fc.record({
    type: fc.constant('settings.set'),
    patch: fc.dictionary(
      text.filter((name) => name !== '__proto__'),
      json,
      { maxKeys: 4 },
    ),
  }),
  'instance.crash': fc.record({ type: fc.constant('instance.crash'), instance }),
  'instance.restart': fc.record({ type: fc.constant('instance.restart'), instance }),
  'breaker.set-state': fc.record({
    type: fc.constant('breaker.set-state'),
    instance,
    to: fc.constantFrom('shipping', 'payment-provider'),
    state: fc.constantFrom('CLOSED', 'OPEN', 'HALF_OPEN', 'DISABLED', 'FORCED_OPEN', 'METRICS_ONLY'),
  }),
  'breaker.reset': fc.record({
    type: fc.constant('breaker.reset'),
    instance,
    to: fc.constantFrom('shipping', 'payment-provider'),
  }),
  'release.start': fc.record(
    {
      type: fc.constant('release.start'),
      service: fc.constantFrom('user', 'product', 'order', 'shipping'),
      version: fc.constantFrom('v1', 'v2', 'v12'),
      strategy: fc.constantFrom('recreate', 'rolling', 'blue-green', 'canary'),
      skipContractCheck: fc.boolean(),
    },
    { requiredKeys: ['type', 'service', 'version', 'strategy'] },
  ),
  'release.abort': fc.record({
    type: fc.constant('release.abort'),
    service: fc.constantFrom('user', 'product', 'order', 'shipping'),
  }),
  'run.pause': fc.record({ type: fc.constant('run.pause') }),
  'run.resume': fc.record({ type: fc.constant('run.resume') }),
  'run.speed': fc.record({
    type: fc.constant('run.speed'),
    speed: fc.double({ min: 0.1, max: 10, noNaN: true }),
  }),
  'run.reset': fc.record({ type: fc.constant('run.reset') }),
};

describe('run commands', () => {
  it('every valid command round-trips through JSON', () => {
    fc.assert(
      fc.property(fc.oneof(...Object.values(byType)), (command) => {
        const sent: unknown = JSON.parse(JSON.stringify(command));
        expect(parseRunCommand(sent)).toEqual({ ok: true, value: sent });
      }),
      { numRuns: 1000 },
    );
    expect(Object.keys(byType).sort()).toEqual([...RUN_COMMAND_TYPES].sort());
  });

  it('arbitrary input never throws and a refusal is a sentence', () => {
    const nearly = fc
      .tuple(fc.constantFrom(...RUN_COMMAND_TYPES), fc.dictionary(fc.string(), fc.anything(), { maxKeys: 5 }))
      .map(([type, rest]) => ({ ...rest, type }));
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.jsonValue(), nearly), (input) => {
        const parsed = parseRunCommand(input);
        if (!parsed.ok) expect(parsed.error.message).toMatch(/^.{3,}\.$/s);
      }),
      { numRuns: 2000 },
    );
  });

  it('input that contains itself or is very deep is refused', () => {
    const self: Record<string, unknown> = {};
    self['self'] = self;
    expect(refusal({ type: 'settings.set', patch: self }).field).toBe('patch.self');
    let deep: unknown = 1;
    for (let level = 0; level < 20_000; level += 1) deep = [deep];
    expect(refusal({ type: 'request.send', method: 'POST', path: '/orders', body: deep }).field).toBe('body');
  });

  it('names the field, what is wrong and what is allowed', () => {
    expect(refusal({ type: 'run.speed', speed: 20 })).toEqual({
      field: 'speed',
      message: 'speed must be at most 10, not 20.',
    });
    expect(refusal({ type: 'run.speed' })).toEqual({
      field: 'speed',
      message: 'speed is missing; it must be a number.',
    });
    expect(refusal({ type: 'fault.add', fault: { ...slow, addMs: 0 } })).toEqual({
      field: 'fault.addMs',
      message: 'fault.addMs must be at least 1, not 0.',
    });
    expect(refusal({ type: 'fault.add', fault: { ...slow, kind: 'fast' } })).toEqual({
      field: 'fault.kind',
      message:
        'fault.kind must be one of "slow", "errors", "down", "loss", "latency", "partition", "clog", "reset", "duplicate", "store-errors", "store-slow", "crash-loop", "crash-at", "slow-body", "corrupt-body", "flapping", "hang", "slow-cpu", "memory-limit", "slow-start", "clock-offset", "message-duplicate", "message-poison", "registry-stale", "spike", "ramp", "hot-product", not "fast".',
    });
    expect(
      refusal({ type: 'fault.add', fault: { ...slow, target: { kind: 'service', service: 'orders' } } })
        .message,
    ).toMatch(/^fault\.target\.service must be one of "gateway", .*, not "orders"\.$/);
    expect(refusal({ type: 'instance.crash', instance: 'order' })).toEqual({
      field: 'instance',
      message: 'instance must be an instance such as "order-1", not "order".',
    });
    expect(refusal({ type: 'order.place', lines: [{ sku: 'TEA', quantity: 1.5 }] })).toEqual({
      field: 'lines[0].quantity',
      message: 'lines[0].quantity must be a whole number, not 1.5.',
    });
    expect(refusal({ type: 'order.place', lines: [] }).message).toBe(
      'lines must have at least 1 entry, not a list of 0.',
    );
  });

  it('refuses headers that no request can carry', () => {
    const sent = (headers: unknown) => refusal({ type: 'request.send', method: 'GET', path: '/', headers });
    expect(sent({ 'x y': '1' })).toEqual({
      field: 'headers.x y',
      message: 'headers.x y is not a name that a header may have.',
    });
    expect(sent({ '': '1' }).message).toBe('headers. is not a name that a header may have.');
    expect(sent({ 'x-y': 'a\nb' })).toEqual({
      field: 'headers.x-y',
      message: 'headers.x-y must be printable Latin-1 text, not "a\\nb".',
    });
    expect(sent({ 'x-y': 'ключ' }).field).toBe('headers.x-y');
    expect(sent({ 'x-y': 7 }).message).toBe('headers.x-y must be text, not 7.');
    expect(sent('x').message).toBe('headers must be an object, not "x".');
    const good = { type: 'request.send', method: 'GET', path: '/', headers: { 'X-y': 'Grüße\t"1"', a: '' } };
    expect(parseRunCommand(good).ok).toBe(true);
    expect(refusal({ type: 'order.place', idempotencyKey: 'a\nb' })).toEqual({
      field: 'idempotencyKey',
      message: 'idempotencyKey must be printable ASCII text, not "a\\nb".',
    });
  });

  it('an unknown field is named with the known ones', () => {
    expect(refusal({ type: 'run.speed', speed: 1, sped: 2 })).toEqual({
      field: 'sped',
      message: 'sped is not a field of the command run.speed. Its fields: type, speed.',
    });
    expect(refusal({ type: 'fault.add', fault: { ...slow, delayMs: 1 } })).toEqual({
      field: 'fault.delayMs',
      message:
        'fault.delayMs is not a field of fault. Its fields: kind, target, addMs, spreadShare, distribution, correlation, share, lengthMs.',
    });
  });

  it('an unknown type lists the types', () => {
    const { field, message } = refusal({ type: 'order.plase' });
    expect(field).toBe('type');
    for (const type of RUN_COMMAND_TYPES) expect(message).toContain(type);
    expect(refusal({}).message).toMatch(/^type is missing\. Known types: /);
    expect(refusal([]).message).toBe('A command must be an object with a field "type".');
    expect(refusal({ type: 'constructor' }).field).toBe('type');
  });

  it('a fault sits where it can: messages are lost on a way, transactions fail in a place', () => {
    const service = { kind: 'service', service: 'order' };
    const lossy = { kind: 'loss', target: service, way: 'both', share: 0.1, lengthMs: null };
    expect(refusal({ type: 'fault.add', fault: lossy })).toEqual({
      field: 'fault.target.kind',
      message: 'fault.target.kind must be one of "edge", "network", not "service".',
    });
    const full = {
      kind: 'store-errors',
      target: { kind: 'network' },
      at: 'begin',
      error: 'unavailable',
      share: 1,
      lengthMs: null,
    };
    expect(refusal({ type: 'fault.add', fault: full })).toEqual({
      field: 'fault.target.kind',
      message: 'fault.target.kind must be one of "service", "instance", not "network".',
    });
    expect(
      refusal({ type: 'fault.add', fault: { ...full, target: service, error: 'disk-full' } }).message,
    ).toMatch(/^fault\.error must be one of "unavailable", .*, not "disk-full"\.$/);
  });

  it('the two sides of a partition share nobody', () => {
    const partition = (instances: readonly string[], others: readonly string[] | null) => ({
      type: 'fault.add',
      fault: { kind: 'partition', instances, others, way: 'both', lengthMs: 1000 },
    });
    expect(refusal(partition(['order-1', 'user-1'], ['user-1']))).toEqual({
      field: 'fault.others',
      message: 'fault.others must be other instances than those of the first side, not a list of 1.',
    });
    expect(refusal(partition([], null)).message).toBe(
      'fault.instances must have at least 1 entry, not a list of 0.',
    );
    expect(refusal(partition(['customers-1'], null)).field).toBe('fault.instances[0]');
    expect(parseRunCommand(partition(['order-1'], null)).ok).toBe(true);
  });

  it('a crash at work takes no operation name', () => {
    const crash = {
      kind: 'crash-at',
      instance: 'order-1',
      port: 'work',
      operation: 'reserve',
      nth: 1,
      when: 'after',
      restartAfterMs: null,
    };
    expect(refusal({ type: 'fault.add', fault: crash })).toEqual({
      field: 'fault.operation',
      message: 'fault.operation must be "*" when port is "work": work has no names, not "reserve".',
    });
    expect(parseRunCommand({ type: 'fault.add', fault: { ...crash, operation: '*' } }).ok).toBe(true);
  });
});
