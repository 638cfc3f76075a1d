import type { AnyStateMachine } from 'xstate';
import type { AnyTable, Context, Json, SagaLane, Transaction } from '../../kernel/index.ts';
import type { SagaRow } from './saga-row.ts';

export type SagaData = Readonly<Record<string, Json>>;

/**
 * How an attempt of a step ended.
 * - `business-failure`: a definite "no"; nothing happened, and asking again gives the same answer.
 *   `earlierMayHaveHappened`: an attempt before the refused one has an unknown outcome, so the step is undone too.
 * - `technical-failure`: no usable answer. `mayHaveHappened: false` only where it surely had no effect (never sent,
 *   or the connection was refused).
 */
export type StepOutcome =
  | { readonly kind: 'done'; readonly data?: SagaData }
  | { readonly kind: 'business-failure'; readonly reason: string; readonly earlierMayHaveHappened?: boolean }
  | { readonly kind: 'technical-failure'; readonly reason: string; readonly mayHaveHappened: boolean };

export interface SagaStepDefinition {
  /** One attempt. It must be idempotent: after a crash it is made again. A throw counts as a technical failure. */
  run(context: Context, data: SagaData): Promise<StepOutcome>;
  /** The step's effect on this service's own tables, in the transaction that stores its completion. */
  stored?(tx: Transaction, saga: SagaRow, context: Context): Promise<void>;
}

/**
 * A saga. Its machine says which steps are to be done; the runner does them and tells the machine:
 *
 * | event | when |
 * |---|---|
 * | `<step>.started` | an attempt is about to be made |
 * | `<step>.done` | it was done |
 * | `<step>.refused` | business failure |
 * | `<step>.gaveUp` | technical failure of a compensatable step, past the give-up time |
 * | `cancel` | somebody asked to cancel; the machine's guards say whether that is still possible |
 * | `park`, `retry` | a retriable step took too long; a person says go on |
 *
 * Each state in which a step is to be done carries `meta: StepMeta`.
 */
export interface SagaDefinition {
  readonly name: string;
  readonly machine: AnyStateMachine;
  /** By name, in the order in which they begin: the forward ones, then the compensations. */
  readonly steps: Readonly<Record<string, SagaStepDefinition>>;
  /** Forward steps that the transaction which starts the saga has done already. */
  readonly doneAtStart: readonly string[];
  /** Used by `stored`; the saga's own table is added. */
  readonly tables: readonly AnyTable[];
  /** After a commit that may have published events. */
  readonly committed?: (context: Context) => void;
}

/**
 * - `compensatable`: given up past the give-up time; - `pivot`: the point of no return;
 * - `retriable`: done in the end, whatever it takes; - `compensation`: likewise, and past the breaker.
 */
export type StepKind = 'compensatable' | 'pivot' | 'retriable' | 'compensation';

export interface StepMeta {
  readonly step: string;
  readonly lane: SagaLane;
  readonly kind: StepKind;
}

/** What the runner tells the machine. */
export type SagaEvent =
  | { readonly type: `${string}.started` }
  | { readonly type: `${string}.done` }
  | { readonly type: `${string}.refused`; readonly reason: string; readonly mayHaveHappened: boolean }
  | { readonly type: `${string}.gaveUp`; readonly reason: string; readonly mayHaveHappened: boolean }
  | { readonly type: 'cancel'; readonly reason: string }
  | { readonly type: 'park' }
  | { readonly type: 'retry' };
