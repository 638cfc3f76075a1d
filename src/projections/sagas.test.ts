import { describe, expect, it } from 'vitest';
import { compensationName, sagas, undoTitle } from './sagas.ts';
import { Script } from './testing/script.ts';

const sagaOf = (script: Script, orderId: string) => {
  const saga = script.projections.sagas.byOrder.get(orderId);
  if (saga === undefined) throw new Error('no saga');
  return saga;
};
const stepOf = (script: Script, orderId: string, step: string) => {
  const found = sagaOf(script, orderId).steps.find((candidate) => candidate.step === step);
  if (found === undefined) throw new Error(`no step ${step}`);
  return found;
};

describe('an order’s saga', () => {
  it('has its steps before they begin', () => {
    const script = new Script();
    script.order(0, 'o1');
    expect(sagaOf(script, 'o1').steps.map((step) => [step.step, step.forward.status])).toEqual(
      [
        'createOrder',
        'reserveStock',
        'authorisePayment',
        'createShipment',
        'capturePayment',
        'commitReservation',
        'dispatchShipment',
        'confirmOrder',
      ].map((step) => [step, 'pending']),
    );
  });

  it('keeps every attempt with its times and its reason', () => {
    const script = new Script();
    script.order(0, 'o1');
    script.step(1, 'o1', 'createShipment', 'started');
    script.step(2, 'o1', 'createShipment', 'retried', { reason: 'timeout' });
    expect(stepOf(script, 'o1', 'createShipment').forward).toMatchObject({
      status: 'waiting',
      againAtUs: 4_000_000,
      reason: 'timeout',
    });
    script.step(4, 'o1', 'createShipment', 'started', { attempt: 2 });
    script.step(5, 'o1', 'createShipment', 'completed', { attempt: 2 });
    expect(stepOf(script, 'o1', 'createShipment').forward).toMatchObject({
      status: 'done',
      againAtUs: null,
      attempts: [
        { attempt: 1, startedUs: 1_000_000, endedUs: 2_000_000, outcome: 'again', reason: 'timeout' },
        { attempt: 2, startedUs: 4_000_000, endedUs: 5_000_000, outcome: 'done', reason: null },
      ],
    });
  });

  it('puts a compensation under the step that it undoes, whatever it is called', () => {
    const script = new Script();
    script.order(0, 'o1');
    script.step(1, 'o1', 'reserveStock', 'started');
    script.step(1, 'o1', 'reserveStock', 'completed');
    script.step(2, 'o1', 'createShipment', 'failed', { kind: 'gave-up', reason: 'gave up' });
    script.write(
      { at: 2, by: 'order-1' },
      { type: 'saga.compensating', sagaId: 'saga-o1', orderId: 'o1', reason: 'gave up' },
    );
    script.step(3, 'o1', 'releaseStock', 'started', { lane: 'compensation' });
    expect(stepOf(script, 'o1', 'reserveStock').compensation?.status).toBe('running');
    script.step(4, 'o1', 'releaseStock', 'completed', { lane: 'compensation' });
    script.write(
      { at: 4, by: 'order-1' },
      { type: 'saga.compensated', sagaId: 'saga-o1', orderId: 'o1', reason: 'gave up' },
    );
    expect(stepOf(script, 'o1', 'reserveStock').compensation?.status).toBe('done');
    expect(stepOf(script, 'o1', 'reserveStock').forward.status).toBe('done');
    expect(sagaOf(script, 'o1')).toMatchObject({
      state: 'compensated',
      failure: 'gave-up',
      failedStep: 'createShipment',
      endedUs: 4_000_000,
    });
  });

  it('resumes a step that a crash cut short', () => {
    const script = new Script();
    script.order(0, 'o1');
    script.step(1, 'o1', 'capturePayment', 'started');
    script.write(
      { at: 5, by: 'order-2' },
      { type: 'saga.resumed', sagaId: 'saga-o1', orderId: 'o1', state: 'capturePayment', fence: 2 },
    );
    script.step(5, 'o1', 'capturePayment', 'started');
    const { attempts } = stepOf(script, 'o1', 'capturePayment').forward;
    expect(attempts.map((attempt) => attempt.outcome)).toEqual(['again', 'running']);
    expect(sagaOf(script, 'o1').resumed).toBe(1);
  });

  it('marks the step of a parked saga as stuck', () => {
    const script = new Script();
    script.order(0, 'o1');
    script.write(
      { at: 60, by: 'order-1' },
      {
        type: 'saga.parked',
        sagaId: 'saga-o1',
        orderId: 'o1',
        step: 'dispatchShipment',
        reason: 'no answer',
      },
    );
    expect(stepOf(script, 'o1', 'dispatchShipment').forward.status).toBe('stuck');
  });

  it('ignores an event of an order that it does not know', () => {
    const script = new Script();
    script.step(1, 'unknown', 'reserveStock', 'started');
    expect(script.projections.sagas).toEqual(sagas.initial());
  });
});

it('names compensations as the saga does', () => {
  expect(compensationName('reserveStock')).toBe('releaseStock');
  expect(compensationName('createOrder')).toBe('rejectOrder');
  expect(undoTitle('authorisePayment')).toBe('Void payment');
});
