import type { ServiceName } from '../../../kernel/index.ts';
import { serviceTitle } from '../../../projections/index.ts';
import { type FaultWish, makeFault, USUAL_WISHES } from '../../state/actions.ts';
import { useActions, useRun } from '../../state/hooks.ts';

/** As the keys S, E and D break it: other sizes are in the controls. */
const FAULTS: readonly { readonly label: string; readonly does: string; readonly wish: FaultWish }[] = [
  { label: 'Slow +2 s', does: 'takes 2 s longer', wish: USUAL_WISHES.slow },
  { label: 'Errors 80 %', does: 'fails for 80 % of its calls', wish: USUAL_WISHES.errors },
  { label: 'Down', does: 'crashes until it is cleared', wish: USUAL_WISHES.down },
];

/** Breaks the service that is selected. Each can be undone. */
export function BreakRow({ service }: { readonly service: ServiceName }) {
  const actions = useActions();
  const ready = useRun((state) => state.run !== null);
  return (
    <section>
      <h3 className="section-title">Break it</h3>
      <div className="mt-1 flex gap-2">
        {FAULTS.map(({ label, does, wish }) => (
          <button
            key={wish.kind}
            type="button"
            className="btn btn-small"
            disabled={!ready}
            onClick={() => actions.addFault(makeFault(wish, { kind: 'service', service }, null))}
            aria-label={`${label}: ${serviceTitle(service)} ${does}`}
          >
            {label}
          </button>
        ))}
      </div>
    </section>
  );
}
