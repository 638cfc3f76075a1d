import { useLayoutEffect, useRef, useState } from 'react';

/** An element of its own to render into: it can be moved in the page without what is in it beginning again. */
export function useMovableElement(): HTMLElement {
  const [element] = useState(() => {
    const made = document.createElement('div');
    made.className = 'movable';
    return made;
  });
  return element;
}

/** Where the movable element is now. */
export function Place({ element }: { readonly element: HTMLElement }) {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    ref.current?.append(element);
  }, [element]);
  return <div className="movable" ref={ref} />;
}
