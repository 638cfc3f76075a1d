import type * as z from 'zod/mini';
import { err, ok, type Result } from '../kernel/index.ts';

/** What is wrong with something from outside, and where. `field` is '' when it is about the whole. */
export interface Refusal {
  readonly field: string;
  readonly message: string;
}

type Issue = z.core.$ZodIssue;

/** Parses by a schema; a refusal is one sentence: the field, what is wrong, what is allowed. */
export function parseWith<T>(schema: z.ZodMiniType<T>, input: unknown, noun: string): Result<T, Refusal> {
  try {
    const parsed = schema.safeParse(input, { reportInput: true });
    if (parsed.success) return ok(parsed.data);
    const [issue] = parsed.error.issues;
    return err(issue === undefined ? whole(noun) : refusalOf(issue, schema, noun));
  } catch (error) {
    // Nested so deep that the parser runs out of stack; anything else is our own mistake.
    if (error instanceof RangeError) return err({ field: '', message: `${noun} is nested too deeply.` });
    throw error;
  }
}

/** Everything that is wrong with it, for a form that says each thing beside its field. */
export function refusalsOf(schema: z.ZodMiniType, input: unknown, noun: string): readonly Refusal[] {
  const parsed = schema.safeParse(input, { reportInput: true });
  return parsed.success ? [] : parsed.error.issues.map((issue) => refusalOf(issue, schema, noun));
}

const whole = (noun: string): Refusal => ({ field: '', message: `${noun} is not valid.` });

function refusalOf(issue: Issue, schema: z.ZodMiniType, noun: string): Refusal {
  if (issue.code === 'unrecognized_keys') {
    const known = fieldsAt(schema, issue.path, issue.input);
    const unknown = issue.keys[0] ?? '';
    const field = fieldText([...issue.path, unknown]);
    return {
      field,
      message: `${field} is not a field of ${fieldText(issue.path) || noun}.${allowedFields(known)}`,
    };
  }
  const field = fieldText(issue.path);
  return { field, message: `${field || noun} ${complaint(issue)}.` };
}

const allowedFields = (known: readonly string[]): string =>
  known.length === 0 ? '' : ` Its fields: ${known.join(', ')}.`;

const fieldText = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`,
    '',
  );

const OWN_MESSAGE_ABSENT = 'Invalid input';

function complaint(issue: Issue): string {
  if (issue.message !== OWN_MESSAGE_ABSENT) return `${issue.message}${was(issue.input)}`;
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? `is missing; it must be ${TYPES[issue.expected] ?? issue.expected}`
        : `must be ${TYPES[issue.expected] ?? issue.expected}${was(issue.input)}`;
    case 'too_small':
      return `must ${bound(issue.origin, 'least', issue.minimum)}${was(issue.input)}`;
    case 'too_big':
      return `must ${bound(issue.origin, 'most', issue.maximum)}${was(issue.input)}`;
    case 'invalid_value':
      return `must be ${oneOf(issue.values)}${was(issue.input)}`;
    case 'invalid_union': {
      // A union told apart by one field lists that field's values.
      const options =
        'options' in issue && Array.isArray(issue.options) ? (issue.options as readonly unknown[]) : [];
      if (options.length > 0) {
        const given = tagOf(issue.input, String(issue.path.at(-1)));
        return `${given === undefined ? 'is missing; it ' : ''}must be ${oneOf(options)}${was(given)}`;
      }
      return `is not valid${was(issue.input)}`;
    }
    case 'invalid_key': {
      const [own] = issue.issues;
      return own !== undefined && own.message !== OWN_MESSAGE_ABSENT
        ? own.message
        : 'is not a name that is allowed here';
    }
    default:
      return `is not valid${was(issue.input)}`;
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
  null: 'null',
};

function bound(origin: string, end: 'least' | 'most', limit: number | bigint): string {
  const unit = origin === 'string' ? 'character' : origin === 'array' ? 'entry' : null;
  if (unit === null) return `be at ${end} ${limit}`;
  const plural = unit === 'entry' ? 'entries' : `${unit}s`;
  return `have at ${end} ${limit} ${limit === 1 ? unit : plural}`;
}

const tagOf = (input: unknown, tag: string): unknown =>
  typeof input === 'object' && input !== null ? (input as Record<string, unknown>)[tag] : undefined;

function oneOf(values: readonly unknown[]): string {
  const texts = values.map((value) => JSON.stringify(value) ?? String(value));
  return texts.length === 1 ? (texts[0] ?? '') : `one of ${texts.join(', ')}`;
}

/** What was given instead, when it is short enough to help. */
function was(input: unknown): string {
  if (input === undefined) return '';
  if (typeof input === 'string') return input.length > 60 ? '' : `, not ${JSON.stringify(input)}`;
  if (typeof input === 'number' || typeof input === 'boolean' || input === null)
    return `, not ${String(input)}`;
  return Array.isArray(input) ? `, not a list of ${input.length}` : ', not an object';
}

/** The field names of the object schema at a path: walks objects, records, lists, wrappers and unions. */
function fieldsAt(schema: z.ZodMiniType, path: readonly PropertyKey[], input: unknown): readonly string[] {
  let here: unknown = schema;
  for (const part of path) here = step(here, part);
  const shapes = shapesOf(here, input);
  return [...new Set(shapes.flatMap((shape) => Object.keys(shape)))];
}

interface Definition {
  readonly shape?: Readonly<Record<string, unknown>>;
  readonly innerType?: unknown;
  readonly element?: unknown;
  readonly keyType?: unknown;
  readonly valueType?: unknown;
  readonly options?: readonly unknown[];
  readonly values?: readonly unknown[];
  readonly discriminator?: string;
  readonly entries?: Readonly<Record<string, unknown>>;
}

const definitionOf = (schema: unknown): Definition =>
  (schema as { readonly _zod?: { readonly def?: Definition } } | undefined)?._zod?.def ?? {};

function step(schema: unknown, part: PropertyKey): unknown {
  const definition = definitionOf(schema);
  if (definition.innerType !== undefined) return step(definition.innerType, part);
  if (definition.shape !== undefined) return definition.shape[String(part)];
  if (definition.options !== undefined) {
    return definition.options.map((option) => step(option, part)).find((found) => found !== undefined);
  }
  return definition.element ?? definition.valueType;
}

function shapesOf(schema: unknown, input: unknown): readonly Readonly<Record<string, unknown>>[] {
  const definition = definitionOf(schema);
  if (definition.innerType !== undefined) return shapesOf(definition.innerType, input);
  if (definition.shape !== undefined) return [definition.shape];
  const names = definitionOf(definition.keyType).entries;
  if (names !== undefined) return [names];
  const { options, discriminator } = definition;
  if (options === undefined) return [];
  const chosen = options.filter((option) => {
    const tag =
      discriminator === undefined ? undefined : definitionOf(definitionOf(option).shape?.[discriminator]);
    return (
      tag === undefined ||
      (tag.values ?? []).includes((input as Record<string, unknown>)[discriminator ?? ''])
    );
  });
  return chosen.flatMap((option) => shapesOf(option, input));
}
