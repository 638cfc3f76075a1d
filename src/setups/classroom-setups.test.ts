import { describe, expect, it } from 'vitest';
import { CLASSROOM_SETUPS, parseScenario, SCENARIOS, scenarioNamed, TROUBLE } from './index.ts';

const NAMES = [
  'classroom',
  'slow-payments',
  'shipping-down',
  'retry-storm',
  'declined-cards',
  'last-item',
  'one-bad-instance',
  'gateway-overload',
  'lost-answers',
  'everything-at-once',
];

describe('the ten setups of the classroom', () => {
  it('are numbered, and no setup shares its name or title with another', () => {
    expect(CLASSROOM_SETUPS.map(({ name }) => name)).toEqual(NAMES);
    expect(CLASSROOM_SETUPS.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    for (const field of ['name', 'title'] as const) {
      const all = SCENARIOS.map(({ setup }) => setup[field]);
      expect(new Set(all).size).toBe(all.length);
    }
  });

  it('are those of their name, pass the schema and survive JSON', () => {
    expect(JSON.parse(JSON.stringify(CLASSROOM_SETUPS))).toEqual(CLASSROOM_SETUPS);
    for (const { name, title, text, scenario } of CLASSROOM_SETUPS) {
      for (const composition of ['microservices', 'monolith'] as const) {
        const { setup, commands } = scenario[composition];
        expect(scenario[composition]).toEqual(scenarioNamed(name, composition));
        expect(setup).toMatchObject({ name, title, text, composition });
        expect(parseScenario(JSON.parse(JSON.stringify({ ...setup, commands })))).toEqual({
          ok: true,
          value: { setup, commands },
        });
      }
    }
  });

  it('all but the first begin their trouble at 0:08, and ask before it', () => {
    for (const { name, scenario, prediction } of CLASSROOM_SETUPS) {
      const { setup, commands } = scenario.microservices;
      const times = [...setup.faults, ...commands].map(({ atMs }) => atMs);
      const isFirst = name === 'classroom';
      expect({ name, troubled: times.includes(TROUBLE.fromMs) }).toEqual({ name, troubled: !isFirst });
      expect(prediction === null).toBe(isFirst);
    }
  });

  it('a prediction’s answer is one of its choices, which differ', () => {
    for (const { prediction } of CLASSROOM_SETUPS) {
      if (prediction === null) continue;
      const ids = prediction.choices.map(({ id }) => id);
      expect(ids).toContain(prediction.answer);
      expect(ids.length).toBeGreaterThan(1);
      expect(new Set(ids).size).toBe(ids.length);
    }
  });

  it('what differs in the monolith without a note is only how it is told', () => {
    const troubleOf = (name: string, composition: 'microservices' | 'monolith') => {
      const scenario = scenarioNamed(name, composition);
      return (scenario?.setup.faults.length ?? 0) + (scenario?.commands.length ?? 0);
    };
    for (const { name, monolithNote } of CLASSROOM_SETUPS) {
      const isBrokenAlike = troubleOf(name, 'monolith') >= troubleOf(name, 'microservices');
      expect({ name, noted: monolithNote !== null }).toEqual({ name, noted: !isBrokenAlike });
    }
  });
});
