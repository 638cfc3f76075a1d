import { type AnyMachineSnapshot, initialTransition, transition } from 'xstate';
import { frozenJson, type Json } from '../../kernel/index.ts';
import type { SagaDefinition, SagaEvent, StepMeta } from './saga-definition.ts';

/** Where in its machine a saga stands. Sagas that stand at the same place share it. */
export interface SagaPosition {
  readonly snapshot: AnyMachineSnapshot;
  /** What is stored of it: XState's persisted snapshot. Frozen. */
  readonly stored: Json;
  /** The steps that are to be done now, in the order in which they begin. */
  readonly active: readonly StepMeta[];
  /** Those steps, or the state's name when there are none. */
  readonly name: string;
}

interface Known extends SagaPosition {
  /** By the event, as JSON. */
  readonly after: Map<string, Known>;
}

/**
 * Positions already worked out, by their stored text. XState's transition is pure, and thousands of sagas take
 * the same few; each costs as much as the rest of the step's bookkeeping.
 */
const known = new WeakMap<SagaDefinition, Map<string, Known>>();
/** The same, by the very object that is stored: where rows are handed over uncopied, it comes back. */
const byStored = new WeakMap<object, Known>();
/** Where each saga begins. */
const firsts = new WeakMap<SagaDefinition, SagaPosition>();
const MOST_KNOWN = 1000;

/** `stored`: what a saga's row holds. */
export function positionOf(definition: SagaDefinition, stored: Json): SagaPosition {
  return knownOf(definition, stored);
}

export function firstPosition(definition: SagaDefinition): SagaPosition {
  let first = firsts.get(definition);
  if (first === undefined) {
    const [snapshot] = initialTransition(definition.machine);
    first = knownOf(definition, persisted(definition, snapshot));
    firsts.set(definition, first);
  }
  return first;
}

/** Where an event leads from there. */
export function positionAfter(definition: SagaDefinition, stored: Json, event: SagaEvent): SagaPosition {
  const { snapshot, after } = knownOf(definition, stored);
  const name = JSON.stringify(event);
  let next = after.get(name);
  if (next === undefined) {
    next = knownOf(definition, persisted(definition, transition(definition.machine, snapshot, event)[0]));
    if (after.size >= MOST_KNOWN) after.clear();
    after.set(name, next);
  }
  return next;
}

function knownOf(definition: SagaDefinition, stored: Json): Known {
  const same = byStored.get(stored as object);
  if (same !== undefined) return same;
  let positions = known.get(definition);
  if (positions === undefined) {
    positions = new Map();
    known.set(definition, positions);
  }
  const text = JSON.stringify(stored);
  let position = positions.get(text);
  if (position === undefined) {
    const { machine } = definition;
    const snapshot = machine.restoreSnapshot(stored as never, undefined as never) as AnyMachineSnapshot;
    const active = activeSteps(definition, snapshot);
    const own = frozenJson(JSON.parse(text) as Json);
    position = { snapshot, stored: own, active, name: nameOf(snapshot, active), after: new Map() };
    if (positions.size >= MOST_KNOWN) positions.clear();
    positions.set(text, position);
    byStored.set(own as object, position);
  }
  return position;
}

// XState's snapshot holds functions and undefined fields; what JSON keeps of it is what it restores from.
const persisted = (definition: SagaDefinition, snapshot: AnyMachineSnapshot): Json =>
  JSON.parse(JSON.stringify(definition.machine.getPersistedSnapshot(snapshot))) as Json;

function activeSteps(definition: SagaDefinition, snapshot: AnyMachineSnapshot): readonly StepMeta[] {
  const order = Object.keys(definition.steps);
  return (Object.values(snapshot.getMeta()) as (Partial<StepMeta> | undefined)[])
    .filter((meta): meta is StepMeta => meta?.step !== undefined)
    .sort((a, b) => order.indexOf(a.step) - order.indexOf(b.step));
}

function nameOf(snapshot: AnyMachineSnapshot, active: readonly StepMeta[]): string {
  if (active.length > 0) return active.map((meta) => meta.step).join(' + ');
  return typeof snapshot.value === 'string' ? snapshot.value : JSON.stringify(snapshot.value);
}
