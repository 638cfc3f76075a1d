import { Handle, type NodeProps, Position } from '@xyflow/react';
import { Database, TimerOff, X } from 'lucide-react';
import { memo } from 'react';
import type { ServiceName } from '../../../kernel/index.ts';
import { serviceTitle, topicLag } from '../../../projections/index.ts';
import { useRun, useStores, useView } from '../../state/hooks.ts';
import { RingGauge } from '../../widgets/ring-gauge.tsx';
import { ServiceIcon } from '../../widgets/service-icon.tsx';
import { BOXES, type PlacedService, WITH_DATABASE } from './geometry.ts';
import { changingWord, serviceFacts, serviceSentence } from './service-facts.ts';

export type ServiceNodeData = { readonly service: PlacedService };

const useSelected = (service: ServiceName): boolean =>
  useView((state) => state.selection?.kind === 'service' && state.selection.service === service);

function useSelect(service: ServiceName): () => void {
  const { view } = useStores();
  return () => view.select({ kind: 'service', service });
}

/** React Flow asks every node for places to dock edges at; ours are drawn along ways of their own. */
function Docks() {
  return (
    <>
      <Handle type="target" position={Position.Left} className="dock-point" isConnectable={false} />
      <Handle type="source" position={Position.Right} className="dock-point" isConnectable={false} />
    </>
  );
}

const STATE_WORDS: Partial<Record<string, string>> = {
  down: 'down',
  starting: 'starting',
  hung: 'hangs',
  none: 'scaled to 0',
};

export const ServiceNode = memo(function ServiceNode({ data }: NodeProps & { data: ServiceNodeData }) {
  const { service } = data;
  const facts = useRun((state) => serviceFacts(state, service));
  const selected = useSelected(service);
  const select = useSelect(service);
  const title = serviceTitle(service);
  const box = BOXES[service];
  const outside = service === 'payment-provider';
  const word =
    facts.state === 'partly-down'
      ? `${facts.instances - facts.ready} of ${facts.instances} down`
      : STATE_WORDS[facts.state];
  const full = facts.slots > 0 && facts.slotsUsed >= facts.slots;
  return (
    <div
      className="node-wrap"
      style={{ width: box.width }}
      data-state={facts.state}
      data-selected={selected}
      data-testid={`node-${service}`}
    >
      {facts.instances > 1 && <span className="node-behind" aria-hidden="true" />}
      <button
        type="button"
        className={`node nopan ${outside ? 'node-outside' : ''}`}
        style={{ height: box.height }}
        onClick={select}
        aria-pressed={selected}
        aria-label={serviceSentence(title, facts)}
      >
        <span className="node-head">
          <ServiceIcon service={service} size={17} />
          <span className="node-name">{title}</span>
          {facts.instances > 1 && <span className="node-count">×{facts.instances}</span>}
        </span>
        {service === 'monolith' && word === undefined && (
          <span className="node-unit">User · Product · Order · Shipping</span>
        )}
        {word !== undefined ? (
          <span className="node-state">
            {facts.state === 'starting' ? null : facts.state === 'hung' ? (
              <TimerOff size={15} />
            ) : (
              <X size={15} strokeWidth={2.5} />
            )}
            {word}
          </span>
        ) : null}
        <span className="node-load" data-full={full}>
          <RingGauge used={facts.slotsUsed} total={facts.slots} />
          <span className="num">
            {facts.slotsUsed}/{facts.slots}
          </span>
          {facts.queued > 0 ? (
            <span className="node-queue num">+{facts.queued} waiting</span>
          ) : (
            <span className="node-unit">{changingWord(facts) ?? 'slots'}</span>
          )}
        </span>
      </button>
      {WITH_DATABASE.includes(service) && (
        <span className="node-database" data-flash={facts.flash} aria-hidden="true">
          <Database size={13} strokeWidth={1.75} />
          <span>{title.toLowerCase()} db</span>
        </span>
      )}
      {outside && (
        <span className="node-note" aria-hidden="true">
          outside the shop
        </span>
      )}
      {facts.fault !== null && (
        <FaultBadge service={service} text={facts.fault} leftS={facts.faultLeftS} more={facts.faults - 1} />
      )}
      <Docks />
    </div>
  );
});

