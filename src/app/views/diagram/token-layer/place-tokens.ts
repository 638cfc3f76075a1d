import type { Plane } from '../../../../kernel/index.ts';
import type { CallView } from '../../../../projections/index.ts';
import { type Course, courseOf } from '../geometry.ts';
import { type Point, pointAt } from '../path.ts';

/**
 * `out`: a request on its way · `waiting`: at the callee's door · `back`: an answer · `failure`: an answer
 * that is a failure · `timeout`: the caller gave up · `lost`: no connection · `rejected`: turned back at the start.
 */
export type TokenShape = 'out' | 'waiting' | 'back' | 'failure' | 'timeout' | 'lost' | 'rejected';

export interface Token {
  readonly shape: TokenShape;
  /** In the diagram's units. */
  readonly x: number;
  readonly y: number;
  readonly attempt: number;
  readonly probe: boolean;
  /** An event on its way through a topic, or a call. */
  readonly message: boolean;
  /** 0–1: marks of what is over fade. */
  readonly strength: number;
  readonly traceId: string | null;
  readonly breaker: boolean;
}

export interface TokenOptions {
  readonly nowUs: number;
  /** Mean time of one hop. */
  readonly hopMs: number;
  /** The control plane is drawn only when the registry is selected. */
  readonly planes: readonly Plane[];
}

const MARK_US = 900_000;
const REJECTED_US = 600_000;
/** Hops differ by a tenth, and a log arrives in batches: only what is later than this waits at a door. */
const LATE_SHARE = 1.4;
/** Tokens that wait at the same door stand behind each other. */
const QUEUE_GAP = 11;
const QUEUE_SHOWN = 7;
/** A refused call comes out of its service as far as its breaker's shield, and turns back. */
const REJECTED_FROM = -16;
const REJECTED_REACH = 18;

const along = (course: Course, share: number): Point => {
  const { way } = course.edge;
  const length = Math.min(1, Math.max(0, share)) * way.length;
  return pointAt(way, course.reversed ? way.length - length : length);
};

/** A point on the line through the edge's start, as far along it as `reach` says (negative: inside the caller). */
function beforeStart(course: Course, reach: number): Point {
  const start = along(course, 0);
  const next = along(course, 4 / course.edge.way.length);
  return { x: start.x + ((next.x - start.x) * reach) / 4, y: start.y + ((next.y - start.y) * reach) / 4 };
}

const shareOf = (fromUs: number, nowUs: number, lengthMs: number): number =>
  lengthMs <= 0 ? 1 : (nowUs - fromUs) / (lengthMs * 1000);

/** Where each call under way is at this moment of run time. The same moment always gives the same picture. */
export function placeTokens(calls: Iterable<CallView>, options: TokenOptions): Token[] {
  const { nowUs, hopMs, planes } = options;
  const tokens: Token[] = [];
  const atDoor = new Map<string, number>();

  for (const call of calls) {
    if (!planes.includes(call.plane) || call.sentUs > nowUs) continue;
    const course = courseOf(call.from, call.to);
    if (course === undefined) continue;
    const put = (shape: TokenShape, place: Point, strength = 1) => {
      tokens.push({
        shape,
        x: place.x,
        y: place.y,
        attempt: call.attempt,
        probe: call.probe,
        message: course.edge.kind === 'events',
        strength,
        traceId: call.traceId,
        breaker: call.rejectedBy === 'circuit-breaker',
      });
    };

    if (call.end === 'rejected') {
      const age = (nowUs - call.sentUs) / REJECTED_US;
      if (age > 1) continue;
      const reach = REJECTED_FROM + Math.sin(Math.PI * Math.min(1, age)) * REJECTED_REACH;
      put('rejected', beforeStart(course, reach), age < 0.6 ? 1 : (1 - age) / 0.4);
      continue;
    }

    const over = call.endedUs !== null && call.endedUs <= nowUs;
    if (over && (call.end === 'timeout' || call.end === 'lost')) {
      const age = (nowUs - (call.endedUs ?? nowUs)) / MARK_US;
      if (age > 1) continue;
      const place =
        call.end === 'timeout'
          ? along(course, Math.min(0.5, 40 / course.edge.way.length))
          : along(course, 0.86);
      put(call.end, place, age < 0.5 ? 1 : 2 * (1 - age));
      continue;
    }
    if (over) continue;

    if (call.answeredUs !== null && call.answeredUs <= nowUs) {
      const share = shareOf(call.answeredUs, nowUs, hopMs + call.backDelayMs);
      put((call.status ?? 200) >= 500 ? 'failure' : 'back', along(course, 1 - Math.min(share, 0.98)));
      continue;
    }
    // Inside the callee: its slots tell.
    if (call.receivedUs !== null && call.receivedUs <= nowUs) continue;

    const share = shareOf(call.sentUs, nowUs, hopMs + call.outDelayMs);
    if (share < LATE_SHARE) put('out', along(course, share));
    else {
      const door = `${call.from}->${call.to}`;
      const place = atDoor.get(door) ?? 0;
      atDoor.set(door, place + 1);
      if (place < QUEUE_SHOWN)
        put('waiting', along(course, 1 - (4 + place * QUEUE_GAP) / course.edge.way.length));
    }
  }
  return tokens;
}
