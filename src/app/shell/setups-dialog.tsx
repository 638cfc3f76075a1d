import { useState } from 'react';
import { CLASSROOM_SETUPS } from '../../setups/index.ts';
import type { RunWish } from '../start-run.ts';
import { readRunWish, withRunWish } from '../state/hash.ts';
import { useActions, useRun, useStores, useView } from '../state/hooks.ts';
import { DialogWindow } from '../widgets/dialog-window.tsx';
import { Segmented } from '../widgets/segmented.tsx';
import './setups-dialog.css';

const HOSTS = [
  { value: 'live', label: 'Live' },
  { value: 'lab', label: 'Lab' },
] as const;
const COMPOSITIONS = [
  { value: 'microservices', label: 'Services' },
  { value: 'monolith', label: 'Monolith' },
] as const;

/** The ready-made setups, and where and as what they run. */
export default function SetupsDialog() {
  const { view } = useStores();
  const actions = useActions();
  const open = useView((state) => state.setupsOpen);
  const isLab = useRun((state) => state.run !== null && state.run.lab !== null);
  const current = useRun((state) => state.scenario?.setup.name ?? '');
  const [wish, setWish] = useState<RunWish>(() => ({
    ...readRunWish(location.hash),
    host: isLab ? 'lab' : 'live',
  }));
  const [seed, setSeed] = useState(String(wish.seed ?? 1));
  const change = (patch: Partial<RunWish>) => setWish({ ...wish, ...patch });
  const seedWrong = !/^\d{1,10}$/.test(seed) || Number(seed) > 4_294_967_295;
  const begin = (setup: string) => {
    const next: RunWish = { ...wish, setup, seed: wish.host === 'lab' ? Number(seed) : null };
    history.replaceState(
      null,
      '',
      `${location.pathname}${location.search}${withRunWish(location.hash, next)}`,
    );
    view.setState({ setupsOpen: false });
    actions.begin(next);
  };
  return (
    <DialogWindow
      title="Begin a run"
      open={open}
      onOpenChange={(setupsOpen) => view.setState({ setupsOpen })}
      className="setups"
    >
      <div className="setups-how">
        <div>
          <Segmented
            legend="Where"
            showLegend
            options={HOSTS}
            value={wish.host}
            onChange={(host) => change({ host })}
          />
          <p className="text-s text-muted">
            {wish.host === 'live'
              ? 'Real time, real workers and databases.'
              : 'A virtual clock: the same seed gives the same run, and the past can be changed.'}
          </p>
        </div>
        <Segmented
          legend="As"
          showLegend
          options={COMPOSITIONS}
          value={wish.composition}
          onChange={(composition) => change({ composition })}
        />
        {wish.host === 'lab' && (
          <label className="setups-seed">
            <span className="label">Seed</span>
            <input
              className="input num"
              inputMode="numeric"
              value={seed}
              aria-invalid={seedWrong}
              onChange={(event) => setSeed(event.target.value.trim())}
            />
            {seedWrong && (
              <span role="alert" className="text-s text-fail">
                A whole number from 0 to 4,294,967,295.
              </span>
            )}
          </label>
        )}
      </div>
      <ol className="setups-list">
        {CLASSROOM_SETUPS.map((setup) => {
          const { setup: own } = setup.scenario[wish.composition];
          return (
            <li key={own.name}>
              <button
                type="button"
                className="setup-choice"
                disabled={wish.host === 'lab' && seedWrong}
                aria-current={own.name === current}
                onClick={() => begin(own.name)}
              >
                <span className="setup-number num" aria-hidden="true">
                  {setup.number}
                </span>
                <span>
                  <b>{own.title}</b>
                  <span className="setup-text">{own.text}</span>
                  {wish.composition === 'monolith' && setup.monolithNote !== null && (
                    <span className="setup-text">{setup.monolithNote}</span>
                  )}
                </span>
              </button>
            </li>
          );
        })}
      </ol>
    </DialogWindow>
  );
}
