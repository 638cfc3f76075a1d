import * as z from 'zod/mini';
import { err, type Json, ok, type Result, type RunSettings } from '../../kernel/index.ts';
import { applySettingsPatch, classroomSettings, parseScenario } from '../../setups/index.ts';
import { STORM_STYLES, type StormPlan } from './storm-plan.ts';

/** A storm that once found something, shrunk, and replayed before all others ever since. */
export interface CorpusEntry {
  /** What it found: the invariant and its words. */
  readonly found: string;
  /** `2025-01-31`. */
  readonly foundOn: string;
  /** null: not yet. */
  readonly fixedOn: string | null;
  readonly plan: StormPlan;
}

const date = z.string().check(z.regex(/^\d{4}-\d{2}-\d{2}$/));
const ms = z.number().check(z.minimum(0));

const entrySchema = z.strictObject({
  found: z.string(),
  foundOn: date,
  fixedOn: z.nullable(date),
  seed: z.int(),
  style: z.enum(STORM_STYLES),
  /** What differs from the classroom's: so an entry outlives settings that are still to come. */
  settings: z.record(z.string(), z.unknown()),
  faults: z.array(z.unknown()),
  commands: z.array(z.unknown()),
  cancellations: z.array(ms),
  stormMs: ms,
  leastOrders: z.int(),
});

export function parseCorpus(input: unknown): Result<readonly CorpusEntry[], string> {
  const parsed = z.safeParse(z.array(entrySchema), input);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return err(`${issue?.path.join('.') || 'it'} is not as npm run storm writes it.`);
  }
  const entries: CorpusEntry[] = [];
  for (const [index, entry] of parsed.data.entries()) {
    const { found, foundOn, fixedOn, seed, style, cancellations, stormMs, leastOrders } = entry;
    const settings = applySettingsPatch(classroomSettings(), entry.settings);
    if (!settings.ok) return err(`[${index}].settings: ${settings.error.message}`);
    const scenario = parseScenario({
      name: 'storm',
      title: `Storm ${seed}`,
      text: '',
      seed,
      settings: settings.value,
      faults: entry.faults,
      commands: entry.commands,
    });
    if (!scenario.ok) return err(`[${index}]: ${scenario.error.message}`);
    const { setup, commands } = scenario.value;
    entries.push({
      found,
      foundOn,
      fixedOn,
      plan: {
        seed,
        style,
        classes: [],
        settings: setup.settings,
        faults: setup.faults,
        commands,
        cancellations,
        stormMs,
        leastOrders,
      },
    });
  }
  return ok(entries);
}

export const corpusJson = (entries: readonly CorpusEntry[]): Json =>
  entries.map(({ plan, ...entry }) => {
    const { settings, classes: _, ...rest } = plan;
    return { ...entry, ...rest, settings: differences(classroomSettings(), settings) };
  }) as unknown as Json;

/** The settings' patch that makes `settings` of `base`. */
function differences(base: RunSettings, settings: RunSettings): Json {
  return patchOf(base as unknown as Json, settings as unknown as Json) ?? {};
}

function patchOf(base: Json, value: Json): Json | undefined {
  if (isObject(base) && isObject(value)) {
    const changed: Record<string, Json> = {};
    for (const [name, inner] of Object.entries(value)) {
      const patch = patchOf(base[name] ?? null, inner);
      if (patch !== undefined) changed[name] = patch;
    }
    return Object.keys(changed).length === 0 ? undefined : changed;
  }
  return JSON.stringify(base) === JSON.stringify(value) ? undefined : value;
}

const isObject = (value: Json): value is Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
