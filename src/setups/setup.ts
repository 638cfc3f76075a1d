import * as z from 'zod/mini';
import type { CompositionName } from '../compositions/index.ts';
import type { ScheduledFault } from '../faults/index.ts';
import type { Result, RunSettings } from '../kernel/index.ts';
import { scheduledFaultSchema } from './fault-schema.ts';
import { classroomSettings } from './presets.ts';
import { runSettingsSchema } from './run-settings-schema.ts';
import { parseWith, type Refusal } from './schema-message.ts';

/** Where a run begins: a run is its setup and nothing else. */
export interface Setup {
  /** In addresses and in the log. */
  readonly name: string;
  readonly title: string;
  /** One or two sentences on what to look at. */
  readonly text: string;
  readonly seed: number;
  readonly composition: CompositionName;
  readonly settings: RunSettings;
  /** By the time at which each begins. */
  readonly faults: readonly ScheduledFault[];
}

const COMPOSITIONS = ['microservices', 'monolith'] as const satisfies readonly CompositionName[];

export const setupSchema: z.ZodMiniType<Setup> = z.strictObject({
  name: z
    .string()
    .check(z.regex(/^[a-z0-9-]{1,40}$/, { error: 'must be 1 to 40 lowercase letters, digits or hyphens' })),
  title: z.string().check(z.minLength(1), z.maxLength(80)),
  text: z.string().check(z.maxLength(400)),
  seed: z.int().check(z.minimum(0), z.maximum(4_294_967_295)),
  // Setups that are older than the choice are of services.
  composition: z._default(z.enum(COMPOSITIONS), 'microservices'),
  settings: runSettingsSchema,
  faults: z.array(scheduledFaultSchema).check(z.maxLength(50)),
});

export const parseSetup = (input: unknown): Result<Setup, Refusal> =>
  parseWith(setupSchema, input, 'the setup');

/** The healthy shop, with numbers that can be watched. */
export const classroom: Setup = {
  name: 'classroom',
  title: 'Healthy shop',
  text: 'Everything works; follow one order.',
  seed: 1,
  composition: 'microservices',
  settings: classroomSettings(),
  faults: [],
};
