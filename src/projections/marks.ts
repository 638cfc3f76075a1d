import type { RunEvent } from '../kernel/index.ts';
import { isUndone } from './stops.ts';
import { describeFault, faultWord, serviceTitle, targetWord } from './words.ts';

export type MarkKind = 'breaker' | 'undone' | 'fault' | 'healed' | 'crash' | 'stuck' | 'deploy';

/** A moment of the run worth going back to. */
export interface Mark {
  readonly seq: number;
  readonly timeUs: number;
  readonly kind: MarkKind;
  readonly text: string;
}

/** What an event is on the slider; null: nothing. */
export function markOf(event: RunEvent): Mark | null {
  const mark = (kind: MarkKind, text: string): Mark => ({ seq: event.seq, timeUs: event.timeUs, kind, text });
  switch (event.type) {
    case 'fault.started': {
      const fault = describeFault(event.fault);
      return mark('fault', `${targetWord(fault.target)}: ${faultWord(fault)}`);
    }
    case 'fault.ended':
      return mark('healed', 'A fault is over');
    case 'breaker.state.changed': {
      const word = event.after.toLowerCase().replaceAll('_', ' ');
      return mark('breaker', `Breaker ${serviceTitle(event.service)} → ${serviceTitle(event.to)}: ${word}`);
    }
    case 'instance.crashed':
      return mark('crash', `${event.instance} crashed`);
    case 'release.completed':
      return mark('deploy', `${serviceTitle(event.of)} ${event.version} is deployed`);
    case 'release.aborted':
      return mark('deploy', `${serviceTitle(event.of)} ${event.version} was aborted`);
    case 'saga.parked':
      return mark('stuck', 'An order is stuck');
    default:
      return isUndone(event) ? mark('undone', 'An order was undone') : null;
  }
}
