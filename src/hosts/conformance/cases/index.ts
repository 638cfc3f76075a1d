import { cancellationCases } from './cancellation.ts';
import type { PortCases } from './case.ts';
import { clockCases } from './clock.ts';
import { crashCases } from './crash.ts';
import { cryptoCases } from './crypto.ts';
import { networkCases } from './network.ts';
import { randomCases } from './random.ts';
import { storeCases } from './store.ts';
import { workCases } from './work.ts';

/** What every host has to keep, port by port. */
export const conformancePorts: readonly PortCases[] = [
  clockCases,
  randomCases,
  networkCases,
  storeCases,
  cryptoCases,
  workCases,
  cancellationCases,
  crashCases,
];
