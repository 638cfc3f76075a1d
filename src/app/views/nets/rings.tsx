import type { ReactNode } from 'react';
import type { EdgePolicy } from '../../../kernel/index.ts';
import { type Ring, ringsOf } from './decoration.ts';

const inWords = (rings: readonly Ring[]): string =>
  `From the outside in: ${rings.map(({ title, numbers }) => `${title} (${numbers ?? 'off'})`).join(', ')}, then the call.`;

/** Each net is a ring around the next: a call goes inwards through them, its answer outwards. */
export function Rings({ policy }: { readonly policy: EdgePolicy }) {
  const rings = ringsOf(policy);
  const drawn = rings.reduceRight<ReactNode>(
    (inside, { title, numbers }) => (
      <span className="ring" data-on={numbers !== null} key={title}>
        <span className="ring-label">
          <b>{title}</b>
          <span className="num">{numbers ?? 'off'}</span>
        </span>
        {inside}
      </span>
    ),
    <span className="ring-call">call</span>,
  );
  return (
    <div className="rings" role="img" aria-label={inWords(rings)} data-testid="rings">
      {drawn}
    </div>
  );
}
