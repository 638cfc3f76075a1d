import type { ReleaseStage, ReleaseStrategy } from '../../../../kernel/index.ts';
import { formatRunTimeTenths, type ReleaseView, serviceTitle } from '../../../../projections/index.ts';

export const STAGES: Readonly<Record<ReleaseStage, string>> = {
  queue: 'wait for the train',
  build: 'build',
  test: 'test',
  'contract-check': 'contract check',
  deploy: 'deploy',
};

export const STRATEGIES: readonly {
  readonly value: ReleaseStrategy;
  readonly title: string;
  readonly text: string;
}[] = [
  {
    value: 'rolling',
    title: 'Rolling',
    text: 'One instance after the other: a new one comes, then an old one goes.',
  },
  {
    value: 'recreate',
    title: 'Recreate',
    text: 'All old instances go, then the new ones come. In between nobody answers.',
  },
  {
    value: 'blue-green',
    title: 'Blue-green',
    text: 'As many new instances beside the old; then all requests go over at once. The old ones wait a while.',
  },
  {
    value: 'canary',
    title: 'Canary',
    text: 'The new version gets a share of the requests. Does it fail too often, it is taken back by itself.',
  },
];

export const strategyTitle = (strategy: ReleaseStrategy): string =>
  STRATEGIES.find(({ value }) => value === strategy)?.title ?? strategy;

const seconds = (us: number): string => `${(us / 1e6).toFixed(1)} s`;

/** How a release went, or is going, in a sentence. */
export function releaseSentence(release: ReleaseView): string {
  const { of, version, strategy, requestedUs, endedUs, state, reason } = release;
  const what = `${serviceTitle(of)} ${version}, ${strategyTitle(strategy).toLowerCase()}`;
  const tookUs = (endedUs ?? requestedUs) - requestedUs;
  switch (state) {
    case 'under-way':
      return `${what}: under way since ${formatRunTimeTenths(requestedUs)}.`;
    case 'completed':
      return `${what}: everywhere after ${seconds(tookUs)}.`;
    case 'aborted':
      return `${what}: aborted after ${seconds(tookUs)}. ${reason ?? ''}`;
    case 'rolled-back':
      return `${what}: aborted after ${seconds(tookUs)}, and taken back. ${reason ?? ''}`;
  }
}
