import { faultLeftMs, faultWord, formatRunTime, formatSize, targetWord } from '../../../projections/index.ts';
import { useActions, useProjections } from '../../state/hooks.ts';
import { Empty } from '../../widgets/empty.tsx';

/** One fault: where, what, since when, how much of it is left. */
export function FaultInspector({ faultId }: { readonly faultId: string }) {
  const actions = useActions();
  const { projections, nowUs } = useProjections(2);
  const fault = [...projections.faults.byId.values()].find((candidate) => candidate.faultId === faultId);
  if (fault === undefined) return <Empty>No fault of this id is in the log.</Empty>;
  const leftMs = faultLeftMs(fault, nowUs);
  const { lengthMs } = fault.description;
  return (
    <>
      <p className="flex items-center gap-2 font-semibold">
        <span className="fault-mark" aria-hidden="true" />
        {targetWord(fault.description.target)}: {faultWord(fault.description)}
      </p>
      <dl className="facts">
        <div>
          <dt>Since</dt>
          <dd className="num">{formatRunTime(fault.startedUs)}</dd>
        </div>
        <div>
          <dt>Length</dt>
          <dd className="num">{lengthMs === null ? 'until it is cleared' : formatSize(lengthMs)}</dd>
        </div>
        {fault.endedUs !== null ? (
          <div>
            <dt>Ended</dt>
            <dd className="num">{formatRunTime(fault.endedUs)}</dd>
          </div>
        ) : (
          leftMs !== null && (
            <div>
              <dt>Left</dt>
              <dd className="num">{Math.ceil(leftMs / 1000)} s</dd>
            </div>
          )
        )}
        <div>
          <dt>Requests hit</dt>
          <dd className="num">{fault.injected}</dd>
        </div>
      </dl>
      {fault.endedUs === null && (
        <button type="button" className="btn" onClick={() => actions.clearFault(fault)}>
          Clear this fault
        </button>
      )}
    </>
  );
}
