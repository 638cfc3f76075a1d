import { ChevronDown, Send } from 'lucide-react';
import { type FormEvent, type KeyboardEvent, type ReactNode, useId, useState } from 'react';
import { useStore } from 'zustand';
import { useRun, useStores } from '../../../state/hooks.ts';
import { CopyButton } from '../../../widgets/copy-button.tsx';
import type { ApiOperation, ApiParameter } from './api-documents.ts';
import { apiStoreOf } from './api-store.ts';
import { type Draft, exampleDraft, freshKey, knownOf, textOf } from './example-input.ts';
import { OperationHead } from './operation-head.tsx';
import { curlText, missingParameters, shopRequest } from './shop-request.ts';

const WHO: readonly { readonly value: Draft['as']; readonly label: string }[] = [
  { value: 'customer', label: 'the customer' },
  { value: 'admin', label: 'the administrator' },
  { value: 'anonymous', label: 'nobody' },
];

/** The operation's inputs, ready to be sent. */
export function TryPane({ operation }: { readonly operation: ApiOperation }) {
  const app = useStores();
  const store = apiStoreOf(app);
  const kept = useStore(store, (state) => state.drafts[operation.key]);
  // As the run is at this moment; later changes of the run change no input under somebody's hands.
  const [first] = useState(() =>
    exampleDraft(operation, knownOf(app.run.getState().projections, app.run.nowUs())),
  );
  const draft = kept ?? first;
  const ready = useRun((state) => state.run !== null && state.phase === 'ready');
  const paused = useRun((state) => state.paused);

  const set = (change: Partial<Draft>) =>
    store.setState(({ drafts }) => ({ drafts: { ...drafts, [operation.key]: { ...draft, ...change } } }));
  const setValue = (name: string, value: string) => set({ values: { ...draft.values, [name]: value } });
  const missing = missingParameters(operation, draft);
  const send = () => {
    if (ready && missing.length === 0) void store.tryIt(operation, draft);
  };
  return (
    <form
      className="api-try"
      aria-label="Request"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        send();
      }}
    >
      <div className="api-try-head">
        <label className="api-as">
          <span className="text-muted">as</span>
          <span className="select-wrap">
            <select
              className="select"
              value={draft.as}
              onChange={(event) => set({ as: event.target.value as Draft['as'] })}
            >
              {WHO.map(({ value, label }) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
            <ChevronDown size={14} aria-hidden="true" />
          </span>
        </label>
        <span className="grow" />
        <button type="submit" className="btn btn-primary" disabled={!ready || missing.length > 0}>
          <Send size={14} aria-hidden="true" /> Try it
        </button>
      </div>
      <div className="api-pane">
        <OperationHead operation={operation} />
        {!ready && <p role="status">It can be tried as soon as the shop runs.</p>}
        {ready && paused && (
          <p className="text-s text-muted">
            The run is paused: Try it lets it go on, for the answer to come.
          </p>
        )}
        {missing.length > 0 && (
          <p role="status" className="text-fail">
            A path needs its {missing.join(', ')}.
          </p>
        )}
        {operation.parameters.map((parameter) => (
          <Parameter
            key={`${parameter.in}/${parameter.name}`}
            parameter={parameter}
            value={draft.values[parameter.name] ?? ''}
            onChange={(value) => setValue(parameter.name, value)}
          >
            {parameter.in === 'header' && (
              <button
                type="button"
                className="btn btn-small"
                onClick={() =>
                  setValue(parameter.name, anotherKey(draft.values[parameter.name], app.run.nowUs()))
                }
              >
                New key
              </button>
            )}
          </Parameter>
        ))}
        {draft.body !== null && <Body value={draft.body} onChange={(body) => set({ body })} onSend={send} />}
        <Curl operation={operation} draft={draft} />
      </div>
    </form>
  );
}

/** Another than the present one, even while the run's clock stands. */
function anotherKey(before: string | undefined, nowUs: number): string {
  const next = freshKey(nowUs);
  return before?.startsWith(next) === true ? `${next}-${before.length - next.length + 1}` : next;
}

interface ParameterProps {
  readonly parameter: ApiParameter;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly children?: ReactNode;
}

function Parameter({ parameter, value, onChange, children }: ParameterProps) {
  const { name, in: where, required, schema } = parameter;
  const id = useId();
  const choices = schema.enum?.map(textOf);
  return (
    <div className="api-field">
      <label htmlFor={id}>
        <span className="mono">{name}</span>{' '}
        <span className="text-s text-muted">
          {where}
          {required ? '' : ', optional'}
        </span>
      </label>
      <div className="api-value">
        {choices === undefined ? (
          <input
            id={id}
            className="input mono"
            value={value}
            spellCheck={false}
            autoComplete="off"
            placeholder={textOf(schema.default ?? '')}
            onChange={(event) => onChange(event.target.value)}
          />
        ) : (
          <span className="select-wrap">
            <select
              id={id}
              className="select"
              value={value}
              onChange={(event) => onChange(event.target.value)}
            >
              {!required && <option value="">any</option>}
              {choices.map((choice) => (
                <option key={choice}>{choice}</option>
              ))}
            </select>
            <ChevronDown size={14} aria-hidden="true" />
          </span>
        )}
        {children}
      </div>
    </div>
  );
}

interface BodyProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly onSend: () => void;
}

/** As high as its text, within limits. */
function Body({ value, onChange, onSend }: BodyProps) {
  const id = useId();
  const rows = Math.min(14, Math.max(3, value.split('\n').length));
  return (
    <div>
      <label htmlFor={id} className="text-s text-muted">
        Body, JSON
      </label>
      <textarea
        id={id}
        className="input api-body"
        rows={rows}
        value={value}
        spellCheck={false}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event: KeyboardEvent) => {
          if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
          event.preventDefault();
          onSend();
        }}
      />
    </div>
  );
}

/** The same for a terminal. */
function Curl({ operation, draft }: { readonly operation: ApiOperation; readonly draft: Draft }) {
  if (missingParameters(operation, draft).length > 0) return null;
  const text = curlText(shopRequest(operation, draft), new URL('./', document.baseURI).href);
  return (
    <section aria-label="curl">
      <div className="flex items-center justify-between gap-2">
        <h4 className="text-s text-muted">The same as curl</h4>
        <CopyButton text={text} what="the curl command" />
      </div>
      <pre className="api-code">{text}</pre>
      <p className="text-s text-muted">
        To read, not to run: this shop lives in your browser, where curl cannot reach it.
        {draft.as === 'anonymous' ? '' : ' $TOKEN is what POST /sessions answers.'}
      </p>
    </section>
  );
}
