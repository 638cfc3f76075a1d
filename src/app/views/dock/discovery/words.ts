import type { InstanceState } from '../../../../kernel/index.ts';
import type { BeliefRow, BeliefView, RegisteredView } from '../../../../projections/index.ts';

const STATES: Readonly<Record<InstanceState, string>> = {
  starting: 'starting',
  ready: 'ready',
  draining: 'draining',
  hung: 'hanging',
  stopped: 'stopped',
  crashed: 'crashed',
};

export const stateWord = (state: InstanceState | null): string =>
  state === null ? 'not heard of' : STATES[state];

/** What is wrong with a belief; null: nothing. */
export function beliefWord({ verdict, isListed, state, passedOver }: BeliefView): string | null {
  const over = passedOver ? ', passed over' : '';
  switch (verdict) {
    case 'stale':
      return isListed
        ? `stale: listed but ${stateWord(state)}${over}`
        : `stale: ${stateWord(state)}, not listed any more${over}`;
    case 'unknown':
      return isListed ? 'unknown: listed since the last fetch' : 'unknown: alive but not listed';
    default:
      return passedOver ? 'passed over: it refused a connection' : null;
  }
}

export const registeredWord = ({ verdict, state }: RegisteredView): string =>
  verdict === 'stale'
    ? `stale: listed but ${stateWord(state)}`
    : verdict === 'unknown'
      ? 'unknown: alive but not listed'
      : 'right';

const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

/** The whole of it in a sentence. */
export function disagreementWords(registered: readonly RegisteredView[], rows: readonly BeliefRow[]): string {
  const dead = registered.filter(({ verdict }) => verdict === 'stale').length;
  const unlisted = registered.filter(({ verdict }) => verdict === 'unknown').length;
  const beliefs = rows.flatMap(({ beliefs: all }) => all);
  const stale = beliefs.filter(({ verdict }) => verdict === 'stale').length;
  const unknown = beliefs.filter(({ verdict }) => verdict === 'unknown').length;
  const parts = [
    dead > 0 && `the registry lists ${counted(dead, 'instance', 'instances')} that cannot answer`,
    unlisted > 0 &&
      `${counted(unlisted, 'instance that is alive is', 'instances that are alive are')} not listed`,
    stale > 0 && `${counted(stale, 'belief of a caller is', 'beliefs of callers are')} stale`,
    unknown > 0 && `${counted(unknown, 'instance is', 'instances are')} unknown to a caller`,
  ].filter((part) => part !== false);
  if (parts.length === 0) return rows.length === 0 ? '' : 'All that is believed is so.';
  const text = parts.join('; ');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
