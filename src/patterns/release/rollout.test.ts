import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ReleaseSettings } from '../../kernel/index.ts';
import {
  type InstanceCondition,
  nextStep,
  type Phase,
  phasesBack,
  phasesOf,
  type RolloutInstance,
  type RolloutQuestion,
} from './rollout.ts';

const settings: Pick<ReleaseSettings, 'canary' | 'blueGreen'> & { rolling: ReleaseSettings['rolling'] } = {
  rolling: { maxSurge: 1, maxUnavailable: 0 },
  canary: { instances: 1, steps: [0.1, 0.5], stepMs: 1000, minimumRequests: 10, maxErrorRate: 0.2 },
  blueGreen: { keepOldMs: 3000 },
};

/** `1v1 2v1!`: instance 1 is ready and 2 is down, `~` starts, `-` drains. */
function instances(text: string): readonly RolloutInstance[] {
  const conditions: Record<string, InstanceCondition> = {
    '': 'ready',
    '!': 'down',
    '~': 'starting',
    '-': 'draining',
  };
  return text
    .split(' ')
    .filter((each) => each !== '')
    .map((each) => {
      const [, number, version, mark] = /^(\d+)(v\d)(.?)$/.exec(each) ?? [];
      const condition = conditions[mark ?? ''];
      if (version === undefined || condition === undefined) throw new Error(each);
      return { number: Number(number), version, condition };
    });
}

const question = (replicas: number, wanted: string, leaving = ''): RolloutQuestion => ({
  replicas,
  to: 'v2',
  wanted: instances(wanted),
  leaving: instances(leaving),
});

function step(phase: Phase, asked: RolloutQuestion, rolling = settings.rolling) {
  const { instances: next, traffic, done } = nextStep(phase, asked, { from: 'v1', settings: rolling });
  return { next: next.map(({ number, version }) => `${number}${version}`).join(' '), traffic, done };
}

describe('recreate', () => {
  it.each([
    ['all old ones go first', question(2, '1v1 2v1'), '', false],
    ['nobody comes while one is still leaving', question(2, '', '1v1-'), '', false],
    ['then the new ones come', question(2, ''), '1v2 2v2', false],
    ['not done while one starts', question(2, '1v2 2v2~'), '1v2 2v2', false],
    ['done when all are ready', question(2, '1v2 2v2'), '1v2 2v2', true],
    ['of none, nothing is to do', question(0, ''), '', true],
  ])('REL-1 %s', (_, asked, next, done) => {
    expect(step({ kind: 'recreate' }, asked)).toEqual({ next, traffic: null, done });
  });
});

