import { useId, useState } from 'react';
import type { RateLimitSettings } from '../../../../kernel/index.ts';
import {
  type AccessView,
  formatRunTimeTenths,
  formatSize,
  serviceTitle,
} from '../../../../projections/index.ts';
import { useActions, useProjections, useRun, useStores } from '../../../state/hooks.ts';
import { Empty } from '../../../widgets/empty.tsx';
import { Segmented } from '../../../widgets/segmented.tsx';
import { TableScroll } from '../../../widgets/table-scroll.tsx';
import { allStations, type RouteRow, routingTable, STATIONS, type Station, stationOf } from './routing.ts';
import './gateway.css';

const SHOWS = [
  { value: 'routes', label: 'Routes' },
  { value: 'access', label: 'Access log' },
] as const;

const WHO: Readonly<Record<RouteRow['access'], string>> = {
  public: 'everybody',
  customer: 'who is signed in',
  admin: 'administrators',
  services: 'services',
};

/** The shop's one door: what a request passes there, where to it goes, and what was answered. */
export default function GatewayView() {
  const { projections, nowUs } = useProjections(2);
  const [shows, setShows] = useState<(typeof SHOWS)[number]['value']>('routes');
  const { gateway, facts } = projections;
  const rows = routingTable(facts.composition ?? 'microservices', gateway.routes);
  const counts = allStations(rows, gateway.routes);
  return (
    <div className="gateway">
      <div className="gateway-side">
        <ol className="gateway-stations">
          {STATIONS.map(({ name, title, refuses, text }) => (
            <li key={name} data-station={name} title={text}>
              <span>{title}</span>
              <span className="text-s text-muted">{refuses}</span>
              <span className="num">{counts[name] ?? 0}</span>
            </li>
          ))}
        </ol>
        <RateLimit />
      </div>
      <div className="gateway-main">
        <Segmented
          legend="Show"
          options={SHOWS}
          value={shows}
          onChange={setShows}
          className="gateway-shows"
        />
        {shows === 'routes' ? <Routes rows={rows} /> : <AccessLog entries={gateway.access} nowUs={nowUs} />}
      </div>
    </div>
  );
}

function Routes({ rows }: { readonly rows: readonly RouteRow[] }) {
  return (
    <TableScroll label="Routing table">
      <table className="rows gateway-rows">
        <caption className="sr-only">Routing table</caption>
        <thead>
          <tr>
            <th scope="col">Route</th>
            <th scope="col">Goes to</th>
            <th scope="col">Who may</th>
            <th scope="col">Asked</th>
            <th scope="col">Turned away</th>
            <th scope="col">Refused</th>
            <th scope="col">Failed</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, service, access, asked, stations }) => (
            <tr key={name}>
              <th scope="row" className="mono">
                {name}
              </th>
              <td>{serviceTitle(service)}</td>
              <td>{WHO[access]}</td>
              <td className="num">{asked}</td>
              <td className="num">
                {(stations.limit ?? 0) + (stations.allowed ?? 0) + (stations.route ?? 0)}
              </td>
              <td className="num">{stations.service ?? 0}</td>
              <td className="num" data-bad={(stations.failed ?? 0) > 0}>
                {stations.failed ?? 0}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableScroll>
  );
}

const FILTERS: readonly { readonly value: Station | 'all'; readonly label: string }[] = [
  { value: 'all', label: 'All' },
  { value: 'limit', label: '429' },
  { value: 'allowed', label: '401, 403' },
  { value: 'failed', label: '5xx' },
];

function AccessLog({ entries, nowUs }: { readonly entries: readonly AccessView[]; readonly nowUs: number }) {
  const { view } = useStores();
  const [filter, setFilter] = useState<Station | 'all'>('all');
  const shown = entries
    .filter(
      ({ status, timeUs }) => timeUs <= nowUs && (filter === 'all' || stationOf(status, true) === filter),
    )
    .toReversed();
  return (
    <>
      <Segmented
        legend="Answers"
        options={FILTERS}
        value={filter}
        onChange={setFilter}
        className="gateway-shows"
      />
      <TableScroll label="Access log">
        {shown.length === 0 ? (
          <Empty>
            {entries.length === 0
              ? 'Nobody has asked for anything yet.'
              : 'None of the last requests was answered so.'}
          </Empty>
        ) : (
          <table className="rows gateway-rows">
            <caption className="sr-only">Access log, the latest first</caption>
            <thead>
              <tr>
                <th scope="col">At</th>
                <th scope="col">Request</th>
                <th scope="col">Status</th>
                <th scope="col">Took</th>
                <th scope="col">Who</th>
                <th scope="col">By</th>
              </tr>
            </thead>
            <tbody>
              {shown.map(({ seq, timeUs, instance, spanId, method, path, status, durationMs, customer }) => (
                <tr key={seq}>
                  <td className="num">{formatRunTimeTenths(timeUs)}</td>
                  <th scope="row" className="mono">
                    {spanId === null ? (
                      `${method} ${path}`
                    ) : (
                      <button
                        type="button"
                        className="link"
                        onClick={() => view.select({ kind: 'call', spanId })}
                      >
                        {method} {path}
                      </button>
                    )}
                  </th>
                  <td className="num" data-bad={status >= 500}>
                    {status}
                  </td>
                  <td className="num">{formatSize(Math.round(durationMs))}</td>
                  <td className="mono">{customer ?? 'nobody signed in'}</td>
                  <td className="mono">{instance}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </TableScroll>
    </>
  );
}

/** Each customer's bucket of tokens: how large, how fast it fills. */
function RateLimit() {
  const { view } = useStores();
  const actions = useActions();
  const id = useId();
  const limit = useRun((state) => state.projections.facts.settings?.rateLimit ?? null);
  if (limit === null) return null;
  const set = async (wanted: Partial<RateLimitSettings>, undo: RateLimitSettings | null) => {
    const result = await actions.ask({ type: 'settings.set', patch: { rateLimit: wanted } });
    if (!result.ok) view.toast(result.error.message, { tone: 'fail' });
    else if (undo !== null)
      view.toast('The rate limit is changed.', { undo: () => void set({ ...undo }, null) });
  };
  const field = (name: keyof RateLimitSettings, title: string, unit: string) => (
    <div className="gateway-field">
      <label htmlFor={`${id}-${name}`}>{title}</label>
      <input
        // Another value from outside begins it anew.
        key={limit[name]}
        id={`${id}-${name}`}
        className="input num"
        type="number"
        min={name === 'burst' ? 1 : 0.1}
        step={name === 'burst' ? 1 : 0.1}
        defaultValue={limit[name]}
        onBlur={(event) => {
          const value = event.target.valueAsNumber;
          if (Number.isFinite(value) && value !== limit[name]) void set({ [name]: value }, limit);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') event.currentTarget.blur();
        }}
      />
      <span className="text-s text-muted">{unit}</span>
    </div>
  );
  return (
    <section className="gateway-limit" aria-label="Rate limit">
      <h3 className="label">Rate limit, for each customer</h3>
      {field('burst', 'At once', 'tokens')}
      {field('perSecond', 'Then', 'a second')}
      <p className="text-s text-muted">
        Every answer has RateLimit and RateLimit-Policy; a refused one says in Retry-After when to come again.
      </p>
    </section>
  );
}
