import type { Deliver, Undo } from './host-ports.ts';
import { serviceOf } from './ids.ts';
import { type RandomPort, spreadAround } from './random.ts';
import type { RunSettings } from './run-settings.ts';
import { edgeKey } from './service-name.ts';
import { elapsedMs, plusMs, type RunTimeUs } from './units.ts';

export interface HopPorts {
  readonly random: RandomPort;
  now(): RunTimeUs;
  settings(): Pick<RunSettings, 'hop'>;
  /** Runs it after so much run time; at once when it is none and the run is not paused. */
  after(delayMs: number, run: () => void): Undo;
}

/**
 * A network whose messages take their time: each way so long as the settings say, drawn by edge,
 * call, attempt and direction. Giving up travels too: the callee hears of it a hop later, and never
 * before the request itself.
 */
export function hopNetwork(deliver: Deliver, ports: HopPorts): Deliver {
  return (message, reply) => {
    const edge = edgeKey({ from: serviceOf(message.from), to: serviceOf(message.to) });
    const hopMs = (direction: 'request' | 'response' | 'cancel'): number => {
      const { meanMs, spread } = ports.settings().hop;
      return spreadAround(
        meanMs,
        spread,
        ports.random.uniform('hop', edge, message.callId, message.attempt, direction),
      );
    };
    let over = false;
    let undoDelivery: Undo = () => {};
    const requestMs = hopMs('request');
    const arrivesUs = plusMs(ports.now(), requestMs);
    ports.after(requestMs, () => {
      undoDelivery = deliver(message, (given) => {
        if (over) return;
        ports.after(hopMs('response'), () => {
          if (over) return;
          over = true;
          reply(given);
        });
      });
    });
    return () => {
      if (over) return;
      over = true;
      const delayMs = Math.max(hopMs('cancel'), elapsedMs(ports.now(), arrivesUs));
      ports.after(delayMs, () => undoDelivery());
    };
  };
}
