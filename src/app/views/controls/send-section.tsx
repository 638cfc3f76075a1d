import { CreditCard, Eye, Zap } from 'lucide-react';
import { CLASSROOM_LOAD, MOST_LIVE_ORDERS_PER_SECOND, type RateName, SPIKE } from '../../state/actions.ts';
import { useActions, useRun } from '../../state/hooks.ts';

const RATES: readonly { readonly name: RateName; readonly label: string; readonly step: number }[] = [
  { name: 'ordersPerSecond', label: 'Orders', step: 0.5 },
  { name: 'browsesPerSecond', label: 'Browsing', step: 1 },
  { name: 'statusesPerSecond', label: 'Order status', step: 0.5 },
];

const MOST = 20;

/** A stream of requests, as Play begins it, or one of them alone. */
export function SendSection() {
  const actions = useActions();
  const load = useRun((state) => state.projections.facts.settings?.load ?? CLASSROOM_LOAD);
  const ready = useRun((state) => state.run !== null);
  const live = useRun((state) => state.run?.lab === null);
  const mostOrders = live ? MOST_LIVE_ORDERS_PER_SECOND : MOST;
  return (
    <section aria-labelledby="send-title" className="section">
      <h2 id="send-title" className="section-title">
        Send
      </h2>
      <label className="switch-row">
        <span>
          Stream <span className="text-muted">of customers</span>
        </span>
        <input
          type="checkbox"
          role="switch"
          aria-checked={load.running}
          className="switch"
          checked={load.running}
          disabled={!ready}
          onChange={(event) => actions.load({ running: event.target.checked })}
        />
      </label>
      <div className="flex flex-col gap-1" data-quiet={!load.running}>
        {RATES.map((rate) => {
          const value = load[rate.name];
          const most = rate.name === 'ordersPerSecond' ? mostOrders : MOST;
          const set = (next: number) =>
            actions.load({ [rate.name]: Math.min(most, Math.max(0, Math.round(next * 100) / 100)) });
          return (
            <div key={rate.name} className="rate">
              <span className="grow">{rate.label}</span>
              <button
                type="button"
                className="step"
                aria-label={`Fewer: ${rate.label}`}
                disabled={!ready || value <= 0}
                onClick={() => set(value - rate.step)}
              >
                −
              </button>
              <output className="num w-12 text-center">{value}/s</output>
              <button
                type="button"
                className="step"
                aria-label={`More: ${rate.label}`}
                disabled={!ready || value >= most}
                onClick={() => set(value + rate.step)}
              >
                +
              </button>
            </div>
          );
        })}
        <p role="status" className="label empty:-mt-1 empty:mb-0">
          {live && load.ordersPerSecond >= mostOrders && (
            <>
              Your browser does the work of all these services at once, and keeps up with {mostOrders} orders
              a second.{' '}
              <button type="button" className="link" onClick={actions.toLab}>
                The Lab
              </button>{' '}
              can take more: there, time waits for the work.
            </>
          )}
        </p>
      </div>
      <button type="button" className="btn" disabled={!ready} onClick={actions.spike}>
        <Zap size={15} aria-hidden="true" /> Spike ×{SPIKE.factor} for 10 s
      </button>
      <p className="label">One at a time</p>
      <div className="grid grid-cols-2 gap-2">
        <button type="button" className="btn" disabled={!ready} onClick={() => actions.order('ok')}>
          <CreditCard size={15} aria-hidden="true" /> One order
        </button>
        <button type="button" className="btn" disabled={!ready} onClick={actions.browse}>
          <Eye size={15} aria-hidden="true" /> Browse
        </button>
        <button
          type="button"
          className="btn col-span-2"
          disabled={!ready}
          onClick={() => actions.order('declined')}
        >
          Order with a declined card
        </button>
      </div>
    </section>
  );
}
