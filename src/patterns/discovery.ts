import {
  assertNever,
  type BackgroundTask,
  type Context,
  defineLocal,
  edgeKey,
  elapsedMs,
  type InstanceId,
  instanceId,
  numberOfInstance,
  Once,
  type RunTimeUs,
  type ServiceName,
} from '../kernel/index.ts';
import { type AttemptOutcome, nextCallId, sendAttempt } from './attempt.ts';
import type { Operation, OperationInput } from './contract.ts';
import { loadOf, peakEwma } from './instance-load.ts';
import { type Balancing, pickInstance } from './load-balancer.ts';
import { sleepOut } from './paced.ts';
import { type RegisteredInstance, registryContract } from './registry-contract.ts';
import { byTraffic } from './release/traffic.ts';

/** Where everybody finds these without asking: the door, the registry itself, and the bank outside. */
const FIXED: Readonly<Partial<Record<ServiceName, InstanceId>>> = {
  gateway: instanceId('gateway', 1),
  registry: instanceId('registry', 1),
  'payment-provider': instanceId('payment-provider', 1),
};

/** One instance's copy of the registry. It may be stale: that is what a cache is. */
interface AddressBook {
  known: ReadonlyMap<ServiceName, readonly InstanceId[]>;
  fetchedAtUs: RunTimeUs | null;
  /** Refused a connection since the last refresh: chosen only when there is nobody else. */
  readonly suspects: Set<InstanceId>;
  readonly turns: Map<ServiceName, number>;
  /** The services that this instance calls: what `discovery.refreshed` speaks of. */
  readonly watched: Set<ServiceName>;
  readonly fetching: Once<void>;
  /** What the last `discovery.refreshed` said. */
  told: string;
}

const addressBook = defineLocal<AddressBook>('address-book', () => ({
  known: new Map(),
  fetchedAtUs: null,
  suspects: new Set(),
  turns: new Map(),
  watched: new Set(),
  fetching: new Once(),
  told: '{}',
}));

export interface ResolveOptions {
  /** For asking the registry, when that is needed. Default: one lease. */
  readonly timeoutMs?: number | null;
  /** What a balancer that draws draws by; default: how many this caller has chosen for that service before. */
  readonly draw?: readonly [key: string, attempt: number];
  /** Any other one, where there is one. */
  readonly besides?: InstanceId | null;
}

/**
 * An instance of `service` for the next request, chosen by the run's balancer; null when none is known. Asks
 * the registry only when the cache has nothing for that service and is older than one refresh.
 */
export async function resolve(
  context: Context,
  service: ServiceName,
  options: ResolveOptions = {},
): Promise<InstanceId | null> {
  const fixed = FIXED[service];
  if (fixed !== undefined) return fixed;
  const book = context.local(addressBook);
  book.watched.add(service);
  if ((book.known.get(service) ?? []).length === 0 && isOld(context, book)) {
    await refreshOnce(context, book, options.timeoutMs ?? context.settings.registry.leaseMs);
  }
  const known = book.known.get(service) ?? [];
  const trusted = known.filter((instance) => !book.suspects.has(instance));
  const others = trusted.filter((instance) => instance !== options.besides);
  const turn = book.turns.get(service) ?? 0;
  book.turns.set(service, turn + 1);
  const balancing = balancingOf(context, service, turn, options.draw ?? ['turn', turn]);
  const choice = [others, trusted, known].find((some) => some.length > 0) ?? known;
  const routed = byTraffic(choice, context.settings.deployments[service], () =>
    context.random.uniform(
      'traffic',
      edgeKey({ from: context.service, to: service }),
      ...(options.draw ?? ['turn', turn]),
    ),
  );
  return pickInstance(routed, balancing);
}

function balancingOf(
  context: Context,
  to: ServiceName,
  turn: number,
  draw: readonly [key: string, attempt: number],
): Balancing {
  const { balancer } = context.settings;
  const uniform = (which: string) =>
    context.random.uniform(`balance ${which}`, edgeKey({ from: context.service, to }), ...draw);
  switch (balancer) {
    case 'round-robin':
      return { kind: 'round-robin', turn };
    case 'random':
      return { kind: 'random', uniform: uniform('first') };
    case 'two-choices':
    case 'peak-ewma': {
      const nowUs = context.clock.now();
      const load = (instance: InstanceId) => {
        const known = loadOf(context, instance);
        return balancer === 'two-choices' ? known.active : peakEwma(known, nowUs);
      };
      return { kind: 'two-choices', uniforms: [uniform('first'), uniform('second')], load };
    }
    default:
      return assertNever(balancer);
  }
}

/** After a refused connection: passed over until the next refresh, unless it is the only one. */
export function forgetInstance(context: Context, instance: InstanceId): void {
  context.local(addressBook).suspects.add(instance);
}

