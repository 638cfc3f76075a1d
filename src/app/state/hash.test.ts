import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SERVICE_NAMES } from '../../kernel/index.ts';
import { readComposition, readHash, readSetupName, writeHash } from './hash.ts';
import { createViewStore, DOCK_TABS, type Selection } from './view-store.ts';

it.each<Selection>([
  { kind: 'service', service: 'shipping' },
  { kind: 'edge', from: 'order', to: 'payment-provider' },
  { kind: 'order', orderId: 'ord-1' },
  { kind: 'fault', faultId: 'fault-3' },
])('keeps the selection $kind in the address', (selection) => {
  const view = createViewStore({ selection, theme: 'dark', dockOpen: true, dockTab: 'trace' });
  expect(readHash(writeHash(view.getState(), ''))).toMatchObject({
    selection,
    theme: 'dark',
    dockTab: 'trace',
    dockOpen: true,
  });
});

it('leaves an untouched view out of the address, and other parts in', () => {
  const view = createViewStore();
  expect(writeHash(view.getState(), '')).toBe('');
  expect(writeHash(view.getState(), '#lesson=1')).toBe('#lesson=1');
});

it.each(['#select=service:nothing', '#select=edge:order', '#theme=purple&dock=none', '#%%%'])(
  'ignores nonsense: %s',
  (hash) => {
    expect(readHash(hash)).toEqual({ selection: null });
  },
);

it('the address can say which shop is started', () => {
  expect(readComposition('#composition=monolith&dock=log')).toBe('monolith');
  expect(readComposition('#composition=microservices')).toBe('microservices');
  expect([readComposition(''), readComposition('#composition=other')]).toEqual([null, null]);
  const view = createViewStore({ selection: { kind: 'service', service: 'monolith' } });
  expect(writeHash(view.getState(), '#composition=monolith')).toBe(
    '#composition=monolith&select=service:monolith',
  );
});

it('keeps the projector in the address', () => {
  const view = createViewStore({ projector: true });
  expect(writeHash(view.getState(), '')).toBe('#projector=1');
  expect(readHash('#projector=1')).toMatchObject({ projector: true });
  expect(readHash('#projector=yes')).not.toHaveProperty('projector');
  expect(writeHash(createViewStore().getState(), '#projector=1')).toBe('');
});

it('reads what is to be hidden from the query and the fragment, and keeps it there', () => {
  expect(readHash('#hide=dock,top', '?hide=controls,%20figures,')).toMatchObject({
    hidden: ['top', 'figures', 'controls', 'dock'],
    unknownZones: [],
  });
  expect(readHash('#hide=diagram,time,Dock')).toMatchObject({
    hidden: ['time'],
    unknownZones: ['diagram', 'Dock'],
  });
  const view = createViewStore({ theme: 'dark' });
  expect(writeHash(view.getState(), '#hide=dock,top')).toBe('#hide=dock,top&theme=dark');
});

it('the address can name a setup', () => {
  expect(readSetupName('#setup=slow-payments&dock=log')).toBe('slow-payments');
  expect([readSetupName(''), readSetupName('#setup='), readSetupName('#setup=../etc')]).toEqual([
    null,
    null,
    null,
  ]);
  expect(writeHash(createViewStore().getState(), '#setup=slow-payments')).toBe('#setup=slow-payments');
});

const service = fc.constantFrom(...SERVICE_NAMES);
const views = fc.record({
  selection: fc.option(
    fc.oneof(
      fc.record({ kind: fc.constant('service' as const), service }),
      fc.record({ kind: fc.constant('edge' as const), from: service, to: service }),
      fc.record({ kind: fc.constant('order' as const), orderId: fc.string({ unit: 'grapheme' }) }),
      fc.record({ kind: fc.constant('fault' as const), faultId: fc.string({ unit: 'grapheme' }) }),
    ),
  ),
  theme: fc.constantFrom('system' as const, 'light' as const, 'dark' as const),
  dock: fc.option(fc.constantFrom(...DOCK_TABS)),
  projector: fc.boolean(),
});

it('reads what it has written, whatever stood there before', () => {
  fc.assert(
    fc.property(views, views, ({ dock, ...view }, before) => {
      const open = (tab: typeof dock) => (tab === null ? {} : { dockTab: tab, dockOpen: true });
      const stateOf = (now: typeof view, tab: typeof dock) =>
        createViewStore({ ...now, ...open(tab) }).getState();
      const hash = writeHash(stateOf(view, dock), writeHash(stateOf(before, before.dock), '#lesson=1'));
      const { theme, projector, ...read } = readHash(hash);
      expect({ ...read, theme: theme ?? 'system', projector: projector ?? false }).toEqual({
        ...view,
        ...(dock === null ? {} : { ...open(dock), dockTouched: true }),
      });
      expect(hash).toContain('lesson=1');
    }),
  );
});
