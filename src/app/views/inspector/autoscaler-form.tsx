import { useId } from 'react';
import type { Json, ServiceName } from '../../../kernel/index.ts';
import { formatRunTime, instancesOf, type ScalingView, serviceTitle } from '../../../projections/index.ts';
import { CLASSROOM_AUTOSCALER, CLASSROOM_TARGET } from '../../../setups/index.ts';
import { useActions, useProjections, useStores } from '../../state/hooks.ts';

/** As `patterns/autoscaler.ts` says why. */
const REASONS: Readonly<Record<string, string>> = {
  'off-at-zero': 'scaled to none by hand: it leaves that alone',
  'no-figures': 'no instance has said yet how busy it is',
  'within-tolerance': 'near enough to the target',
  unclear: 'instances that say nothing speak against a change',
  'above-target': 'above the target',
  'below-target': 'below the target',
  waits: 'it waits: not all recommendations of its delay say so',
  'at-minimum': 'held by the minimum',
  'at-maximum': 'held by the maximum',
};

interface NumberRowProps {
  readonly label: string;
  readonly unit: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly onChange: (value: number) => void;
}

function NumberRow({ label, unit, value, low, high, onChange }: NumberRowProps) {
  const id = useId();
  return (
    <div className="flex items-center gap-2">
      <label htmlFor={id} className="grow text-s text-muted">
        {label}
      </label>
      <input
        // Another value from outside begins it anew.
        key={value}
        id={id}
        className="input num"
        style={{ width: 72 }}
        type="number"
        min={low}
        max={high}
        defaultValue={value}
        onBlur={({ currentTarget }) => {
          const wanted = currentTarget.valueAsNumber;
          if (wanted !== value && Number.isFinite(wanted)) onChange(wanted);
          if (!Number.isFinite(wanted)) currentTarget.value = String(value);
        }}
        onKeyDown={({ key, currentTarget }) => {
          if (key === 'Enter') currentTarget.blur();
        }}
      />
      <span className="w-6 text-s text-muted">{unit}</span>
    </div>
  );
}

/** The autoscaler of one service: on or off, its numbers, and what it said last. */
export default function AutoscalerForm({ service }: { readonly service: ServiceName }) {
  const { view } = useStores();
  const actions = useActions();
  const { projections } = useProjections(2);
  const title = serviceTitle(service);
  const now = projections.facts.settings?.autoscaler ?? null;
  const target = now?.services[service] ?? null;
  const said = projections.topology.scaling.get(service);

  const change = async (what: string, patch: Json) => {
    const before = now as unknown as Json;
    const result = await actions.ask({ type: 'settings.set', patch: { autoscaler: patch } });
    if (!result.ok) {
      view.toast(result.error.message, { tone: 'fail' });
      return;
    }
    const back: Json = now === null || target !== null ? before : { services: { [service]: null } };
    view.toast(`${title}: ${what}`, {
      undo: () => void actions.ask({ type: 'settings.set', patch: { autoscaler: back } }),
    });
  };
  const setTarget = (what: string, patch: Json) => void change(what, { services: { [service]: patch } });
  const toggle = () => {
    if (target !== null) setTarget('autoscaler off', null);
    else if (now === null)
      void change('autoscaler on', {
        ...CLASSROOM_AUTOSCALER,
        services: { [service]: { ...CLASSROOM_TARGET } },
      });
    else setTarget('autoscaler on', { ...CLASSROOM_TARGET });
  };
  return (
    <div className="mt-1 flex flex-col gap-2">
      <p className="text-s text-muted">
        As many instances as keep its request slots busy to the target, as Kubernetes’ HPA counts them:
        instances × busy ÷ target, rounded up.
      </p>
      <label className="switch-row">
        <span>Scale {title} by itself</span>
        <input
          type="checkbox"
          role="switch"
          aria-checked={target !== null}
          className="switch"
          checked={target !== null}
          onChange={toggle}
        />
      </label>
      {now !== null && target !== null && (
        <>
          <NumberRow
            label="Target: busy slots"
            unit="%"
            low={5}
            high={100}
            value={Math.round(target.utilisation * 100)}
            onChange={(percent) => setTarget(`target ${percent} %`, { utilisation: percent / 100 })}
          />
          <NumberRow
            label="At least"
            unit=""
            low={1}
            high={8}
            value={target.minInstances}
            onChange={(least) => setTarget(`at least ${least}`, { minInstances: least })}
          />
          <NumberRow
            label="At most"
            unit=""
            low={1}
            high={8}
            value={target.maxInstances}
            onChange={(most) => setTarget(`at most ${most}`, { maxInstances: most })}
          />
          <p className="text-s text-muted">For every service that it scales:</p>
          {PACE.map(({ key, label, low }) => (
            <NumberRow
              key={key}
              label={label}
              unit="s"
              low={low}
              high={3600}
              value={now[key] / 1000}
              onChange={(seconds) =>
                void change(`${label.toLowerCase()} ${seconds} s`, { [key]: seconds * 1000 })
              }
            />
          ))}
          <NumberRow
            label="Tolerance"
            unit="%"
            low={0}
            high={100}
            value={Math.round(now.tolerance * 100)}
            onChange={(percent) => void change(`tolerance ${percent} %`, { tolerance: percent / 100 })}
          />
          <Said service={service} said={said} />
        </>
      )}
    </div>
  );
}

const PACE = [
  { key: 'everyMs', label: 'Looks every', low: 1 },
  { key: 'windowMs', label: 'Averages over', low: 2 },
  { key: 'scaleUpDelayMs', label: 'Waits before more', low: 0 },
  { key: 'scaleDownDelayMs', label: 'Waits before fewer', low: 0 },
] as const;

function Said({ service, said }: { readonly service: ServiceName; readonly said: ScalingView | undefined }) {
  const { projections } = useProjections(2);
  const busy = instancesOf(projections.topology, service).flatMap((view) =>
    view.state === 'ready' && view.busy !== null ? [view.busy] : [],
  );
  const now = busy.length === 0 ? null : busy.reduce((sum, one) => sum + one, 0) / busy.length;
  return (
    <div className="num text-s" aria-live="polite">
      {now !== null && <p>Busy now: {Math.round(now * 100)} %</p>}
      {said !== undefined && (
        <p className="text-muted">
          {formatRunTime(said.atUs)}:{' '}
          {said.current === said.desired
            ? `stays at ${said.current}`
            : `from ${said.current} to ${said.desired}`}
          {said.recommended !== said.desired && ` (by the figures ${said.recommended})`},{' '}
          {REASONS[said.reason] ?? said.reason}
        </p>
      )}
    </div>
  );
}
