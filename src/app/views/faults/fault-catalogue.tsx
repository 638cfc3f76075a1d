import { ChevronDown } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import type { Json } from '../../../kernel/index.ts';
import { describeFault, faultWord, serviceTitle, targetWord } from '../../../projections/index.ts';
import { isBreakable } from '../../state/actions.ts';
import { useActions, useRun, useStores } from '../../state/hooks.ts';
import { DialogWindow } from '../../widgets/dialog-window.tsx';
import { Empty } from '../../widgets/empty.tsx';
import { Segmented } from '../../widgets/segmented.tsx';
import { useLayout } from '../diagram/use-layout.ts';
import {
  CATALOGUE,
  type CatalogueEntry,
  type EntryField,
  type EntryPlace,
  type EntryValues,
  faultOf,
  isInRange,
  placesOf,
  usualValues,
} from './catalogue-entries.ts';
import './faults.css';

const LENGTHS = [
  { value: 0, label: 'until cleared' },
  { value: 5000, label: '5 s' },
  { value: 10_000, label: '10 s' },
  { value: 30_000, label: '30 s' },
] as const;
const STARTS = [
  { value: 0, label: 'now' },
  { value: 10_000, label: 'in 10 s' },
  { value: 30_000, label: 'in 30 s' },
] as const;
const REPEATS = [
  { value: 1, label: 'once' },
  { value: 3, label: '3 times' },
  { value: 0, label: 'again and again' },
] as const;
/** What comes again must end first. */
const SHORT_MS = 5000;
const GAP_SPREAD = 0.5;

interface FaultCatalogueProps {
  /** What was chosen in the controls, by its key in the list of places. */
  readonly placeKey: string;
  readonly onClose: () => void;
}

/** Every fault there is, by its layer, and a form for the one that was chosen. */
export default function FaultCatalogue({ placeKey, onClose }: FaultCatalogueProps) {
  const [chosen, setChosen] = useState<CatalogueEntry | null>(null);
  return (
    <DialogWindow
      title="All faults"
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      className="fault-catalogue"
    >
      <div className="catalogue-halves">
        <div className="catalogue-list">
          {CATALOGUE.map(({ title, entries }) => (
            <section key={title} aria-label={title}>
              <h3 className="section-title">{title}</h3>
              <ul>
                {entries.map((entry) => (
                  <li key={entry.id}>
                    <button
                      type="button"
                      className="catalogue-entry"
                      aria-pressed={entry === chosen}
                      onClick={() => setChosen(entry)}
                    >
                      {entry.title}
                    </button>
                  </li>
                ))}
              </ul>
            </section>
          ))}
        </div>
        {chosen === null ? (
          <Empty>Choose what is to go wrong. Each says what it does.</Empty>
        ) : (
          <EntryForm key={chosen.id} entry={chosen} placeKey={placeKey} onDone={onClose} />
        )}
      </div>
    </DialogWindow>
  );
}

interface EntryFormProps {
  readonly entry: CatalogueEntry;
  readonly placeKey: string;
  readonly onDone: () => void;
}

