import * as z from 'zod/mini';
import { type AnyOperation, type HttpAnswer, type Problem, problem } from '../../../patterns/index.ts';
import type { Refusal } from './interpreter.ts';

const refusal: z.ZodMiniType<Refusal> = z.strictObject({
  status: z.int(),
  slug: z.string(),
  title: z.string(),
  detail: z.string(),
});

const answer = z.union([
  z.strictObject({ problem: refusal }),
  z.strictObject({ status: z.int(), body: z.unknown() }),
]);

/** A refusal of Python's as the shop's own. */
export const problemOf = ({ status, slug, title, detail }: Refusal): Problem =>
  problem(status, slug, title, detail);

/** What a handler of Python's returned, held to the contract: an answer that the operation does not have is a bug. */
export function answerOf(operation: Pick<AnyOperation, 'id' | 'answers'>, returned: unknown): HttpAnswer {
  const given = z.parse(answer, returned);
  if ('problem' in given) return problemOf(given.problem);
  const { status } = given;
  const defined = operation.answers[status];
  if (defined === undefined) throw new Error(`The contract of ${operation.id} has no answer ${status}.`);
  return defined.body === null ? { status } : { status, body: z.parse(defined.body, given.body) };
}
