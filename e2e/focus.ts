import { expect, type Locator, type Page } from '@playwright/test';

interface Focus {
  readonly there: boolean;
  /** Why whoever looks cannot see what has focus. */
  readonly hidden: string | null;
}

/** Runs in the page. */
function focusAt(target: Element): Focus {
  const focused = document.activeElement;
  const there = focused === target;
  // Between the last stop and the first the browser itself has focus.
  if (focused === null || focused === document.body) return { there, hidden: null };
  const name = focused.outerHTML.slice(0, 160);
  // A radio button without looks of its own has those of its words.
  const shown = getComputedStyle(focused).opacity === '0' ? focused.nextElementSibling : focused;
  if (shown === null) return { there, hidden: `nothing is shown of it: ${name}` };
  const { outlineStyle, outlineWidth } = getComputedStyle(shown);
  if (outlineStyle === 'none' || Number.parseFloat(outlineWidth) < 1)
    return { there, hidden: `no outline: ${name}` };
  const { left, top, width, height } = shown.getBoundingClientRect();
  let over = 'nothing: it is outside the window';
  for (const across of [0.5, 0.05, 0.95])
    for (const down of [0.5, 0.1, 0.9]) {
      const hit = document.elementFromPoint(left + across * width, top + down * height);
      if (hit === null) continue;
      if (shown.contains(hit) || focused.closest('label')?.contains(hit) === true)
        return { there, hidden: null };
      over = hit.outerHTML.slice(0, 160);
    }
  return { there, hidden: `${name} is under ${over}` };
}

/** Presses Tab until this has focus; at each stop on the way the focus can be seen. */
export async function tabTo(page: Page, target: Locator, most = 150): Promise<void> {
  for (let stop = 0; stop < most; stop += 1) {
    await page.keyboard.press('Tab');
    let focus = await target.evaluate(focusAt);
    // The diagram moves what has focus into sight, which takes it a frame.
    const seen = async () => {
      focus = await target.evaluate(focusAt);
      return focus.hidden;
    };
    if (focus.hidden !== null) await expect.poll(seen, { timeout: 2000, intervals: [20] }).toBeNull();
    if (focus.there) return;
  }
  throw new Error(`Tab does not reach ${String(target)}`);
}
