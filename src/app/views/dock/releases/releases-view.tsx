import {
  DEPLOYABLE_SERVICES,
  type DeployableService,
  FIRST_VERSION,
  type ServiceName,
} from '../../../../kernel/index.ts';
import {
  formatRunTime,
  formatShare,
  type Releases,
  type ReleaseView,
  type RunProjections,
  runningVersion,
  serviceTitle,
  waitedUs,
} from '../../../../projections/index.ts';
import { VERSION_CATALOGUE } from '../../../../setups/index.ts';
import { useActions, useProjections, useRun, useStores } from '../../../state/hooks.ts';
import { Empty } from '../../../widgets/empty.tsx';
import { TableScroll } from '../../../widgets/table-scroll.tsx';
import { ReleaseForm } from './release-form.tsx';
import { StageSteps } from './stage-steps.tsx';
import { releaseSentence } from './words.ts';
import './releases.css';

/** Each team with what runs of its service, what callers see of each version, and its release. */
export default function ReleasesView() {
  const { projections, nowUs } = useProjections(2);
  const { releases, facts } = projections;
  const monolith = facts.composition === 'monolith';
  const history = releases.all.filter(({ state }) => state !== 'under-way').toReversed();
  return (
    <div className="releases">
      <ReleaseForm />
      <TableScroll label="Teams and releases">
        {monolith && (
          <Train releases={releases} nowUs={nowUs} everyMs={facts.settings?.releases?.train.everyMs} />
        )}
        <table className="rows release-lanes">
          <caption className="sr-only">
            {monolith ? 'The monolith and its teams' : 'Services and their teams'}
          </caption>
          <thead>
            <tr>
              <th scope="col">{monolith ? 'Module' : 'Service'}</th>
              <th scope="col">Instances</th>
              <th scope="col">Version · share · failed</th>
              <th scope="col">Release</th>
            </tr>
          </thead>
          <tbody>
            {monolith && <DeployableRow projections={projections} deployable="monolith" />}
            {DEPLOYABLE_SERVICES.map((service) => (
              <Lane
                key={service}
                service={service}
                monolith={monolith}
                projections={projections}
                nowUs={nowUs}
              />
            ))}
          </tbody>
        </table>
        <h3 className="release-title">What was released</h3>
        {history.length === 0 ? (
          <Empty>Nothing yet: every service runs the version that the shop opened with.</Empty>
        ) : (
          <ul className="release-history">
            {history.map((release) => (
              <li key={release.releaseId} data-state={release.state}>
                <span className="num text-muted">{formatRunTime(release.requestedUs)}</span>{' '}
                {releaseSentence(release)}
                {waitedUs(release, nowUs) > 0 && (
                  <span className="text-muted">
                    {' '}
                    It waited {Math.round(waitedUs(release, nowUs) / 1e6)} s for its train.
                  </span>
                )}
              </li>
            ))}
          </ul>
        )}
      </TableScroll>
    </div>
  );
}

function Train({
  releases,
  nowUs,
  everyMs = 60_000,
}: {
  readonly releases: Releases;
  readonly nowUs: number;
  readonly everyMs: number | undefined;
}) {
  const waiting = releases.all.filter(
    ({ state, stages }) =>
      state === 'under-way' && stages.at(-1)?.stage === 'queue' && stages.at(-1)?.endedUs === null,
  );
  const names = waiting.map(({ of, version }) => `${serviceTitle(of)} ${version}`).join(', ');
  const next = Math.ceil((nowUs + 1) / (everyMs * 1000)) * everyMs * 1000;
  return (
    <p className="release-train">
      One train for all teams. {waiting.length === 0 ? 'Nobody waits for it.' : `Waiting: ${names}.`} It may
      leave at <span className="num">{formatRunTime(next)}</span>, and every {everyMs / 1000} s.
    </p>
  );
}

/** The instances by number, with what each runs. */
function Instances({
  projections,
  deployable,
}: {
  readonly projections: RunProjections;
  readonly deployable: ServiceName;
}) {
  const lives = [...projections.topology.instances.values()].filter(
    ({ service, state }) => service === deployable && state !== 'stopped',
  );
  return (
    <ul className="release-chips">
      {lives.map(({ instance, state }) => {
        const version = runningVersion(projections.releases, instance);
        return (
          <li key={instance} className="release-chip" data-state={state} data-new={version !== FIRST_VERSION}>
            <span className="mono">{instance}</span> {version}
            {state !== 'ready' && <span className="text-s"> {state}</span>}
          </li>
        );
      })}
    </ul>
  );
}

