/** Slots in use as a ring; hatched when all are taken, so that colour is not alone in saying it. */
export function RingGauge({
  used,
  total,
  size = 26,
}: {
  readonly used: number;
  readonly total: number;
  readonly size?: number;
}) {
  const share = total === 0 ? 0 : Math.min(1, used / total);
  const full = total > 0 && used >= total;
  const radius = 10;
  const around = 2 * Math.PI * radius;
  return (
    <svg className="gauge" width={size} height={size} viewBox="0 0 26 26" aria-hidden="true">
      <circle cx="13" cy="13" r={radius} className="ring-track" />
      <circle
        cx="13"
        cy="13"
        r={radius}
        className={full ? 'ring-full' : 'ring-used'}
        strokeDasharray={full ? '3 1.5' : `${share * around} ${around}`}
        transform="rotate(-90 13 13)"
      />
    </svg>
  );
}
