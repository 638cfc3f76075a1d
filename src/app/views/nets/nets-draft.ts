import type { EdgePolicy } from '../../../kernel/index.ts';
import { edgePolicyRefusals } from '../../../setups/index.ts';
import { NETS, type Net, type Parameter, valueOf } from './net-parameters.ts';

/** What stands in the form: numbers as they were typed. */
export interface NetsDraft {
  readonly on: Readonly<Record<string, boolean>>;
  readonly values: Readonly<Record<string, string | boolean>>;
}

/** `breaker.slidingWindowSize`; `timeoutMs` of a net that is one number. */
export const pathOf = (net: Net, { field }: Parameter): string =>
  field === '' ? net.id : `${net.id}.${field}`;

/** The form as it begins for a policy; a net that is off shows what it would begin with. */
export function draftOf(policy: EdgePolicy): NetsDraft {
  const on: Record<string, boolean> = {};
  const values: Record<string, string | boolean> = {};
  for (const net of NETS) {
    const settings: unknown = policy[net.id];
    on[net.id] = settings !== null && settings !== undefined;
    const shown = { ...policy, [net.id]: settings ?? net.start } as EdgePolicy;
    for (const parameter of net.parameters) {
      const value = valueOf(shown, net, parameter);
      values[pathOf(net, parameter)] = typeof value === 'boolean' ? value : String(value);
    }
  }
  return { on, values };
}

/** What the form asks for; it may be wrong. What the form does not know stays as it is in `base`. */
export function wishOf({ on, values }: NetsDraft, base: EdgePolicy): Readonly<Record<string, unknown>> {
  const wish: Record<string, unknown> = { ...base };
  for (const net of NETS) {
    if (on[net.id] !== true) {
      wish[net.id] = null;
      continue;
    }
    const read = (parameter: Parameter): unknown => {
      const value = values[pathOf(net, parameter)];
      if (typeof value !== 'string' || parameter.choices !== undefined) return value;
      return value.trim() === '' ? undefined : Number(value);
    };
    const [only] = net.parameters;
    const settings: unknown = base[net.id];
    wish[net.id] =
      only?.field === ''
        ? read(only)
        : {
            ...(typeof settings === 'object' ? settings : {}),
            ...Object.fromEntries(net.parameters.map((parameter) => [parameter.field, read(parameter)])),
          };
  }
  return wish;
}

/** What is wrong, by field, without the field's name: it stands beside it. */
export function wrongFields(wish: Readonly<Record<string, unknown>>): ReadonlyMap<string, string> {
  return new Map(
    edgePolicyRefusals(wish).map(({ field, message }) => [
      field,
      message.startsWith(`${field} `) ? message.slice(field.length + 1) : message,
    ]),
  );
}
