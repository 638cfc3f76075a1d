import { useState } from 'react';
import type { CircuitState } from '../../../../kernel/index.ts';
import type { BreakerView } from '../../../../projections/index.ts';
import { useActions } from '../../../state/hooks.ts';
import { STATE_DOES, STATES, stateName } from './state-words.ts';

/** Moves the breaker as an operator would. What is illegal is refused by the breaker itself, and said here. */
export function ByHand({ breaker }: { readonly breaker: BreakerView }) {
  const { ask } = useActions();
  const [refusal, setRefusal] = useState<string | null>(null);
  const { instance, to } = breaker;
  const send = async (command: object) => {
    const result = await ask({ ...command, instance, to });
    setRefusal(result.ok ? null : result.error.message);
  };
  return (
    <div className="by-hand">
      <div role="group" aria-label="Set its state by hand" className="flex flex-wrap items-center gap-1">
        <span className="text-s text-muted">By hand</span>
        {STATES.map((state: CircuitState) => (
          <button
            key={state}
            type="button"
            className="btn btn-small"
            aria-pressed={breaker.state === state}
            disabled={breaker.state === state}
            title={`${stateName(state)}: ${STATE_DOES[state]}`}
            onClick={() => void send({ type: 'breaker.set-state', state })}
          >
            {stateName(state)}
          </button>
        ))}
        <button
          type="button"
          className="btn btn-small"
          title="CLOSED, with nothing counted"
          onClick={() => void send({ type: 'breaker.reset' })}
        >
          Reset
        </button>
      </div>
      {refusal !== null && (
        <p role="alert" className="text-s font-semibold text-fail">
          {refusal}
        </p>
      )}
    </div>
  );
}
