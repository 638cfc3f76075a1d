import { describe, expect, it } from 'vitest';
import { compositions, instancesOf } from '../compositions/index.ts';
import {
  CLASSROOM_SETUPS,
  classroom,
  forComposition,
  misplacedFault,
  parseScenario,
  SCENARIOS,
  scenarioNamed,
  TROUBLE,
} from './index.ts';

const both = SCENARIOS.flatMap((scenario) => [scenario, forComposition(scenario, 'monolith')]);

describe('setups with a name', () => {
  it('pass their own schema, and have a place for each fault, in both compositions', () => {
    expect(both.map(({ setup }) => setup.composition)).toContain('monolith');
    for (const scenario of both) {
      const { setup, commands } = scenario;
      expect(parseScenario(JSON.parse(JSON.stringify({ ...setup, commands })))).toEqual({
        ok: true,
        value: scenario,
      });
      const { composition } = compositions[setup.composition];
      const places = {
        services: composition.services,
        instances: instancesOf(composition, setup.settings),
      };
      for (const { fault } of setup.faults) expect(misplacedFault(fault, places, 'fault')).toBe(null);
    }
  });

  it('break both compositions at the same time, for as long', () => {
    const times = (name: string, composition: 'microservices' | 'monolith') => {
      const scenario = scenarioNamed(name, composition);
      const ofFaults = (scenario?.setup.faults ?? []).flatMap(({ atMs, fault }) =>
        'lengthMs' in fault ? [atMs, atMs + (fault.lengthMs ?? 0)] : [atMs],
      );
      return ofFaults.length > 0 ? ofFaults : (scenario?.commands ?? []).map(({ atMs }) => atMs);
    };
    const hasNone = CLASSROOM_SETUPS.filter(({ monolithNote }) => monolithNote !== null);
    for (const { setup } of SCENARIOS) {
      if (hasNone.some(({ name }) => name === setup.name)) continue;
      expect(times(setup.name, 'monolith')).toEqual(times(setup.name, 'microservices'));
    }
    expect(times('slow-shipping', 'monolith')).toEqual([TROUBLE.fromMs, TROUBLE.fromMs + TROUBLE.lengthMs]);
  });

  it('have a counterpart in the other composition, and lead back; others keep what they are', () => {
    for (const scenario of SCENARIOS) {
      expect(forComposition(forComposition(scenario, 'monolith'), 'microservices')).toEqual(scenario);
    }
    const own = { setup: { ...classroom, title: 'Mine' }, commands: [] };
    expect(forComposition(own, 'monolith')).toEqual({
      setup: { ...classroom, title: 'Mine', composition: 'monolith' },
      commands: [],
    });
    expect(scenarioNamed('nix')).toBe(null);
  });
});

describe('a setup in a file', () => {
  const refusal = (input: unknown): string => {
    const parsed = parseScenario(input);
    return parsed.ok ? 'was read' : parsed.error.message;
  };

  it('may say what is done while it runs, in any order', () => {
    const later = { atMs: 9, command: { type: 'load.set', running: true } };
    const sooner = { atMs: 3, command: { type: 'load.set', running: false } };
    const parsed = parseScenario({ ...classroom, commands: [later, sooner] });
    expect(parsed).toEqual({ ok: true, value: { setup: classroom, commands: [sooner, later] } });
    expect(parseScenario(classroom)).toEqual({ ok: true, value: { setup: classroom, commands: [] } });
  });

  it('is refused in a sentence', () => {
    expect(refusal([])).toMatch(/must be an object/);
    expect(refusal({ ...classroom, commands: {} })).toBe('commands must be a list.');
    expect(refusal({ ...classroom, commands: [{ atMs: -1 }] })).toBe(
      'commands[0] must have a time atMs of at least 0 and a command.',
    );
    expect(refusal({ ...classroom, commands: [{ atMs: 1, command: { type: 'order.plase' } }] })).toMatch(
      /^commands\[0\]\.command: type "order.plase" is unknown/,
    );
    expect(refusal({ ...classroom, sped: 1 })).toMatch(/^sped is not a field of the setup/);
  });
});
