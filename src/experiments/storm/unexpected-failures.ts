import type { Violation } from '../../invariants/index.ts';
import type { RunEvent } from '../../kernel/index.ts';

/** How a database fails in a storm, in words. */
const INJECTED = 'a fault (';

/**
 * A process that ended with an error: what is expected is a value, so a throw is a broken promise of the code
 * itself. Only a database that fails by a fault may be thrown.
 */
export const unexpectedFailures = (log: readonly RunEvent[]): Violation[] =>
  log.flatMap((event) =>
    event.type !== 'process.failed' || event.error.startsWith(INJECTED)
      ? []
      : [
          {
            invariant: 'STORM-2',
            message: `${event.process} of ${event.instance} failed: ${event.error}`,
            events: [event.id],
          },
        ],
  );
