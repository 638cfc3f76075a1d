import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byProcess, type Program, programArbitrary } from './testing/program.ts';
import { interpret } from './testing/reference-interpreter.ts';
import { runProgram } from './testing/run-program.ts';

const PROGRAMS = Number(process.env['BULKHEAD_PROGRAMS'] ?? 10_000);

describe('random nested programs', () => {
  it('give one log on the engine, the oracle and the reference interpreter', {
    timeout: 600_000,
  }, async () => {
    let lines = 0;
    const kinds = new Set<string>();
    const count = (program: Program) => {
      kinds.add(program.kind);
      for (const part of Object.values(program).flat()) if (typeof part === 'object') count(part);
    };
    await fc.assert(
      fc.asyncProperty(programArbitrary, async (program) => {
        count(program);
        const engine = await runProgram(program, 'counting');
        const oracle = await runProgram(program, 'exact');
        // To the order within a moment: they differ in nothing but how the clock knows.
        expect(engine).toEqual(oracle);
        expect(byProcess(engine)).toEqual(byProcess(interpret(program)));
        lines += engine.length;
      }),
      { numRuns: PROGRAMS },
    );
    expect(lines).toBeGreaterThan(5 * PROGRAMS);
    expect(kinds.size).toBe(18);
  });
});
