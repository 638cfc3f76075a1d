import { X } from 'lucide-react';
import {
  activeFaults,
  faultLeftMs,
  faultWord,
  formatRunTime,
  targetWord,
} from '../../../projections/index.ts';
import { useActions, useProjections, useRun, useStores } from '../../state/hooks.ts';

/** The faults at work, with what is left of each. */
export function FaultList() {
  const actions = useActions();
  const { view } = useStores();
  const ids = useRun((state) => activeFaults(state.projections.faults).map((fault) => fault.faultId));
  return (
    <section aria-labelledby="faults-title" className="section">
      <div className="flex items-center justify-between">
        <h2 id="faults-title" className="section-title">
          Active faults
        </h2>
        {ids.length > 1 && (
          <button type="button" className="link" onClick={actions.clearFaults}>
            Clear all
          </button>
        )}
      </div>
      {ids.length === 0 ? (
        <p className="text-s text-muted">None: the shop is as it should be.</p>
      ) : (
        <ul className="flex flex-col gap-1">
          {ids.map((faultId) => (
            <FaultRow
              key={faultId}
              faultId={faultId}
              onSelect={() => view.select({ kind: 'fault', faultId })}
            />
          ))}
        </ul>
      )}
    </section>
  );
}

function FaultRow({ faultId, onSelect }: { readonly faultId: string; readonly onSelect: () => void }) {
  const actions = useActions();
  const { projections, nowUs } = useProjections(2);
  const fault = [...projections.faults.byId.values()].find((candidate) => candidate.faultId === faultId);
  if (fault === undefined) return null;
  const leftMs = faultLeftMs(fault, nowUs);
  const name = `${targetWord(fault.description.target)}: ${faultWord(fault.description)}`;
  return (
    <li className="fault-row">
      <button type="button" className="fault-open" onClick={onSelect}>
        <span className="fault-mark" aria-hidden="true" />
        <span className="min-w-0">
          <span className="block font-medium">{name}</span>
          <span className="num block text-s text-muted">
            {leftMs === null
              ? `since ${formatRunTime(fault.startedUs)}`
              : `${Math.ceil(leftMs / 1000)} s left`}{' '}
            {fault.injected > 0 && ` · ${fault.injected} hits`}
          </span>
        </span>
      </button>
      <button
        type="button"
        className="icon-btn"
        aria-label={`Clear ${name}`}
        onClick={() => actions.clearFault(fault)}
      >
        <X size={15} aria-hidden="true" />
      </button>
    </li>
  );
}
