import type { EdgePolicy } from '../../../kernel/index.ts';
import { edgePolicy } from '../../../setups/index.ts';

/** One number, choice or switch of a safety net. */
export interface Parameter {
  /** Its field in the net's settings; '' when the net is one number. */
  readonly field: string;
  readonly title: string;
  readonly unit?: string;
  readonly choices?: readonly string[];
  readonly isFlag?: true;
  readonly hint?: string;
}

/** One safety net of an edge: null in the policy when it is off. */
export interface Net {
  readonly id: keyof EdgePolicy;
  readonly title: string;
  readonly about: string;
  /** What it begins with when it is switched on. */
  readonly start: unknown;
  readonly parameters: readonly Parameter[];
}

const CLASSROOM = edgePolicy('classroom');

/** Every net that an edge can have, outermost first. What is written here is in the editor. */
export const NETS: readonly Net[] = [
  {
    id: 'retry',
    title: 'Retry',
    about: 'Sends again what may be sent again.',
    start: CLASSROOM.retry,
    parameters: [
      { field: 'maxAttempts', title: 'Attempts', hint: 'the first call included' },
      { field: 'backoff', title: 'Backoff', choices: ['fixed', 'exponential', 'decorrelated'] },
      { field: 'baseMs', title: 'Base', unit: 'ms' },
      { field: 'capMs', title: 'Cap', unit: 'ms' },
      { field: 'jitter', title: 'Jitter', choices: ['none', 'full', 'equal'] },
      {
        field: 'budgetShare',
        title: 'Budget',
        unit: 'of active',
        hint: 'share of the active calls that may be retries',
      },
      { field: 'budgetMinimum', title: 'Always allowed', unit: 'retries' },
    ],
  },
  {
    id: 'hedge',
    title: 'Hedge',
    about: 'Sends a second attempt beside one that takes long; the first answer counts.',
    start: { delayMs: 500 },
    parameters: [{ field: 'delayMs', title: 'After', unit: 'ms' }],
  },
  {
    id: 'throttle',
    title: 'Client-side throttling',
    about: 'Turns attempts away itself while the callee takes few.',
    start: { multiplier: 2, windowMs: 120_000 },
    parameters: [
      { field: 'multiplier', title: 'K', hint: 'so many times what the callee takes may be sent' },
      { field: 'windowMs', title: 'Window', unit: 'ms' },
    ],
  },
  {
    id: 'breaker',
    title: 'Circuit breaker',
    about: 'Stops calling for a while when too much fails.',
    start: CLASSROOM.breaker,
    parameters: [
      { field: 'slidingWindowType', title: 'Window by', choices: ['COUNT_BASED', 'TIME_BASED'] },
      { field: 'slidingWindowSize', title: 'Window size', unit: 'calls or s' },
      { field: 'minimumNumberOfCalls', title: 'Minimum', unit: 'calls' },
      { field: 'failureRateThreshold', title: 'Failures from', unit: '%' },
      { field: 'slowCallRateThreshold', title: 'Slow calls from', unit: '%' },
      { field: 'slowCallDurationThresholdMs', title: 'Slow is over', unit: 'ms' },
      { field: 'waitDurationInOpenStateMs', title: 'Wait when open', unit: 'ms' },
      { field: 'openStateBackoffMultiplier', title: 'Wait grows by', unit: '×' },
      { field: 'maxWaitDurationInOpenStateMs', title: 'Longest wait', unit: 'ms' },
      {
        field: 'automaticTransitionFromOpenToHalfOpen',
        title: 'Half-open by itself',
        isFlag: true,
        hint: 'else the next call after the wait does it',
      },
      { field: 'permittedNumberOfCallsInHalfOpenState', title: 'Probes', unit: 'calls' },
      {
        field: 'maxWaitDurationInHalfOpenStateMs',
        title: 'Half-open at most',
        unit: 'ms',
        hint: '0: as long as it takes',
      },
      { field: 'afterMaxWaitInHalfOpen', title: '… and then', choices: ['OPEN', 'CLOSED'] },
    ],
  },
  {
    id: 'rateLimit',
    title: 'Rate limit of the caller',
    about: 'Sends no more than so many attempts a second.',
    start: { perSecond: 10, burst: 20 },
    parameters: [
      { field: 'perSecond', title: 'Steady', unit: 'a second' },
      { field: 'burst', title: 'Burst', unit: 'attempts' },
    ],
  },
  {
    id: 'timeoutMs',
    title: 'Timeout',
    about: 'Gives up an attempt that takes too long.',
    start: CLASSROOM.timeoutMs,
    parameters: [{ field: '', title: 'Per attempt', unit: 'ms' }],
  },
  {
    id: 'bulkhead',
    title: 'Bulkhead',
    about: 'Lets so many calls be under way at once, so that a slow callee takes no more of the caller.',
    start: CLASSROOM.bulkhead,
    parameters: [
      { field: 'maxConcurrentCalls', title: 'At once', unit: 'calls' },
      { field: 'maxWaitMs', title: 'Wait for a place', unit: 'ms' },
      { field: 'queueLimit', title: 'Waiting at most', unit: 'calls' },
    ],
  },
];

/** A value of a policy, or undefined where the net is off. */
export function valueOf(policy: EdgePolicy, net: Net, { field }: Parameter): unknown {
  const settings: unknown = policy[net.id];
  if (settings === null || settings === undefined) return undefined;
  return field === '' ? settings : (settings as Readonly<Record<string, unknown>>)[field];
}
