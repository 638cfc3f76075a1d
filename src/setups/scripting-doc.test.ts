import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  applySettingsPatch,
  classroomSettings,
  parseRunCommand,
  RUN_COMMAND_TYPES,
  runCommandSchemas,
} from './index.ts';

// docs/scripting.md stays true: its examples are accepted, and no command or field is missing from it.

const doc = readFileSync(new URL('../../docs/scripting.md', import.meta.url), 'utf8');
const sections = new Map(
  doc
    .split(/^### /m)
    .slice(1)
    .map((section) => [/^`([^`]+)`/.exec(section)?.[1] ?? '', section] as const),
);
const examplesOf = (section: string): unknown[] =>
  [...section.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text]) => JSON.parse(text ?? '') as unknown);

it('has a section for each command and for nothing else', () => {
  expect([...sections.keys()]).toEqual(RUN_COMMAND_TYPES);
});

describe.each([...sections])('%s', (type, section) => {
  it('has examples that are accepted', () => {
    const examples = examplesOf(section);
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      expect(parseRunCommand(example)).toMatchObject({ ok: true, value: { type } });
      if (type === 'settings.set') {
        expect(applySettingsPatch(classroomSettings(), (example as { patch: unknown }).patch)).toMatchObject({
          ok: true,
        });
      }
    }
  });

  it('names every field', () => {
    const schema = Object.entries(runCommandSchemas).find(([name]) => name === type)?.[1];
    const fields = Object.keys(schema?.shape ?? {}).filter((field) => field !== 'type');
    for (const field of fields) expect(section).toContain(`\`${field}\``);
  });
});
