import {
  type Edge,
  type EdgeTypes,
  type Node,
  type NodeTypes,
  ReactFlow,
  ReactFlowProvider,
  useStore as useFlowStore,
  useReactFlow,
} from '@xyflow/react';
import '@xyflow/react/dist/base.css';
import { Maximize, Table2 } from 'lucide-react';
import { lazy, type ReactNode, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { ServiceName } from '../../../kernel/index.ts';
import { useReducedMotion, useRun, useStores, useView } from '../../state/hooks.ts';
import { FIRST_TITLE } from '../../state/run-store.ts';
import type { Selection } from '../../state/view-store.ts';
import { EdgeBadges } from './badges.tsx';
import { CallEdge, type CallEdgeData, EdgeMarkers } from './edges.tsx';
import { keepFocusInSight, type Shift } from './focus-in-sight.ts';
import {
  BOXES,
  type Box,
  courseOf,
  DIAGRAM,
  type Direction,
  DRAWN,
  type Layout,
  neighbour,
  type PlacedService,
} from './geometry.ts';
import { useMayBeBroken } from './may-be-broken.ts';
import { ClientNode, EventsNode, RegistryNode, ServiceNode, type ServiceNodeData } from './nodes.tsx';
import { TokenLayer } from './token-layer/token-layer.tsx';
import { useLayout } from './use-layout.ts';

const NODE_TYPES = {
  client: ClientNode,
  service: ServiceNode,
  events: EventsNode,
  registry: RegistryNode,
} as unknown as NodeTypes;
const EDGE_TYPES = { call: CallEdge } as unknown as EdgeTypes;

const KINDS: Partial<Record<PlacedService, string>> = {
  customers: 'client',
  broker: 'events',
  registry: 'registry',
};

const nodesOf = ({ services }: Layout): Node<ServiceNodeData>[] =>
  services.map((service) => ({
    id: service,
    type: KINDS[service] ?? 'service',
    position: { x: BOXES[service].x, y: BOXES[service].y },
    data: { service },
    draggable: false,
    selectable: false,
    focusable: false,
  }));

const flowEdgesOf = ({ edges, spokes }: Layout): Edge<CallEdgeData>[] =>
  [...edges, ...spokes].map((place) => ({
    id: `${place.from}->${place.to}`,
    source: place.from,
    target: place.to,
    type: 'call',
    data: { place },
    focusable: false,
    selectable: false,
  }));

/** How far to the right something selected reaches. */
function rightOf(selection: Selection | null): number {
  if (selection?.kind === 'service') {
    const box = (BOXES as Partial<Record<ServiceName, Box>>)[selection.service];
    return box === undefined ? 0 : box.x + box.width;
  }
  if (selection?.kind !== 'edge') return 0;
  const course = courseOf(selection.from, selection.to);
  return course === undefined ? 0 : Math.max(...course.edge.way.corners.map((corner) => corner.x)) + 20;
}

/** Fits the diagram beside what covers its right side; text never shrinks much, so on a small screen its left is given up. */
function viewportFor(
  width: number,
  height: number,
  covered: number,
  right: number,
  drawn: { readonly y: number; readonly height: number },
): { x: number; y: number; zoom: number } {
  const fitting = (free: number) =>
    Math.min((free - 2 * MARGIN) / DIAGRAM.width, (height - 2 * EDGE_MARGIN) / drawn.height);
  const free = width - covered;
  const zoom = Math.max(fitting(free), SMALLEST_SHARE * fitting(width));
  const spare = free - DIAGRAM.width * zoom;
  const x = spare >= 0 ? spare / 2 : Math.min(MARGIN, Math.max(spare - MARGIN, free - MARGIN - right * zoom));
  return { zoom, x, y: (height - drawn.height * zoom) / 2 - drawn.y * zoom };
}

const MARGIN = 14;
const EDGE_MARGIN = 6;
const SMALLEST_SHARE = 0.85;
/** As in the stylesheet. */
const INSPECTOR_WIDTH = 280;

const DiagramTable = lazy(() => import('./diagram-table.tsx'));
const BlastRadius = lazy(() => import('./blast-radius.tsx'));

/** The shop: every service, every edge, and what goes along them; or the same as tables. */
export function Diagram() {
  const { view } = useStores();
  const asTable = useView((state) => state.asTable);
  return (
    <>
      {asTable ? (
        <Suspense fallback={null}>
          <DiagramTable />
        </Suspense>
      ) : (
        <ReactFlowProvider>
          <EdgeMarkers />
          <DiagramInside />
        </ReactFlowProvider>
      )}
      <button
        type="button"
        className="icon-btn diagram-as"
        aria-pressed={asTable}
        aria-label="The diagram as tables"
        title="The diagram as tables"
        onClick={() => view.setState({ asTable: !asTable })}
        data-testid="as-table"
      >
        <Table2 size={16} aria-hidden="true" />
      </button>
    </>
  );
}

/** Arrows go from node to node; Tab still passes through them in the order of a request. */
function arrows(diagram: HTMLElement, layout: Layout): () => void {
  const onKey = (event: KeyboardEvent) => moveFocus(diagram, layout, event);
  diagram.addEventListener('keydown', onKey);
  return () => diagram.removeEventListener('keydown', onKey);
}

function moveFocus(diagram: HTMLElement, layout: Layout, event: KeyboardEvent): void {
  const direction = DIRECTIONS[event.key];
  if (direction === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  const here = (event.target as Element).closest('.react-flow__node')?.getAttribute('data-id');
  const next = here == null ? 'customers' : neighbour(here as PlacedService, direction, layout);
  event.preventDefault();
  if (next === null) return;
  diagram.querySelector<HTMLElement>(`.react-flow__node[data-id="${next}"] button`)?.focus();
}

const DIRECTIONS: Readonly<Record<string, Direction>> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
};

/** Above the tokens, so that a breaker can be read while calls pass through it. */
function BadgeLayer({ children }: { readonly children: ReactNode }) {
  const [x, y, zoom] = useFlowStore((state) => state.transform);
  return (
    <div className="badge-layer" style={{ transform: `translate(${x}px, ${y}px) scale(${zoom})` }}>
      <EdgeBadges />
      {children}
    </div>
  );
}

function DiagramInside() {
  const { view } = useStores();
  const layout = useLayout();
  const label = useRun(({ projections, branches, branch }) => {
    if (projections.facts.composition === 'monolith') return 'Diagram of the shop as a monolith';
    const title = branches.find(({ id }) => id === branch)?.title ?? FIRST_TITLE;
    return title === FIRST_TITLE ? 'Diagram of the shop' : `Diagram of the shop: ${title}`;
  });
  const nodes = useMemo(() => nodesOf(layout), [layout]);
  const edges = useMemo(() => flowEdgesOf(layout), [layout]);
  const { setViewport, getViewport } = useReactFlow();
  const width = useFlowStore((state) => state.width);
  const height = useFlowStore((state) => state.height);
  const [moved, setMoved] = useState(false);
  const inspecting = useView((state) => state.selection !== null && !state.hidden.includes('inspector'));
  const spokes = useView(
    (state) => state.selection?.kind === 'service' && state.selection.service === 'registry',
  );
  const still = useReducedMotion();
  const broken = useMayBeBroken();
  const [blast, setBlast] = useState('');
  // The inspector slides over the right; what is selected stays in sight beside it.
  const covered = inspecting ? INSPECTOR_WIDTH : 0;

  const fit = useCallback(
    (duration: number) => {
      if (width === 0 || height === 0) return;
      const drawn = spokes ? { y: 0, height: DIAGRAM.height } : DRAWN;
      void setViewport(viewportFor(width, height, covered, rightOf(view.getState().selection), drawn), {
        duration,
      });
    },
    [width, height, covered, spokes, setViewport, view],
  );

  const watch = useCallback(
    (diagram: HTMLElement) => {
      const move = ({ x, y }: Shift) => {
        const before = getViewport();
        void setViewport({ ...before, x: before.x + x, y: before.y + y });
      };
      const back = () => {
        if (!moved) fit(0);
      };
      const stops = [arrows(diagram, layout), keepFocusInSight(diagram, move, back)];
      return () => {
        for (const stop of stops) stop();
      };
    },
    [layout, moved, fit, getViewport, setViewport],
  );

  const covers = useRef(covered);
  useEffect(() => {
    if (!moved) fit(covers.current === covered || still ? 0 : 200);
    covers.current = covered;
  }, [fit, moved, covered, still]);

  return (
    <section
      className="diagram"
      aria-label={label}
      data-keys="on"
      data-blast={blast === '' ? undefined : blast}
      ref={watch}
    >
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        deleteKeyCode={null}
        selectionKeyCode={null}
        multiSelectionKeyCode={null}
        panActivationKeyCode={null}
        zoomActivationKeyCode={null}
        disableKeyboardA11y
        zoomOnDoubleClick={false}
        minZoom={0.4}
        maxZoom={3}
        onEdgeClick={(_event, edge) => {
          const place = (edge as Edge<CallEdgeData>).data?.place;
          if (place !== undefined && place.kind !== 'registry')
            view.select({ kind: 'edge', from: place.from, to: place.to });
        }}
        onPaneClick={() => view.select(null)}
        onMoveEnd={(event) => {
          if (event !== null) setMoved(true);
        }}
        ariaLabelConfig={{ 'node.a11yDescription.default': '', 'edge.a11yDescription.default': '' }}
      >
        <TokenLayer />
        <BadgeLayer>
          {broken && (
            <Suspense fallback={null}>
              <BlastRadius mark={setBlast} />
            </Suspense>
          )}
        </BadgeLayer>
      </ReactFlow>
      {moved && (
        <button
          type="button"
          className="btn absolute right-3 bottom-3 z-10"
          onClick={() => {
            setMoved(false);
            fit(still ? 0 : 200);
          }}
        >
          <Maximize size={14} aria-hidden="true" /> Fit
        </button>
      )}
    </section>
  );
}
