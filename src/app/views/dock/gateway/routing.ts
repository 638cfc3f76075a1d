import type { ServiceName } from '../../../../kernel/index.ts';
import type { Statuses } from '../../../../projections/index.ts';
import { type ApiOperation, apiOf } from '../api/api-documents.ts';

/** Where a request ended on its way through the door, in the order in which it passes them. */
export const STATIONS = [
  {
    name: 'route',
    title: 'Route',
    refuses: '404 · 405 · 413',
    text: 'Is there such a path, and is it small enough?',
  },
  { name: 'limit', title: 'Rate limit', refuses: '429', text: 'Has this customer a token left?' },
  { name: 'allowed', title: 'Token and role', refuses: '401 · 403', text: 'Who is it, and may they?' },
  {
    name: 'service',
    title: 'The service',
    refuses: '4xx',
    text: 'It says no: wrong input, not there, not now.',
  },
  { name: 'failed', title: 'No good answer', refuses: '5xx', text: 'Nobody answered in time, or it failed.' },
  { name: 'answered', title: 'Answered', refuses: '2xx', text: 'The customer has what was asked for.' },
] as const;
export type Station = (typeof STATIONS)[number]['name'];

/** Where a request with this answer ended. `isRoute`: the routing table has its operation. */
export function stationOf(status: number, isRoute: boolean): Station {
  if (status < 400) return 'answered';
  if (!isRoute || status === 405 || status === 413) return 'route';
  if (status === 429) return 'limit';
  if (status === 401 || status === 403) return 'allowed';
  return status < 500 ? 'service' : 'failed';
}

export interface RouteRow {
  readonly name: string;
  readonly service: ServiceName;
  readonly access: ApiOperation['access']['kind'];
  readonly asked: number;
  readonly stations: Readonly<Partial<Record<Station, number>>>;
}

/** Every route with what became of its requests; the most asked first, then as the services have them. */
export function routingTable(composition: string, seen: ReadonlyMap<string, Statuses>): readonly RouteRow[] {
  const operations = apiOf(composition).flatMap((service) => service.operations);
  const rows = operations
    .filter(({ exposed }) => exposed)
    .map(({ method, path, service, access }) => {
      const name = `${method} ${path}`;
      const stations = countedBy(seen.get(name) ?? {}, true);
      return { name, service, access: access.kind, asked: sumOf(stations), stations };
    });
  return rows.toSorted((a, b) => b.asked - a.asked);
}

/** How many requests ended at each station. */
export function allStations(
  rows: readonly RouteRow[],
  seen: ReadonlyMap<string, Statuses>,
): Readonly<Partial<Record<Station, number>>> {
  const routes = new Set(rows.map(({ name }) => name));
  const parts = [...seen].map(([name, statuses]) => countedBy(statuses, routes.has(name)));
  return parts.reduce((sum, part) => added(sum, part), {});
}

function countedBy(statuses: Statuses, isRoute: boolean): Partial<Record<Station, number>> {
  return Object.entries(statuses).reduce<Partial<Record<Station, number>>>(
    (sum, [status, count]) => added(sum, { [stationOf(Number(status), isRoute)]: count }),
    {},
  );
}

function added(
  one: Partial<Record<Station, number>>,
  other: Partial<Record<Station, number>>,
): Partial<Record<Station, number>> {
  const sum = { ...one };
  for (const { name } of STATIONS) {
    const more = other[name];
    if (more !== undefined) sum[name] = (sum[name] ?? 0) + more;
  }
  return sum;
}

const sumOf = (stations: Readonly<Partial<Record<Station, number>>>): number =>
  Object.values(stations).reduce((sum, count) => sum + count, 0);
