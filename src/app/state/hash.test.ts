import { expect, it } from 'vitest';
import { readComposition, readHash, writeHash } from './hash.ts';
import { createViewStore, type Selection } from './view-store.ts';

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
