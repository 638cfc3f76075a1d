/** One rate against its threshold; "–" while too few calls were counted. */
export function RateBar({
  title,
  rate,
  threshold,
}: {
  readonly title: string;
  readonly rate: number;
  readonly threshold: number;
}) {
  const text = rate < 0 ? '–' : `${Math.round(rate)} %`;
  return (
    <div className="rate-bar">
      <span>{title}</span>
      <span className="num rate-now" data-over={rate >= threshold}>
        {text}
      </span>
      <div
        className="meter"
        role="img"
        aria-label={`${title}: ${rate < 0 ? 'no rate yet' : text}, opens at ${threshold} %`}
      >
        <span
          className="meter-fill"
          data-over={rate >= threshold}
          style={{ width: `${Math.max(0, Math.min(100, rate))}%` }}
        />
        <span className="meter-mark" style={{ left: `calc(${threshold}% - 1px)` }} />
      </div>
      <span className="num text-muted">opens at {threshold} %</span>
    </div>
  );
}
