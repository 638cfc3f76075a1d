import { Check, CircleHelp, X } from 'lucide-react';
import { useState } from 'react';
import { CLASSROOM_SETUPS, type Prediction, TROUBLE } from '../../../setups/index.ts';
import { useDockOver, useRun, useView } from '../../state/hooks.ts';
import { type BrowsingOutcome, browsingOutcome } from './browsing-outcome.ts';
import './prediction.css';

/** So long after the fault began the answer is told: by then it can be seen. */
const TOLD_AFTER_US = 20_000_000;

const BROWSING: Omit<Prediction, 'answer' | 'because'> = {
  question: 'Your first fault. What will browsing do?',
  choices: [
    { id: 'same', text: 'stay as it is' },
    { id: 'slower', text: 'slow down' },
    { id: 'fails', text: 'fail' },
  ],
};
const BROWSING_TOLD: Readonly<Record<BrowsingOutcome, string>> = {
  same: 'Browsing stayed as it was: it does not need what you broke.',
  slower: 'Browsing slowed down: it waits for what you broke.',
  fails: 'Browsing failed: it needs what you broke.',
};

/** Asks what will happen before it does: who has said so sees more. It can be skipped, and stops nothing. */
export default function PredictionCard() {
  const run = useRun((state) => state.branch);
  const name = useRun((state) => state.scenario?.setup.name ?? '');
  const own = CLASSROOM_SETUPS.find((setup) => setup.name === name)?.prediction ?? null;
  return own === null ? <BrowsingCard key={run} /> : <SetupCard key={`${run}/${name}`} prediction={own} />;
}

function SetupCard({ prediction }: { readonly prediction: Prediction }) {
  const told = useRun((state) => state.nowUs >= TROUBLE.fromMs * 1000 + TOLD_AFTER_US);
  return (
    <Card
      {...prediction}
      answer={told ? prediction.answer : null}
      because={told ? prediction.because : null}
    />
  );
}

/** In a run without a question of its own, the first fault made by hand asks one, and the run answers it. */
function BrowsingCard() {
  const firstUs = useRun(({ projections: { faults } }) => {
    for (const { startedUs } of faults.byId.values()) return startedUs;
    return null;
  });
  const [told, setTold] = useState<BrowsingOutcome | null>(null);
  const outcome = useRun(({ projections, nowUs }) =>
    firstUs === null || nowUs < firstUs + TOLD_AFTER_US
      ? null
      : browsingOutcome(projections.orders, firstUs, nowUs),
  );
  // Once it is known it stays: the next fault is another question.
  if (told === null && outcome !== null) setTold(outcome);
  if (firstUs === null) return null;
  return <Card {...BROWSING} answer={told} because={told === null ? null : BROWSING_TOLD[told]} />;
}

interface CardProps extends Omit<Prediction, 'answer' | 'because'> {
  readonly answer: string | null;
  readonly because: string | null;
}

function Card({ question, choices, answer, because }: CardProps) {
  const [picked, setPicked] = useState<string | null>(null);
  const [closed, setClosed] = useState(false);
  const over = useDockOver();
  // Where there is no room beside the details it would lie over the services, or under the dock.
  const hidden = useView((state) => state.dockOpen && (over || state.selection !== null));
  // Who never answered is not told either: it would be in the way.
  if (closed || hidden || (answer !== null && picked === null)) return null;
  return (
    <section className="prediction" aria-label="What do you think?" data-testid="prediction">
      <div className="prediction-head">
        <CircleHelp size={16} aria-hidden="true" />
        <p>{question}</p>
        <button
          type="button"
          className="icon-btn"
          aria-label="Skip the question"
          onClick={() => setClosed(true)}
        >
          <X size={15} aria-hidden="true" />
        </button>
      </div>
      <div className="prediction-choices">
        {choices.map(({ id, text }) => (
          <button
            key={id}
            type="button"
            className="prediction-choice"
            aria-pressed={picked === id}
            data-right={answer === id}
            disabled={answer !== null}
            onClick={() => setPicked(id)}
          >
            {answer === id && <Check size={14} aria-hidden="true" />}
            {text}
          </button>
        ))}
      </div>
      <p className="prediction-told" role="status" data-settled={because !== null}>
        {because === null
          ? picked === null
            ? 'Say what you think, before it shows.'
            : 'We shall see.'
          : `${answer === picked ? 'Yes. ' : 'Not quite. '}${because}`}
      </p>
    </section>
  );
}
