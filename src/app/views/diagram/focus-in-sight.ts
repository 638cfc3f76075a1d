interface Extent {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface Shift {
  readonly x: number;
  readonly y: number;
}

const along = (start: number, end: number, from: number, to: number): number =>
  end > to ? Math.max(to - end, from - start) : Math.max(0, from - start);

/** How far a box has to move to lie within what can be seen; one that is too large for it, to its beginning. */
export const shiftIntoSight = (box: Extent, sight: Extent): Shift => ({
  x: along(box.left, box.right, sight.left, sight.right),
  y: along(box.top, box.bottom, sight.top, sight.bottom),
});

/** An outline around what has focus is seen, too. */
const ROOM = 6;

/** What of the diagram neither the inspector nor the dock lies over. */
function sightOf(diagram: HTMLElement): Extent {
  const { left, right, top, bottom } = diagram.getBoundingClientRect();
  const over = (selector: string) =>
    diagram.closest('.main')?.querySelector(selector)?.getBoundingClientRect();
  return {
    left: left + ROOM,
    top: top + ROOM,
    right: Math.min(right, over('.inspector')?.left ?? right) - ROOM,
    bottom: Math.min(bottom, over('.dock-over')?.top ?? bottom) - ROOM,
  };
}

/** Whoever goes through the diagram by keys sees where they are: it moves from under what lies over it, and back. */
export function keepFocusInSight(
  diagram: HTMLElement,
  move: (by: Shift) => void,
  moveBack: () => void,
): () => void {
  let moved = false;
  const onFocus = ({ target }: FocusEvent) => {
    if (!(target instanceof Element) || !target.matches(':focus-visible')) return;
    if (target.closest('.react-flow__node, .badge-layer') === null) return;
    const by = shiftIntoSight(target.getBoundingClientRect(), sightOf(diagram));
    if (by.x === 0 && by.y === 0) return;
    moved = true;
    move(by);
  };
  const onBlur = ({ relatedTarget }: FocusEvent) => {
    if (!moved || (relatedTarget instanceof Node && diagram.contains(relatedTarget))) return;
    moved = false;
    moveBack();
  };
  diagram.addEventListener('focusin', onFocus);
  diagram.addEventListener('focusout', onBlur);
  return () => {
    diagram.removeEventListener('focusin', onFocus);
    diagram.removeEventListener('focusout', onBlur);
  };
}
