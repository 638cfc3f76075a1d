import type { InstanceId, Json } from '../kernel/index.ts';
import { ChunkedList } from './chunked-list.ts';
import type { Projection } from './projection.ts';
import { undoneWords } from './sagas.ts';
import {
  describeFault,
  type FaultDescription,
  faultWord,
  possessive,
  serviceTitle,
  targetWord,
} from './words.ts';

export interface NarratorLine {
  readonly seq: number;
  readonly timeUs: number;
  readonly text: string;
  readonly tone: 'fail' | 'ok' | 'half' | 'plain';
}

export interface Narrator {
  /** Newest last. */
  readonly lines: ChunkedList<NarratorLine>;
  // The small ones are replaced, never changed.
  faults: ReadonlyMap<string, FaultDescription>;
  /** Compensated steps of an order that is being undone. */
  undoing: ReadonlyMap<string, readonly string[]>;
  failures: ReadonlyMap<string, 'business' | 'gave-up'>;
  crashed: ReadonlySet<InstanceId>;
  safetyNets: string | null;
  undone: number;
  lastUndoneUs: number;
}

const LINES_KEPT = 200;
/** At most one line about undone orders in this time: a failing shop undoes several a second. */
const UNDONE_PAUSE_US = 4_000_000;

function say(
  state: Narrator,
  event: { seq: number; timeUs: number },
  tone: NarratorLine['tone'],
  text: string,
): void {
  state.lines.push({ seq: event.seq, timeUs: event.timeUs, text, tone });
  state.lines.keepNewest(LINES_KEPT);
}

const safetyNetsOf = (settings: Json): string | null => {
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) return null;
  const value = (settings as { readonly [key: string]: Json })['safetyNets'];
  return typeof value === 'string' ? value : null;
};

