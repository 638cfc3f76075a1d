import { afterAll, beforeAll, describe, it } from 'vitest';
import type { ConformanceHost } from '../conformance-host.ts';

/** One promise of a port, and how it is put to the test on any host. */
export interface ConformanceCase {
  readonly title: string;
  /** Where hosts may differ here: an entry of `docs/conformance.md`, which says why. */
  readonly differs?: `DIFF-${number}`;
  readonly check: (host: ConformanceHost) => Promise<void>;
}

/** A port and its cases, which run one after the other on one host. */
export interface PortCases {
  readonly port: string;
  readonly cases: readonly ConformanceCase[];
}

/** Runs every case of these ports, each port on a host of its own. */
export function describeConformance(
  name: string,
  ports: readonly PortCases[],
  open: (port: string) => Promise<ConformanceHost>,
): void {
  describe.each(ports)(`${name}: $port`, ({ port, cases }) => {
    let host: ConformanceHost | null = null;
    beforeAll(async () => {
      host = await open(port);
    }, 60_000);
    afterAll(async () => {
      await host?.stop();
    });
    const named = cases.map(
      ({ title, differs, check }) =>
        [differs === undefined ? title : `${title} (differs: ${differs})`, check] as const,
    );
    it.each(named)('%s', async (_name, check) => {
      if (host === null) throw new Error('the host did not open');
      await check(host);
    });
  });
}
