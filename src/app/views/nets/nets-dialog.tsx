import { ChevronDown } from 'lucide-react';
import { useId, useState } from 'react';
import type { EdgePolicy, RunSettings, ServiceName } from '../../../kernel/index.ts';
import { serviceTitle } from '../../../projections/index.ts';
import { edgePolicy, SAFETY_NET_PRESETS } from '../../../setups/index.ts';
import { useRun, useStores } from '../../state/hooks.ts';
import { DialogWindow } from '../../widgets/dialog-window.tsx';
import { Empty } from '../../widgets/empty.tsx';
import { NETS, type Net, type Parameter, valueOf } from './net-parameters.ts';
import { draftOf, type NetsDraft, pathOf, wishOf, wrongFields } from './nets-draft.ts';
import { type NetsCommand, netsBefore, netsOfAll, ownNets } from './nets-patch.ts';
import { Rings } from './rings.tsx';
import './nets.css';

interface NetsDialogProps {
  readonly from: ServiceName;
  readonly to: ServiceName;
  readonly onClose: () => void;
}

/** The safety nets of one edge: all that can be set, beside what each preset has. */
export default function NetsDialog(props: NetsDialogProps) {
  const settings = useRun((state) => state.projections.facts.settings);
  const title = `Safety nets: ${serviceTitle(props.from)} → ${serviceTitle(props.to)}`;
  return (
    <DialogWindow
      title={title}
      open
      onOpenChange={(open) => {
        if (!open) props.onClose();
      }}
      className="nets-dialog"
    >
      {settings === null ? (
        <Empty>The run has not said its settings yet.</Empty>
      ) : (
        <Editor {...props} settings={settings} />
      )}
    </DialogWindow>
  );
}

