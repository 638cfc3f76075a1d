import { ChevronDown } from 'lucide-react';
import { useActions, useRun, useStores, useView } from '../../state/hooks.ts';
import type { BranchView } from '../../state/run-store.ts';

const MINUTE_US = 60_000_000;
/** No other run is beside this one. */
const ALONE = '';

/** What only a run in the Lab can do: run on at once, do it all again, part from its past. */
export default function LabSection() {
  const { run } = useStores();
  const actions = useActions();
  const seed = useRun((state) => state.run?.lab?.seed ?? null);
  const branches = useRun((state) => state.branches);
  const branch = useRun((state) => state.branch);
  const busy = useRun((state) => state.job !== null);
  const comparing = useView((state) => state.comparison !== null);
  const beside = useView((state) => state.comparison?.branch ?? ALONE);
  if (seed === null) return null;
  return (
    <section className="section lab-section" aria-label="The Lab">
      <h2 className="section-title">
        The Lab <span className="num text-muted">seed {seed}</span>
      </h2>
      <div className="lab-buttons">
        <button
          type="button"
          className="btn btn-small"
          disabled={busy}
          title="Let the next minute happen, as fast as it goes"
          onClick={() => void run.runTo(run.getState().headUs + MINUTE_US)}
        >
          1 min on
        </button>
        <button
          type="button"
          className="btn btn-small"
          disabled={busy}
          title="Do the whole run again, and see that it is the same"
          onClick={actions.again}
          data-testid="again"
        >
          Again
        </button>
        <button
          type="button"
          className="btn btn-small"
          disabled={busy || comparing}
          title={
            comparing
              ? 'End the comparison to part from its past'
              : 'Another run with the same past and the same arrivals to come'
          }
          onClick={() => void run.fork()}
        >
          Fork
        </button>
      </div>
      {branches.length > 1 && (
        <>
          <BranchSelect
            title="Which run"
            testId="branches"
            value={branch}
            branches={branches}
            disabled={comparing}
            choose={(id) => run.switchTo(id)}
          />
          <BranchSelect
            title="Side by side with"
            testId="beside"
            value={beside}
            branches={[{ id: ALONE, title: 'no other' }, ...branches.filter(({ id }) => id !== branch)]}
            disabled={busy}
            choose={(id) => actions.compareWith(id === ALONE ? null : id)}
          />
        </>
      )}
    </section>
  );
}

interface BranchSelectProps {
  readonly title: string;
  readonly testId: string;
  readonly value: string;
  readonly branches: readonly BranchView[];
  readonly disabled: boolean;
  readonly choose: (id: string) => void;
}

function BranchSelect({ title, testId, value, branches, disabled, choose }: BranchSelectProps) {
  return (
    <label>
      <span className="label">{title}</span>
      <span className="select-wrap">
        <select
          className="select"
          value={value}
          disabled={disabled}
          onChange={(event) => choose(event.target.value)}
          data-testid={testId}
        >
          {branches.map(({ id, title: name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
        <ChevronDown size={15} aria-hidden="true" />
      </span>
    </label>
  );
}
