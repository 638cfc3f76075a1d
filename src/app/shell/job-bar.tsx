import { useRun } from '../state/hooks.ts';

/** A long piece of work: how far it is, and the way to end it. */
export function JobBar() {
  const job = useRun((state) => state.job);
  if (job === null) return null;
  const percent = Math.round(job.share * 100);
  return (
    <div className="job-bar" role="status" data-testid="job">
      <span>{job.title}</span>
      <progress max={100} value={percent} aria-label={job.title} />
      <span className="num">{percent} %</span>
      <button type="button" className="btn btn-small" onClick={job.cancel}>
        Cancel
      </button>
    </div>
  );
}
