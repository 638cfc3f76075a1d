import { useEffect } from 'react';
import { Term } from '../../widgets/term.tsx';
import './blast-radius.css';
import { blastSentence, blastWords, isHarmless } from './blast-words.ts';
import { useBlastRadius } from './use-blast-radius.ts';

/** How far a fault reaches, in words; `mark` hears which services it has reached, to outline them on the diagram. */
export default function BlastRadius({ mark }: { readonly mark: (services: string) => void }) {
  const radius = useBlastRadius();
  const services = radius?.services.join(' ') ?? '';
  useEffect(() => {
    mark(services);
    return () => mark('');
  }, [mark, services]);
  if (radius === null) return null;
  return (
    <div
      className="blast nopan"
      data-whole={radius.ofServices === 1}
      data-harmless={isHarmless(radius)}
      data-testid="blast"
    >
      <span className="blast-mark" aria-hidden="true" />
      <Term tip={blastSentence(radius)}>hit: {blastWords(radius)}</Term>
    </div>
  );
}
