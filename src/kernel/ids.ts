import type { Brand } from './brand.ts';
import type { ServiceName } from './service-name.ts';

export type RunId = Brand<string, 'RunId'>;
/** `<service>-<number>`, such as `order-1`: the same for every incarnation of that instance. */
export type InstanceId = Brand<string, 'InstanceId'>;
/** `<instance>.<incarnation>.<n>`: who wrote the event, in which life, and as which of its events. */
export type EventId = Brand<string, 'EventId'>;
/** 32 lowercase hex digits, not all zero (W3C Trace Context). */
export type TraceId = Brand<string, 'TraceId'>;
/** 16 lowercase hex digits, not all zero (W3C Trace Context). */
export type SpanId = Brand<string, 'SpanId'>;
export type FaultId = Brand<string, 'FaultId'>;
/** One logical call; its attempts share it. */
export type CallId = Brand<string, 'CallId'>;

export const runId = (text: string): RunId => text as RunId;
export const instanceId = (service: ServiceName, number: number): InstanceId =>
  `${service}-${number}` as InstanceId;
export const eventId = (instance: InstanceId, incarnation: number, n: number): EventId =>
  `${instance}.${incarnation}.${n}` as EventId;
export const faultId = (text: string): FaultId => text as FaultId;
export const callId = (text: string): CallId => text as CallId;

/** The outside world, which sends requests too: as faults and hops see it. No instance has this id. */
export const OUTSIDE = instanceId('customers', 0);

/** The service that an instance id belongs to: `payment-provider-1` → `payment-provider`. */
export function serviceOf(instance: InstanceId): ServiceName {
  // `lastIndexOf` would leave the compiled code for each call, and there are a dozen for each message.
  let end = instance.length - 1;
  while (end >= 0 && instance.charCodeAt(end) !== HYPHEN) end -= 1;
  return instance.slice(0, end) as ServiceName;
}

/** `order-3` → 3. */
export const numberOfInstance = (instance: InstanceId): number =>
  Number(instance.slice(instance.lastIndexOf('-') + 1));

const HYPHEN = 0x2d;
