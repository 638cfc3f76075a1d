import type { Probes } from '../probe.ts';
import { cancellationProbes } from './cancellation.ts';
import { clockProbes } from './clock.ts';
import { crashProbes } from './crash.ts';
import { cryptoProbes } from './crypto.ts';
import { networkProbes } from './network.ts';
import { randomProbes } from './random.ts';
import { storeProbes } from './store.ts';
import { workProbes } from './work.ts';

export const probes: Probes = {
  ...clockProbes,
  ...randomProbes,
  ...networkProbes,
  ...storeProbes,
  ...cryptoProbes,
  ...workProbes,
  ...cancellationProbes,
  ...crashProbes,
};
