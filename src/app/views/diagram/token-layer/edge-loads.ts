import type { Plane } from '../../../../kernel/index.ts';
import type { CallView } from '../../../../projections/index.ts';
import { courseOf } from '../geometry.ts';
import type { Point } from '../path.ts';

/** How busy an edge is: what is drawn where single tokens would be a crowd. */
export interface EdgeLoad {
  readonly corners: readonly Point[];
  readonly underWay: number;
  /** Calls begun in the last second of run time. */
  readonly perSecond: number;
}

const SECOND_US = 1_000_000;

export function edgeLoads(
  calls: Iterable<CallView>,
  nowUs: number,
  planes: readonly Plane[],
): readonly EdgeLoad[] {
  const loads = new Map<string, { corners: readonly Point[]; underWay: number; perSecond: number }>();
  for (const { from, to, plane, sentUs, endedUs } of calls) {
    if (!planes.includes(plane) || sentUs > nowUs) continue;
    const key = `${from}->${to}`;
    let load = loads.get(key);
    if (load === undefined) {
      const course = courseOf(from, to);
      if (course === undefined) continue;
      load = { corners: course.edge.way.corners, underWay: 0, perSecond: 0 };
      loads.set(key, load);
    }
    if (endedUs === null || endedUs > nowUs) load.underWay += 1;
    if (sentUs > nowUs - SECOND_US) load.perSecond += 1;
  }
  return [...loads.values()];
}