function FaultBadge(props: {
  readonly service: ServiceName;
  readonly text: string;
  readonly leftS: number | null;
  readonly more: number;
}) {
  return (
    <span className="fault-badge" data-testid={`fault-${props.service}`}>
      <span className="fault-mark" aria-hidden="true" />
      {props.text}
      {props.leftS !== null && <span className="num"> · {props.leftS} s</span>}
      {props.more > 0 && <span> +{props.more}</span>}
    </span>
  );
}

export const ClientNode = memo(function ClientNode() {
  const running = useRun((state) => state.projections.facts.settings?.load.running === true && !state.paused);
  const selected = useSelected('customers');
  const select = useSelect('customers');
  const box = BOXES.customers;
  return (
    <div className="node-wrap" style={{ width: box.width }} data-selected={selected} data-state="ready">
      <button
        type="button"
        className="client nopan"
        style={{ height: box.height }}
        onClick={select}
        aria-pressed={selected}
        aria-label={`Customers, ${running ? 'ordering' : 'quiet'}`}
      >
        <ServiceIcon service="customers" size={26} />
        <span className="client-name">Customers</span>
      </button>
      <Docks />
    </div>
  );
});

export const RegistryNode = memo(function RegistryNode() {
  const known = useRun((state) => {
    let ready = 0;
    for (const view of state.projections.topology.instances.values()) {
      if (view.state === 'ready' && ['user', 'product', 'order', 'shipping', 'broker'].includes(view.service))
        ready += 1;
    }
    return ready;
  });
  const facts = useRun((state) => serviceFacts(state, 'registry'));
  const selected = useSelected('registry');
  const select = useSelect('registry');
  const box = BOXES.registry;
  return (
    <div className="node-wrap" style={{ width: box.width }} data-selected={selected} data-state={facts.state}>
      <button
        type="button"
        className="registry nopan"
        style={{ height: box.height }}
        onClick={select}
        aria-pressed={selected}
        aria-label={`Registry, ${known} instances ready${selected ? '' : '; select to see heartbeats and look-ups'}`}
      >
        <ServiceIcon service="registry" size={15} />
        <span className="registry-name">Registry</span>
        <span className="num text-muted">{known}</span>
      </button>
      {facts.fault !== null && (
        <FaultBadge service="registry" text={facts.fault} leftS={facts.faultLeftS} more={facts.faults - 1} />
      )}
      <Docks />
    </div>
  );
});

const TOPICS = ['orders', 'shipments'] as const;

export const EventsNode = memo(function EventsNode() {
  const facts = useRun((state) => serviceFacts(state, 'broker'));
  const dead = useRun((state) => state.projections.topics.deadLetters.length);
  const selected = useSelected('broker');
  const select = useSelect('broker');
  const box = BOXES.broker;
  return (
    <div className="node-wrap" style={{ width: box.width }} data-selected={selected} data-state={facts.state}>
      <button
        type="button"
        className="events nopan"
        style={{ height: box.height }}
        onClick={select}
        aria-pressed={selected}
        aria-label={`${serviceSentence('Events', facts)}, ${dead} dead letters`}
      >
        <span className="events-title">Events</span>
        {TOPICS.map((topic) => (
          <TopicSegment key={topic} topic={topic} />
        ))}
        {dead > 0 && (
          <span className="events-dead num">
            <X size={12} strokeWidth={2.5} />
            {dead}
          </span>
        )}
      </button>
      {facts.fault !== null && (
        <FaultBadge service="broker" text={facts.fault} leftS={facts.faultLeftS} more={facts.faults - 1} />
      )}
      <Docks />
    </div>
  );
});

function TopicSegment({ topic }: { readonly topic: string }) {
  const lag = useRun((state) => topicLag(state.projections.topics, topic));
  return (
    <span className="topic" data-behind={lag >= 5}>
      <span className="topic-name">{topic}</span>
      <span className="topic-lag num">{lag}</span>
      <span className="topic-unit">lag</span>
    </span>
  );
}
