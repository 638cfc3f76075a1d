import { expect, it } from 'vitest';
import {
  instanceId,
  RUN_START,
  type RunEvent,
  type RunEventOf,
  type RunEventType,
} from '../../kernel/index.ts';
import { pastOf } from './run-past.ts';

const rel = (releaseId: string) => ({ releaseId, of: 'order', deployable: 'order' }) as const;

/** A past of these, in their order. */
function pastWith(...drafts: readonly object[]) {
  const past = pastOf(RUN_START);
  drafts.forEach((draft, seq) => {
    past.add({
      id: `run-1.1.${seq}`,
      seq,
      timeUs: seq,
      instance: instanceId('run', 1),
      ...draft,
    } as unknown as RunEvent);
  });
  return past;
}

const event = <Type extends RunEventType>(type: Type, rest: object): Partial<RunEventOf<Type>> =>
  ({ type, ...rest }) as unknown as Partial<RunEventOf<Type>>;

const requested = (id: string) =>
  event('release.requested', { ...rel(id), version: 'v2', before: 'v1', strategy: 'rolling' });
const stage = (id: string, name: string) => event('release.stage.started', { ...rel(id), stage: name });
const aborted = (id: string) =>
  event('release.aborted', { ...rel(id), version: 'v2', reason: 'x', by: 'hand' });

it('REL-13 knows which releases were under way, and which of them have something to take back', () => {
  const past = pastWith(
    requested('rel-1'),
    stage('rel-1', 'deploy'),
    event('release.completed', { ...rel('rel-1'), version: 'v2', leadTimeMs: 1 }),
    requested('rel-2'),
    stage('rel-2', 'build'),
    requested('rel-3'),
    stage('rel-3', 'deploy'),
    requested('rel-4'),
    stage('rel-4', 'build'),
    aborted('rel-4'),
    requested('rel-5'),
    stage('rel-5', 'deploy'),
    aborted('rel-5'),
    requested('rel-6'),
    stage('rel-6', 'deploy'),
    aborted('rel-6'),
    event('release.rolled-back', { ...rel('rel-6'), version: 'v2' }),
  );
  expect(
    past.openReleases.map(({ requested: { releaseId }, deploys, aborted: back }) => [
      releaseId,
      deploys,
      back,
    ]),
  ).toEqual([
    ['rel-2', false, false],
    ['rel-3', true, false],
    ['rel-5', true, true],
  ]);
  expect(past.lastReleaseNumber).toBe(6);
});
