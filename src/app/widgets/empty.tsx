import type { ReactNode } from 'react';

/** What a view says when there is nothing yet. */
export function Empty({ children }: { readonly children: ReactNode }) {
  return <p className="m-auto max-w-[46ch] p-4 text-center text-muted">{children}</p>;
}
