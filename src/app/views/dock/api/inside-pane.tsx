import type { ServiceName } from '../../../../kernel/index.ts';
import { serviceTitle } from '../../../../projections/index.ts';
import { useRun } from '../../../state/hooks.ts';
import { TableScroll } from '../../../widgets/table-scroll.tsx';
import type { ApiOperation } from './api-documents.ts';
import { OperationHead } from './operation-head.tsx';

/** More than these are "every service". */
const NAMED = 5;

/** "User, Order and Shipping call it." */
export function calledBy({ access }: Pick<ApiOperation, 'access'>, composition: string): string {
  if (access.kind !== 'services')
    return 'Inside the shop, whoever looks after the service can ask for it; customers have the gateway’s own.';
  const there = access.services.filter(
    (service) =>
      service !== 'customers' &&
      service !== 'run' &&
      (service === 'monolith') === (composition === 'monolith'),
  );
  if (there.length > NAMED) return 'Every service calls it.';
  const names = there.map((service: ServiceName) => serviceTitle(service));
  const last = names.pop() ?? 'nobody';
  return names.length === 0 ? `${last} calls it.` : `${names.join(', ')} and ${last} call it.`;
}

/** An operation that nobody outside can reach: what it is, and who calls it. */
export function InsidePane({ operation }: { readonly operation: ApiOperation }) {
  const composition = useRun((state) => state.projections.facts.composition);
  const { parameters, body, answers } = operation;
  return (
    <TableScroll label={`${operation.method} ${operation.path}`}>
      <div className="api-pane">
        <OperationHead operation={operation} />
        <p className="api-inside">
          {composition === 'monolith'
            ? 'Only the monolith can be reached from outside.'
            : 'Only the gateway can be reached from outside.'}{' '}
          {calledBy(operation, composition)}
        </p>
        <dl className="api-facts">
          {parameters.map(({ name, in: where, required }) => (
            <div key={`${where}/${name}`}>
              <dt className="mono">{name}</dt>
              <dd>
                in the {where}
                {required ? '' : ', optional'}
              </dd>
            </div>
          ))}
          {body !== null && (
            <div>
              <dt>Body</dt>
              <dd className="mono">{Object.keys(body.properties ?? {}).join(', ')}</dd>
            </div>
          )}
          {Object.entries(answers)
            .filter(([status]) => status.startsWith('2'))
            .map(([status, meaning]) => (
              <div key={status}>
                <dt className="num">{status}</dt>
                <dd>{meaning}</dd>
              </div>
            ))}
        </dl>
      </div>
    </TableScroll>
  );
}
