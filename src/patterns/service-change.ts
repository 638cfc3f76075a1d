import type * as z from 'zod/mini';
import { assert, type Context, type ServiceDefinition, type ServiceName } from '../kernel/index.ts';
import type { AnyContract, AnyOperation } from './contract.ts';
import type { Problem } from './problem.ts';
import { defineService, type HandlerInput, type HttpAnswer, partsOf } from './service-shell.ts';
import { workOf, workTimes } from './work-times.ts';

// A version of a service is the first one with a change: the same door, tables and tasks, other answers or other
// costs. The change is data, so that its contract can be read without the service's code, and so that it fits
// whatever serves the operations: either implementation of a service, or the monolith that has it as a module.

type Input = HandlerInput<unknown, unknown, unknown>;

/** What a version does otherwise in one operation. */
export interface OperationChange {
  /** What its successful answers carry now. */
  readonly answer?: z.ZodMiniType;
  /** Makes that of what the first version answers. */
  readonly answered?: (body: never, input: never) => unknown;
  /** Asked before anything is done; null: go on. */
  readonly refused?: (input: Input, context: Context) => Problem | null;
  /** So many times the service time. */
  readonly timesTheWork?: number;
}

export interface ServiceChange {
  /** Whose operations: in the monolith they stand beside those of others. */
  readonly service: ServiceName;
  /** `2.0.0`, in its OpenAPI document. */
  readonly version: string;
  /** By the operations' ids. */
  readonly operations: Readonly<Record<string, OperationChange>>;
}

/** The contract of a version. The monolith's names in its version the modules that are others. */
export function changedContract(first: AnyContract, change: ServiceChange): AnyContract {
  const { service, version } = change;
  const isOwn = first.service === service;
  for (const id of isOwn ? Object.keys(change.operations) : [])
    assert(first.operations[id] !== undefined, `${service} ${version} changes '${id}', which there is not`);
  const operations = Object.entries(first.operations).map(([id, operation]) => {
    const answer = changeOf(change, operation)?.answer;
    return [
      id,
      answer === undefined ? operation : { ...operation, ...answeredBy(operation, answer) },
    ] as const;
  });
  const joint = first.version.includes('+') ? '.' : '+';
  return {
    ...first,
    version: isOwn ? version : `${first.version}${joint}${service}-${version}`,
    operations: Object.fromEntries(operations),
  };
}

/** The version that a change makes of a service that `defineService` made. */
export function changedService(first: ServiceDefinition, change: ServiceChange): ServiceDefinition {
  const parts = partsOf(first);
  assert(parts !== null, `of ${first.name} there is one version only`);
  const { contract, onStart } = parts;
  const changed = defineService({
    ...parts,
    contract: changedContract(contract, change),
    handlers: Object.fromEntries(
      Object.entries<Handler>(parts.handlers).map(([id, handler]) => {
        const operation = contract.operations[id];
        return [id, changedHandler(handler, operation && changeOf(change, operation))] as const;
      }),
    ),
    onStart: async (context) => {
      const times = context.local(workTimes);
      for (const [id, { timesTheWork }] of Object.entries(change.operations))
        if (timesTheWork !== undefined) times.set(workOf({ service: change.service, id }), timesTheWork);
      await onStart?.(context);
    },
  });
  return { ...first, ...changed };
}

type Handler = (input: Input, context: Context) => Promise<HttpAnswer>;

const changeOf = (change: ServiceChange, { service, id }: AnyOperation): OperationChange | undefined =>
  service === change.service ? change.operations[id] : undefined;

/** The operation's answers with another body, where they have one. */
export const answeredBy = <Answer>(
  { answers }: AnyOperation,
  answer: z.ZodMiniType<Answer>,
): Pick<AnyOperation, 'answers'> & { readonly answer: z.ZodMiniType<Answer> } => ({
  answers: Object.fromEntries(
    Object.entries(answers).map(([status, definition]) => [
      status,
      definition.body === null ? definition : { ...definition, body: answer },
    ]),
  ),
  answer,
});

function changedHandler(first: Handler, change: OperationChange | undefined): Handler {
  if (change === undefined) return first;
  const { refused, answered } = change;
  return async (input, context) => {
    const refusal = refused?.(input, context) ?? null;
    if (refusal !== null) return refusal;
    const answer = await first(input, context);
    if (answered === undefined || 'problem' in answer || answer.body === undefined) return answer;
    return { ...answer, body: answered(answer.body as never, input as never) };
  };
}
