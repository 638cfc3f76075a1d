import { describe, expect, it } from 'vitest';
import { ruleSets, tryOnFixture } from './rules.mjs';

// Each starts a linter or a compiler, which takes its time on a busy machine.
const timeout = 60_000;

describe('the rules of our own', () => {
  it.each(ruleSets)(
    '%s: each violation made on purpose is reported, and nothing else',
    { timeout },
    (ruleSet) => {
      const { marked, problems } = tryOnFixture(ruleSet);
      expect(problems).toEqual([]);
      expect(marked).toBeGreaterThan(10);
    },
  );
});
