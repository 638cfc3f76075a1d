import { describe, expect, it, vi } from 'vitest';
import { setup } from 'xstate';
import { callId, instanceId, spanIdFor, traceIdFor } from '../../kernel/index.ts';
import { createTestWorld, type TestWorld, testService } from '../../kernel/testing/test-host.ts';
import type { SagaDefinition, SagaEvent, SagaStepDefinition, StepMeta } from './saga-definition.ts';
import { type SagaRow, sagaTable, sagaTables, startSaga, wakeSagas } from './saga-row.ts';
import { runClaimed, sagaTask } from './saga-runner.ts';

// Whole services on one clock: seconds of real time when the machine is busy.
vi.setConfig({ testTimeout: 30000 });

// A saga of two steps and their compensations, whose steps do what a test says.

const forward = (step: string): StepMeta => ({ step, lane: 'forward', kind: 'compensatable' });
const back = (step: string): StepMeta => ({ step, lane: 'compensation', kind: 'compensation' });
const region = (step: string) => ({
  initial: 'todo',
  states: {
    todo: { meta: back(step), on: { [`${step}.done`]: 'undone' } },
    undone: { type: 'final' as const },
  },
});

const machine = setup({ types: { events: {} as SagaEvent } }).createMachine({
  id: 'toy',
  initial: 'one',
  states: {
    one: {
      meta: forward('one'),
      on: { 'one.done': 'two', 'one.refused': 'undoing', 'one.gaveUp': 'undoing' },
    },
    two: {
      meta: forward('two'),
      on: { 'two.done': 'finished', 'two.refused': 'undoing', 'two.gaveUp': 'undoing' },
    },
    // Written the other way round on purpose: the definition's order counts.
    undoing: { type: 'parallel', states: { b: region('undoOne'), a: region('undoTwo') }, onDone: 'undone' },
    finished: { type: 'final' },
    undone: { type: 'final' },
  },
});

const ok: SagaStepDefinition['run'] = async () => ({ kind: 'done' });

function toy(
  steps: Partial<Record<'one' | 'two' | 'undoTwo' | 'undoOne', SagaStepDefinition['run']>>,
): SagaDefinition {
  const run = (name: keyof typeof steps) => ({ run: steps[name] ?? ok });
  return {
    name: 'toy',
    machine,
    doneAtStart: [],
    tables: [],
    steps: { one: run('one'), two: run('two'), undoTwo: run('undoTwo'), undoOne: run('undoOne') },
  };
}

const A = instanceId('order', 1);
const B = instanceId('order', 2);

async function open(definition: SagaDefinition, instances = 1, settings = {}): Promise<TestWorld> {
  const world = createTestWorld({ settings });
  const service = testService('order', { tables: sagaTables, background: [sagaTask([definition])] });
  for (let number = 1; number <= instances; number += 1) world.add(service, number);
  await world.runFor(10);
  return world;
}

async function begin(world: TestWorld, definition: SagaDefinition, sagaId = 's1'): Promise<void> {
  await world.run(A, async (context) => {
    const span = { traceId: traceIdFor(sagaId), spanId: spanIdFor(sagaId) };
    await context.store.transact('start', sagaTables, 'readwrite', async (tx) => {
      await startSaga(tx, definition, {
        sagaId,
        orderId: `order of ${sagaId}`,
        data: {},
        span,
        giveUpMs: 6000,
      });
    });
    wakeSagas(context);
  });
}

const row = (world: TestWorld): SagaRow => {
  const [first] = world.rows('order', sagaTable);
  if (first === undefined) throw new Error('no saga');
  return first;
};

const atMs = (world: TestWorld, type: 'saga.step.started' | 'saga.step.retried', step: string) =>
  world
    .eventsOf(type)
    .filter((event) => event.step === step)
    .map((event) => Math.round(event.timeUs / 1000));

