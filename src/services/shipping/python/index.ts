import type { ServiceDefinition } from '../../../kernel/index.ts';
import type { HandlersOf, HttpAnswer } from '../../../patterns/index.ts';
import { shippingContract } from '../contract.ts';
import { defineShipping } from '../define-shipping.ts';
import { orderStatusesTable } from '../tables.ts';
import { answerOf } from './answer.ts';
import { type Interpreter, pythonInterpreter } from './interpreter.ts';
import { runPython } from './run-python.ts';

/** Shipping in Python. It loads MicroPython (about 0.5 MB), so ask only when it is chosen. */
export async function loadPythonShipping(): Promise<ServiceDefinition> {
  const python = await pythonInterpreter();
  return defineShipping({
    implementation: 'python',
    handlers: handlersOf(python),
    orderEvents: {
      topic: 'orders',
      group: 'shipping-orders',
      tables: [orderStatusesTable],
      handle: async (tx, { id, type, data }, context) => {
        await runPython(python, 'order-event', { id, type, data }, context, tx);
      },
    },
    tracking: {
      name: 'tracking',
      run: async (context) => {
        await runPython(python, 'tracking', null, context);
      },
    },
  });
}

type Handlers = HandlersOf<typeof shippingContract>;

function handlersOf(python: Interpreter): Handlers {
  const handler =
    (id: keyof Handlers) =>
    async (
      { params, query, body, principal }: Record<'params' | 'query' | 'body' | 'principal', unknown>,
      context: Parameters<Handlers['quote']>[1],
    ): Promise<HttpAnswer> => {
      const request = { params, query, body, principal, span: context.span };
      return answerOf(shippingContract.operations[id], await runPython(python, id, request, context));
    };
  return {
    quote: handler('quote'),
    createShipment: handler('createShipment'),
    cancelShipment: handler('cancelShipment'),
    dispatchShipment: handler('dispatchShipment'),
    getShipment: handler('getShipment'),
  };
}
