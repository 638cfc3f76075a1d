import { PRIORITIES } from '../kernel/index.ts';
import { defineChecker } from './invariant.ts';

/** At a full queue nobody is turned away while somebody who matters less goes on waiting (SHED-1). */
export const shedByPriority = defineChecker(
  'INV-23',
  'Who matters least is turned away first',
  (run, report) => ({
    events: {
      'request.shed': (event) => {
        const { priority, leastWaiting, operation } = event;
        if (leastWaiting === null || run.settings?.shedding === 'newest') return;
        if (PRIORITIES.indexOf(leastWaiting) > PRIORITIES.indexOf(priority))
          report(`${operation} (${priority}) was turned away while ${leastWaiting} work waits`, event);
      },
    },
  }),
);
