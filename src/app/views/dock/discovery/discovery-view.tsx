import { instanceId } from '../../../../kernel/index.ts';
import { beliefRows, registeredRows } from '../../../../projections/index.ts';
import { useProjections } from '../../../state/hooks.ts';
import { Empty } from '../../../widgets/empty.tsx';
import { TableScroll } from '../../../widgets/table-scroll.tsx';
import { BeliefsTable } from './beliefs-table.tsx';
import { DiscoverySettings } from './discovery-settings.tsx';
import { PreservationFacts } from './preservation-facts.tsx';
import { RegistryTable } from './registry-table.tsx';
import { disagreementWords } from './words.ts';
import './discovery.css';

const REGISTRY = instanceId('registry', 1);

/** Who is registered, what each caller believes, and what is so. */
export default function DiscoveryView() {
  const { projections, nowUs } = useProjections(2);
  const { facts } = projections;
  if (facts.composition === 'monolith')
    return (
      <Empty>
        The monolith has no registry: its parts call each other as functions, and nobody has to be found.
      </Empty>
    );
  const settings = facts.settings?.registry;
  const registered = registeredRows(projections, nowUs, settings);
  const beliefs = beliefRows(projections, nowUs, settings);
  const registryState = projections.topology.instances.get(REGISTRY)?.state;
  return (
    <div className="discovery">
      <DiscoverySettings>
        <PreservationFacts />
      </DiscoverySettings>
      <TableScroll label="Registry and copies">
        <p className="discovery-summary">
          {registryState === 'crashed' && (
            <span className="text-fail">
              The registry is down: everybody goes by the copy that they have.{' '}
            </span>
          )}
          {disagreementWords(registered, beliefs)}
        </p>
        {beliefs.length === 0 ? (
          <Empty>No caller has fetched a copy yet.</Empty>
        ) : (
          <BeliefsTable rows={beliefs} nowUs={nowUs} />
        )}
        {registered.length === 0 ? (
          <Empty>Nobody is registered yet. Each instance registers as soon as it is ready.</Empty>
        ) : (
          <RegistryTable rows={registered} nowUs={nowUs} />
        )}
      </TableScroll>
    </div>
  );
}
