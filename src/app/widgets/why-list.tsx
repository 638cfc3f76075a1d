import { ArrowDown } from 'lucide-react';
import { formatRunTime, type WhyChain } from '../../projections/index.ts';
import { useStores } from '../state/hooks.ts';

/** A chain of causes, what was felt first; the fault at its end can be opened. */
export function WhyList({ chain }: { readonly chain: WhyChain }) {
  const { view } = useStores();
  return (
    <div className="why" data-testid="why">
      <p className="font-semibold">{chain.headline}</p>
      <ol className="why-lines">
        {chain.lines.map((line, index) => (
          <li key={`${line.text}/${index}`} data-fault={line.faultId !== null}>
            {index > 0 && <ArrowDown size={13} aria-hidden="true" className="why-arrow" />}
            {line.timeUs !== null && (
              <span className="num mono text-s text-muted">{formatRunTime(line.timeUs)} </span>
            )}
            {line.faultId === null ? (
              line.text
            ) : (
              <button
                type="button"
                className="link text-left"
                onClick={() => view.select({ kind: 'fault', faultId: line.faultId ?? '' })}
              >
                {line.text}
              </button>
            )}
          </li>
        ))}
      </ol>
    </div>
  );
}
