import type { CircuitState, Context, Json, ServiceName } from '../../kernel/index.ts';
import { breakerState, commandBreaker } from './breaker-registry.ts';
import { isLegalTransition, legalTransitions } from './legal-transitions.ts';

type BreakerCommand =
  | { readonly type: 'breaker.set-state'; readonly to: ServiceName; readonly state: CircuitState }
  | { readonly type: 'breaker.reset'; readonly to: ServiceName };

/** The run has checked its fields (`setups/run-command.ts`). */
export function isBreakerCommand(command: Json): command is Json & BreakerCommand {
  if (typeof command !== 'object' || command === null || Array.isArray(command)) return false;
  const { type } = command as { readonly type?: Json };
  return type === 'breaker.set-state' || type === 'breaker.reset';
}

/**
 * What somebody asks of this instance's breakers by hand. A refusal throws a sentence for that person and changes
 * nothing. The state that it has already is refused: entering it anew would leave no trace in the log (CB-13).
 */
export function controlBreaker(context: Context, command: BreakerCommand): Json {
  const { to } = command;
  const before = breakerState(context, to);
  const whose = `The circuit breaker of ${context.instance} to ${to}`;
  if (before === null) {
    throw new Error(
      `${context.instance} has no circuit breaker to ${to}: it begins with the first call, where the edge has one.`,
    );
  }
  if (command.type === 'breaker.reset') {
    commandBreaker(context, to, 'reset');
    return { before, after: 'CLOSED' };
  }
  const { state } = command;
  if (state === before) throw new Error(`${whose} is ${state} already.`);
  if (!isLegalTransition(before, state)) {
    const others = legalTransitions(before).join(', ');
    throw new Error(`${whose} cannot go from ${before} to ${state}; from ${before} it can go to ${others}.`);
  }
  commandBreaker(context, to, state);
  return { before, after: state };
}
