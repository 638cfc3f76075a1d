import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Json, RunSettings } from '../../../kernel/index.ts';
import {
  applySettingsPatch,
  classroomSettings,
  edgePolicy,
  edgePolicyRefusals,
  SAFETY_NET_PRESETS,
} from '../../../setups/index.ts';
import { openTestShop, renderIn, stubMedia } from '../../testing/render-shop.tsx';
import { NETS } from './net-parameters.ts';
import NetsDialog from './nets-dialog.tsx';
import { draftOf, pathOf, wishOf } from './nets-draft.ts';
import { netsBefore, netsOfAll, ownNets } from './nets-patch.ts';

beforeEach(() => stubMedia());

const user = userEvent.setup({ delay: null });

async function openEditor(settings: Partial<RunSettings> = {}) {
  const shop = await openTestShop(undefined, { settings });
  const closed = { times: 0 };
  renderIn(
    shop,
    <NetsDialog
      from="order"
      to="shipping"
      onClose={() => {
        closed.times += 1;
      }}
    />,
  );
  return { shop, closed };
}

// By label and text: to ask for roles among so many fields takes seconds.
const field = (name: string) => screen.getByLabelText(name) as HTMLInputElement;
const apply = () => screen.getByText('Apply') as HTMLButtonElement;

async function type(name: string, text: string): Promise<void> {
  await user.clear(field(name));
  if (text !== '') await user.type(field(name), text);
}

describe('the editor of an edge’s safety nets', () => {
  it('has every parameter that a policy has, and none that it has not', () => {
    const all = { ...edgePolicy('classroom'), rateLimit: { perSecond: 1, burst: 1 } };
    const { order: _, ...policy } = {
      ...all,
      throttle: { multiplier: 2, windowMs: 1000 },
      hedge: { delayMs: 100 },
    };
    const paths = Object.entries(policy).flatMap(([name, net]) =>
      typeof net === 'object' && net !== null ? Object.keys(net).map((key) => `${name}.${key}`) : [name],
    );
    const edited = NETS.flatMap((net) => net.parameters.map((parameter) => pathOf(net, parameter)));
    expect(edited.sort()).toEqual(paths.sort());
  });

  it.each(SAFETY_NET_PRESETS)('leaves %s as it is when nothing is changed', (preset) => {
    const policy = edgePolicy(preset);
    expect(wishOf(draftOf(policy), policy)).toEqual(policy);
  });

  it('what a net begins with when it is switched on is allowed', () => {
    const none = edgePolicy('none');
    const { values, on } = draftOf(none);
    const allOn = Object.fromEntries(Object.keys(on).map((net) => [net, true]));
    expect(edgePolicyRefusals(wishOf({ values, on: allOn }, none))).toEqual([]);
  });

  it('shows the values of now beside those of each preset', async () => {
    await openEditor();
    const row = field('Wait when open').closest('tr') as HTMLElement;
    expect(field('Wait when open').value).toBe('10000');
    expect(
      within(row)
        .getAllByRole('cell')
        .slice(1)
        .map((cell) => cell.textContent),
    ).toEqual(['–', '10000', '60000']);
    expect(apply().disabled).toBe(true);
  });

  it('sends what was changed as one command, and undoes it', async () => {
    const { shop, closed } = await openEditor();
    await type('Wait when open', '4000');
    await user.click(field('Bulkhead'));
    await user.click(field('Half-open by itself'));
    await user.selectOptions(field('Backoff'), 'exponential');
    await user.click(apply());
    const classroom = edgePolicy('classroom');
    const wanted = {
      ...classroom,
      bulkhead: null,
      retry: { ...classroom.retry, backoff: 'exponential' },
      breaker: {
        ...classroom.breaker,
        waitDurationInOpenStateMs: 4000,
        automaticTransitionFromOpenToHalfOpen: false,
      },
    };
    expect(shop.commands).toEqual([
      { type: 'settings.set', patch: { edges: { 'order->shipping': wanted } } },
    ]);
    expect(closed.times).toBe(1);
    const { text, undo } = shop.view.getState().toasts.at(-1) ?? {};
    expect(text).toBe('Safety nets changed: Order → Shipping');
    undo?.();
    await Promise.resolve();
    expect(shop.commands.at(-1)).toEqual({ type: 'settings.set', patch: { safetyNets: 'classroom' } });
  });

  it('says what is wrong beside the field, and sends nothing', async () => {
    const { shop } = await openEditor();
    await type('Window size', '2000');
    await type('Failures from', '0');
    await type('Attempts', '');
    await type('Wait when open', 'soon');
    for (const [name, message] of [
      ['Window size', 'must be at most 1000, not 2000.'],
      ['Failures from', 'must be at least 1, not 0.'],
      ['Attempts', 'is missing; it must be a number.'],
      ['Wait when open', 'must be a number'],
    ] as const) {
      expect(field(name).getAttribute('aria-invalid')).toBe('true');
      const described = (field(name).getAttribute('aria-describedby') ?? '')
        .split(' ')
        .map((id) => document.getElementById(id)?.textContent)
        .join(' ');
      expect(described).toContain(message);
    }
    expect(screen.getByText('4 values are not possible.')).toBeTruthy();
    expect(apply().disabled).toBe(true);
    await user.type(field('Window size'), '{Enter}');
    expect(shop.commands).toEqual([]);
    await type('Window size', '1000');
    expect(field('Window size').getAttribute('aria-invalid')).toBe('false');
  });

  it('draws the rings outermost first, as the form stands', async () => {
    await openEditor();
    const rings = () => screen.getByTestId('rings').getAttribute('aria-label');
    expect(rings()).toBe(
      'From the outside in: Fallback (off), Retry (2 attempts), Hedge (off), Throttling (off), Circuit breaker (50 % of 20), Rate limiter (off), Timeout (1 s), Bulkhead (25 at once), then the call.',
    );
    await user.click(field('Client-side throttling'));
    await type('K', '3');
    await type('Per attempt', '250');
    expect(rings()).toContain('Throttling (K = 3)');
    expect(rings()).toContain('Timeout (0.25 s)');
  });

  it('takes all of a preset', async () => {
    const { shop } = await openEditor();
    await user.click(field('Take all of production'));
    expect(field('Window size').value).toBe('100');
    await user.click(apply());
    expect(shop.commands).toEqual([
      { type: 'settings.set', patch: { edges: { 'order->shipping': edgePolicy('production') } } },
    ]);
  });

  it('an edge with nets of its own can have those of all edges again', async () => {
    const edges = { 'order->shipping': edgePolicy('none') };
    const { shop } = await openEditor({ edges, safetyNets: 'custom' });
    expect(screen.getByText(/This edge has nets of its own/)).toBeTruthy();
    await user.click(screen.getByText('As all edges'));
    expect(shop.commands.at(-1)).toEqual({ type: 'settings.set', patch: { safetyNets: 'classroom' } });
    shop.view.getState().toasts.at(-1)?.undo?.();
    await Promise.resolve();
    expect(shop.commands.at(-1)).toEqual({ type: 'settings.set', patch: { edges } });
  });

  it('what the run refuses is said in the window, which stays', async () => {
    const shop = await openTestShop(undefined, {
      answer: () => ({ ok: false, error: { message: 'Not in the past.' } }),
    });
    const onClose = () => expect.unreachable();
    renderIn(shop, <NetsDialog from="order" to="shipping" onClose={onClose} />);
    await type('Attempts', '5');
    await user.click(apply());
    expect(screen.getByRole('alert').textContent).toBe('Not in the past.');
    expect(field('Attempts').value).toBe('5');
  });
});

