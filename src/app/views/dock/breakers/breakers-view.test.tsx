import { act, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';
import type { CircuitBreakerSettings, CircuitFigures } from '../../../../kernel/index.ts';
import { circuitFigures, type Script } from '../../../../projections/testing/script.ts';
import { edgePolicy } from '../../../../setups/index.ts';
import { openTestShop, renderIn, stubMedia } from '../../../testing/render-shop.tsx';
import BreakersView from './breakers-view.tsx';

beforeEach(() => stubMedia());

const CLASSROOM = edgePolicy('classroom').breaker as CircuitBreakerSettings;

/** Writes calls that a window of 20 counts: `s` and `f`, `S` and `F` slow, `i` ignored; a tenth of a second apart. */
function calls(script: Script, fromS: number, letters: string, figures: Partial<CircuitFigures> = {}): void {
  const counted: string[] = [];
  for (const [index, letter] of [...letters].entries()) {
    if (letter !== 'i') counted.push(letter);
    const failures = counted.filter((one) => one.toLowerCase() === 'f').length;
    const slowCalls = counted.filter((one) => one === one.toUpperCase()).length;
    const n = counted.length;
    script.write(
      { at: fromS + index / 10, by: 'order-1' },
      {
        type:
          letter === 'i'
            ? 'breaker.call.ignored'
            : letter.toLowerCase() === 'f'
              ? 'breaker.call.failed'
              : 'breaker.call.succeeded',
        to: 'shipping',
        durationMs: 10,
        figures: circuitFigures({
          calls: n,
          failures,
          slowCalls,
          failureRate: n < 10 ? -1 : (100 * failures) / n,
          slowCallRate: n < 10 ? -1 : (100 * slowCalls) / n,
          ...figures,
        }),
      },
    );
  }
}

function opened(script: Script): void {
  calls(script, 10, 'ssssfffffsfi');
  const figures = circuitFigures({ state: 'OPEN', calls: 11, failures: 6, failureRate: (100 * 6) / 11 });
  script.write(
    { at: 20, by: 'order-1' },
    { type: 'breaker.failure-rate.exceeded', to: 'shipping', figures: { ...figures, state: 'CLOSED' } },
  );
  script.breaker(20, 'order-1', 'shipping', 'CLOSED', 'OPEN', figures, 30);
  calls(script, 5, '');
  script.breaker(2, 'gateway-1', 'order', 'CLOSED', 'CLOSED');
}

const shown = () => screen.getByTestId('breaker');

describe('the view of a breaker', () => {
  it('lights the state, marks the last way, and says all of it in words', async () => {
    renderIn(await openTestShop(opened, { nowS: 24.6 }), <BreakersView />);
    const chart = screen.getByTestId('state-chart');
    const lit = [...chart.querySelectorAll('[data-lit="true"]')].map((state) => state.textContent);
    expect(lit).toEqual(['OPEN']);
    expect(chart.querySelector('.chart-arrow[data-last="true"]')?.textContent).toBe('≥ 50 % fail');
    expect(chart.getAttribute('aria-label')).toBe(
      'The breaker is OPEN. Its last change was from CLOSED to OPEN. By itself it goes: CLOSED to OPEN: ≥ 50 % fail; OPEN to HALF-OPEN: after 10 s; HALF-OPEN to OPEN: probes fail; HALF-OPEN to CLOSED: probes succeed. By hand it can go from here to CLOSED, HALF-OPEN, DISABLED, METRICS-ONLY, FORCED-OPEN.',
    );
  });

  it('draws the window outcome by outcome, with the minimum, and the rates against their thresholds', async () => {
    renderIn(await openTestShop(opened, { nowS: 24.6 }), <BreakersView />);
    const window = screen.getByTestId('breaker-window');
    expect(window.getAttribute('aria-label')).toBe(
      'Window of the last 20 calls: 11 counted, 6 failed, 0 slow. It may decide: at least 10 were counted.',
    );
    const outcomes = [...window.querySelectorAll('[data-outcome]')].map((one) =>
      one.getAttribute('data-outcome')?.at(0),
    );
    expect(outcomes.join('')).toBe('ssssfffffsfi');
    expect(window.querySelectorAll('.outcome-none')).toHaveLength(9);
    expect(window.textContent).toContain('from 10 calls');
    expect(within(shown()).getByRole('img', { name: 'Failures: 55 %, opens at 50 %' })).toBeTruthy();
    expect(within(shown()).getByRole('img', { name: 'Slow: 0 %, opens at 100 %' })).toBeTruthy();
  });

  it('has no rate below the minimum, and marks what was slow', async () => {
    renderIn(await openTestShop((script) => calls(script, 10, 'sFfSs')), <BreakersView />);
    expect(within(shown()).getByRole('img', { name: 'Failures: no rate yet, opens at 50 %' })).toBeTruthy();
    expect(within(shown()).getAllByText('–')).toHaveLength(2);
    expect(screen.getByTestId('breaker-window').querySelectorAll('.outcome-slow')).toHaveLength(2);
    expect(within(shown()).getByText('5 of the 10 calls that it needs to decide.')).toBeTruthy();
  });

  it('counts the wait down in run time, in the past too', async () => {
    const shop = await openTestShop(opened, { nowS: 24.6 });
    renderIn(shop, <BreakersView />);
    expect(screen.getByTestId('breaker-wait').textContent).toContain('5.4 s until probes');
    await act(() => shop.run.scrub(21_000_000));
    expect(await screen.findByText('9.0 s')).toBeTruthy();
    await act(() => shop.run.scrub(19_000_000));
    expect(await screen.findByText('Opens when 50 % of its calls fail.')).toBeTruthy();
    expect(screen.getByTestId('state-chart').dataset['state']).toBe('CLOSED');
  });

  it('HALF_OPEN: says how many probes have ended, whether more may go, and when the verdict falls', async () => {
    const shop = await openTestShop(
      (script) => {
        opened(script);
        script.breaker(30, 'order-1', 'shipping', 'OPEN', 'HALF_OPEN', { windowSize: 3 });
        calls(script, 31, 's', { state: 'HALF_OPEN', windowSize: 3, failureRate: -1 });
      },
      { nowS: 32 },
    );
    renderIn(shop, <BreakersView />);
    const probes = () => screen.getByTestId('breaker-probes');
    expect(probes().textContent).toContain('1/3');
    expect(probes().textContent).toContain('2 are free or under way. The verdict falls after 3 outcomes.');
    expect(probes().textContent).toContain('CB-15');
    shop.script.write(
      { at: 31.5, by: 'order-1' },
      {
        type: 'breaker.call.not-permitted',
        to: 'shipping',
        figures: circuitFigures({ state: 'HALF_OPEN', calls: 1, windowSize: 3, notPermitted: 1 }),
      },
    );
    act(() => shop.hear());
    expect(await screen.findByText(/^2 probes are under way; every other call is refused/)).toBeTruthy();
  });

  it('tells its changes and why, and leads to their moments', async () => {
    const shop = await openTestShop(
      (script) => {
        opened(script);
        script.breaker(30, 'order-1', 'shipping', 'OPEN', 'HALF_OPEN');
      },
      { nowS: 40 },
    );
    renderIn(shop, <BreakersView />);
    const changes = within(screen.getByRole('list', { name: 'Changes, the newest first' })).getAllByRole(
      'button',
    );
    expect(changes.map((button) => button.textContent)).toEqual([
      '0:30.0HALF-OPENthe wait was over',
      '0:20.0OPEN55 %: 6 of 11 calls failed',
    ]);
    await userEvent.click(changes[1] as HTMLElement);
    await waitFor(() => expect(shop.run.getState()).toMatchObject({ following: false, nowUs: 20_000_000 }));
    await waitFor(() => expect(screen.getByTestId('state-chart').dataset['state']).toBe('OPEN'));
  });

  it('lists those in trouble first, and shows the one that is chosen', async () => {
    renderIn(await openTestShop(opened), <BreakersView />);
    const list = screen.getByRole('list', { name: 'Circuit breakers' });
    const rows = within(list).getAllByRole('button');
    expect(rows.map((row) => row.textContent?.slice(0, 18))).toEqual([
      'order-1 → Shipping',
      'gateway-1 → OrderC',
    ]);
    await userEvent.click(rows[1] as HTMLElement);
    expect(shown().getAttribute('aria-label')).toBe('gateway-1 → Order');
  });

  it('a window by time has a column for each second, and loses it without a call', async () => {
    const breaker = { ...CLASSROOM, slidingWindowType: 'TIME_BASED', slidingWindowSize: 5 } as const;
    const settings = { edge: { ...edgePolicy('classroom'), breaker } };
    const write = (script: Script) => calls(script, 10, 'sffsssssssssf');
    const at = async (nowS: number) => {
      const { unmount } = renderIn(await openTestShop(write, { nowS, settings }), <BreakersView />);
      const columns = [...screen.getByTestId('breaker-window').querySelectorAll('[data-second]')].map(
        ({ attributes }) =>
          ['data-second', 'data-calls', 'data-failed'].map((name) =>
            Number(attributes.getNamedItem(name)?.value),
          ),
      );
      const label = screen.getByTestId('breaker-window').getAttribute('aria-label');
      unmount();
      return { columns, label };
    };
    expect((await at(14.999)).columns).toEqual([
      [10, 10, 2],
      [11, 3, 1],
      [12, 0, 0],
      [13, 0, 0],
      [14, 0, 0],
    ]);
    expect((await at(15)).label).toBe(
      'Window of the last 5 seconds: 3 counted, 1 failed, 0 slow. It decides from 10 calls on.',
    );
  });

  it('sets a state by hand; what is refused is said in the view', async () => {
    const message = 'The circuit breaker of order-1 to shipping cannot go from OPEN to OPEN.';
    const shop = await openTestShop(opened, {
      answer: (command) =>
        (command as { state?: string }).state === 'DISABLED'
          ? { ok: false, error: { message } }
          : { ok: true, value: {} },
    });
    renderIn(shop, <BreakersView />);
    const hand = within(screen.getByRole('group', { name: 'Set its state by hand' }));
    expect((hand.getByRole('button', { name: 'OPEN' }) as HTMLButtonElement).disabled).toBe(true);
    await userEvent.click(hand.getByRole('button', { name: 'FORCED-OPEN' }));
    await userEvent.click(hand.getByRole('button', { name: 'DISABLED' }));
    expect(screen.getByRole('alert').textContent).toBe(message);
    await userEvent.click(hand.getByRole('button', { name: 'Reset' }));
    expect(screen.queryByRole('alert')).toBeNull();
    const place = { instance: 'order-1', to: 'shipping' };
    expect(shop.commands).toEqual([
      { type: 'breaker.set-state', state: 'FORCED_OPEN', ...place },
      { type: 'breaker.set-state', state: 'DISABLED', ...place },
      { type: 'breaker.reset', ...place },
    ]);
  });

  it('follows the settings of now: the countdown of an OPEN breaker changes with its wait', async () => {
    const shop = await openTestShop(opened, { nowS: 24 });
    renderIn(shop, <BreakersView />);
    expect(await screen.findByText('6.0 s')).toBeTruthy();
    const settings = shop.run.getState().projections.facts.settings;
    const breaker = { ...CLASSROOM, waitDurationInOpenStateMs: 30_000 };
    shop.script.write(
      { at: 23, by: 'run-1' },
      {
        type: 'run.settings.changed',
        settings: { ...settings, edge: { ...edgePolicy('classroom'), breaker } } as never,
      },
    );
    act(() => shop.hear());
    expect(await screen.findByText('26.0 s')).toBeTruthy();
    expect(screen.getByTestId('state-chart').textContent).toContain('after 30 s');
  });

  it('opens the editor of its edge’s nets', async () => {
    renderIn(await openTestShop(opened), <BreakersView />);
    await userEvent.click(screen.getByRole('button', { name: 'Change…' }));
    const editor = await screen.findByText('Safety nets: Order → Shipping', {}, { timeout: 20_000 });
    expect(editor.closest('[role="dialog"]')).not.toBeNull();
  });

  it('says what is when the edge has no breaker any more', async () => {
    const settings = { edge: edgePolicy('none') };
    renderIn(await openTestShop(opened, { settings }), <BreakersView />);
    expect(screen.getByText(/This edge has no circuit breaker now/)).toBeTruthy();
    expect(screen.queryByTestId('state-chart')).toBeNull();
  });
});
