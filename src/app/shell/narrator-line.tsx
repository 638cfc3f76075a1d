import { CircleAlert, CircleCheck, Info, ShieldHalf } from 'lucide-react';
import { useEffect, useState } from 'react';
import { formatRunTime, type NarratorLine as Line } from '../../projections/index.ts';
import { useHidden, useRun, useStores, useView } from '../state/hooks.ts';
import type { RunState } from '../state/run-store.ts';

const ICON = { fail: CircleAlert, ok: CircleCheck, half: ShieldHalf, plain: Info } as const;
const ANNOUNCE_EVERY_MS = 3000;

/** One line under the diagram: what happened last, and before the first Play what to press. */
export function NarratorLine() {
  const { view } = useStores();
  const played = useView((state) => state.played);
  const dock = !useHidden('dock');
  const phase = useRun((state) => state.phase);
  const lines = useRun((state) => state.projections.narrator.lines.newest(3).toReversed());
  const last = lines.at(-1);
  if (!played && phase === 'ready' && last === undefined) return <FirstSentence />;
  return (
    <div className="narrator" data-testid="narrator">
      {last === undefined ? (
        phase === 'ready' && <NothingYet />
      ) : (
        <button
          type="button"
          className="narrator-button"
          disabled={!dock}
          onClick={() => view.openDock('log')}
          title={dock ? 'Open the log' : undefined}
        >
          {lines.toReversed().map((line, index) => (
            <NarratorEntry key={line.seq} line={line} old={index > 0} />
          ))}
        </button>
      )}
      <Announcer line={last} />
    </div>
  );
}

function NarratorEntry({ line, old }: { readonly line: Line; readonly old: boolean }) {
  const Icon = ICON[line.tone];
  return (
    <span className="narrator-entry" data-tone={line.tone} data-old={old}>
      <Icon size={16} aria-hidden="true" />
      <span className="num mono text-muted">{formatRunTime(line.timeUs)}</span>
      <span className="truncate">{line.text}</span>
    </span>
  );
}

/** The other setups break something by themselves. */
const isHealthyShop = ({ scenario }: RunState): boolean => scenario?.setup.name === 'classroom';

function FirstSentence() {
  const own = useRun((state) => (isHealthyShop(state) ? null : (state.scenario?.setup.text ?? '')));
  return (
    <div className="narrator narrator-first" data-testid="narrator">
      <p>
        Press <b>Play</b> (<kbd>Space</kbd>): customers start ordering
        {own === null ? (
          <>
            ; then <WhatToBreak />
          </>
        ) : (
          `. ${own}`
        )}
      </p>
    </div>
  );
}

/** Until something is broken, what is to be done next. */
function NothingYet() {
  const untouched = useRun((state) => isHealthyShop(state) && state.projections.faults.byId.size === 0);
  return untouched ? (
    <p>
      Now <WhatToBreak />
    </p>
  ) : (
    <p className="text-muted">Nothing to tell: every call is answered.</p>
  );
}

function WhatToBreak() {
  const monolith = useRun((state) => state.projections.facts.composition === 'monolith');
  return (
    <>
      click <b>{monolith ? 'Payment' : 'Shipping'}</b>, choose <b>Slow</b>, and see who else suffers.
    </>
  );
}

/** For screen readers: polite, and not more often than every three seconds. */
function Announcer({ line }: { readonly line: Line | undefined }) {
  const [said, setSaid] = useState<{ readonly seq: number; readonly text: string; readonly at: number }>({
    seq: -1,
    text: '',
    at: 0,
  });
  useEffect(() => {
    if (line === undefined || line.seq === said.seq) return;
    const wait = Math.max(0, said.at + ANNOUNCE_EVERY_MS - performance.now());
    const timer = setTimeout(() => setSaid({ seq: line.seq, text: line.text, at: performance.now() }), wait);
    return () => clearTimeout(timer);
  }, [line, said]);
  return (
    <span className="sr-only" role="status" aria-live="polite">
      {said.text}
    </span>
  );
}