describe('undoing a change of an edge’s nets', () => {
  const key = 'order->shipping';
  const own = { ...edgePolicy('classroom'), timeoutMs: 300 };
  const after = (settings: RunSettings, command: { readonly patch: Json }): RunSettings => {
    const patched = applySettingsPatch(settings, command.patch);
    if (!patched.ok) throw new Error(patched.error.message);
    return patched.value;
  };
  const classroom = classroomSettings();
  const elsewhere = after(classroom, ownNets('order->product', edgePolicy('none') as never));

  it.each([
    ['a preset', classroom],
    ['an edge elsewhere that has its own', elsewhere],
    ['own nets before', after(classroom, ownNets(key, own as never))],
  ])('gives back the very settings: %s', (_, before) => {
    const changed = after(before, ownNets(key, edgePolicy('none') as never));
    expect(changed.edges[key]).toEqual(edgePolicy('none'));
    expect(after(changed, netsBefore(changed, before, key))).toEqual(before);
  });

  it('leaves what somebody did to another edge meanwhile', () => {
    const changed = after(classroom, ownNets(key, own as never));
    const meanwhile = after(changed, ownNets('order->product', own as never));
    const undone = after(meanwhile, netsBefore(meanwhile, classroom, key));
    expect(undone.edges).toEqual({ 'order->product': own });
    expect(after(undone, netsOfAll(undone, 'order->product'))).toEqual(classroom);
  });
});
