import { Download } from 'lucide-react';
import { useMemo } from 'react';
import { useStore } from 'zustand';
import { useRun, useStores } from '../../../state/hooks.ts';
import { Empty } from '../../../widgets/empty.tsx';
import { AnswerPane } from './answer-pane.tsx';
import { type ApiOperation, type ApiService, apiOf } from './api-documents.ts';
import { apiStoreOf } from './api-store.ts';
import { InsidePane } from './inside-pane.tsx';
import { TryPane } from './try-pane.tsx';
import './api.css';

/** Every service's operations, from its own OpenAPI document; one of them to be tried. */
export default function ApiView() {
  const stores = useStores();
  const store = apiStoreOf(stores);
  const composition = useRun((state) => state.projections.facts.composition);
  const chosenKey = useStore(store, (state) => state.chosen);
  const services = useMemo(() => apiOf(composition), [composition]);
  const operations = services.flatMap((service) => service.operations);
  const chosen = operations.find(({ key }) => key === chosenKey) ?? null;
  const service = services.find((each) => chosen !== null && each.operations.includes(chosen));
  return (
    <div className="api">
      <nav className="api-list" aria-label="Operations" ref={watch}>
        {services.map((each) => (
          <section key={each.service} aria-label={each.title}>
            <h3 className="api-service">
              <span className="truncate">{each.title}</span>
              <DownloadDocument service={each} />
            </h3>
            <ul>
              {each.operations.map((operation) => (
                <li key={operation.key}>
                  <button
                    type="button"
                    className="api-operation"
                    aria-pressed={operation === chosen}
                    // One stop for Tab; arrows go on from there.
                    tabIndex={operation === (chosen ?? operations[0]) ? 0 : -1}
                    data-operation={operation.key}
                    onClick={() => store.setState({ chosen: operation.key })}
                  >
                    <OperationName operation={operation} />
                    <span className="api-summary">{operation.summary}</span>
                  </button>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </nav>
      {chosen === null || service === undefined ? (
        <Empty>
          Choose an operation: the services say themselves, by OpenAPI, what they can be asked for.
        </Empty>
      ) : chosen.exposed ? (
        <>
          <TryPane key={chosen.key} operation={chosen} />
          <AnswerPane operation={chosen} />
        </>
      ) : (
        <InsidePane operation={chosen} />
      )}
    </div>
  );
}

export function OperationName({ operation }: { readonly operation: ApiOperation }) {
  return (
    <span className="api-name mono">
      <span className="api-method">{operation.method}</span> {operation.path}
    </span>
  );
}

/** The list as it appears: what is chosen is in sight, though the dock was closed or moved since. */
function watch(list: HTMLElement): () => void {
  list.querySelector('[aria-pressed="true"]')?.scrollIntoView({ block: 'nearest' });
  const onKey = (event: KeyboardEvent) => moveAlong(list, event);
  list.addEventListener('keydown', onKey);
  return () => list.removeEventListener('keydown', onKey);
}

/** Up and down go from operation to operation. */
function moveAlong(list: HTMLElement, event: KeyboardEvent): void {
  const buttons = [...list.querySelectorAll<HTMLElement>('[data-operation]')];
  const at = buttons.indexOf(event.target as HTMLElement);
  if (at < 0) return;
  const next = {
    ArrowDown: buttons[at + 1],
    ArrowUp: buttons[at - 1],
    Home: buttons[0],
    End: buttons.at(-1),
  }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}

/** Only when it is asked for: all of them together would be half a megabyte of page. */
function save({ service, document: openApi }: ApiService): void {
  const url = URL.createObjectURL(new Blob([JSON.stringify(openApi, null, 2)], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `${service}.openapi.json`;
  link.click();
  // Not at once: some browsers fetch it a moment later.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function DownloadDocument({ service }: { readonly service: ApiService }) {
  return (
    <button
      type="button"
      className="icon-btn api-download"
      aria-label={`Download the OpenAPI document: ${service.title}`}
      title="Download its OpenAPI document (JSON)"
      onClick={() => save(service)}
    >
      <Download size={14} aria-hidden="true" />
    </button>
  );
}
