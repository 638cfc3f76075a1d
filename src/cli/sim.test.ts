import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { decodeRunLog, logHash } from '../run-log/index.ts';
import { classroom } from '../setups/index.ts';
import { bundledSim, type Ran, runSim } from './testing/run-sim.ts';

const SLOW = { timeout: 120_000 };
const TINY = ['--minutes', '0.1'];

let bundle: string;
let folder: string;
beforeAll(async () => {
  bundle = await bundledSim();
  folder = mkdtempSync(path.join(tmpdir(), 'bulkhead-sim-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sim = (...args: string[]): Promise<Ran> => runSim(bundle, args);
const file = (name: string): string => path.join(folder, name);

const resultSchema = z.looseObject({
  logHash: z.string(),
  partial: z.boolean(),
  plan: z.looseObject({}),
  seeds: z.array(z.looseObject({ seed: z.number(), logHash: z.string(), runUs: z.number() })),
  summary: z.looseObject({ seeds: z.number() }),
});
const resultOf = ({ stdout }: Ran) => resultSchema.parse(JSON.parse(stdout));
const hashes = (ran: Ran) => resultOf(ran).seeds.map((seed) => seed.logHash);

describe('npm run sim', () => {
  it(
    'gives the same log hash twice, for one seed and for many at once, on the engine and the oracle',
    SLOW,
    async () => {
      const classroomSeven = ['--setup', 'classroom', '--seed', '7', ...TINY, '--json'];
      const [once, again, exact, many] = [
        await sim(...classroomSeven),
        await sim(...classroomSeven),
        await sim(...classroomSeven, '--pump', 'exact'),
        await sim('--seed', '5', '--seeds', '4', ...TINY, '--json'),
      ];
      expect(once.exitCode).toBe(0);
      expect(again.stdout).toBe(once.stdout);
      expect(resultOf(exact).logHash).toBe(resultOf(once).logHash);
      expect(hashes(many)[2]).toBe(resultOf(once).logHash);
      expect(new Set(hashes(many)).size).toBe(4);
    },
  );

  it('merges ranges of seeds to what one sweep gives', SLOW, async () => {
    const sweep = (seed: number, seeds: number) =>
      sim('--seed', `${seed}`, '--seeds', `${seeds}`, ...TINY, '--composition', 'monolith', '--json');
    // As `npm run` hands it on: with two lines of its own before.
    writeFileSync(
      file('a.json'),
      `\n> bulkhead@0.1.0 sim\n> node scripts/run-cli.mjs sim\n\n${(await sweep(1, 2)).stdout}`,
    );
    writeFileSync(file('b.json'), (await sweep(3, 1)).stdout);
    const whole = await sweep(1, 3);
    expect((await sim('merge', file('b.json'), file('a.json'), '--json')).stdout).toBe(whole.stdout);
    const twice = await sim('merge', file('a.json'), file('a.json'));
    expect(twice).toMatchObject({ exitCode: 2, stdout: '' });
    expect(twice.stderr).toContain('seed 1 is in both.');
  });

  it('writes the log as the codec reads it, and a row per seed', SLOW, async () => {
    const ran = await sim('--seed', '7', ...TINY, '--log', file('7.jsonl'), '--csv', file('7.csv'), '--json');
    const decoded = decodeRunLog(readFileSync(file('7.jsonl'), 'utf8'));
    if (!decoded.ok) throw new Error(decoded.error.message);
    expect(decoded.value.header).toEqual({
      run: 'classroom-7',
      setup: 'classroom',
      seed: 7,
      composition: 'microservices',
      host: 'virtual',
    });
    expect(logHash(decoded.value.events)).toBe(resultOf(ran).logHash);
    const [header, row, rest] = readFileSync(file('7.csv'), 'utf8').split('\r\n');
    expect(rest).toBe('');
    expect(row?.split(',')).toHaveLength(header?.split(',').length ?? 0);
    expect(header).toMatch(/^setup,composition,seed,log_hash,run_s,order_begun,/);
    expect(row).toMatch(new RegExp(`^classroom,microservices,7,${resultOf(ran).logHash},6,`));
  });

  it('takes a setup from a file, and the other composition', SLOW, async () => {
    writeFileSync(file('mine.json'), JSON.stringify({ ...classroom, name: 'mine', seed: 3 }));
    const ran = await sim('--setup', file('mine.json'), '--composition', 'monolith', ...TINY, '--json');
    expect(resultOf(ran)).toMatchObject({
      plan: { setup: { name: 'mine', composition: 'monolith' } },
      seeds: [{ seed: 3 }],
    });
  });

  it('tells a person what happened', SLOW, async () => {
    const { stdout, exitCode } = await sim(
      '--seed',
      '2',
      '--seeds',
      '2',
      '--minutes',
      '0.3',
      '--composition',
      'monolith',
    );
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /^Healthy shop \(classroom\), as a monolith · 2 seeds from 2 to 3, 0.3 min each\n/,
    );
    expect(stdout).toMatch(/^orders +100 % \(100–100\) /m);
    expect(stdout).toMatch(/^Orders: \d+ confirmed, 0 undone, 0 declined/m);
    expect(stdout).toContain('Invariants: all hold');
  });

  it('interrupted, it keeps the seeds that are done and says that they are not all', SLOW, async () => {
    // Some are done when it hears of its progress for the first time, never all.
    const ran = await runSim(
      bundle,
      [
        '--composition',
        'monolith',
        '--seeds',
        '200',
        '--minutes',
        '1',
        '--threads',
        '1',
        '--json',
        '--csv',
        file('cut.csv'),
      ],
      (stderr, interrupt) => {
        if (/ [1-9]\d* of 200 seeds/.test(stderr)) interrupt();
      },
    );
    expect(ran.exitCode).toBe(130);
    expect(ran.stderr).toContain('PARTIAL');
    const { partial, seeds, summary } = resultOf(ran);
    expect(partial).toBe(true);
    expect(seeds.length).toBeGreaterThan(0);
    expect(seeds.length).toBeLessThan(200);
    expect(summary.seeds).toBe(seeds.length);
    expect(seeds.every(({ runUs }) => runUs === 60_000_000)).toBe(true);
    expect(readFileSync(file('cut.csv'), 'utf8').split('\r\n')).toHaveLength(seeds.length + 2);
  });

  it('a single run that is interrupted is kept as far as it came', SLOW, async () => {
    const ran = await runSim(bundle, ['--minutes', '600', '--json'], (stderr, interrupt) => {
      if (stderr.includes('%')) interrupt();
    });
    expect(ran.exitCode).toBe(130);
    const { partial, seeds } = resultOf(ran);
    expect(partial).toBe(true);
    expect(seeds[0]?.runUs).toBeGreaterThan(0);
    expect(seeds[0]?.runUs).toBeLessThan(600 * 60_000_000);
  });

  it('a violated invariant shows in the words and in the exit code', SLOW, async () => {
    const one = resultOf(await sim(...TINY, '--json'));
    const violations = [{ invariant: 'INV-1', message: 'money was lost', events: [] }];
    const [seed] = one.seeds;
    writeFileSync(file('bad.json'), JSON.stringify({ ...one, seeds: [{ ...seed, violations }] }));
    writeFileSync(file('good.json'), JSON.stringify({ ...one, seeds: [{ ...seed, seed: 99 }] }));
    const { exitCode, stdout, stderr } = await sim('merge', file('bad.json'), file('good.json'));
    expect(exitCode).toBe(1);
    expect(stdout).toContain('seed 1: INV-1: money was lost');
    expect(stderr).toContain('1 violation');
  });
});

describe('what npm run sim refuses', () => {
  const refusals: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['an unknown setup', ['--setup', 'nix'], /^There is no setup "nix"; there are classroom, /],
    ['a file that is not there', ['--setup', './nix.json'], /^\.\/nix\.json cannot be read: ENOENT/],
    ['a seed that is none', ['--seed', 'x'], /^--seed must be a whole number from 0 to /],
    [
      'a place that cannot be written to',
      ['--csv', '/nix/nix.csv'],
      /^\/nix\/nix\.csv cannot be written: ENOENT/,
    ],
  ];

  it.each(refusals)('%s, in a sentence and with exit code 2', async (_, args, sentence) => {
    const { exitCode, stdout, stderr } = await sim(...args);
    expect(stderr).toMatch(sentence);
    expect(stderr).toMatch(/^[^\n]+\nnpm run sim -- --help says what there is\.\n$/);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  });

  it('a file that is no JSON, no setup, no result', async () => {
    writeFileSync(file('text.json'), 'hello');
    writeFileSync(file('other.json'), '{"a": 1}');
    expect((await sim('--setup', file('text.json'))).stderr).toContain('text.json is not JSON: ');
    expect((await sim('--setup', file('other.json'))).stderr).toMatch(/other\.json is no setup: /);
    const merge = await sim('merge', file('other.json'), file('other.json'));
    expect(merge.stderr).toContain('other.json cannot be read: it is no result of npm run sim -- --json.');
    expect(merge.exitCode).toBe(2);
  });

  it('a fault that has no place in the composition', async () => {
    const fault = { kind: 'down', target: { kind: 'service', service: 'order' }, lengthMs: null };
    const setup = { ...classroom, name: 'mine', faults: [{ atMs: 5000, fault }] };
    writeFileSync(file('faulty.json'), JSON.stringify(setup));
    const ran = await sim('--setup', file('faulty.json'), '--composition', 'monolith', ...TINY);
    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toMatch(
      /^.*faults\[0\]\.fault\.target\.service must be one of payment-provider, monolith, customers/,
    );
  });
});
