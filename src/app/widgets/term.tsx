import { type ReactNode, useId } from 'react';

/** A word with its explanation: on hover, on focus, and for screen readers. */
export function Term({
  children,
  tip,
  className = '',
}: {
  readonly children: ReactNode;
  readonly tip: string;
  readonly className?: string;
}) {
  const id = useId();
  return (
    <span className="term-wrap">
      <button type="button" className={`term ${className}`} aria-describedby={id}>
        {children}
      </button>
      <span role="tooltip" id={id} className="tip">
        {tip}
      </span>
    </span>
  );
}