describe('the saga runner', () => {
  it('SAGA-12: progress is written before each step and after it, with its events in the same transaction', async () => {
    const definition = toy({});
    const world = await open(definition);
    await begin(world, definition);
    await world.runFor(100);
    const operations = world.eventsOf('store.committed').map((event) => event.operation);
    expect(operations).toEqual([
      'start',
      'saga claim',
      'saga one started',
      'saga one completed',
      'saga two started',
      'saga two completed',
    ]);
    for (const event of world.events) {
      if (event.type !== 'saga.step.started' && event.type !== 'saga.step.completed') continue;
      // The chain of causes begins at the commit of the saga's row.
      const cause = world.events.find((other) => other.id === event.cause);
      expect(cause?.type).toBe('store.committed');
      expect(cause?.timeUs).toBe(event.timeUs);
    }
    expect(row(world)).toMatchObject({ status: 'completed', leaseHolder: null });
    expect(row(world)).not.toHaveProperty('dueUs');
  });

  it('SAGA-3: a technical failure is tried again after stepAgainMs, until the give-up time', async () => {
    const definition = toy({
      two: async () => ({ kind: 'technical-failure', reason: 'down', mayHaveHappened: true }),
    });
    const world = await open(definition);
    await begin(world, definition);
    await world.runFor(20_000);
    const started = atMs(world, 'saga.step.started', 'two');
    expect(started.map((ms) => Math.round((ms - (started[0] ?? 0)) / 100) / 10)).toEqual([0, 2, 4]);
    expect(world.eventsOf('saga.step.failed')).toMatchObject([
      { step: 'two', kind: 'gave-up', reason: 'two was not done within 6 s: down' },
    ]);
    expect(row(world)).toMatchObject({ status: 'compensated' });
  });

  it('SAGA-3: an attempt that fails past the give-up time is the last', async () => {
    const definition = toy({
      two: async (context) => {
        await context.clock.sleep(7000);
        return { kind: 'technical-failure', reason: 'down', mayHaveHappened: true };
      },
    });
    const world = await open(definition);
    await begin(world, definition);
    await world.runFor(20_000);
    expect(world.eventsOf('saga.step.retried')).toEqual([]);
    expect(world.eventsOf('saga.step.failed')).toMatchObject([{ step: 'two', kind: 'gave-up', attempt: 1 }]);
  });

  it('SAGA-13: an attempt that nobody answers ends at its own deadline, without any safety net', async () => {
    const ends: unknown[] = [];
    const definition = toy({
      one: async (context) => {
        const outcome = await context.network.send({
          to: B,
          request: { method: 'PUT', path: '/', headers: {}, body: null },
          operation: 'PUT /',
          callId: callId('lost'),
          attempt: 1,
          plane: 'data',
          timeoutMs: null,
        });
        ends.push([Math.round(context.clock.now() / 1_000_000), outcome.ok ? null : outcome.error.kind]);
        return { kind: 'technical-failure', reason: 'lost', mayHaveHappened: true };
      },
    });
    const world = await open(definition, 1, { deadlines: { orderMs: 15_000 } });
    world.onSend(() => ({ kind: 'blackhole' }));
    await begin(world, definition);
    await world.runFor(20_000);
    expect(ends).toEqual([[15, 'deadline_exceeded']]);
    expect(row(world).status).toBe('compensated');
  });

  it('a step that throws is a technical failure', async () => {
    let broken = true;
    const definition = toy({
      one: async () => {
        if (!broken) return { kind: 'done' };
        broken = false;
        throw new Error('a bug');
      },
    });
    const world = await open(definition);
    await begin(world, definition);
    await world.runFor(5000);
    expect(world.eventsOf('saga.step.retried')).toMatchObject([{ step: 'one', reason: 'a bug' }]);
    expect(row(world).status).toBe('completed');
  });

  it('a sleeping saga is in the database only: no lease, and due when it wakes', async () => {
    const definition = toy({
      one: async () => ({ kind: 'technical-failure', reason: 'down', mayHaveHappened: true }),
    });
    const world = await open(definition);
    await begin(world, definition);
    await world.runFor(1000);
    expect(row(world)).toMatchObject({ leaseHolder: null, status: 'running' });
    const [retried] = world.eventsOf('saga.step.retried');
    expect(row(world).dueUs).toBe(retried?.againAtUs);
  });

  it('SAGA-9: compensations begin in reverse order, and one that is blocked holds up no retry of another', async () => {
    let tries = 0;
    const definition = toy({
      two: async () => ({ kind: 'business-failure', reason: 'no' }),
      undoTwo: async (context) => {
        await context.clock.sleep(9000);
        return { kind: 'done' };
      },
      undoOne: async () => {
        tries += 1;
        return tries < 3
          ? { kind: 'technical-failure', reason: 'not yet', mayHaveHappened: true }
          : { kind: 'done' };
      },
    });
    const world = await open(definition);
    await begin(world, definition);
    await world.runFor(30_000);
    const order = world.eventsOf('saga.step.started').filter((event) => event.lane === 'compensation');
    expect(order.slice(0, 2).map((event) => event.step)).toEqual(['undoTwo', 'undoOne']);
    // Backoff 2 s, 4 s, counted from each failure, while the other one is still at its first attempt.
    const started = atMs(world, 'saga.step.started', 'undoOne');
    expect(started.map((ms) => Math.round((ms - (started[0] ?? 0)) / 1000))).toEqual([0, 2, 6]);
    expect(row(world).status).toBe('compensated');
    expect(world.eventsOf('process.failed')).toEqual([]);
  });

  it('SAGA-9: compensations are tried without end, with backoff up to its cap', async () => {
    const definition = toy({
      one: async () => ({ kind: 'business-failure', reason: 'no' }),
      undoOne: async () => ({ kind: 'technical-failure', reason: 'down', mayHaveHappened: true }),
    });
    const world = await open(definition);
    await begin(world, definition);
    await world.runFor(300_000);
    const started = atMs(world, 'saga.step.started', 'undoOne');
    const gaps = started.slice(1).map((ms, index) => Math.round((ms - (started[index] ?? 0)) / 1000));
    expect(gaps.slice(0, 5)).toEqual([2, 4, 8, 8, 8]);
    expect(gaps.length).toBeGreaterThan(30);
  });

  it('SAGA-10: a step that takes longer than the lease keeps it, so that no other instance takes the saga', async () => {
    const definition = toy({
      one: async (context) => {
        await context.clock.sleep(10_000);
        return { kind: 'done' };
      },
    });
    const world = await open(definition, 2);
    await begin(world, definition);
    await world.runFor(15_000);
    expect(world.eventsOf('saga.resumed')).toEqual([]);
    expect(atMs(world, 'saga.step.started', 'one')).toHaveLength(1);
    expect(row(world)).toMatchObject({ status: 'completed', fence: 1 });
  });

  it('SAGA-10: a holder that lost its lease writes nothing: its fencing number is old', async () => {
    let hang = true;
    const definition = toy({
      one: async (context) => {
        if (hang && context.instance === A) {
          hang = false;
          await context.clock.sleep(8000);
        }
        return { kind: 'done' };
      },
    });
    const world = await open(definition, 2);
    // Its store refuses to renew: the lease runs out while the step hangs.
    world.failStore({
      database: 'order',
      operation: 'saga lease renewed',
      kind: 'unavailable',
      at: 'begin',
      times: 1,
    });
    await begin(world, definition);
    await world.runFor(20_000);
    expect(world.eventsOf('saga.resumed')).toMatchObject([{ fence: 2 }]);
    expect(row(world).status).toBe('completed');

    const before = row(world);
    await world.run(B, (context) =>
      runClaimed(context, definition, { ...before, fence: 1, leaseHolder: 'order-1.1' }),
    );
    expect(row(world)).toEqual(before);
  });

  it('SAGA-10: a stale holder is told so, and its write is void', async () => {
    const definition = toy({
      two: async (context) => {
        await context.clock.sleep(500);
        return { kind: 'done' };
      },
    });
    const world = await open(definition);
    await begin(world, definition);
    await world.runUntil(() => atMs(world, 'saga.step.started', 'two').length === 1);
    // As another instance would after the lease's end.
    await world.run(A, (context) =>
      context.store.transact('steal', [sagaTable], 'readwrite', async (tx) => {
        await tx.put(sagaTable, { ...row(world), leaseHolder: 'order-2.1', fence: 2 });
      }),
    );
    await world.runFor(1000);
    expect(row(world)).toMatchObject({ status: 'running', state: 'two', leaseHolder: 'order-2.1', fence: 2 });
    expect(world.eventsOf('service.logged')).toMatchObject([
      { level: 'warn', message: 'order-2.1 has taken the saga s1 over (fence 2, mine is 1)' },
    ]);
  });

  it('a store that fails once does not lose the saga', async () => {
    const definition = toy({});
    const world = await open(definition);
    world.failStore({ database: 'order', operation: 'saga one completed', kind: 'aborted' });
    await begin(world, definition);
    await world.runFor(10_000);
    expect(world.eventsOf('process.failed')).toHaveLength(1);
    expect(row(world).status).toBe('completed');
  });
});
