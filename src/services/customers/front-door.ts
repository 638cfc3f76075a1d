import {
  type BackgroundTask,
  type Context,
  defineLocal,
  deployedInstances,
  type InstanceId,
  instanceId,
  type ServiceName,
} from '../../kernel/index.ts';
import { byTraffic, nextCallId, sendAttempt, standardOperations } from '../../patterns/index.ts';

// What stands before the shop in the outside world: an address that leads to any healthy instance of its entry, as
// a cloud's load balancer does. It asks each for its health; of one that says no, or nothing, it takes no notice
// until it says yes. With a single instance there is nothing to choose, and nothing is asked.

interface FrontDoor {
  /** The gateway, or the monolith. Set before the first request. */
  entry: ServiceName | null;
  readonly healthy: Set<InstanceId>;
  turn: number;
}

const frontDoor = defineLocal<FrontDoor>('front-door', () => ({ entry: null, healthy: new Set(), turn: 0 }));

export function openFrontDoor(context: Context, entry: ServiceName): void {
  context.local(frontDoor).entry = entry;
}

function behind(context: Context): readonly InstanceId[] {
  const { entry } = context.local(frontDoor);
  if (entry === null)
    throw new Error('Invariant broken: customers are told where the shop is when they start');
  const { deployments, services } = context.settings;
  const deployed = deployedInstances(deployments, entry, services[entry].instances);
  return deployed.length === 0 ? [instanceId(entry, 1)] : deployed;
}

/** The entry's instance for the next request; `but`: it has just refused one. */
export function chooseEntry(context: Context, but: InstanceId | null = null): InstanceId | null {
  const door = context.local(frontDoor);
  const all = behind(context);
  const [only] = all;
  if (all.length === 1) return but === null && only !== undefined ? only : null;
  const healthy = all.filter((instance) => door.healthy.has(instance) && instance !== but);
  // Before the first answers, or when nobody is well: whoever is there first.
  if (healthy.length === 0) return but === null && only !== undefined ? only : null;
  door.turn += 1;
  const { turn } = door;
  const routed = byTraffic(
    healthy,
    door.entry === null ? undefined : context.settings.deployments[door.entry],
    () => context.random.uniform('traffic', 'front-door', turn),
  );
  return routed[turn % routed.length] ?? null;
}

/** It refused a connection: not before it is well again. */
export function refusedBy(context: Context, instance: InstanceId): void {
  context.local(frontDoor).healthy.delete(instance);
}

/** Asks every instance of the entry how it is, once a heartbeat, while there are several. */
export const healthChecks: BackgroundTask = {
  name: 'health checks',
  run: async (context) => {
    const door = context.local(frontDoor);
    for (;;) {
      const { heartbeatMs } = context.settings.registry;
      const all = behind(context);
      if (all.length > 1 && door.entry !== null) {
        const { health } = standardOperations(door.entry);
        await context.all(
          all.map((instance) => async (own: Context) => {
            const outcome = await sendAttempt(
              own,
              health,
              {},
              {
                instance,
                callId: nextCallId(own),
                attempt: 1,
                timeoutMs: heartbeatMs,
              },
            );
            if (outcome.kind === 'answered') door.healthy.add(instance);
            else door.healthy.delete(instance);
          }),
        );
      }
      await context.clock.sleep(heartbeatMs);
    }
  },
};
