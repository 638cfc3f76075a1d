import { Power, RotateCcw } from 'lucide-react';
import {
  deployedInstances,
  FIRST_VERSION,
  type InstanceState,
  type ServiceName,
} from '../../../kernel/index.ts';
import {
  activeFaults,
  type BreakerView,
  faultLeftMs,
  faultWord,
  formatRunTime,
  type InstanceView,
  instancesOf,
  latestFailures,
  runningVersion,
  serviceOfTarget,
  serviceTitle,
} from '../../../projections/index.ts';
import { isBreakable } from '../../state/actions.ts';
import { useActions, useProjections, useStores } from '../../state/hooks.ts';
import { BreakerState } from '../../widgets/breaker-state.tsx';
import { RingGauge } from '../../widgets/ring-gauge.tsx';
import { LANGUAGES } from '../source/language-word.ts';
import { AutoscalerSection } from './autoscaler-section.tsx';
import { BreakRow } from './break-row.tsx';
import { Failures } from './failures.tsx';
import { ImplementationSection } from './implementation-section.tsx';
import { isScalable, ScaleStepper } from './scale-stepper.tsx';
import { SourceSection } from './source-section.tsx';

const WORDS: Readonly<Record<InstanceState, string>> = {
  starting: 'starting',
  ready: 'ready',
  draining: 'draining',
  hung: 'hangs',
  stopped: 'stopped',
  crashed: 'crashed',
};

const ABOUT: Partial<Record<ServiceName, string>> = {
  customers: 'Everybody who orders, browses and asks where their order is.',
  gateway: 'The only door of the shop: checks tokens, limits rates, passes requests on.',
  registry: 'Knows which instances live. They report every second; callers keep a copy.',
  broker: 'Keeps events by topic and delivers each at least once, in order within a key.',
  user: 'Accounts, sign-in and the keys that tokens are signed with.',
  product: 'The catalogue, prices and stock; holds stock for orders.',
  order: 'Takes orders and runs each as a saga: every step, and its undoing, is stored first.',
  shipping: 'Creates, dispatches and tracks shipments.',
  monolith:
    'User, Product, Order and Shipping in one process over one database: what they say to each other are function calls, and an order is stored in one transaction.',
  'payment-provider': 'A bank’s service outside the shop. It cannot be part of anybody’s transaction.',
};

/** What can be crashed: everything that runs in a worker of its own. */
const CRASHABLE: readonly ServiceName[] = [
  'gateway',
  'registry',
  'broker',
  'user',
  'product',
  'order',
  'shipping',
  'payment-provider',
  'monolith',
];

