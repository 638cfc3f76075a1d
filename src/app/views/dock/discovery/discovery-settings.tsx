import { type ReactNode, useId } from 'react';
import type { Balancer, Json, RegistrySettings, RunSettings } from '../../../../kernel/index.ts';
import { formatShare, formatSize } from '../../../../projections/index.ts';
import { CLASSROOM_REGISTRY, EUREKA_REGISTRY } from '../../../../setups/index.ts';
import { useActions, useRun, useStores } from '../../../state/hooks.ts';
import { Segmented } from '../../../widgets/segmented.tsx';

const REGISTRIES = [
  { value: 'classroom', label: 'Classroom', settings: CLASSROOM_REGISTRY },
  { value: 'eureka', label: 'Eureka', settings: EUREKA_REGISTRY },
] as const;
type RegistryName = (typeof REGISTRIES)[number]['value'];

const BALANCERS: Readonly<Record<Balancer, string>> = {
  'round-robin': 'Round robin',
  random: 'Random',
  'two-choices': 'Better of two',
  'peak-ewma': 'Peak EWMA',
};

const isSame = (a: RegistrySettings, b: RegistrySettings): boolean =>
  (Object.keys(b) as (keyof RegistrySettings)[]).every(
    (name) => JSON.stringify(a[name]) === JSON.stringify(b[name]),
  );

/** How long a dead instance may be called: its last lease, the eviction, and the copy. */
const longestCalledMs = (of: RegistrySettings): number =>
  of.leaseMs * of.leaseExpiryFactor + (of.selfPreservation === null ? 0 : of.evictionMs) + of.fetchMs;

/** Switches the registry's preset and the balancer; each can be undone. What the registry does is told between. */
export function DiscoverySettings({ children }: { readonly children: ReactNode }) {
  const { run, view } = useStores();
  const actions = useActions();
  const id = useId();
  const settings = useRun((state) => state.projections.facts.settings);
  if (settings === null) return <div className="discovery-side">{children}</div>;
  const { registry, balancer } = settings;
  const chosen = REGISTRIES.find((each) => isSame(registry, each.settings))?.value ?? null;

  const set = async (patch: Partial<RunSettings>, said: string | null, undo?: Partial<RunSettings>) => {
    const past = !run.getState().following && run.getState().run?.lab === null;
    const result = await actions.ask({ type: 'settings.set', patch: patch as unknown as Json });
    if (!result.ok)
      view.toast(result.error.message, {
        tone: 'fail',
        ...(past ? { action: { title: 'Take it to the Lab', act: () => actions.toLab() } } : {}),
      });
    else if (said !== null) view.toast(said, undo === undefined ? {} : { undo: () => void set(undo, null) });
  };
  const chooseRegistry = (name: RegistryName) => {
    const wanted = REGISTRIES.find(({ value }) => value === name);
    if (wanted === undefined) return;
    void set({ registry: wanted.settings }, `Registry: ${wanted.label}`, { registry });
  };
  const chooseBalancer = (name: Balancer) =>
    void set({ balancer: name }, `Balancer: ${BALANCERS[name]}`, { balancer });

  return (
    <div className="discovery-side">
      <Segmented legend="Registry" showLegend options={REGISTRIES} value={chosen} onChange={chooseRegistry} />
      {children}
      <div className="discovery-balancer">
        <label className="label" htmlFor={id}>
          Callers choose by
        </label>
        <select
          id={id}
          className="select select-small"
          value={balancer}
          onChange={(event) => chooseBalancer(event.target.value as Balancer)}
        >
          {(Object.keys(BALANCERS) as Balancer[]).map((name) => (
            <option key={name} value={name}>
              {BALANCERS[name]}
            </option>
          ))}
        </select>
      </div>
      <p className="num text-s text-muted">
        {chosen === null && 'Numbers of its own: '}heartbeat {formatSize(registry.heartbeatMs)} · lease{' '}
        {formatSize(registry.leaseMs)}
        {registry.leaseExpiryFactor === 1
          ? ''
          : ` (in truth ${formatSize(registry.leaseMs * registry.leaseExpiryFactor)})`}{' '}
        · copies every {formatSize(registry.fetchMs)} · eviction every {formatSize(registry.evictionMs)}
        {registry.selfPreservation === null
          ? ''
          : ` · preserves itself below ${formatShare(registry.selfPreservation.renewalShare)}`}
        . Who dies may be called for {formatSize(longestCalledMs(registry))}.
      </p>
    </div>
  );
}
