import { expect, it } from 'vitest';
import { add, closingLine, countPlaywright, countStorms, countVitest, nothing } from './test-counts.mjs';

it('adds up and says so in one line', () => {
  const total = add({ passed: 3, failed: 1, skipped: 0 }, { ...nothing, passed: 2 });
  expect(closingLine(total)).toBe('5 passed, 1 failed');
  expect(closingLine({ ...total, skipped: 4 })).toBe('5 passed, 1 failed, 4 skipped');
});

it("reads Vitest's report: a file that cannot be loaded has failed", () => {
  const report = {
    numPassedTests: 4,
    numFailedTests: 1,
    numPendingTests: 2,
    numTodoTests: 1,
    testResults: [
      { status: 'passed', assertionResults: [{ status: 'passed' }] },
      { status: 'failed', assertionResults: [{ status: 'failed' }] },
      { status: 'failed', assertionResults: [] },
    ],
  };
  expect(countVitest(report)).toEqual({ passed: 4, failed: 2, skipped: 3 });
});

it("reads Playwright's report: an error outside every test has failed", () => {
  const report = { stats: { expected: 5, unexpected: 1, flaky: 1, skipped: 2 }, errors: [{}] };
  expect(countPlaywright(report)).toEqual({ passed: 6, failed: 2, skipped: 2 });
});

it('counts each seed of a storm, and each entry of the corpus, as a test', () => {
  const report = {
    reports: [{ violations: [] }, { violations: [{ invariant: 'INV-1' }] }, { violations: [] }],
    corpus: { held: 4, failed: ['corpus 1'] },
  };
  expect(countStorms(report)).toEqual({ passed: 6, failed: 2, skipped: 0 });
});
