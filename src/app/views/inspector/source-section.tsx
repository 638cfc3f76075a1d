import { Code } from 'lucide-react';
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import type { Implementation, ServiceName } from '../../../kernel/index.ts';

// It brings the text of every service with it.
const SourceDialog = lazy(() => import('../source/source-dialog.tsx'));

/** The way to a service's code. */
export function SourceSection({
  service,
  runs,
}: {
  readonly service: ServiceName;
  readonly runs: Implementation;
}) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const wasOpen = useRef(false);
  // The window has no trigger of its own to give the focus back to.
  useEffect(() => {
    if (wasOpen.current && !open) button.current?.focus();
    wasOpen.current = open;
  }, [open]);
  return (
    <section>
      <h3 className="section-title">Source</h3>
      <button
        ref={button}
        type="button"
        className="btn btn-small"
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
      >
        <Code size={13} aria-hidden="true" /> Read the source
      </button>
      {open && (
        <Suspense fallback={<p className="text-s text-muted">Reading the source.</p>}>
          <SourceDialog service={service} runs={runs} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </section>
  );
}