/** What a person should hear of, one line each. */
export const narrator: Projection<Narrator> = {
  initial: () => ({
    lines: new ChunkedList(),
    faults: new Map(),
    undoing: new Map(),
    failures: new Map(),
    crashed: new Set(),
    safetyNets: null,
    undone: 0,
    lastUndoneUs: Number.NEGATIVE_INFINITY,
  }),
  apply(state, event) {
    switch (event.type) {
      case 'fault.started': {
        const fault = describeFault(event.fault);
        state.faults = new Map(state.faults).set(event.faultId, fault);
        say(state, event, 'fail', `${targetWord(fault.target)}: ${faultWord(fault)} begins`);
        break;
      }
      case 'fault.ended': {
        const fault = state.faults.get(event.faultId);
        state.faults = without(state.faults, event.faultId);
        if (fault !== undefined)
          say(
            state,
            event,
            'ok',
            `${targetWord(fault.target)}: ${faultWord(fault)} is over${event.reason === 'cleared' ? ' (cleared)' : ''}`,
          );
        break;
      }
      case 'breaker.state.changed': {
        const name = `${possessive(serviceTitle(event.service))} breaker to ${serviceTitle(event.to)}`;
        const { figures } = event;
        if (event.after === 'OPEN') {
          const again = event.before === 'HALF_OPEN' && event.byHand !== true;
          const why = event.byHand
            ? 'by hand'
            : again
              ? 'the probes failed'
              : `${figures.failures} of ${figures.calls} calls failed`;
          say(state, event, 'fail', `${name} opened${again ? ' again' : ''}: ${why}`);
        } else if (event.after === 'HALF_OPEN') {
          say(
            state,
            event,
            'half',
            `${name} is half-open: it lets ${event.permits} probe${event.permits === 1 ? '' : 's'} through`,
          );
        } else if (event.after === 'CLOSED') {
          say(
            state,
            event,
            'ok',
            event.before === 'HALF_OPEN' && event.byHand !== true
              ? `${name} closed: the probes succeeded`
              : `${name} closed${event.byHand ? ': by hand' : ''}`,
          );
        } else say(state, event, 'plain', `${name} is now ${event.after.toLowerCase().replaceAll('_', ' ')}`);
        break;
      }
      case 'instance.crashed':
        state.crashed = new Set(state.crashed).add(event.instance);
        say(state, event, 'fail', `${event.instance} crashed: ${event.reason}`);
        break;
      case 'instance.ready':
        if (!state.crashed.has(event.instance)) break;
        state.crashed = new Set([...state.crashed].filter((instance) => instance !== event.instance));
        say(state, event, 'ok', `${event.instance} is back`);
        break;
      case 'instance.draining':
        say(state, event, 'plain', `${event.instance} drains: it takes its leave`);
        break;
      case 'autoscaler.decided':
        if (event.desired === event.current) break;
        say(
          state,
          event,
          'plain',
          `Autoscaler: ${serviceTitle(event.of)} from ${event.current} to ${event.desired}${event.utilisation === null ? '' : `, ${Math.round(event.utilisation * 100)} % busy for a target of ${Math.round(event.target * 100)} %`}`,
        );
        break;
      case 'release.stage.ended':
        if (event.outcome !== 'failed' && event.stage === 'contract-check')
          say(
            state,
            event,
            'plain',
            `${serviceTitle(event.of)}: the new version is ${event.outcome === 'skipped' ? 'not checked against' : 'fit for'} its consumers, and goes out`,
          );
        break;
      case 'release.completed':
        say(
          state,
          event,
          'ok',
          `${serviceTitle(event.of)} ${event.version} is deployed, ${Math.round(event.leadTimeMs / 1000)} s after it was asked for`,
        );
        break;
      case 'release.aborted':
        say(state, event, 'fail', `${serviceTitle(event.of)} ${event.version} is aborted. ${event.reason}`);
        break;
      case 'instance.hung':
        say(state, event, 'fail', `${event.instance} hangs: it takes requests and answers none`);
        break;
      case 'instance.resumed':
        say(state, event, 'ok', `${event.instance} goes on where it hung`);
        break;
      case 'saga.step.failed':
        if (event.lane === 'forward') state.failures = new Map(state.failures).set(event.orderId, event.kind);
        break;
      case 'saga.step.completed':
        if (event.lane === 'compensation') {
          const done = [...(state.undoing.get(event.orderId) ?? []), event.step];
          state.undoing = new Map(state.undoing).set(event.orderId, done);
        }
        break;
      case 'saga.compensated': {
        const steps = (state.undoing.get(event.orderId) ?? [])
          .map(undoneName)
          .filter((words) => words !== '');
        const business = state.failures.get(event.orderId) === 'business';
        state.undoing = without(state.undoing, event.orderId);
        state.failures = without(state.failures, event.orderId);
        if (!isNews(state, event.timeUs)) break;
        const what = steps.length === 0 ? '' : `: ${steps.join(', ')}`;
        say(
          state,
          event,
          business ? 'plain' : 'fail',
          business
            ? `An order was refused and undone${steps.length === 0 ? '' : ` (${steps.join(', ')})`}: ${event.reason}`
            : `An order was undone${what}`,
        );
        break;
      }
      case 'store.committed':
        // The monolith has no saga: how its orders end is in their payment intents.
        for (const { table, after } of event.rows) {
          if (table === 'payment-intents') intentEnded(state, event, after);
        }
        break;
      case 'saga.completed':
        state.undoing = without(state.undoing, event.orderId);
        state.failures = without(state.failures, event.orderId);
        break;
      case 'saga.parked':
        say(state, event, 'fail', `An order is stuck past the point of no return: ${event.reason}`);
        break;
      case 'message.dead-lettered':
        say(
          state,
          event,
          'fail',
          `A message on “${event.topic}” was put aside after ${event.deliveries} deliveries`,
        );
        break;
      case 'registry.instance.expired':
        say(state, event, 'plain', `The registry dropped ${event.expired}: no heartbeat`);
        break;
      case 'registry.self-preservation.started':
        say(
          state,
          event,
          'fail',
          `The registry keeps ${event.kept.join(', ')} listed: only ${event.renewals} of ${event.expected} renewals came (self-preservation)`,
        );
        break;
      case 'registry.self-preservation.ended':
        say(
          state,
          event,
          'ok',
          `The registry’s self-preservation is over: ${event.renewals} of ${event.expected} renewals came`,
        );
        break;
      case 'run.settings.changed': {
        const nets = safetyNetsOf(event.settings);
        if (nets !== null && state.safetyNets !== null && nets !== state.safetyNets) {
          say(
            state,
            event,
            nets === 'none' ? 'fail' : 'plain',
            nets === 'none'
              ? 'Safety nets are off: no timeouts, retries or breakers'
              : `Safety nets: ${nets}`,
          );
        }
        if (nets !== null) state.safetyNets = nets;
        break;
      }
      default:
    }
    return state;
  },
  fork: (state) => ({ ...state, lines: state.lines.fork() }),
};

function without<Value>(map: ReadonlyMap<string, Value>, key: string): ReadonlyMap<string, Value> {
  if (!map.has(key)) return map;
  const rest = new Map(map);
  rest.delete(key);
  return rest;
}

/** Counts an order that was undone; false: another was told of a moment ago. */
function isNews(state: Narrator, timeUs: number): boolean {
  state.undone += 1;
  if (timeUs - state.lastUndoneUs < UNDONE_PAUSE_US) return false;
  state.lastUndoneUs = timeUs;
  return true;
}

function intentEnded(state: Narrator, event: { seq: number; timeUs: number }, after: Json): void {
  const row = (after ?? {}) as {
    readonly state?: string;
    readonly failure?: string | null;
    readonly reason?: string | null;
  };
  if (row.state !== 'undone' || row.failure === 'cancelled' || !isNews(state, event.timeUs)) return;
  if (row.failure === 'business')
    say(state, event, 'plain', `An order was refused: ${row.reason ?? 'the shop said no'}`);
  else say(state, event, 'fail', 'An order was undone: its payment was not authorised in time');
}

const UNDO_STEP: Readonly<Record<string, string>> = {
  releaseStock: 'reserveStock',
  voidAuthorisation: 'authorisePayment',
  cancelShipment: 'createShipment',
};

/** The order's own rejection goes without saying. */
function undoneName(step: string): string {
  const forward = UNDO_STEP[step] ?? step;
  return forward === 'createOrder' || forward === 'rejectOrder'
    ? ''
    : undoneWords(forward).replace(/^the (\w+) was /, '$1 ');
}
