import type { ServiceName } from '../../../kernel/index.ts';
import { serviceTitle, worstBreaker } from '../../../projections/index.ts';
import { useRun, useStores, useView } from '../../state/hooks.ts';
import { TableScroll } from '../../widgets/table-scroll.tsx';
import './blast-radius.css';
import { blastSentence, blastWords } from './blast-words.ts';
import type { EdgePlace } from './geometry.ts';
import { useMayBeBroken } from './may-be-broken.ts';
import { serviceFacts } from './service-facts.ts';
import { useBlastRadius } from './use-blast-radius.ts';
import { useLayout } from './use-layout.ts';

/** The diagram as two tables: the same facts, the same things to select, nothing that has to be seen. */
export default function DiagramTable() {
  const layout = useLayout();
  const calls = layout.edges;
  const broken = useMayBeBroken();
  const monolith = useRun((state) => state.projections.facts.composition === 'monolith');
  return (
    <div className="diagram-table" data-keys="on" data-testid="diagram-table">
      <TableScroll label={monolith ? 'The monolith as tables' : 'The shop as tables'}>
        {broken && <BlastRadiusInWords />}
        <table className="rows">
          <caption>Services</caption>
          <thead>
            <tr>
              <th scope="col">Service</th>
              <th scope="col">State</th>
              <th scope="col">Instances ready</th>
              <th scope="col">Slots in use</th>
              <th scope="col">Waiting</th>
              <th scope="col">Fault</th>
            </tr>
          </thead>
          <tbody>
            {layout.services.map((service) => (
              <ServiceRow key={service} service={service} />
            ))}
          </tbody>
        </table>
        <table className="rows">
          <caption>Calls</caption>
          <thead>
            <tr>
              <th scope="col">From, to</th>
              <th scope="col">Breaker</th>
              <th scope="col">Under way</th>
              <th scope="col">Sent</th>
              <th scope="col">Failed</th>
            </tr>
          </thead>
          <tbody>
            {calls.map((place) => (
              <EdgeRow key={`${place.from}->${place.to}`} place={place} />
            ))}
          </tbody>
        </table>
      </TableScroll>
    </div>
  );
}

function BlastRadiusInWords() {
  const radius = useBlastRadius();
  if (radius === null) return null;
  return (
    <p className="blast-words" data-testid="blast">
      <strong>Hit: {blastWords(radius)}.</strong> {blastSentence(radius)}
    </p>
  );
}

const STATE_WORDS = {
  ready: 'ready',
  starting: 'starting',
  down: 'down',
  'partly-down': 'partly down',
  hung: 'hangs',
  none: 'scaled to 0',
  unknown: '–',
} as const;

function ServiceRow({ service }: { readonly service: ServiceName }) {
  const { view } = useStores();
  const facts = useRun((state) => serviceFacts(state, service));
  const selected = useView(({ selection }) => selection?.kind === 'service' && selection.service === service);
  return (
    <tr data-fail={facts.state === 'down' || facts.fault !== null}>
      <th scope="row">
        <button
          type="button"
          className="link"
          aria-pressed={selected}
          onClick={() => view.select({ kind: 'service', service })}
        >
          {serviceTitle(service)}
        </button>
      </th>
      <td>{STATE_WORDS[facts.state]}</td>
      <td className="num">
        {facts.ready} of {facts.instances}
      </td>
      <td className="num">{facts.slots === 0 ? '–' : `${facts.slotsUsed} of ${facts.slots}`}</td>
      <td className="num">{facts.queued}</td>
      <td>{facts.fault ?? 'none'}</td>
    </tr>
  );
}

function EdgeRow({ place: { from, to } }: { readonly place: EdgePlace }) {
  const { view } = useStores();
  const facts = useRun(({ projections }) => {
    const edge = projections.topology.edges.get(`${from}->${to}`);
    let underWay = 0;
    for (const call of projections.calls.byId.values())
      if (call.from === from && call.to === to && call.endedUs === null) underWay += 1;
    const breaker = worstBreaker(projections.breakers, from, to);
    return {
      breaker: breaker === null ? '–' : breaker.state.toLowerCase().replaceAll('_', '-'),
      open: breaker?.state === 'OPEN',
      underWay,
      attempts: edge?.attempts ?? 0,
      failed: edge?.failed ?? 0,
    };
  });
  const selected = useView(
    ({ selection }) => selection?.kind === 'edge' && selection.from === from && selection.to === to,
  );
  return (
    <tr data-fail={facts.open}>
      <th scope="row">
        <button
          type="button"
          className="link"
          aria-pressed={selected}
          onClick={() => view.select({ kind: 'edge', from, to })}
        >
          {serviceTitle(from)} → {serviceTitle(to)}
        </button>
      </th>
      <td>{facts.breaker}</td>
      <td className="num">{facts.underWay}</td>
      <td className="num">{facts.attempts}</td>
      <td className="num">{facts.failed}</td>
    </tr>
  );
}
