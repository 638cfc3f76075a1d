import { useId, useState } from 'react';
import {
  DEPLOYABLE_SERVICES,
  type DeployableService,
  type ReleaseStrategy,
} from '../../../../kernel/index.ts';
import { serviceTitle } from '../../../../projections/index.ts';
import { VERSION_CATALOGUE, versionsOf } from '../../../../setups/index.ts';
import { useActions, useRun } from '../../../state/hooks.ts';
import { STRATEGIES } from './words.ts';

const CHANGES = {
  first: 'nothing is new',
  'new-field': 'an answer has one field more',
  slow: 'slow',
  failing: 'it fails',
  breaking: 'it breaks a consumer',
} as const;

/** What is to be released, and how. What cannot be is said here. */
export function ReleaseForm() {
  const { ask } = useActions();
  const id = useId();
  const monolith = useRun((state) => state.projections.facts.composition === 'monolith');
  const [service, setService] = useState<DeployableService>('order');
  const [version, setVersion] = useState('v2');
  const [strategy, setStrategy] = useState<ReleaseStrategy>('rolling');
  const [skip, setSkip] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const versions = versionsOf(service);
  const chosen = versions.find(({ label }) => label === version) ?? versions[0];
  const how = STRATEGIES.find(({ value }) => value === strategy);

  const release = async () => {
    const result = await ask({
      type: 'release.start',
      service,
      version: chosen?.label ?? 'v1',
      strategy,
      ...(skip ? { skipContractCheck: true } : {}),
    });
    setRefusal(result.ok ? null : result.error.message);
  };

  return (
    <form
      className="release-form"
      aria-label="Release"
      onSubmit={(event) => {
        event.preventDefault();
        void release();
      }}
    >
      <div className="release-field">
        <label className="label" htmlFor={`${id}-service`}>
          {monolith ? 'Module' : 'Service'}
        </label>
        <select
          id={`${id}-service`}
          className="select select-small"
          value={service}
          onChange={(event) => {
            setService(event.target.value as DeployableService);
            setVersion('v2');
          }}
        >
          {DEPLOYABLE_SERVICES.map((each) => (
            <option key={each} value={each}>
              {serviceTitle(each)} · team {VERSION_CATALOGUE[each].team}
            </option>
          ))}
        </select>
      </div>
      <div className="release-field">
        <label className="label" htmlFor={`${id}-version`}>
          Version
        </label>
        <select
          id={`${id}-version`}
          className="select select-small"
          value={chosen?.label}
          onChange={(event) => setVersion(event.target.value)}
        >
          {versions.map(({ label, title }) => (
            <option key={label} value={label}>
              {label} · {title}
            </option>
          ))}
        </select>
      </div>
      <details className="release-truth text-s">
        <summary>What really happens in {chosen?.label}</summary>
        {chosen !== undefined && (
          <p>
            <strong>{CHANGES[chosen.change]}.</strong> {chosen.truth}
          </p>
        )}
      </details>
      <div className="release-field">
        <label className="label" htmlFor={`${id}-strategy`}>
          Strategy
        </label>
        <select
          id={`${id}-strategy`}
          className="select select-small"
          aria-describedby={`${id}-how`}
          value={strategy}
          onChange={(event) => setStrategy(event.target.value as ReleaseStrategy)}
        >
          {STRATEGIES.map(({ value, title }) => (
            <option key={value} value={value}>
              {title}
            </option>
          ))}
        </select>
      </div>
      <p id={`${id}-how`} className="text-s text-muted">
        {how?.text}
      </p>
      {monolith ? (
        <p className="text-s text-muted">
          What other modules cannot live with does not compile: nobody can skip that.
        </p>
      ) : (
        <label className="release-skip">
          <input type="checkbox" checked={skip} onChange={(event) => setSkip(event.target.checked)} />
          <span>Skip the contract check</span>
        </label>
      )}
      <button type="submit" className="btn btn-small btn-primary">
        {monolith ? 'Merge for the next train' : 'Release'}
      </button>
      {refusal !== null && (
        <p role="alert" className="text-s font-semibold text-fail">
          {refusal}
        </p>
      )}
    </form>
  );
}
