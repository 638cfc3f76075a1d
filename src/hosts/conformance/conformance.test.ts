import { describeConformance } from './cases/case.ts';
import { conformancePorts } from './cases/index.ts';
import { conformanceSetup } from './conformance-settings.ts';
import { openVirtualHost } from './testing/virtual-conformance-host.ts';

const turn = (next: () => void) => void setImmediate(next);

for (const pump of ['counting', 'exact'] as const) {
  describeConformance(`virtual host in Node, ${pump}`, conformancePorts, (port) =>
    openVirtualHost(conformanceSetup(`conformance-${port}`), turn, pump),
  );
}
