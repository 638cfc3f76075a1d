import * as z from 'zod/mini';
import { err, ok, type Result } from '../kernel/index.ts';

/** One thing that is wrong with a request, and where. */
export interface FieldError {
  readonly in: 'path' | 'query' | 'header' | 'body';
  /** `lines.0.quantity`; empty for the whole. */
  readonly field: string;
  readonly message: string;
}

/** Parses by a schema. The errors name each wrong field in words of ours (zod/mini brings none). */
export function validate<T>(
  schema: z.ZodMiniType<T>,
  value: unknown,
  where: FieldError['in'],
): Result<T, readonly FieldError[]> {
  const parsed = z.safeParse(schema, value, { error: describe });
  if (parsed.success) return ok(parsed.data);
  const errors: FieldError[] = [];
  for (const issue of parsed.error.issues) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) {
        errors.push({ in: where, field: [...issue.path, key].join('.'), message: 'is not known here' });
      }
    } else {
      errors.push({ in: where, field: issue.path.join('.'), message: issue.message });
    }
  }
  return err(errors);
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

const FORMATS: Readonly<Record<string, string>> = {
  email: 'must be an e-mail address, like ada@example.com',
  regex: 'does not have the right form',
};

function describe(issue: z.core.$ZodRawIssue): string {
  if (issue.input === undefined && issue.code !== 'unrecognized_keys') return 'is missing';
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${TYPES[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
    case 'invalid_format':
      return FORMATS[issue.format] ?? 'does not have the right form';
    case 'too_small':
      return limit(issue.origin, issue.inclusive === false ? 'more than' : 'at least', Number(issue.minimum));
    case 'too_big':
      return limit(issue.origin, issue.inclusive === false ? 'less than' : 'at most', Number(issue.maximum));
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'unrecognized_keys':
      return 'is not known here';
    default:
      return 'is not valid';
  }
}

function limit(origin: string, relation: string, bound: number): string {
  if (origin === 'string')
    return `must have ${relation} ${bound} ${bound === 1 ? 'character' : 'characters'}`;
  if (origin === 'array') return `must have ${relation} ${bound} ${bound === 1 ? 'entry' : 'entries'}`;
  return `must be ${relation} ${bound}`;
}