export function ServiceInspector({ service }: { readonly service: ServiceName }) {
  const actions = useActions();
  const { view } = useStores();
  const { projections, nowUs } = useProjections(2);
  const instances = instancesOf(projections.topology, service);
  const faults = activeFaults(projections.faults).filter(
    (fault) => serviceOfTarget(fault.description.target) === service,
  );
  const breakers = [...projections.breakers.byKey.values()].filter((breaker) => breaker.from === service);
  const failures = latestFailures(
    projections.traces,
    (span) => span.from === service || span.to === service,
    6,
  );
  const { settings } = projections.facts;
  const runs = ({ instance }: InstanceView) => runningVersion(projections.releases, instance);
  const capacity = settings?.services[service];
  // A log may be older than deployments.
  const wanted = deployedInstances(settings?.deployments ?? {}, service, capacity?.instances ?? 1);
  /** One that was scaled in, or released away, is history. */
  const isShown = ({ instance, state }: InstanceView) => state !== 'stopped' || wanted.includes(instance);
  // A log may be older than the choice.
  const chosen = settings?.implementations?.[service as 'shipping'] ?? 'typescript';
  return (
    <>
      <p className="text-muted">{ABOUT[service]}</p>

      {isBreakable(service) && <BreakRow service={service} />}

      {service !== 'customers' && (
        <section>
          <div className="flex items-center justify-between gap-2">
            <h3 className="section-title">Instances</h3>
            {isScalable(service) && capacity !== undefined && (
              <ScaleStepper service={service} instances={capacity.instances} />
            )}
          </div>
          {instances.length === 0 ? (
            <p className="text-s text-muted">None has started yet.</p>
          ) : (
            <ul className="flex flex-col gap-2">
              {instances.filter(isShown).map((instance) => (
                <li key={instance.instance} className="instance" data-state={instance.state}>
                  <RingGauge
                    used={instance.slotsUsed}
                    total={instance.slots || (capacity?.requestSlots ?? 0)}
                  />
                  <div className="min-w-0 grow">
                    <p className="instance-name mono">{instance.instance}</p>
                    <p className="num text-s text-muted">
                      <span className="instance-state">{WORDS[instance.state]}</span>
                      {instance.state === 'ready' &&
                        ` · ${instance.slotsUsed}/${instance.slots || (capacity?.requestSlots ?? 0)} slots`}
                      {instance.state === 'draining' && ` · ${instance.slotsUsed} still under way`}
                      {runs(instance) !== FIRST_VERSION && ` · ${runs(instance)}`}
                      {instance.implementation !== 'typescript' && ` · ${LANGUAGES[instance.implementation]}`}
                      {instance.queued > 0 && ` · ${instance.queued} waiting`}
                      {instance.state === 'crashed' && ` at ${formatRunTime(instance.sinceUs)}`}
                    </p>
                  </div>
                  {CRASHABLE.includes(service) &&
                    (instance.state === 'crashed' || instance.state === 'stopped' ? (
                      <button
                        type="button"
                        className="btn btn-small"
                        onClick={() => actions.restart(instance.instance)}
                      >
                        <RotateCcw size={13} aria-hidden="true" /> Restart
                      </button>
                    ) : (
                      <button
                        type="button"
                        className="btn btn-small"
                        onClick={() => actions.crash(instance.instance)}
                      >
                        <Power size={13} aria-hidden="true" /> Crash
                      </button>
                    ))}
                </li>
              ))}
            </ul>
          )}
          {capacity !== undefined && (
            <p className="num mt-2 text-s text-muted">
              {service === 'monolith'
                ? 'As long a request as its service would need'
                : `${capacity.serviceTimeMs} ms a request`}{' '}
              · {capacity.requestSlots} slots, then a queue of {capacity.queueLimit}
            </p>
          )}
        </section>
      )}

      {isScalable(service) && <AutoscalerSection service={service} />}

      {faults.length > 0 && (
        <section>
          <h3 className="section-title">Active faults</h3>
          <ul className="flex flex-col gap-1">
            {faults.map((fault) => {
              const leftMs = faultLeftMs(fault, nowUs);
              return (
                <li key={fault.faultId}>
                  <button
                    type="button"
                    className="row-link"
                    onClick={() => view.select({ kind: 'fault', faultId: fault.faultId })}
                  >
                    <span className="fault-mark" aria-hidden="true" />
                    <span className="grow">{faultWord(fault.description)}</span>
                    <span className="num text-s text-muted">
                      {leftMs === null ? 'until cleared' : `${Math.ceil(leftMs / 1000)} s left`}
                    </span>
                  </button>
                </li>
              );
            })}
          </ul>
        </section>
      )}

      {breakers.length > 0 && (
        <section>
          <h3 className="section-title">Its circuit breakers</h3>
          <ul className="flex flex-col gap-1">
            {breakers.map((breaker) => (
              <BreakerRow
                key={breaker.key}
                breaker={breaker}
                nowUs={nowUs}
                onSelect={() => view.select({ kind: 'edge', from: breaker.from, to: breaker.to })}
              />
            ))}
          </ul>
        </section>
      )}

      <Failures spans={failures} />

      {service === 'shipping' && instances.length > 0 && (
        <ImplementationSection instances={instances} chosen={chosen} />
      )}
      <SourceSection service={service} runs={instances[0]?.implementation ?? chosen} />
    </>
  );
}

function BreakerRow({
  breaker,
  nowUs,
  onSelect,
}: {
  readonly breaker: BreakerView;
  readonly nowUs: number;
  readonly onSelect: () => void;
}) {
  return (
    <li>
      <button type="button" className="row-link" onClick={onSelect}>
        <span className="grow">
          to {serviceTitle(breaker.to)} <span className="mono text-s text-muted">{breaker.instance}</span>
        </span>
        <BreakerState breaker={breaker} nowUs={nowUs} />
      </button>
    </li>
  );
}
