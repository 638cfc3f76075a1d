import { useDeferredValue, useEffect, useState } from 'react';
import type { RunEvent } from '../../../kernel/index.ts';
import { formatRunTimeTenths } from '../../../projections/index.ts';
import { useProjections, useStores } from '../../state/hooks.ts';
import { Empty } from '../../widgets/empty.tsx';
import { Segmented } from '../../widgets/segmented.tsx';
import { TableScroll } from '../../widgets/table-scroll.tsx';

const SHOWN = 200;
/** How far back the filter looks. */
const SEARCHED = 4000;

const KINDS = [
  { value: 'notable', label: 'Notable' },
  { value: 'data', label: 'Calls' },
  { value: 'all', label: 'All' },
] as const;
type Kind = (typeof KINDS)[number]['value'];

const HEAD: ReadonlySet<string> = new Set([
  'id',
  'seq',
  'timeUs',
  'instance',
  'service',
  'traceId',
  'spanId',
  'parentSpanId',
  'cause',
  'type',
]);
const NOTABLE =
  /^(run\.|instance\.|fault\.(started|ended)|breaker\.(state|failure|slow)|saga\.(started|resumed|comp|parked)|saga\.step\.(failed|retried)|message\.dead|registry\.(instance\.expired|self)|process\.|fallback\.|store\.aborted|request\.(failed|shed)|call\.rejected)/;

function isNotable(event: RunEvent): boolean {
  if (event.type === 'intent.answered') return event.outcome !== 'ok';
  if (event.type === 'service.logged') return event.level !== 'info';
  return NOTABLE.test(event.type);
}

const isShown = (event: RunEvent, kind: Kind): boolean => {
  if (kind === 'all') return true;
  if (kind === 'notable') return isNotable(event);
  return !('plane' in event && event.plane === 'control') && event.service !== 'registry';
};

/** What an event carries besides its head, on one line. */
export function payloadText(event: RunEvent): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(event)) {
    if (HEAD.has(name) || value === null) continue;
    parts.push(`${name}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`);
    if (parts.length > 12) break;
  }
  return parts.join(' ').slice(0, 400);
}

const isFailure = (type: string): boolean =>
  /failed|crashed|dead-lettered|rejected|shed|aborted|parked|not-permitted/.test(type);

/** The log's last events up to the moment that is shown; they may have to be unpacked. */
function useLatestEvents(lastSeq: number): readonly RunEvent[] {
  const { run } = useStores();
  const [events, setEvents] = useState<readonly RunEvent[]>([]);
  useEffect(() => {
    let stopped = false;
    const read = async () => {
      const latest = await run.recording()?.history.events(Math.max(0, lastSeq - SEARCHED), lastSeq);
      if (!stopped) setEvents(latest ?? []);
    };
    void read();
    return () => {
      stopped = true;
    };
  }, [run, lastSeq]);
  return events;
}

/** The run log, newest first, with a filter. */
export function LogView() {
  const { lastSeq } = useProjections(3).projections.facts;
  const [kind, setKind] = useState<Kind>('notable');
  const [filter, setFilter] = useState('');
  const wanted = useDeferredValue(filter.trim().toLowerCase());
  const events = useLatestEvents(lastSeq);
  const found: RunEvent[] = [];
  for (let index = events.length - 1; index >= 0 && found.length < SHOWN; index -= 1) {
    const event = events[index];
    if (event === undefined || !isShown(event, kind)) continue;
    if (
      wanted !== '' &&
      !`${event.type} ${event.instance} ${event.traceId ?? ''} ${payloadText(event)}`
        .toLowerCase()
        .includes(wanted)
    )
      continue;
    found.push(event);
  }
  return (
    <div className="log">
      <div className="dock-bar">
        <Segmented legend="Which events" options={KINDS} value={kind} onChange={setKind} />
        <input
          type="search"
          className="input grow"
          placeholder="Filter: breaker, shipping, an order’s id"
          aria-label="Filter the log"
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
        />
        <span className="num text-s text-muted">{lastSeq + 1} events</span>
      </div>
      {found.length === 0 ? (
        <Empty>
          {events.length === 0 ? 'The log is empty: nothing has happened yet.' : 'No event matches.'}
        </Empty>
      ) : (
        <TableScroll label="Run log">
          <table className="rows rows-log">
            <caption className="sr-only">Run log</caption>
            <tbody>
              {found.map((event) => (
                <tr key={event.id} data-fail={isFailure(event.type)}>
                  <td className="num">{formatRunTimeTenths(event.timeUs)}</td>
                  <td>{event.instance}</td>
                  <td className="log-type">{event.type}</td>
                  <td className="log-payload" title={payloadText(event)}>
                    {payloadText(event)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </TableScroll>
      )}
    </div>
  );
}