/** What this instance believes, without asking anybody. */
export const knownInstances = (context: Context, service: ServiceName): readonly InstanceId[] =>
  context.local(addressBook).known.get(service) ?? [];

const isOld = (context: Context, { fetchedAtUs }: AddressBook): boolean =>
  fetchedAtUs === null || elapsedMs(fetchedAtUs, context.clock.now()) >= context.settings.registry.fetchMs;

/**
 * One fetch for all who need it now. Nobody waits longer than their own time and deadline, however patient
 * the one is who asked: the look-up is a part of an attempt, which may hold a breaker's permit meanwhile
 * (DL-3, DL-5).
 */
async function refreshOnce(context: Context, book: AddressBook, timeoutMs: number): Promise<void> {
  const startedUs = context.clock.now();
  const { deadlineUs } = context;
  const untilDeadlineMs = deadlineUs === null ? timeoutMs : elapsedMs(startedUs, deadlineUs);
  const limitMs = Math.max(0, Math.min(timeoutMs, untilDeadlineMs));
  await context.within(limitMs, async (own) => {
    await book.fetching.get(own, async () => {
      // Whoever takes over from one that was cancelled has waited already.
      await refresh(own, book, limitMs - elapsedMs(startedUs, own.clock.now()));
    });
  });
  book.fetching.forget();
}

/** The registry's list; when it does not answer, the old one stays. */
async function refresh(context: Context, book: AddressBook, timeoutMs: number): Promise<boolean> {
  const outcome = await askRegistry(context, registryContract.operations.listInstances, {}, timeoutMs);
  if (outcome.kind !== 'answered') return false;
  book.fetchedAtUs = context.clock.now();
  book.known = byService(outcome.success.value.instances);
  book.suspects.clear();
  tellChange(context, book);
  return true;
}

function tellChange(context: Context, book: AddressBook): void {
  const known = Object.fromEntries(
    [...book.watched].sort().map((service) => [service, book.known.get(service) ?? []]),
  );
  const said = JSON.stringify(known);
  if (said === book.told) return;
  book.told = said;
  context.log.emit({ type: 'discovery.refreshed', known });
}

function byService(instances: readonly RegisteredInstance[]): Map<ServiceName, InstanceId[]> {
  const result = new Map<ServiceName, InstanceId[]>();
  for (const { service, instanceId: id } of instances) {
    const list = result.get(service) ?? [];
    list.push(id);
    result.set(service, list);
  }
  for (const list of result.values()) list.sort((a, b) => numberOfInstance(a) - numberOfInstance(b));
  return result;
}

// One bare attempt: the registry has a fixed address, and neither breaker nor retry stands before it.
const askRegistry = <Params, Query, Body, Answer>(
  context: Context,
  operation: Operation<Params, Query, Body, Answer>,
  input: OperationInput<Params, Query, Body>,
  timeoutMs: number,
): Promise<AttemptOutcome<Answer>> =>
  sendAttempt(context, operation, input, {
    instance: instanceId('registry', 1),
    callId: nextCallId(context),
    attempt: 1,
    timeoutMs,
  });

/**
 * Runs `body` again and again, its beginnings `everyMs` apart; one that takes longer is followed at once, and so is
 * one whose period is changed.
 */
async function repeatedly(
  context: Context,
  everyMs: () => number,
  body: () => Promise<unknown>,
): Promise<never> {
  for (;;) {
    const startedUs = context.clock.now();
    await body();
    await sleepOut(context, everyMs, elapsedMs(startedUs, context.clock.now()));
  }
}

/** Registers this instance and renews its lease: one PUT is both. One that drains takes itself out. */
export const registrationTask = (): BackgroundTask => ({
  name: 'registration',
  leave: async (context) => {
    const { instance } = context;
    const input = { params: { instanceId: instance } };
    await askRegistry(
      context,
      registryContract.operations.removeInstance,
      input,
      context.settings.registry.leaseMs,
    );
  },
  run: async (context) => {
    const { instance, service } = context;
    await repeatedly(
      context,
      () => context.settings.registry.heartbeatMs,
      async () =>
        await askRegistry(
          context,
          registryContract.operations.registerInstance,
          { params: { instanceId: instance }, body: { service } },
          context.settings.registry.leaseMs,
        ),
    );
  },
});

/** Keeps this instance's copy of the registry fresh, and says so in the log when it changed. */
export const discoveryTask = (services: readonly ServiceName[]): BackgroundTask => ({
  name: 'discovery',
  whenDraining: 'goes-on',
  run: async (context) => {
    const book = context.local(addressBook);
    for (const service of services) if (FIXED[service] === undefined) book.watched.add(service);
    await repeatedly(
      context,
      () => context.settings.registry.fetchMs,
      async () => await refresh(context, book, context.settings.registry.leaseMs),
    );
  },
});