describe('rolling', () => {
  it.each([
    ['one more than usual comes', question(3, '1v1 2v1 3v1'), '1v1 2v1 3v1 4v2', false],
    ['while it starts, nobody goes', question(3, '1v1 2v1 3v1 4v2~'), '1v1 2v1 3v1 4v2', false],
    ['when it is ready, one old goes', question(3, '1v1 2v1 3v1 4v2'), '2v1 3v1 4v2', false],
    [
      'a number that is still leaving is not taken',
      question(3, '2v1 3v1 4v2', '1v1-'),
      '2v1 3v1 4v2 5v2',
      false,
    ],
    ['not done before the last old one has left', question(1, '2v2', '1v1-'), '2v2', false],
    ['done', question(3, '4v2 5v2 6v2'), '4v2 5v2 6v2', true],
  ])('REL-2 %s', (_, asked, next, done) => {
    expect(step({ kind: 'rolling' }, asked)).toEqual({ next, traffic: null, done });
  });

  it('REL-3 with nothing to spare above, as many as may be missing go first', () => {
    const none = { maxSurge: 0, maxUnavailable: 1 };
    expect(step({ kind: 'rolling' }, question(3, '1v1 2v1 3v1'), none).next).toBe('2v1 3v1');
    expect(step({ kind: 'rolling' }, question(3, '2v1 3v1'), none).next).toBe('2v1 3v1 1v2');
    expect(step({ kind: 'rolling' }, question(3, '2v1 3v1 1v2~'), none).next).toBe('2v1 3v1 1v2');
  });

  it('REL-4 old ones that are not ready go first: they serve nobody', () => {
    expect(step({ kind: 'rolling' }, question(3, '1v1 2v1! 3v1')).next).toBe('1v1 3v1 4v2');
  });

  it('REL-2 REL-3 REL-4 from any state, whatever fails on the way, the bounds hold and it ends', () => {
    const condition = fc.constantFrom<InstanceCondition>('ready', 'ready', 'starting', 'down');
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 0, max: 3 }),
        fc.array(condition, { minLength: 200, maxLength: 200 }),
        (replicas, maxSurge, maxUnavailable, drawn) => {
          fc.pre(maxSurge + maxUnavailable > 0);
          let wanted: readonly RolloutInstance[] = Array.from({ length: replicas }, (_, index) => ({
            number: index + 1,
            version: 'v1',
            condition: drawn[index] ?? 'ready',
          }));
          for (let round = 0; round < 100; round += 1) {
            const asked = { replicas, to: 'v2', wanted, leaving: [] };
            const { instances: next, done } = nextStep({ kind: 'rolling' }, asked, {
              from: 'v1',
              settings: { maxSurge, maxUnavailable },
            });
            expect(next.length).toBeLessThanOrEqual(replicas + maxSurge);
            const readyBefore = wanted.filter((each) => each.condition === 'ready').length;
            const kept = wanted.filter((each) => next.some(({ number }) => number === each.number));
            const readyAfter = kept.filter((each) => each.condition === 'ready').length;
            // What the release takes away never brings it below the bound; it may have been there before.
            if (readyAfter < readyBefore)
              expect(readyAfter).toBeGreaterThanOrEqual(replicas - maxUnavailable);
            expect(new Set(next.map(({ number }) => number)).size).toBe(next.length);
            if (done) return;
            wanted = next.map((each) => {
              const known = wanted.find(({ number }) => number === each.number);
              // What starts is ready a round later.
              if (known === undefined) return { ...each, condition: 'starting' };
              return known.version === 'v2' ? { ...known, condition: 'ready' } : known;
            });
          }
          throw new Error('it never ended');
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('side by side', () => {
  it('REL-6 blue-green: as many new ones come unasked, then get everything, then the old go', () => {
    const [prepare, shared, finish, ...more] = phasesOf('blue-green', 2, settings);
    expect(more).toEqual([]);
    expect(step(prepare as Phase, question(2, '1v1 2v1'))).toEqual({
      next: '1v1 2v1 3v2 4v2',
      traffic: { v1: 1 },
      done: false,
    });
    expect(step(prepare as Phase, question(2, '1v1 2v1 3v2 4v2')).done).toBe(true);
    expect(shared).toMatchObject({ share: 1, analysed: { lastsMs: 3000, waitsForRequests: false } });
    expect(step(shared as Phase, question(2, '1v1 2v1 3v2 4v2'))).toEqual({
      next: '1v1 2v1 3v2 4v2',
      traffic: { v2: 1 },
      done: true,
    });
    expect(step(finish as Phase, question(2, '1v1 2v1 3v2 4v2')).next).toBe('3v2 4v2');
  });

  it('REL-7 canary: a share of the requests, and as large a share of the instances', () => {
    const phases = phasesOf('canary', 5, settings);
    expect(
      phases.map((phase) => ('instances' in phase ? [phase.kind, phase.instances] : phase.kind)),
    ).toEqual([['prepare', 1], ['shared', 1], ['shared', 3], ['shared', 5], 'finish']);
    expect(phases.map((phase) => ('share' in phase ? phase.share : null))).toEqual([
      null,
      0.1,
      0.5,
      0.5,
      null,
    ]);
    expect(step(phases[1] as Phase, question(5, '1v1 2v1 3v1 4v1 5v1 6v2')).traffic).toEqual({
      v1: 0.9,
      v2: 0.1,
    });
  });

  it('REL-8 the old version keeps all its instances until the new one has everything', () => {
    for (const strategy of ['blue-green', 'canary'] as const)
      for (const phase of phasesOf(strategy, 3, settings).slice(0, -1))
        expect(step(phase, question(3, '1v1 2v1! 3v1 5v2')).next).toMatch(/^1v1 2v1 3v1 5v2/);
  });

  it('REL-8 at the end nothing goes to an old one, though old copies of the registry still name it', () => {
    const finish: Phase = { kind: 'finish', analysed: null };
    expect(step(finish, question(1, '2v2', '1v1-'))).toEqual({
      next: '2v2',
      traffic: { v2: 1 },
      done: false,
    });
    expect(step(finish, question(1, '2v2'))).toEqual({ next: '2v2', traffic: null, done: true });
  });

  it('REL-10 the way back: the old version is asked at once, and the new ones go', () => {
    const [back] = phasesBack('canary');
    const asked = { ...question(2, '1v1 2v1 3v2'), to: 'v1' };
    expect(step(back as Phase, asked)).toMatchObject({ next: '1v1 2v1', traffic: { v1: 1 }, done: false });
  });

  it('REL-1 without any instances every strategy has nothing to be careful with', () => {
    expect(phasesOf('canary', 0, settings)).toEqual([{ kind: 'recreate' }]);
  });
});