/** Of each version that was asked: its share of the requests, and what of them failed. */
function Versions({
  releases,
  deployable,
}: {
  readonly releases: Releases;
  readonly deployable: ServiceName;
}) {
  const figures = [...(releases.figures.get(deployable) ?? [])];
  const traffic = releases.traffic.get(deployable) ?? null;
  if (figures.length === 0) return <span className="text-muted">–</span>;
  return (
    <ul className="release-versions">
      {figures.map(([version, { requests, failures }]) => {
        const share = traffic?.[version] ?? (traffic === null ? null : 0);
        return (
          <li key={version}>
            <span className="mono">{version}</span>
            {share !== null && (
              <span className="release-share" aria-hidden="true">
                <span style={{ width: `${share * 100}%` }} />
              </span>
            )}
            <span className="num">
              {share !== null && `${formatShare(share)} · `}
              <span className={failures > 0 ? 'text-fail' : 'text-muted'}>
                {failures} of {requests} failed
              </span>
            </span>
          </li>
        );
      })}
    </ul>
  );
}

function DeployableRow({
  projections,
  deployable,
}: {
  readonly projections: RunProjections;
  readonly deployable: ServiceName;
}) {
  return (
    <tr>
      <th scope="row">{serviceTitle(deployable)}</th>
      <td>
        <Instances projections={projections} deployable={deployable} />
      </td>
      <td>
        <Versions releases={projections.releases} deployable={deployable} />
      </td>
      <td className="text-muted">of all teams</td>
    </tr>
  );
}

function Lane({
  service,
  monolith,
  projections,
  nowUs,
}: {
  readonly service: DeployableService;
  readonly monolith: boolean;
  readonly projections: RunProjections;
  readonly nowUs: number;
}) {
  const { releases } = projections;
  const last = releases.all.findLast(({ of }) => of === service) ?? null;
  return (
    <tr>
      <th scope="row">
        {serviceTitle(service)}
        <span className="release-team">{VERSION_CATALOGUE[service].team}</span>
      </th>
      <td>
        {monolith ? (
          <span className="text-muted">in the monolith</span>
        ) : (
          <Instances projections={projections} deployable={service} />
        )}
      </td>
      <td>
        {monolith ? (
          <span className="text-muted">–</span>
        ) : (
          <Versions releases={releases} deployable={service} />
        )}
      </td>
      <td>
        {last === null ? (
          <span className="text-muted">none yet</span>
        ) : (
          <Current release={last} nowUs={nowUs} />
        )}
      </td>
    </tr>
  );
}

/** The last release of a team: its stages, and the way back while it is under way. */
function Current({ release, nowUs }: { readonly release: ReleaseView; readonly nowUs: number }) {
  const { ask } = useActions();
  const { view } = useStores();
  const { analysis } = release;
  const minimum = useRun(
    ({ projections }) => projections.facts.settings?.releases?.canary.minimumRequests ?? 0,
  );
  const seen = useRun(
    ({ projections }) =>
      projections.releases.figures.get(release.deployable)?.get(release.version)?.requests ?? 0,
  );
  const isTooEarly =
    release.state === 'under-way' &&
    release.strategy === 'canary' &&
    release.stages.at(-1)?.stage === 'deploy' &&
    seen < minimum;
  const failed = release.stages.findLast(({ outcome }) => outcome === 'failed');
  const abort = async () => {
    const result = await ask({ type: 'release.abort', service: release.of });
    if (!result.ok) view.toast(result.error.message, { tone: 'fail' });
  };
  return (
    <div className="release-current" data-state={release.state}>
      <span>
        <strong>{release.version}</strong> <StateWord release={release} />
      </span>
      <StageSteps release={release} nowUs={nowUs} />
      {release.state === 'under-way' ? (
        <button type="button" className="btn btn-small" onClick={() => void abort()}>
          Abort
        </button>
      ) : (
        failed?.detail != null && <p className="text-s text-fail">{failed.detail}</p>
      )}
      {isTooEarly && (
        <p className="text-s text-muted">
          It is judged when {minimum} requests have gone to {release.version}: {seen} so far.
        </p>
      )}
      {release.state === 'under-way' && analysis !== null && (
        <p className="num text-s text-muted">
          Last looked at: {analysis.candidate.failures} of {analysis.candidate.requests} failed in{' '}
          {analysis.candidate.version}, {analysis.stable.failures} of {analysis.stable.requests} in{' '}
          {analysis.stable.version}.
        </p>
      )}
    </div>
  );
}

const STATE_WORDS: Readonly<Record<ReleaseView['state'], string>> = {
  'under-way': 'under way',
  completed: 'deployed',
  aborted: 'aborted',
  'rolled-back': 'taken back',
};

const StateWord = ({ release: { state } }: { readonly release: ReleaseView }) => (
  <span className={state === 'completed' ? 'text-ok' : state === 'under-way' ? '' : 'text-fail'}>
    {STATE_WORDS[state]}
  </span>
);
