import { Ban, Check, CircleDashed, X } from 'lucide-react';
import type { Verdict } from '../../../../projections/index.ts';

const ICONS = { agrees: Check, stale: X, unknown: CircleDashed } as const;

/** An instance and how what is believed of it fits: an icon, and a word where it does not. */
export function BeliefMark({
  verdict,
  passedOver = false,
  instance,
  word,
}: {
  readonly verdict: Verdict;
  readonly passedOver?: boolean;
  readonly instance: string | null;
  readonly word: string | null;
}) {
  const Icon = verdict === 'agrees' && passedOver ? Ban : ICONS[verdict];
  return (
    <span className="belief" data-verdict={verdict}>
      <Icon size={14} aria-hidden="true" />
      {instance !== null && <span className="mono">{instance}</span>}
      {word !== null && <span className="belief-word">{word}</span>}
    </span>
  );
}
