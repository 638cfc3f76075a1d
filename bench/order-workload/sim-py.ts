import { spawnSync } from 'node:child_process';
import path from 'node:path';
import {
  ARRIVAL_STEP,
  arrivals,
  breaker,
  type Counters,
  declineBelow,
  LAST_COMPENSATION_ATTEMPT,
  newCounters,
  outage,
  retry,
  stations,
  steps,
} from './workload.ts';

export interface SimPyResult {
  /** `SimPy 3.0.11`. */
  readonly name: string;
  readonly seconds: number;
  readonly counters: Counters;
}

/** The interpreter of the path, and Debian's, for which its packages are. */
const INTERPRETERS = ['python3', '/usr/bin/python3'];
/** SimPy 3 and 4; SimPy 2, which is what Debian 12's python3-simpy is. */
const MODULES = ['simpy', 'SimPy'];

/** Runs the order workload on every SimPy that is installed; empty when none is. Takes the best of some rounds. */
export function runSimPy(seed: number, orders: number, rounds: number): readonly SimPyResult[] {
  const workload = {
    stations,
    steps,
    arrivals,
    arrivalStep: ARRIVAL_STEP,
    declineBelow,
    outage,
    retry,
    lastCompensationAttempt: LAST_COMPENSATION_ATTEMPT,
    breaker,
    counters: Object.keys(newCounters()),
  };
  const input = JSON.stringify({ workload, seed, orders, rounds });
  const script = path.join(process.cwd(), 'bench', 'order-workload', 'order_workload.py');
  return MODULES.flatMap((module) => {
    const python = INTERPRETERS.find((name) => spawnSync(name, ['-c', `import ${module}`]).status === 0);
    if (python === undefined) return [];
    const { status, stdout, stderr } = spawnSync(python, [script, module], { input, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${python} ${script} ${module}: ${stderr}`);
    const { version, seconds, counters } = JSON.parse(stdout) as {
      version: string;
      seconds: number;
      counters: Counters;
    };
    return [{ name: `SimPy ${version}`, seconds, counters }];
  });
}
