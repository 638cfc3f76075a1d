import { RotateCcw } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import type { Implementation } from '../../../kernel/index.ts';
import type { InstanceView } from '../../../projections/index.ts';
import { useActions, useStores } from '../../state/hooks.ts';
import { Segmented } from '../../widgets/segmented.tsx';
import { LANGUAGES } from '../source/language-word.ts';

const OPTIONS = (['typescript', 'python'] as const).map((value) => ({ value, label: LANGUAGES[value] }));

/** Which implementation of Shipping an instance gets when it starts, and the way to start them again. */
export function ImplementationSection({
  instances,
  chosen,
}: {
  readonly instances: readonly InstanceView[];
  readonly chosen: Implementation;
}) {
  const actions = useActions();
  const { view } = useStores();
  const up = instances.filter(({ state }) => state !== 'crashed' && state !== 'stopped');
  const stale = up.filter(({ implementation }) => implementation !== chosen);
  const restarting = useRestarts(up, stale, chosen);

  const choose = (shipping: Implementation) => {
    const ask = (implementation: Implementation) =>
      actions.ask({ type: 'settings.set', patch: { implementations: { shipping: implementation } } });
    restarting.end();
    void (async () => {
      const result = await ask(shipping);
      if (result.ok) {
        view.toast(`Shipping’s next starts: ${LANGUAGES[shipping]}`, { undo: () => void ask(chosen) });
      } else view.toast(result.error.message, { tone: 'fail' });
    })();
  };

  return (
    <section>
      <h3 className="section-title">Implementation</h3>
      <Segmented legend="Implementation" options={OPTIONS} value={chosen} onChange={choose} />
      <p className="mt-2 text-s text-muted">
        The same contract in two languages. An instance takes the one that is chosen when it starts; until
        then it goes on as it is.
      </p>
      {stale.length > 0 && (
        <button
          type="button"
          className="btn btn-small mt-2"
          aria-disabled={restarting.on}
          onClick={restarting.begin}
        >
          <RotateCcw size={13} aria-hidden="true" />{' '}
          {restarting.on
            ? 'Restarting, one by one…'
            : `Restart ${stale.length === 1 ? 'it' : 'them one by one'}`}
        </button>
      )}
    </section>
  );
}

/** Restarts what is stale, each when all others are ready. It stops when the section is closed. */
function useRestarts(up: readonly InstanceView[], stale: readonly InstanceView[], chosen: Implementation) {
  const actions = useActions();
  const [towards, setTowards] = useState<Implementation | null>(null);
  const asked = useRef('');
  const next = stale[0];
  const on = towards === chosen && next !== undefined;
  const allReady = up.every(({ state }) => state === 'ready');
  useEffect(() => {
    if (!on || !allReady) return;
    const life = `${next.instance}.${next.incarnation}`;
    if (asked.current === life) return;
    asked.current = life;
    actions.restart(next.instance);
  }, [on, next, allReady, actions]);
  const begin = () => {
    asked.current = '';
    setTowards(chosen);
  };
  return { on, begin, end: () => setTowards(null) };
}
