import { describe, expect, it } from 'vitest';
import { parseSimArguments } from './sim-arguments.ts';
import { UsageError } from './usage-error.ts';

function refusal(...args: string[]): string {
  try {
    parseSimArguments(args);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return 'was taken';
}

describe('the arguments of npm run sim', () => {
  it('without any: the classroom, its own seed, five minutes', () => {
    expect(parseSimArguments([])).toEqual({
      command: 'run',
      setup: 'classroom',
      seed: null,
      seeds: 1,
      minutes: 5,
      from: 0,
      to: null,
      composition: null,
      pump: 'counting',
      threads: null,
      json: false,
      csv: null,
      log: null,
    });
  });

  it('all of a run’s', () => {
    const line =
      '--setup spike --seed 0 --seeds 30 --minutes 0.5 --from 8 --to 29.5 --composition monolith --pump exact --threads 2 --json --csv a.csv';
    expect(parseSimArguments(line.split(' '))).toEqual({
      command: 'run',
      setup: 'spike',
      seed: 0,
      seeds: 30,
      minutes: 0.5,
      from: 8,
      to: 29.5,
      composition: 'monolith',
      pump: 'exact',
      threads: 2,
      json: true,
      csv: 'a.csv',
      log: null,
    });
  });

  it('of the other commands', () => {
    expect(parseSimArguments(['merge', 'a', 'b', '--json'])).toEqual({
      command: 'merge',
      files: ['a', 'b'],
      json: true,
      csv: null,
    });
    expect(parseSimArguments(['compare'])).toEqual({
      command: 'compare',
      files: [],
      seed: 1,
      seeds: 30,
      threads: null,
      json: false,
    });
    expect(parseSimArguments(['--list'])).toEqual({ command: 'list' });
    expect(parseSimArguments(['merge', '--help'])).toEqual({ command: 'help' });
  });

  it('are refused in a sentence that says what is allowed', () => {
    expect(refusal('--seed', '1.5')).toBe('--seed must be a whole number from 0 to 4294967295, not "1.5".');
    expect(refusal('--seed', '')).toMatch(/^--seed must be a whole number/);
    expect(refusal('--seed', '-1')).toMatch(/^[^.]+\./);
    expect(refusal('--seed', '4294967295', '--seeds', '2')).toBe(
      'The last seed would be 4294967296; the greatest is 4294967295.',
    );
    expect(refusal('--seeds', '0')).toMatch(/^--seeds must be a whole number from 1 to /);
    expect(refusal('--minutes', '0')).toBe('--minutes must be a number from 0.01 to 600, not "0".');
    expect(refusal('--from', '301')).toBe('--from must be a number from 0 to 300, not "301".');
    expect(refusal('--minutes', '1', '--to', '61')).toBe('--to must be a number from 0 to 60, not "61".');
    expect(refusal('--minutes', '1', '--from', '30', '--to', '30')).toBe(
      '--from must be before --to (30) and the end of the run (60 s), not 30.',
    );
    expect(refusal('--composition', 'serverless')).toBe(
      '--composition must be microservices or monolith, not "serverless".',
    );
    expect(refusal('--pump', 'water')).toBe('--pump must be counting or exact, not "water".');
    expect(refusal('--sped', '2')).toBe("Unknown option '--sped'.");
    expect(refusal('--seed')).toMatch(/--seed/);
    expect(refusal('mrge', 'a', 'b')).toBe('There is no command "mrge"; there are merge and compare.');
    expect(refusal('merge', 'a.json')).toBe('merge needs two files or more.');
    expect(refusal('merge', 'a', 'b', '--seed', '1')).toBe('--seed is no option of merge.');
    expect(refusal('compare', 'a', '--seed', '1')).toBe('--seed is no option of compare with files.');
    expect(refusal('--seeds', '2', '--log', 'x')).toBe('--log keeps the log of one run: leave out --seeds.');
  });
});