function EntryForm({ entry, placeKey, onDone }: EntryFormProps) {
  const actions = useActions();
  const { run: store, view } = useStores();
  const ready = useRun((state) => state.run !== null);
  const places = usePlaces(entry);
  const [wanted, setPlace] = useState<string>(placeKey);
  const [values, setValues] = useState<EntryValues>(() => usualValues(entry));
  const [lengthMs, setLengthMs] = useState<number>(entry.kind === 'spike' ? SHORT_MS : 0);
  const [inMs, setInMs] = useState<number>(0);
  const [times, setTimes] = useState<number>(1);
  const [gapS, setGapS] = useState('10');

  // In a small window it is below the list.
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.scrollIntoView?.({ block: 'nearest' }), []);

  const place = places.find(({ key }) => key === wanted) ?? places[0] ?? null;
  const nowhere = entry.places !== 'fixed' && place === null;
  const wrong = entry.fields.filter((field) => !isInRange(field, values[field.name] ?? ''));
  const repeats = times !== 1 && entry.lasts !== false;
  const gapWrong = repeats && !(Number(gapS) >= 0.1 && Number(gapS) <= 3600);
  const lastsMs = repeats && lengthMs === 0 ? SHORT_MS : lengthMs;
  const fault = faultOf(entry, values, place, lastsMs === 0 ? null : lastsMs);
  const described = describeFault(fault);

  const begin = async () => {
    if (inMs === 0 && !repeats) {
      actions.addFault(fault);
      onDone();
      return;
    }
    const command: Json = {
      type: 'fault.schedule',
      atMs: Math.round(store.nowUs() / 1000) + inMs,
      fault,
      ...(repeats
        ? { repeat: { count: times === 0 ? null : times, gapMs: Number(gapS) * 1000, gapSpread: GAP_SPREAD } }
        : {}),
    };
    const result = await actions.ask(command);
    if (!result.ok) {
      view.toast(result.error.message, { tone: 'fail' });
      return;
    }
    const { faultId } = result.value as { readonly faultId?: string };
    view.toast(`${targetWord(described.target)}: ${faultWord(described)}, planned`, {
      ...(faultId === undefined
        ? {}
        : { undo: () => actions.perform({ type: 'fault.clear', faultId } as unknown as Json) }),
    });
    onDone();
  };

  return (
    <form
      className="catalogue-form"
      ref={form}
      aria-label={entry.title}
      onSubmit={(event) => {
        event.preventDefault();
        void begin();
      }}
    >
      <h3 className="font-semibold">{entry.title}</h3>
      <p className="text-muted">{entry.text}</p>
      {entry.places !== 'fixed' && (
        <label className="catalogue-field">
          <span className="label">Where</span>
          <Select value={place?.key ?? ''} disabled={nowhere} onChange={setPlace}>
            {places.map(({ key, title }) => (
              <option key={key} value={key}>
                {title}
              </option>
            ))}
          </Select>
        </label>
      )}
      {nowhere && <p role="alert">This shop has nothing of that kind to break.</p>}
      {entry.fields.map((field) => (
        <FieldInput
          key={field.name}
          field={field}
          value={values[field.name] ?? ''}
          onChange={(value) => setValues({ ...values, [field.name]: value })}
        />
      ))}
      {entry.lasts !== false && (
        <Segmented
          legend="It lasts"
          showLegend
          options={repeats ? LENGTHS.slice(1) : LENGTHS}
          value={lastsMs}
          onChange={setLengthMs}
        />
      )}
      <Segmented legend="It begins" showLegend options={STARTS} value={inMs} onChange={setInMs} />
      {entry.lasts !== false && (
        <Segmented legend="It comes" showLegend options={REPEATS} value={times} onChange={setTimes} />
      )}
      {repeats && (
        <label className="catalogue-field">
          <span className="label">Gaps of, more or less by half, s</span>
          <input
            className="input num"
            inputMode="decimal"
            value={gapS}
            aria-invalid={gapWrong}
            onChange={(event) => setGapS(event.target.value)}
          />
        </label>
      )}
      <p className="text-s text-muted" aria-live="polite">
        {wrong.length > 0
          ? wrong.map((field) => rangeWords(field)).join(' ')
          : `${targetWord(described.target)}: ${faultWord(described)}`}
      </p>
      <button
        type="submit"
        className="btn btn-primary"
        disabled={!ready || nowhere || wrong.length > 0 || gapWrong}
      >
        {inMs === 0 && !repeats ? 'Break it' : 'Plan it'}
      </button>
    </form>
  );
}

interface SelectProps {
  readonly value: string;
  readonly disabled?: boolean;
  readonly onChange: (value: string) => void;
  readonly children: ReactNode;
}

function Select({ value, disabled = false, onChange, children }: SelectProps) {
  return (
    <span className="select-wrap">
      <select
        className="select"
        value={value}
        disabled={disabled}
        onChange={(event) => onChange(event.target.value)}
      >
        {children}
      </select>
      <ChevronDown size={15} aria-hidden="true" />
    </span>
  );
}

interface FieldInputProps {
  readonly field: EntryField;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

function FieldInput({ field, value, onChange }: FieldInputProps) {
  const unit = field.kind === 'number' && field.unit !== '' ? `, ${field.unit}` : '';
  return (
    <label className="catalogue-field">
      <span className="label">{`${field.label}${unit}`}</span>
      {field.kind === 'choice' ? (
        <Select value={value} onChange={onChange}>
          {field.options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </Select>
      ) : (
        <input
          className="input num"
          inputMode={field.kind === 'number' ? 'decimal' : 'text'}
          value={value}
          aria-invalid={!isInRange(field, value)}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </label>
  );
}

const rangeWords = (field: EntryField): string =>
  field.kind === 'number'
    ? `${field.label}: from ${field.low.toLocaleString('en')} to ${field.high.toLocaleString('en')} ${field.unit}.`
    : `${field.label} is missing.`;

/** Where it may sit in the shop that runs. */
function usePlaces(entry: CatalogueEntry): readonly EntryPlace[] {
  const { services, edges } = useLayout();
  const instances = useRun((state) => [...state.projections.topology.instances.keys()]);
  return placesOf(
    entry.places,
    {
      services: services.filter(isBreakable),
      edges,
      instances: instances.filter((instance) => !/^(customers|run)-/.test(instance)),
    },
    serviceTitle,
  );
}
