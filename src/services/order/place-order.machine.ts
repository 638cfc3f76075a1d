import { assign, setup } from 'xstate';
import type { SagaEvent, StepMeta } from '../../patterns/index.ts';

interface PlaceOrderMemory {
  /** Compensatable steps that were begun and not definitely refused: what has to be undone. */
  readonly begun: readonly string[];
  readonly pivotSent: boolean;
}

const forward = (step: string, kind: StepMeta['kind']): StepMeta => ({ step, lane: 'forward', kind });
const compensation = (step: string): StepMeta => ({ step, lane: 'compensation', kind: 'compensation' });

const machine = setup({
  types: { context: {} as PlaceOrderMemory, events: {} as SagaEvent, meta: {} as StepMeta },
  actions: {
    begun: assign(({ context }, params: { step: string }) => ({
      begun: context.begun.includes(params.step) ? context.begun : [...context.begun, params.step],
    })),
    // Nothing to undo where no attempt can have had an effect: a definite "no", a connection that was refused.
    failed: assign(({ context, event }, params: { step: string }) => ({
      begun:
        'mayHaveHappened' in event && event.mayHaveHappened
          ? context.begun
          : context.begun.filter((step) => step !== params.step),
    })),
    pivotSent: assign({ pivotSent: true }),
  },
  guards: {
    wasBegun: ({ context }, params: { step: string }) => context.begun.includes(params.step),
    pivotNotSent: ({ context }) => !context.pivotSent,
  },
});

/**
 * The order saga as a statechart: compensatable steps, one pivot, retriable steps (Richardson,
 * *Microservices Patterns*). It decides; `place-order.saga.ts` acts.
 */
export const placeOrderMachine = machine.createMachine({
  id: 'place-order',
  context: { begun: [], pivotSent: false },
  initial: 'reserveStock',
  states: {
    reserveStock: {
      meta: forward('reserveStock', 'compensatable'),
      on: {
        'reserveStock.started': { actions: { type: 'begun', params: { step: 'reserveStock' } } },
        'reserveStock.done': 'authorisePayment',
        'reserveStock.refused': {
          target: 'compensating',
          actions: { type: 'failed', params: { step: 'reserveStock' } },
        },
        'reserveStock.gaveUp': {
          target: 'compensating',
          actions: { type: 'failed', params: { step: 'reserveStock' } },
        },
        cancel: 'compensating',
      },
    },
    authorisePayment: {
      meta: forward('authorisePayment', 'compensatable'),
      on: {
        'authorisePayment.started': { actions: { type: 'begun', params: { step: 'authorisePayment' } } },
        'authorisePayment.done': 'createShipment',
        'authorisePayment.refused': {
          target: 'compensating',
          actions: { type: 'failed', params: { step: 'authorisePayment' } },
        },
        'authorisePayment.gaveUp': {
          target: 'compensating',
          actions: { type: 'failed', params: { step: 'authorisePayment' } },
        },
        cancel: 'compensating',
      },
    },
    createShipment: {
      meta: forward('createShipment', 'compensatable'),
      on: {
        'createShipment.started': { actions: { type: 'begun', params: { step: 'createShipment' } } },
        'createShipment.done': 'capturePayment',
        'createShipment.refused': {
          target: 'compensating',
          actions: { type: 'failed', params: { step: 'createShipment' } },
        },
        'createShipment.gaveUp': {
          target: 'compensating',
          actions: { type: 'failed', params: { step: 'createShipment' } },
        },
        cancel: 'compensating',
      },
    },
    // The point of no return: once it was sent it is asked for until its outcome is known.
    capturePayment: {
      meta: forward('capturePayment', 'pivot'),
      on: {
        'capturePayment.started': { actions: 'pivotSent' },
        'capturePayment.done': 'finishing',
        'capturePayment.refused': 'compensating',
        cancel: { target: 'compensating', guard: 'pivotNotSent' },
      },
    },
    finishing: {
      initial: 'commitReservation',
      states: {
        commitReservation: {
          meta: forward('commitReservation', 'retriable'),
          on: { 'commitReservation.done': 'dispatchShipment' },
        },
        dispatchShipment: {
          meta: forward('dispatchShipment', 'retriable'),
          on: { 'dispatchShipment.done': 'confirmOrder' },
        },
        confirmOrder: {
          meta: forward('confirmOrder', 'retriable'),
          on: { 'confirmOrder.done': '#place-order.completed' },
        },
        whereItStopped: { type: 'history' },
      },
      on: { park: 'parked' },
    },
    parked: { on: { retry: 'finishing.whereItStopped' } },
    // All at once, begun in this order; one that is blocked holds up none of the others.
    compensating: {
      type: 'parallel',
      states: {
        shipment: {
          initial: 'deciding',
          states: {
            deciding: {
              always: [
                { target: 'cancelling', guard: { type: 'wasBegun', params: { step: 'createShipment' } } },
                { target: 'undone' },
              ],
            },
            cancelling: { meta: compensation('cancelShipment'), on: { 'cancelShipment.done': 'undone' } },
            undone: { type: 'final' },
          },
        },
        payment: {
          initial: 'deciding',
          states: {
            deciding: {
              always: [
                { target: 'voiding', guard: { type: 'wasBegun', params: { step: 'authorisePayment' } } },
                { target: 'undone' },
              ],
            },
            voiding: { meta: compensation('voidAuthorisation'), on: { 'voidAuthorisation.done': 'undone' } },
            undone: { type: 'final' },
          },
        },
        stock: {
          initial: 'deciding',
          states: {
            deciding: {
              always: [
                { target: 'releasing', guard: { type: 'wasBegun', params: { step: 'reserveStock' } } },
                { target: 'undone' },
              ],
            },
            releasing: { meta: compensation('releaseStock'), on: { 'releaseStock.done': 'undone' } },
            undone: { type: 'final' },
          },
        },
      },
      onDone: 'rejecting',
    },
    rejecting: { meta: compensation('rejectOrder'), on: { 'rejectOrder.done': 'compensated' } },
    compensated: { type: 'final' },
    completed: { type: 'final' },
  },
});
