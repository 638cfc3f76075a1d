import { expect, it } from 'vitest';
import type { FaultId } from '../../kernel/index.ts';
import { classroom, classroomSettings, type RunCommand, scenarioNamed } from '../../setups/index.ts';
import { asMonolith, comparedPlans } from './comparison.ts';
import { type ByHand, withCommands, withCustomers } from './take-to-lab.ts';

const shop = { setup: classroom, commands: [] };
const slow = {
  kind: 'slow',
  target: { kind: 'service', service: 'shipping' },
  addMs: 2000,
  spreadShare: 0,
  share: 1,
  lengthMs: null,
};
const down = { kind: 'down', target: { kind: 'service', service: 'shipping' }, lengthMs: null };
const did = (atMs: number, command: object, faultId: string | null = null): ByHand => ({
  atMs,
  command: command as RunCommand,
  faultId: faultId as FaultId | null,
});

it('ends what was cleared when it was cleared, under whatever name', () => {
  const { commands } = asMonolith(shop, [
    did(8000, { type: 'fault.add', fault: slow }, 'f1'),
    did(9000, { type: 'fault.add', fault: down }, 'f2'),
    did(12_000, { type: 'fault.clear', faultId: 'f1' }),
    did(15_000, { type: 'fault.clear-all' }),
  ]);
  const { serviceTimeMs } = classroomSettings().services.shipping;
  const timeOf = (command: RunCommand) =>
    (command as { patch?: { services: { shipping: { serviceTimeMs: number } } } }).patch?.services.shipping
      .serviceTimeMs;
  expect(commands.map(({ atMs, command }) => [atMs, command.type, timeOf(command)])).toEqual([
    [8000, 'settings.set', serviceTimeMs + 2000],
    [9000, 'fault.add', undefined],
    [12_000, 'settings.set', serviceTimeMs],
  ]);
  expect(commands[1]?.command).toMatchObject({
    fault: { target: { service: 'monolith' }, lengthMs: 6000 },
  });
});

it('lets what nobody cleared go on, and has the setup’s own counterpart', () => {
  expect(asMonolith(shop, [did(8000, { type: 'fault.add', fault: down }, 'f1')]).commands).toMatchObject([
    { atMs: 8000, command: { fault: { lengthMs: null } } },
  ]);
  const named = scenarioNamed('slow-shipping');
  if (named === null) throw new Error('there is no setup slow-shipping');
  expect(asMonolith(named, [])).toEqual(scenarioNamed('slow-shipping', 'monolith'));
});

it('compares a live run of a ready-made setup, whose customers waited for Play', () => {
  for (const composition of ['microservices', 'monolith'] as const) {
    const named = scenarioNamed('slow-shipping', composition);
    const [services, monolith] = [
      scenarioNamed('slow-shipping', 'microservices'),
      scenarioNamed('slow-shipping', 'monolith'),
    ];
    if (named === null || services === null || monolith === null)
      throw new Error('there is no slow-shipping');
    const play = did(1500, { type: 'load.set', running: true });
    expect(comparedPlans(named, { customersCame: false, byHand: [play] })).toEqual({
      services: withCommands(withCustomers(services, false), [play]),
      monolith: withCommands(withCustomers(monolith, false), [play]),
    });
  }
});

it('refuses what was broken in a monolith: services have no such place', () => {
  const monolith = { setup: { ...classroom, composition: 'monolith' as const }, commands: [] };
  const crash = did(1500, { type: 'instance.crash', instance: 'monolith-1' });
  expect(() => comparedPlans(monolith, { customersCame: true, byHand: [crash] })).toThrow('no place');
});
