import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type CorpusEntry, corpusJson, parseCorpus } from './corpus.ts';
import { stormPlan } from './storm-plan.ts';

const entryOf = (seed: number): CorpusEntry => {
  const { faults, ...plan } = stormPlan(seed);
  return {
    found: 'INV-1 no',
    foundOn: '2025-01-31',
    fixedOn: null,
    // A name is not kept with the numbers, which say more; nor are the classes.
    plan: {
      ...plan,
      classes: [],
      settings: { ...plan.settings, safetyNets: 'custom' },
      faults: faults.slice(0, 50),
    },
  };
};

describe('the corpus', () => {
  it('gives each storm back as it was', () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const entry = entryOf(seed);
      const parsed = parseCorpus(JSON.parse(JSON.stringify(corpusJson([entry]))));
      if (!parsed.ok) throw new Error(parsed.error);
      const [read] = parsed.value;
      expect({ ...read?.plan, settings: { ...read?.plan.settings, safetyNets: 'custom' } }).toEqual(
        entry.plan,
      );
    }
  });

  it('says what is wrong with an entry', () => {
    const [entry] = corpusJson([entryOf(1)]) as unknown as [Record<string, unknown>];
    expect(parseCorpus([{ ...entry, stormMs: 'long' }])).toMatchObject({ ok: false });
    expect(parseCorpus([{ ...entry, settings: { hops: 1 } }])).toEqual({
      ok: false,
      error: expect.stringContaining('[0].settings: hops is not a field'),
    });
    expect(parseCorpus([{ ...entry, faults: [{ atMs: 1, fault: { kind: 'meteor' } }] }])).toMatchObject({
      ok: false,
    });
  });

  it('that is kept can be read', () => {
    const file = new URL('./corpus.json', import.meta.url);
    const kept: unknown = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
    expect(parseCorpus(kept)).toMatchObject({ ok: true });
  });
});
