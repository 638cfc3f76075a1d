import { ShieldAlert } from 'lucide-react';
import type { CircuitBreakerSettings } from '../../../../kernel/index.ts';
import {
  type BreakerTally,
  type BreakerView,
  formatSize,
  windowOutcomes,
} from '../../../../projections/index.ts';
import { Term } from '../../../widgets/term.tsx';
import { STATE_DOES } from './state-words.ts';

interface NowProps {
  readonly view: BreakerView;
  readonly settings: CircuitBreakerSettings;
  readonly tally: BreakerTally;
  readonly nowUs: number;
}

/** What it does now and what it waits for. */
export function NowPanel(props: NowProps) {
  const { state } = props.view;
  if (state === 'OPEN') return <Waiting {...props} />;
  if (state === 'HALF_OPEN') return <Probing {...props} />;
  const { tally, settings } = props;
  return (
    <p className="breaker-now">
      {state === 'CLOSED' ? (
        <>
          {tally.calls < tally.minimum
            ? `${tally.calls} of the ${tally.minimum} calls that it needs to decide.`
            : `Opens when ${settings.failureRateThreshold} % of its calls fail.`}
        </>
      ) : (
        `It ${STATE_DOES[state]}.`
      )}
    </p>
  );
}

function Waiting({ view, settings, nowUs }: NowProps) {
  const untilUs = view.untilUs ?? nowUs;
  const lengthUs = Math.max(1, untilUs - view.changedUs);
  const leftUs = Math.max(0, untilUs - nowUs);
  return (
    <div className="breaker-now" data-testid="breaker-wait">
      <p>
        <span className="countdown num">{(leftUs / 1_000_000).toFixed(1)} s</span>{' '}
        {leftUs > 0
          ? 'until probes'
          : settings.automaticTransitionFromOpenToHalfOpen
            ? 'left'
            : 'left: the next call is the first probe'}
      </p>
      <div className="meter" aria-hidden="true">
        <span className="meter-fill" data-over="true" style={{ width: `${(100 * leftUs) / lengthUs}%` }} />
      </div>
      <p className="text-s text-muted">
        {view.openings > 1 ? `Opening ${view.openings} in a row: ` : ''}
        {formatSize(lengthUs / 1000)} of run time
        {settings.automaticTransitionFromOpenToHalfOpen ? ', then by itself.' : ', then with the next call.'}
      </p>
    </div>
  );
}

function Probing({ view, settings, tally, nowUs }: NowProps) {
  const heard = windowOutcomes(view);
  const free = Math.max(0, view.permits - heard.length);
  const mostMs = settings.maxWaitDurationInHalfOpenStateMs;
  const leftMs = mostMs - (nowUs - view.changedUs) / 1000;
  return (
    <div className="breaker-now" data-testid="breaker-probes">
      <p className="flex items-center gap-2">
        <span className="probes" aria-hidden="true">
          {heard.slice(0, view.permits).map(({ failed, timeUs }, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two may end at the same moment
            <span key={`${timeUs}/${index}`} className="probe" data-probe={failed ? 'failed' : 'ok'} />
          ))}
          {Array.from({ length: Math.min(free, 20) }, (_, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a permit is its place
            <span key={index} className="probe" data-probe={view.permitsOut ? 'out' : 'free'} />
          ))}
        </span>
        <span className="num font-semibold">
          {heard.length}/{view.permits}
        </span>
        <Term tip="Half-open lets so many calls through in all, not at a time. A call that counts for nothing gives back the permit that it holds, and no other (CB-15). resilience4j gives one back whoever asks, and can let one probe too many through.">
          permits
        </Term>
      </p>
      <p className="text-s text-muted">
        {free === 0
          ? 'Every probe has ended.'
          : view.permitsOut
            ? `${free} ${free === 1 ? 'probe is' : 'probes are'} under way; every other call is refused.`
            : `${free} ${free === 1 ? 'is' : 'are'} free or under way.`}{' '}
        The verdict falls after {tally.minimum} {tally.minimum === 1 ? 'outcome' : 'outcomes'}
        {mostMs > 0 ? `, or in ${(Math.max(0, leftMs) / 1000).toFixed(1)} s` : ''}.
      </p>
    </div>
  );
}

/** Somebody has taken the breaker off this edge. */
export const NoBreaker = () => (
  <p className="breaker-now flex items-center gap-2">
    <ShieldAlert size={16} aria-hidden="true" />
    This edge has no circuit breaker now: every call passes.
  </p>
);