function Editor({ from, to, onClose, settings }: NetsDialogProps & { readonly settings: RunSettings }) {
  const { run, view, actions } = useStores();
  const key = `${from}->${to}` as const;
  const own = settings.edges[key];
  const policy = own ?? settings.edge;
  const [draft, setDraft] = useState<NetsDraft>(() => draftOf(policy));
  const [refusal, setRefusal] = useState<string | null>(null);
  const wish = wishOf(draft, policy);
  const wrong = wrongFields(wish);
  const isChanged = JSON.stringify(draftOf(policy)) !== JSON.stringify(draft);
  const edge = `${serviceTitle(from)} → ${serviceTitle(to)}`;

  const send = async (command: NetsCommand, done: string) => {
    const before = settings;
    const result = await actions.ask(command);
    if (!result.ok) {
      setRefusal(result.error.message);
      return;
    }
    view.toast(done, {
      undo: () => {
        const now = run.getState().projections.facts.settings ?? before;
        actions.perform({ ...netsBefore(now, before, key) });
      },
    });
    onClose();
  };

  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (isChanged && wrong.size === 0) void send(ownNets(key, wish), `Safety nets changed: ${edge}`);
      }}
    >
      <p className="text-s text-muted">
        {own === undefined ? 'This edge has the nets of all edges.' : 'This edge has nets of its own.'} A call
        goes through them from the outside in; what is grey is off.
      </p>
      <Rings policy={wrong.size === 0 ? (wish as unknown as EdgePolicy) : policy} />
      <div className="nets-scroll">
        <table className="nets">
          <caption className="sr-only">Safety nets of {edge} and of each preset</caption>
          <thead>
            <tr>
              <th scope="col">
                <span className="sr-only">Parameter</span>
              </th>
              <th scope="col">here</th>
              {SAFETY_NET_PRESETS.map((preset) => (
                <th key={preset} scope="col">
                  {preset}{' '}
                  <button
                    type="button"
                    className="btn btn-small"
                    aria-label={`Take all of ${preset}`}
                    onClick={() => setDraft(draftOf({ ...policy, ...edgePolicy(preset) }))}
                  >
                    Take
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          {NETS.map((net) => (
            <NetRows
              key={net.id}
              net={net}
              draft={draft}
              wrong={wrong}
              onChange={(change) => {
                setRefusal(null);
                setDraft((now) => ({
                  on: { ...now.on, ...change.on },
                  values: { ...now.values, ...change.values },
                }));
              }}
            />
          ))}
        </table>
      </div>
      {refusal !== null && (
        <p role="alert" className="mt-2 font-semibold text-fail">
          {refusal}
        </p>
      )}
      <div className="nets-foot">
        {own !== undefined && (
          <button
            type="button"
            className="btn"
            onClick={() => void send(netsOfAll(settings, key), `${edge} has the nets of all edges again`)}
          >
            As all edges
          </button>
        )}
        <span className="grow text-s text-muted" role="status">
          {wrong.size > 0
            ? `${wrong.size} ${wrong.size === 1 ? 'value is' : 'values are'} not possible.`
            : isChanged
              ? 'It takes effect with the next call.'
              : ''}
        </span>
        <button type="button" className="btn" onClick={onClose}>
          Cancel
        </button>
        <button type="submit" className="btn btn-primary" disabled={!isChanged || wrong.size > 0}>
          Apply
        </button>
      </div>
    </form>
  );
}

interface NetRowsProps {
  readonly net: Net;
  readonly draft: NetsDraft;
  readonly wrong: ReadonlyMap<string, string>;
  readonly onChange: (change: Partial<NetsDraft>) => void;
}

function NetRows({ net, draft, wrong, onChange }: NetRowsProps) {
  const on = draft.on[net.id] === true;
  const id = useId();
  const isOnIn = (preset: (typeof SAFETY_NET_PRESETS)[number]): boolean => edgePolicy(preset)[net.id] != null;
  return (
    <tbody data-on={on}>
      <tr className="net-head">
        <th scope="rowgroup">
          <span id={id}>{net.title}</span>
          <span className="net-about">{net.about}</span>
        </th>
        <td>
          <label className="net-switch">
            <input
              type="checkbox"
              className="switch"
              role="switch"
              aria-checked={on}
              checked={on}
              aria-labelledby={id}
              onChange={(event) => onChange({ on: { [net.id]: event.target.checked } })}
            />
            {on ? 'on' : 'off'}
          </label>
        </td>
        {SAFETY_NET_PRESETS.map((preset) => (
          <td key={preset}>{isOnIn(preset) ? 'on' : 'off'}</td>
        ))}
      </tr>
      {on &&
        net.parameters.map((parameter) => {
          const path = pathOf(net, parameter);
          return (
            <tr key={path}>
              <th scope="row">
                <label htmlFor={`${id}/${path}`}>{parameter.title}</label>
                {parameter.unit !== undefined && <span className="net-unit"> {parameter.unit}</span>}
                {parameter.hint !== undefined && (
                  <span className="net-about" id={`${id}/${path}/hint`}>
                    {parameter.hint}
                  </span>
                )}
              </th>
              <td>
                <Field
                  id={`${id}/${path}`}
                  parameter={parameter}
                  value={draft.values[path] ?? ''}
                  wrong={wrong.get(path) ?? null}
                  onChange={(value) => onChange({ values: { [path]: value } })}
                />
              </td>
              {SAFETY_NET_PRESETS.map((preset) => (
                <td key={preset} className="num">
                  {textOf(valueOf(edgePolicy(preset), net, parameter))}
                </td>
              ))}
            </tr>
          );
        })}
    </tbody>
  );
}

const textOf = (value: unknown): string => {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '–';
};

interface FieldProps {
  readonly id: string;
  readonly parameter: Parameter;
  readonly value: string | boolean;
  readonly wrong: string | null;
  readonly onChange: (value: string | boolean) => void;
}

function Field({ id, parameter, value, wrong, onChange }: FieldProps) {
  const described = [
    ...(parameter.hint === undefined ? [] : [`${id}/hint`]),
    ...(wrong === null ? [] : [`${id}/wrong`]),
  ].join(' ');
  const about = described === '' ? {} : { 'aria-describedby': described };
  if (parameter.isFlag === true)
    return (
      <input
        id={id}
        type="checkbox"
        className="switch"
        role="switch"
        aria-checked={value === true}
        checked={value === true}
        onChange={(event) => onChange(event.target.checked)}
        {...about}
      />
    );
  if (parameter.choices !== undefined)
    return (
      <span className="select-wrap">
        <select
          id={id}
          className="select net-field"
          value={String(value)}
          onChange={(event) => onChange(event.target.value)}
          {...about}
        >
          {parameter.choices.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
        <ChevronDown size={14} aria-hidden="true" />
      </span>
    );
  return (
    <>
      <input
        id={id}
        className="input net-field num"
        inputMode="decimal"
        autoComplete="off"
        value={String(value)}
        aria-invalid={wrong !== null}
        onChange={(event) => onChange(event.target.value)}
        {...about}
      />
      {wrong !== null && (
        <span id={`${id}/wrong`} className="net-wrong">
          {wrong}
        </span>
      )}
    </>
  );
}
