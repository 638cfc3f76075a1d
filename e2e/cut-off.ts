import { expect, type Page } from '@playwright/test';

/** Shortened on purpose: there is more of the same elsewhere. */
const SHORTENED =
  '.sr-only, .tip, .narrator-entry[data-old="true"], .breaker-lane, .react-flow, option, textarea';

/** Runs in the page: texts of which a part cannot be seen, and cannot be scrolled to either. */
function textsCutOff(shortened: string): string[] {
  const found: string[] = [];
  const range = document.createRange();
  // What a dialog lies over does not scroll meanwhile.
  const seen = document.querySelector('[role="dialog"]') ?? document.body;
  const texts = document.createTreeWalker(seen, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text !== null; text = texts.nextNode()) {
    const own = text.parentElement;
    if (own === null || text.nodeValue?.trim() === '' || own.closest(shortened) !== null) continue;
    if (!own.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    range.selectNodeContents(text);
    const { left, right, top, bottom, width } = range.getBoundingClientRect();
    if (width === 0) continue;
    for (let around: HTMLElement | null = own; ; around = around.parentElement) {
      if (around === null) {
        if (left < -1 || right > innerWidth + 1) found.push(`${text.nodeValue} (beside the window)`);
        break;
      }
      const { overflowX, overflowY, textOverflow } = getComputedStyle(around);
      if (textOverflow === 'ellipsis' || /auto|scroll/.test(overflowX + overflowY)) break;
      if (overflowX === 'visible' && overflowY === 'visible') continue;
      const box = around.getBoundingClientRect();
      if (left < box.left - 1 || right > box.right + 1 || top < box.top - 2 || bottom > box.bottom + 2) {
        found.push(`${text.nodeValue} (in ${around.className})`);
        break;
      }
    }
  }
  return found;
}

/** No text is cut off, and the page is no wider than its window. */
export async function expectNothingCutOff(page: Page, view: string): Promise<void> {
  expect(await page.evaluate(textsCutOff, SHORTENED), view).toEqual([]);
  const [wide, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  expect(wide, `${view}: wider than the window`).toBeLessThanOrEqual(window ?? 0);
}
