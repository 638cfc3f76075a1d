import {
  type Deployment,
  FIRST_VERSION,
  type InstanceId,
  numberOfInstance,
  type VersionLabel,
} from '../../kernel/index.ts';

/**
 * Those of `known` that the next request may go to: the instances of one version, drawn by the shares that the
 * deployment gives to versions, among those of which an instance is known (TRF-1…4). Without shares: all.
 * `uniform` is asked only when there is something to draw.
 */
export function byTraffic(
  known: readonly InstanceId[],
  deployment: Deployment | undefined,
  uniform: () => number,
): readonly InstanceId[] {
  const traffic = deployment?.traffic ?? null;
  if (deployment === undefined || traffic === null) return known;
  const groups = new Map<VersionLabel, InstanceId[]>();
  for (const instance of known) {
    const version = versionIn(deployment, instance);
    // One that is not deployed any more is still in an old copy of the registry.
    if (version === null) continue;
    const group = groups.get(version);
    if (group === undefined) groups.set(version, [instance]);
    else group.push(instance);
  }
  const shares = [...groups].flatMap(([version, instances]) => {
    const share = traffic[version] ?? 0;
    return share > 0 ? [{ share, instances }] : [];
  });
  const [first] = shares;
  // Nobody known of those that should be asked: better anybody than nobody.
  if (first === undefined) return known;
  if (shares.length === 1) return first.instances;
  let left = uniform() * shares.reduce((sum, { share }) => sum + share, 0);
  for (const { share, instances } of shares) {
    left -= share;
    if (left < 0) return instances;
  }
  return shares.at(-1)?.instances ?? first.instances;
}

function versionIn(deployment: Deployment, instance: InstanceId): VersionLabel | null {
  const number = numberOfInstance(instance);
  return deployment.instances.find((each) => each.number === number)?.version ?? null;
}

/** What runs of a service without a release. */
export const undeployed = (replicas: number): Deployment => ({
  stable: FIRST_VERSION,
  instances: Array.from({ length: replicas }, (_, index) => ({ number: index + 1, version: FIRST_VERSION })),
  traffic: null,
});
