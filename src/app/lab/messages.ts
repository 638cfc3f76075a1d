import type { CompositionName } from '../../compositions/index.ts';
import type { Json, RunEvent, ServiceName } from '../../kernel/index.ts';
import type { Stop } from '../../projections/index.ts';
import type { CommandResult, Scenario } from '../../setups/index.ts';

/** Which run of the Lab: a fork is another one. */
export type BranchId = string;

/** What a run in the Lab is made of; it decides every event. */
export interface LabPlan {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly composition: CompositionName;
}

export interface Advanced {
  readonly nowUs: number;
  /** It stopped at what was asked for, or was cancelled, before it came to the moment wanted. */
  readonly stoppedEarly: boolean;
}

export interface Again {
  /** The log came out the same, by its hash. */
  readonly same: boolean;
  readonly events: number;
  readonly logHash: string;
}

/** Each question with its answer. */
export interface LabQuestions {
  open: { ask: { readonly branch: BranchId; readonly plan: LabPlan }; answer: null };
  /** Lets everything up to `toUs` happen. */
  advance: {
    ask: { readonly branch: BranchId; readonly toUs: number; readonly stopAt: Stop | null };
    answer: Advanced;
  };
  command: { ask: { readonly branch: BranchId; readonly command: Json }; answer: CommandResult };
  /** Another run with the same past up to `atUs`; null: it was cancelled. */
  fork: {
    ask: { readonly from: BranchId; readonly branch: BranchId; readonly atUs: number };
    answer: { readonly nowUs: number } | null;
  };
  /** Does the whole run again and compares; null: it was cancelled. */
  again: { ask: { readonly branch: BranchId }; answer: Again | null };
  tables: {
    ask: { readonly branch: BranchId; readonly service: ServiceName };
    answer: Record<string, readonly Json[]>;
  };
  close: { ask: { readonly branch: BranchId }; answer: null };
}

export type LabQuestion = keyof LabQuestions;

export type ToLab =
  | { readonly type: 'ask'; readonly id: number; readonly question: LabQuestion; readonly ask: unknown }
  | { readonly type: 'cancel'; readonly id: number }
  /** Is it still there? A worker that dies says nothing. */
  | { readonly type: 'ping' };

export type FromLab =
  | { readonly type: 'pong' }
  | { readonly type: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly type: 'failed'; readonly id: number; readonly message: string }
  /** How much of what was asked for is done, from 0 to 1. */
  | { readonly type: 'progress'; readonly id: number; readonly share: number }
  | { readonly type: 'events'; readonly branch: BranchId; readonly events: readonly RunEvent[] };
