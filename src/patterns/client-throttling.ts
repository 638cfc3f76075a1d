import {
  type Context,
  defineLocal,
  edgeKey,
  type ServiceName,
  type ThrottleSettings,
} from '../kernel/index.ts';
import { TimeWindow } from './circuit-breaker/sliding-window.ts';

/**
 * How likely a caller turns its own request away: max(0, (requests − K·accepts) / (requests + 1)). Google's
 * Site Reliability Engineering, chapter 21, "Handling Overload".
 */
export const rejectionProbability = (requests: number, accepts: number, multiplier: number): number =>
  Math.max(0, (requests - multiplier * accepts) / (requests + 1));

/** An attempt to a callee: the callee took it, or it did not, or the caller itself turned it away. */
type Taken = (accepted: boolean) => void;

export type ThrottleDecision =
  | { readonly admitted: true; readonly record: Taken }
  | { readonly admitted: false; readonly detail: string };

const windows = defineLocal('client-throttling', () => new Map<ServiceName, TimeWindow>());

/** May this caller ask `to` once more? `draw` as the call's other draws: by its key and attempt. */
export function askThrottle(
  context: Context,
  to: ServiceName,
  settings: ThrottleSettings,
  draw: readonly [key: string, attempt: number],
): ThrottleDecision {
  const all = context.local(windows);
  const seconds = Math.max(1, Math.ceil(settings.windowMs / 1000));
  const known = all.get(to);
  const window = known?.size === seconds ? known : (known?.resized(seconds) ?? new TimeWindow(seconds));
  all.set(to, window);
  const nowUs = context.clock.now();
  const { calls: requests, failures } = window.tally(nowUs);
  const accepts = requests - failures;
  const probability = rejectionProbability(requests, accepts, settings.multiplier);
  const uniform = context.random.uniform('throttle', edgeKey({ from: context.service, to }), ...draw);
  if (uniform < probability) {
    window.record(true, false, nowUs);
    const share = Math.round(100 * probability);
    const detail = `${to} took ${accepts} of its last ${requests} requests: ${share} % are not sent`;
    return { admitted: false, detail };
  }
  return { admitted: true, record: (accepted) => window.record(!accepted, false, context.clock.now()) };
}
