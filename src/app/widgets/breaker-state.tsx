import { Ban, ShieldCheck, ShieldHalf, ShieldOff } from 'lucide-react';
import type { BreakerView } from '../../projections/index.ts';

const ICON = {
  CLOSED: ShieldCheck,
  OPEN: ShieldOff,
  FORCED_OPEN: ShieldOff,
  HALF_OPEN: ShieldHalf,
  DISABLED: Ban,
  METRICS_ONLY: ShieldCheck,
};

/** `CLOSED`, `OPEN 7 s`, `HALF_OPEN 1/3`, with its sign. */
export function BreakerState({ breaker, nowUs }: { readonly breaker: BreakerView; readonly nowUs: number }) {
  const Icon = ICON[breaker.state];
  const leftS =
    breaker.state === 'OPEN' && breaker.untilUs !== null
      ? Math.max(0, Math.ceil((breaker.untilUs - nowUs) / 1_000_000))
      : null;
  return (
    <span className="breaker-state" data-state={breaker.state}>
      <Icon size={15} aria-hidden="true" />
      {breaker.state.replace('_', '-')}
      {leftS !== null && <span className="num"> {leftS} s</span>}
      {breaker.state === 'HALF_OPEN' && (
        <span className="num">
          {' '}
          {Math.min(breaker.figures.calls, breaker.permits)}/{breaker.permits}
        </span>
      )}
    </span>
  );
}
