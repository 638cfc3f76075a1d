import { type AutoscalerSettings, elapsedMs, type RunTimeUs, type ScalingTarget } from '../kernel/index.ts';

// How many instances a service should have, as Kubernetes' HorizontalPodAutoscaler decides it (autoscaling/v2).
// Pure: figures in, a number out. Who gathers the figures and acts is compositions/autoscaling.ts.

/** What is known of one instance that the settings ask for. */
export type InstanceFigures =
  | { readonly kind: 'reported'; readonly utilisation: number }
  /** Ready, but nothing was heard of it in the window. */
  | { readonly kind: 'silent' }
  | { readonly kind: 'not-ready' };

export interface Recommendation {
  readonly atUs: RunTimeUs;
  readonly instances: number;
}

export interface ScalingQuestion {
  readonly nowUs: RunTimeUs;
  /** As many as the settings ask for now. */
  readonly current: number;
  readonly instances: readonly InstanceFigures[];
  readonly target: ScalingTarget;
  readonly settings: Pick<AutoscalerSettings, 'tolerance' | 'scaleUpDelayMs' | 'scaleDownDelayMs'>;
  /** Those before, the oldest first; empty: this is the first time that it is asked. */
  readonly before: readonly Recommendation[];
}

export type ScalingReason =
  | 'off-at-zero'
  | 'no-figures'
  | 'within-tolerance'
  | 'unclear'
  | 'above-target'
  | 'below-target'
  | 'waits'
  | 'at-minimum'
  | 'at-maximum';

export interface ScalingDecision {
  /** Average over the instances that reported; null: none did. */
  readonly utilisation: number | null;
  /** By the figures alone. */
  readonly recommended: number;
  /** After waiting and bounds. */
  readonly desired: number;
  readonly reason: ScalingReason;
  /** For the next time. */
  readonly recommendations: readonly Recommendation[];
}

/** Ratios are quotients of decimal numbers: what differs by less is equal. */
const SAME = 1e-9;

/** The next number of instances, and why. */
export function decideScale(question: ScalingQuestion): ScalingDecision {
  const { nowUs, current, target, settings, before } = question;
  const reported = question.instances.flatMap((each) => (each.kind === 'reported' ? [each.utilisation] : []));
  const utilisation = reported.length === 0 ? null : average(reported);
  // AS-8
  if (current === 0) {
    return { utilisation, recommended: 0, desired: 0, reason: 'off-at-zero', recommendations: [] };
  }
  const { recommended, reason } = recommend(question, reported);
  const known = before.length === 0 ? [{ atUs: nowUs, instances: current }] : before;
  const all = [...known, { atUs: nowUs, instances: recommended }];
  const waited = stabilised(all, nowUs, current, settings);
  const { minInstances, maxInstances } = target;
  // AS-3
  const desired = Math.max(minInstances, Math.min(maxInstances, waited));
  const longestMs = Math.max(settings.scaleUpDelayMs, settings.scaleDownDelayMs);
  return {
    utilisation,
    recommended,
    desired,
    reason:
      desired < waited
        ? 'at-maximum'
        : desired > waited
          ? 'at-minimum'
          : waited !== recommended
            ? 'waits'
            : reason,
    recommendations: all.filter(({ atUs }) => elapsedMs(atUs, nowUs) <= longestMs),
  };
}

function recommend(
  { current, instances, target, settings }: ScalingQuestion,
  reported: readonly number[],
): { readonly recommended: number; readonly reason: ScalingReason } {
  const stay = (reason: ScalingReason) => ({ recommended: current, reason });
  // AS-7
  if (reported.length === 0) return stay('no-figures');
  const within = (ratio: number) => Math.abs(ratio - 1) <= settings.tolerance + SAME;
  const ratio = average(reported) / target.utilisation;
  const silent = instances.filter(({ kind }) => kind === 'silent').length;
  // Those that are to come will take their share: more are wanted only if they would not be enough.
  const toCome = ratio > 1 ? instances.filter(({ kind }) => kind === 'not-ready').length : 0;
  if (silent === 0 && toCome === 0 && within(ratio)) return stay('within-tolerance'); // AS-2
  // AS-4: who says nothing is taken to be what speaks against a change.
  const assumed = [
    ...reported,
    ...Array.from({ length: silent }, () => (ratio < 1 ? target.utilisation : 0)),
    ...Array.from({ length: toCome }, () => 0),
  ];
  const corrected = average(assumed) / target.utilisation;
  if (within(corrected)) return stay(silent + toCome > 0 ? 'unclear' : 'within-tolerance');
  if (corrected > 1 !== ratio > 1) return stay('unclear');
  // AS-1
  const wanted = Math.ceil(corrected * assumed.length - SAME);
  if (corrected > 1 ? wanted < current : wanted > current) return stay('unclear');
  return { recommended: wanted, reason: corrected > 1 ? 'above-target' : 'below-target' };
}

/** AS-5, AS-6: up to the least, or down to the most, that was recommended in its time. */
function stabilised(
  all: readonly Recommendation[],
  nowUs: RunTimeUs,
  current: number,
  { scaleUpDelayMs, scaleDownDelayMs }: ScalingQuestion['settings'],
): number {
  const within = (delayMs: number) =>
    all
      .filter(({ atUs }, index) => index === all.length - 1 || elapsedMs(atUs, nowUs) < delayMs)
      .map(({ instances }) => instances);
  const least = Math.min(...within(scaleUpDelayMs));
  const most = Math.max(...within(scaleDownDelayMs));
  return Math.min(Math.max(current, least), most);
}

const average = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
