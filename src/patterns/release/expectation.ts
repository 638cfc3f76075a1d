import type { Json, ServiceName, VersionLabel } from '../../kernel/index.ts';
import { isObject, type JsonObject, requiredOf } from './service-version.ts';

// Consumer contracts, checked as in bi-directional contract testing: what a consumer says it needs is held against
// what the provider's next version says it gives, its OpenAPI document.

/** What a consumer needs of one operation of a provider. */
export interface Expectation {
  readonly consumer: ServiceName;
  /** `PUT /reservations/{orderId}` */
  readonly operation: string;
  /**
   * The fields of the answer that it reads, as `lines[].sku`. `built-against`: it reads answers by the contract of
   * the first version, all of it.
   */
  readonly reads: readonly string[] | 'built-against';
}

export interface ContractBreak {
  readonly consumer: ServiceName;
  readonly operation: string;
  /** A sentence for whoever releases it. */
  readonly problem: string;
}

/** What of the expectations a version does not keep. `first`: the document that the consumers were built against. */
export function contractBreaks(
  expectations: readonly Expectation[],
  first: JsonObject,
  candidate: JsonObject,
  label: VersionLabel,
): readonly ContractBreak[] {
  return expectations.flatMap(({ consumer, operation, reads }) => {
    const before = operationIn(first, operation);
    const after = operationIn(candidate, operation);
    const who = consumer === 'customers' ? 'Whoever calls the shop' : nameOf(consumer);
    const broken = (problem: string): ContractBreak => ({ consumer, operation, problem });
    if (before === null) return [broken(`${who} calls ${operation}, which the first version does not have.`)];
    if (after === null) return [broken(`${who} calls ${operation}: ${label} does not have it any more.`)];
    const demands = newDemands(before, after).map((field) =>
      broken(`${who} does not send ${field} to ${operation}: ${label} demands it.`),
    );
    const answers = answersOf(before).flatMap(([status, schema]) => {
      const given = answersOf(after).find(([other]) => other === status)?.[1];
      if (given === undefined)
        return [broken(`${who} expects ${status} of ${operation}: ${label} does not answer so.`)];
      const missing =
        reads === 'built-against'
          ? differences(schema, given, '')
          : reads.flatMap((path) => lacks(schema, given, path.split('.'), path));
      return missing.map(({ field, what }) =>
        broken(`${who} reads ${field || 'the answer'} of ${operation}: ${label} ${what}.`),
      );
    });
    return [...demands, ...answers];
  });
}

const nameOf = (service: ServiceName): string => service.slice(0, 1).toUpperCase() + service.slice(1);

function operationIn(document: JsonObject, name: string): JsonObject | null {
  const [method = '', path = ''] = name.split(' ');
  const item = field(field(document, 'paths'), path);
  const operation = isObject(item) ? item[method.toLowerCase()] : undefined;
  return isObject(operation) ? operation : null;
}

const field = (value: Json | undefined, name: string): Json | undefined =>
  isObject(value) ? value[name] : undefined;

/** The schemas of good answers, by status. */
function answersOf(operation: JsonObject): readonly (readonly [status: string, schema: JsonObject])[] {
  const responses = operation['responses'];
  return Object.entries(isObject(responses) ? responses : {}).flatMap(([status, response]) => {
    const schema = field(field(field(response, 'content'), 'application/json'), 'schema');
    return /^2/.test(status) && isObject(schema) ? [[status, schema] as const] : [];
  });
}

/** Fields of the request that have to be there now, and had not. */
function newDemands(before: JsonObject, after: JsonObject): readonly string[] {
  const demanded = (operation: JsonObject): readonly string[] => {
    const schema = field(field(field(operation['requestBody'], 'content'), 'application/json'), 'schema');
    const parameters = Array.isArray(operation['parameters']) ? operation['parameters'] : [];
    const named = parameters.flatMap((each: Json) => {
      const name = field(each, 'name');
      return field(each, 'required') === true && typeof name === 'string' ? [name] : [];
    });
    return [...(isObject(schema) ? requiredOf(schema) : []), ...named];
  };
  const known = demanded(before);
  return demanded(after).filter((name) => !known.includes(name));
}

interface Difference {
  readonly field: string;
  readonly what: string;
}

const propertiesOf = (schema: JsonObject): JsonObject => {
  const { properties } = schema;
  return isObject(properties) ? properties : {};
};

/** What somebody who reads by `before` does not find in `after`. */
function differences(before: JsonObject, after: JsonObject, path: string): readonly Difference[] {
  if (!sameType(before, after)) return [{ field: path, what: 'gives it another type' }];
  const at = (name: string) => (path === '' ? name : `${path}.${name}`);
  const known = propertiesOf(before);
  const given = propertiesOf(after);
  const missing = Object.entries(known).flatMap(([name, schema]): readonly Difference[] => {
    const now = given[name];
    const needed = requiredOf(before).includes(name);
    if (needed && (now === undefined || !requiredOf(after).includes(name)))
      return [{ field: at(name), what: 'does not give it' }];
    return isObject(schema) && isObject(now) ? differences(schema, now, at(name)) : [];
  });
  const items = field(before, 'items');
  const itemsNow = field(after, 'items');
  return [
    ...missing,
    ...(isObject(items) && isObject(itemsNow) ? differences(items, itemsNow, `${path}[]`) : []),
  ];
}

/** Whether a field that is read is there, with the type that it had. */
function lacks(
  before: JsonObject,
  after: JsonObject,
  path: readonly string[],
  whole: string,
): readonly Difference[] {
  const [head, ...rest] = path;
  if (head === undefined)
    return sameType(before, after) ? [] : [{ field: whole, what: 'gives it another type' }];
  const name = head.replace('[]', '');
  const known = propertiesOf(before)[name];
  const given = propertiesOf(after)[name];
  if (!isObject(known)) throw new Error(`the first version has no field ${whole}`);
  if (!isObject(given) || !requiredOf(after).includes(name))
    return [{ field: whole, what: 'does not give it' }];
  if (!head.endsWith('[]')) return lacks(known, given, rest, whole);
  const [items, itemsNow] = [known['items'], given['items']];
  if (!isObject(items) || !isObject(itemsNow)) return [{ field: whole, what: 'gives no list' }];
  return lacks(items, itemsNow, rest, whole);
}

const sameType = (before: JsonObject, after: JsonObject): boolean =>
  JSON.stringify(before['type']) === JSON.stringify(after['type']);
