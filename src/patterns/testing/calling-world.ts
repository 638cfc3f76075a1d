import * as z from 'zod/mini';
import {
  type Context,
  type HttpRequest,
  type HttpResponse,
  jsonResponse,
  problemResponse,
  type RunEventType,
} from '../../kernel/index.ts';
import { createTestWorld, type TestWorldOptions, testService } from '../../kernel/testing/test-host.ts';
import { type CallOptions, call } from '../call.ts';
import type { CallOutcome } from '../contract.ts';
import { operation } from '../define-contract.ts';
import { registrationTask } from '../discovery.ts';
import { fakeRegistry } from './fake-registry.ts';

const answers = { 200: { description: 'It.', body: z.object({ n: z.number() }) } };
export const read = operation('shipping', {
  id: 'read',
  method: 'GET',
  path: '/things/{thingId}',
  summary: 'Read',
  access: { kind: 'public' },
  params: z.object({ thingId: z.string() }),
  answers,
});
export const make = operation('shipping', {
  id: 'make',
  method: 'POST',
  path: '/things',
  summary: 'Make',
  access: { kind: 'public' },
  body: z.object({ n: z.number() }),
  answers,
});
export const makeOnce = operation('shipping', {
  id: 'makeOnce',
  method: 'POST',
  path: '/things-once',
  summary: 'Make with a key',
  access: { kind: 'public' },
  body: z.object({ n: z.number() }),
  idempotencyKey: 'required',
  answers,
});

export const params = { params: { thingId: '7' } };
export const fail = (status: number, headers = {}) =>
  problemResponse({ type: 'about:blank', title: `T${status}`, status }, headers);
export type Answer = (request: HttpRequest, context: Context) => HttpResponse | Promise<HttpResponse>;

/** An order service that calls a shipping service that answers as told; the registry between them. */
export async function callingWorld(
  answer: Answer = () => jsonResponse(200, { n: 1 }),
  options: TestWorldOptions & { shippings?: number } = {},
) {
  const world = createTestWorld(options);
  world.add(fakeRegistry());
  for (let number = 1; number <= (options.shippings ?? 1); number += 1) {
    world.add(
      testService('shipping', {
        background: [registrationTask()],
        handle: async (request, context) => await answer(request, context),
      }),
      number,
    );
  }
  const order = world.add(testService('order'));
  await world.runFor(50);
  const begin = (options?: CallOptions<{ n: number }>) =>
    world.begin(order, async (context) => await call(context, read, params, options));
  const ask = async (options?: CallOptions<{ n: number }>): Promise<CallOutcome<{ n: number }>> =>
    await world.run(order, async (context) => await call(context, read, params, options));
  const sent = () => world.eventsOf('request.sent').filter((event) => event.to === 'shipping');
  const types = (...of: RunEventType[]) =>
    world.events
      .filter((event) => of.includes(event.type) && event.instance === 'order-1')
      .map((event) => event.type);
  return { world, order, ask, begin, sent, types };
}
