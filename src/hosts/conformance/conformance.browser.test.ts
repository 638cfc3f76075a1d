import { describeConformance } from './cases/case.ts';
import { conformancePorts } from './cases/index.ts';
import { conformanceSetup } from './conformance-settings.ts';
import { openLiveHost } from './testing/live-conformance-host.ts';
import { messageTurn } from './testing/message-turn.ts';
import { openVirtualHost } from './testing/virtual-conformance-host.ts';

const setupOf = (port: string) => conformanceSetup(`conformance-${port}`);

describeConformance('live host', conformancePorts, (port) => openLiveHost(setupOf(port), 'indexeddb'));

describeConformance(
  'live host without a database',
  conformancePorts.filter(({ port }) => port === 'store' || port === 'crash'),
  (port) => openLiveHost(setupOf(port), 'memory'),
);

for (const pump of ['counting', 'exact'] as const) {
  describeConformance(`virtual host in Chromium, ${pump}`, conformancePorts, (port) =>
    openVirtualHost(setupOf(port), messageTurn(), pump),
  );
}
