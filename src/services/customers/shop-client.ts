import {
  assert,
  type Context,
  callId,
  err,
  type HttpHeaders,
  type HttpMethod,
  type HttpOutcome,
  type InstanceId,
  type NetworkRequest,
  splitPath,
} from '../../kernel/index.ts';
import { type AnyContract, createRouter, operationName } from '../../patterns/index.ts';
import { orderContract } from '../order/contract.ts';
import { productContract } from '../product/contract.ts';
import { shippingContract } from '../shipping/contract.ts';
import { userContract } from '../user/contract.ts';
import { chooseEntry, refusedBy } from './front-door.ts';

const contracts: readonly AnyContract[] = [userContract, productContract, orderContract, shippingContract];
const route = createRouter(contracts.flatMap((contract) => Object.values(contract.operations)));

export interface ShopRequest {
  readonly method: HttpMethod;
  readonly path: string;
  readonly headers?: HttpHeaders;
  readonly token?: string | null;
  /** Sent as JSON; a text is sent as it is. */
  readonly body?: unknown;
}

/**
 * One request to the shop's door: no retry, no breaker, as a browser sends it. `id` names it in the log, the
 * same in every replay. Only the process's deadline ends it.
 */
export async function sendToShop(context: Context, id: string, request: ShopRequest): Promise<HttpOutcome> {
  const { method, path, token = null, body } = request;
  const found = route(method, splitPath(path).pathname);
  // Waiting to be signed in may have used it up.
  if (context.deadlineUs !== null && context.clock.now() >= context.deadlineUs)
    return err({ kind: 'deadline_exceeded', detail: 'the deadline was over before it was sent' });
  const entry = chooseEntry(context);
  assert(entry !== null, 'there is always somebody to ask first');
  const message = (to: InstanceId, attempt: number): NetworkRequest => ({
    to,
    request: {
      method,
      path,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...request.headers,
      },
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
    },
    operation:
      found.kind === 'found' ? operationName(found.operation) : `${method} ${splitPath(path).pathname}`,
    callId: callId(`${context.instance}.${context.incarnation}/${id}`),
    attempt,
    plane: 'data',
    timeoutMs: null,
  });
  const outcome = await context.network.send(message(entry, 1));
  if (outcome.ok || outcome.error.kind !== 'connection_refused') return outcome;
  // Nothing has happened there: the load balancer before the shop tries another, where there is one.
  refusedBy(context, entry);
  const other = chooseEntry(context, entry);
  return other === null ? outcome : await context.network.send(message(other, 2));
}
