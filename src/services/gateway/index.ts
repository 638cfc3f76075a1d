import {
  type Context,
  type HttpRequest,
  type HttpResponse,
  jsonResponse,
  plusMs,
  runTimeUs,
  type ServiceDefinition,
  splitPath,
} from '../../kernel/index.ts';
import {
  type AnyContract,
  type AnyOperation,
  controlBreaker,
  createRouter,
  discoveryTask,
  healthOf,
  isBreakerCommand,
  keySetTask,
  methodNotAllowed,
  noSuchPath,
  openApiDocument,
  operationName,
  type Principal,
  type Problem,
  problemAnswer,
  serviceTimeMs,
  sizeRefusal,
  standardOperations,
  toResponse,
  verifyBearer,
} from '../../patterns/index.ts';
import { brokerContract } from '../broker/contract.ts';
import { orderContract } from '../order/contract.ts';
import { productContract } from '../product/contract.ts';
import { shippingContract } from '../shipping/contract.ts';
import { userContract } from '../user/contract.ts';
import { shopDoor } from './door.ts';
import { forward } from './forward.ts';

const door = shopDoor(verifyBearer);

export interface GatewayOptions {
  /** Whose public, customer and admin operations are let through. */
  readonly contracts: readonly AnyContract[];
}

/**
 * The single way in. For each request: route (404, 405), size (413), rate limit (429), token (401, 403),
 * then forwarding within the deadline (502, 503, 504). Each is logged with who, what, how and how long.
 */
export function defineGateway({ contracts }: GatewayOptions): ServiceDefinition {
  const exposed = contracts
    .flatMap((contract) => Object.values(contract.operations))
    .filter(({ access }) => access.kind !== 'services');
  const { health, openApi } = standardOperations('gateway');
  const route = createRouter<AnyOperation>([...exposed, health, openApi]);
  const targets = [...new Set(exposed.map(({ service }) => service))];
  const described = () =>
    openApiDocument({
      service: 'gateway',
      title: 'Bulkhead shop',
      version: '1.0.0',
      operations: Object.fromEntries(
        [...exposed, health, openApi].map((each) => [`${each.service}.${each.id}`, each] as const),
      ),
    });

  const answer = async (request: HttpRequest, context: Context): Promise<Answered> => {
    const { pathname } = splitPath(request.path);
    const found = route(request.method, pathname);
    if (found.kind === 'unknown') return refused(noSuchPath(pathname));
    if (found.kind === 'wrong-method')
      return refused(methodNotAllowed(request.method, pathname, found.allow));
    const { operation } = found;
    if (operation === health) {
      return { answer: toResponse(healthOf(context), request), principal: null };
    }
    if (operation === openApi) return { answer: jsonResponse(200, described()), principal: null };
    const tooLarge = sizeRefusal(request);
    if (tooLarge !== null) return refused(tooLarge);
    await context.work(serviceTimeMs(context, operation, request, context.service));

    const { principal, refusal, headers } = await door.admit(operation, request, context);
    const limited = (reply: HttpResponse | Problem): Answered => ({
      answer: { ...reply, headers: { ...reply.headers, ...headers } },
      principal,
    });
    if (refusal !== null) return limited(refusal);

    const deadlineUs = deadlineOf(operation, context);
    const reply = await context.scope(
      { name: `forward ${operationName(operation)}`, deadlineUs },
      async (own) => await forward(own, operation.service, operation, request),
    );
    return limited(reply);
  };

  return {
    name: 'gateway',
    tables: [],
    operationOf: (request) => {
      const { pathname } = splitPath(request.path);
      const found = route(request.method, pathname);
      return found.kind === 'found' ? operationName(found.operation) : `${request.method} ${pathname}`;
    },
    priorityOf: (request) => {
      const found = route(request.method, splitPath(request.path).pathname);
      return found.kind === 'found' ? found.operation.priority : 'sheddable';
    },
    handle: async (request, context) => {
      const startedUs = context.clock.now();
      const { answer: reply, principal } = await answer(request, context);
      const response = 'problem' in reply ? problemAnswer(reply, request.path) : reply;
      door.answered(request, response, principal, startedUs, context);
      return response;
    },
    background: [discoveryTask(targets), keySetTask],
    control: async (command, context) => {
      if (isBreakerCommand(command)) return controlBreaker(context, command);
      throw new Error('gateway takes no commands');
    },
  };
}

interface Answered {
  readonly answer: HttpResponse | Problem;
  readonly principal: Principal | null;
}

const refused = (refusal: Problem): Answered => ({ answer: refusal, principal: null });

/** Placing an order has longer than anything else; a peer's own deadline may be shorter still. */
function deadlineOf(operation: AnyOperation, context: Context) {
  const { readMs, orderMs } = context.settings.deadlines;
  const limitMs = operation.service === 'order' && operation.method !== 'GET' ? orderMs : readMs;
  const own = plusMs(context.clock.now(), limitMs);
  return context.caller === null || context.deadlineUs === null
    ? own
    : runTimeUs(Math.min(own, context.deadlineUs));
}

export const gatewayService: ServiceDefinition = defineGateway({
  contracts: [userContract, productContract, orderContract, shippingContract, brokerContract],
});
