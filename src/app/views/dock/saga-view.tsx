import {
  Check,
  CircleDashed,
  CircleSlash,
  LoaderCircle,
  type LucideIcon,
  TriangleAlert,
  Undo2,
  X,
} from 'lucide-react';
import { Fragment } from 'react';
import {
  compensationName,
  formatDuration,
  formatRunTimeTenths,
  type LaneView,
  PIVOT_STEP,
  type SagaView as Saga,
  type StepView,
  serviceTitle,
  stepService,
  stepTitle,
  undoTitle,
} from '../../../projections/index.ts';
import { useProjections, useStores } from '../../state/hooks.ts';
import { Empty } from '../../widgets/empty.tsx';
import { OrdersList, useChosenOrder } from './orders-list.tsx';

/** The chosen order's saga: what was done, and what was undone. */
export function SagaView() {
  const orderId = useChosenOrder();
  const { projections, nowUs } = useProjections(2);
  const saga = orderId === null ? undefined : projections.sagas.byOrder.get(orderId);
  return (
    <div className="split">
      <OrdersList chosen={orderId} />
      {saga === undefined ? (
        <Empty>
          {orderId === null
            ? 'An order’s saga appears here, step by step.'
            : projections.facts.composition === 'monolith'
              ? 'The monolith has no saga: an order is three local transactions around the payment. How far it is says its payment intent, under Databases.'
              : 'This order has no saga: it was not taken.'}
        </Empty>
      ) : (
        <div className="saga-pane">
          <SagaTimeline saga={saga} nowUs={nowUs} />
        </div>
      )}
    </div>
  );
}

const STATE_WORDS: Readonly<Record<Saga['state'], string>> = {
  running: 'under way',
  compensating: 'being undone',
  completed: 'completed',
  compensated: 'compensated',
  parked: 'stuck: waits for a person',
};

/** Forward lane above, compensating lane below; each step with its sign, its attempts and its time. */
export function SagaTimeline({ saga, nowUs }: { readonly saga: Saga; readonly nowUs: number }) {
  const { view } = useStores();
  const undone = saga.compensatingUs !== null;
  return (
    <section
      className="saga"
      data-testid="saga-timeline"
      aria-label={`Saga of order ${saga.orderId}: ${STATE_WORDS[saga.state]}`}
    >
      <p className="saga-head">
        <span className="font-semibold">{saga.saga}</span>
        <span className="saga-state" data-state={saga.state}>
          {STATE_WORDS[saga.state]}
        </span>
        <span className="num text-muted">
          {formatDuration(Math.max(0, (saga.endedUs ?? nowUs) - saga.startedUs) / 1000)}
          {saga.endedUs === null && saga.state === 'running' && nowUs < saga.giveUpAtUs
            ? ` · gives up in ${formatDuration((saga.giveUpAtUs - nowUs) / 1000)}`
            : ''}
          {saga.resumed > 0 ? ` · resumed ${saga.resumed}×` : ''}
        </span>
        {saga.state !== 'completed' && (
          <button
            type="button"
            className="link"
            onClick={() => view.select({ kind: 'order', orderId: saga.orderId })}
          >
            Why?
          </button>
        )}
      </p>
      <ol className="saga-steps">
        {saga.steps.map((step, index) => (
          <li key={step.step} className="contents">
            <Step
              step={step}
              name={step.step}
              title={stepTitle(step.step)}
              lane={step.forward}
              direction="forward"
              column={index + 1}
              nowUs={nowUs}
            />
            {undone && step.compensation !== null && (
              <Step
                step={step}
                name={compensationName(step.step)}
                title={undoTitle(step.step)}
                lane={step.compensation}
                direction="compensation"
                column={index + 1}
                nowUs={nowUs}
              />
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}

interface StepProps {
  readonly step: StepView;
  readonly name: string;
  readonly title: string;
  readonly lane: LaneView;
  readonly direction: 'forward' | 'compensation';
  readonly column: number;
  readonly nowUs: number;
}

interface Sign {
  readonly Icon: LucideIcon;
  readonly word: string;
  readonly tone: 'plain' | 'ok' | 'fail' | 'half' | 'idle';
}

function signOf(lane: LaneView, direction: StepProps['direction']): Sign {
  const back = direction === 'compensation';
  switch (lane.status) {
    case 'done':
      if (back) return { Icon: CircleSlash, word: 'compensated', tone: 'plain' };
      return { Icon: Check, word: 'done', tone: 'ok' };
    case 'failed':
      return { Icon: X, word: 'failed', tone: 'fail' };
    case 'waiting':
      return { Icon: back ? Undo2 : X, word: 'failed, tried again', tone: 'fail' };
    case 'running':
      return back
        ? { Icon: Undo2, word: 'compensating', tone: 'half' }
        : { Icon: LoaderCircle, word: 'running', tone: 'plain' };
    case 'stuck':
      return { Icon: TriangleAlert, word: 'stuck', tone: 'fail' };
    default:
      return { Icon: CircleDashed, word: 'not yet', tone: 'idle' };
  }
}

function Step({ step, name, title, lane, direction, column, nowUs }: StepProps) {
  const { view } = useStores();
  const sign = signOf(lane, direction);
  const first = lane.attempts[0];
  const last = lane.attempts.at(-1);
  // Events may be a little ahead of the page's clock.
  const tookMs =
    first === undefined ? null : Math.max(0, ((last?.endedUs ?? nowUs) - first.startedUs) / 1000);
  const again =
    lane.againAtUs !== null && lane.againAtUs > nowUs
      ? `again in ${formatDuration((lane.againAtUs - nowUs) / 1000)}`
      : null;
  const service = stepService(step.step);
  return (
    <button
      type="button"
      className="saga-step"
      data-direction={direction}
      data-tone={sign.tone}
      data-status={lane.status}
      data-pivot={direction === 'forward' && step.step === PIVOT_STEP}
      style={{ gridColumn: column, gridRow: direction === 'forward' ? 1 : 2 }}
      onClick={() => view.select({ kind: 'service', service })}
      aria-label={`${title}: ${sign.word}${lane.attempts.length > 1 ? `, ${lane.attempts.length} attempts` : ''}${lane.reason === null ? '' : `, ${lane.reason}`}`}
      title={`${title}${first === undefined ? '' : `, ${formatRunTimeTenths(first.startedUs)}`}${lane.reason === null ? '' : `: ${lane.reason}`}`}
    >
      <span className="saga-sign num">
        <sign.Icon size={16} strokeWidth={2.25} aria-hidden="true" />
        {lane.attempts.length > 1 && <span>{lane.attempts.length}×</span>}
        {tookMs !== null && lane.status !== 'pending' && (
          <span className="saga-time">{formatDuration(tookMs)}</span>
        )}
      </span>
      <span className="saga-title">{breakable(name)}</span>
      <span className="saga-word">
        {lane.status === 'pending' ? serviceTitle(service) : (again ?? sign.word)}
      </span>
    </button>
  );
}

/** `authorisePayment` may be broken before its capital. */
const breakable = (name: string) =>
  name.split(/(?=[A-Z])/).map((part, index) => (
    <Fragment key={part}>
      {index > 0 && <wbr />}
      {part}
    </Fragment>
  ));
