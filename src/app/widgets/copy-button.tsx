import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';

const SAID_MS = 4000;

type Outcome = 'copied' | 'refused' | null;

/** Copies a text, and says whether it could: on plain http and in some frames the browser does not let it. */
export function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  const [outcome, setOutcome] = useState<Outcome>(null);
  useEffect(() => {
    if (outcome === null) return;
    const timer = setTimeout(() => setOutcome(null), SAID_MS);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setOutcome('copied');
    } catch {
      setOutcome('refused');
    }
  };
  const Icon = outcome === 'copied' ? Check : Copy;
  return (
    <span className="inline-flex items-center gap-2">
      <button type="button" className="btn btn-small" aria-label={`Copy ${what}`} onClick={() => void copy()}>
        <Icon size={13} aria-hidden="true" /> {outcome === 'copied' ? 'Copied' : 'Copy'}
      </button>
      <span role="status" className={outcome === 'refused' ? 'text-s text-fail' : 'sr-only'}>
        {outcome === 'copied' ? `Copied ${what}.` : ''}
        {outcome === 'refused' ? 'The browser does not allow it: select the text and copy it by hand.' : ''}
      </span>
    </span>
  );
}
