import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SERVICE_NAMES } from '../../kernel/index.ts';
import { readCompare, readHash, readRunWish } from './hash.ts';
import { embedSnippet, isOwnComputer, type ShareState, shareLink } from './share-link.ts';
import { DOCK_TABS, ZONES } from './view-store.ts';

const service = fc.constantFrom(...SERVICE_NAMES);

const states: fc.Arbitrary<ShareState> = fc.record({
  page: fc.constantFrom(
    'http://localhost:5173/',
    'https://school.example/shop/index.html?lang=de#select=order:7',
  ),
  run: fc.record({
    host: fc.constantFrom('live', 'lab'),
    setup: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,39}$/),
    composition: fc.constantFrom('microservices', 'monolith'),
    seed: fc.option(fc.integer({ min: 0, max: 4_294_967_295 })),
  }),
  selection: fc.option(
    fc.oneof(
      fc.record({ kind: fc.constant('service' as const), service }),
      fc.record({ kind: fc.constant('edge' as const), from: service, to: service }),
    ),
  ),
  dock: fc.option(fc.constantFrom(...DOCK_TABS)),
  theme: fc.constantFrom('system', 'light', 'dark'),
  projector: fc.boolean(),
  asTable: fc.boolean(),
  compare: fc.boolean(),
  hidden: fc.subarray([...ZONES]),
});

const plain: ShareState = {
  page: 'https://school.example/shop/',
  run: { host: 'live', setup: 'classroom', composition: 'microservices', seed: null },
  selection: null,
  dock: null,
  theme: 'system',
  projector: false,
  asTable: false,
  compare: false,
  hidden: [],
};

describe('a shared link', () => {
  it('opens the very same thing', () => {
    fc.assert(
      fc.property(states, (state) => {
        const { hash, search, origin, pathname } = new URL(shareLink(state));
        const { page, run, selection, dock, theme, projector, asTable, compare, hidden } = state;
        expect(`${origin}${pathname}`).toBe(page.replace(/[?#].*$/, ''));
        expect(readRunWish(hash)).toEqual(run);
        expect(readCompare(hash)).toBe(compare);
        expect(readHash(hash, search)).toEqual({
          selection,
          ...(theme === 'system' ? {} : { theme }),
          ...(dock === null ? {} : { dockTab: dock, dockOpen: true, dockTouched: true }),
          ...(projector ? { projector } : {}),
          ...(asTable ? { asTable } : {}),
          ...(hidden.length === 0 ? {} : { hidden, unknownZones: [] }),
        });
      }),
    );
  });

  it('is the page alone when nothing was changed', () => {
    expect(shareLink(plain)).toBe('https://school.example/shop/');
  });

  it('takes over nothing of the address but its page', () => {
    const page = 'https://school.example/shop/?token=secret#token=secret&hide=top';
    expect(shareLink({ ...plain, page, theme: 'dark' })).toBe('https://school.example/shop/#theme=dark');
  });

  it.each([
    { kind: 'order', orderId: 'ord-1' },
    { kind: 'intent', intentId: 'hand-1' },
    { kind: 'call', spanId: '1' },
    { kind: 'fault', faultId: 'f-1' },
  ] as const)('leaves out what is not there at the beginning: $kind', (selection) => {
    expect(shareLink({ ...plain, selection })).toBe('https://school.example/shop/');
  });
});

it('writes HTML that a browser reads back as the link and the title', () => {
  const link = shareLink({ ...plain, theme: 'dark', hidden: ['top', 'dock'] });
  const html = embedSnippet(link, 'Bulkhead: "quoted" & more');
  expect(html).toContain('src="https://school.example/shop/#theme=dark&amp;hide=top,dock"');
  expect(html).toContain('title="Bulkhead: &quot;quoted&quot; &amp; more"');
});

it.each([
  ['http://localhost:5173/', true],
  ['http://127.0.0.1/', true],
  ['http://[::1]:8080/', true],
  ['http://192.168.0.7:5173/', false],
  ['https://school.example/', false],
])('%s is this computer alone: %s', (page, own) => {
  expect(isOwnComputer(page)).toBe(own);
});
