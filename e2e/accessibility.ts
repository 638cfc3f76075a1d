import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

const THEMES = ['light', 'dark'] as const;

/** What axe finds in the page as it stands, as lines that say where. */
async function axeFindings(page: Page, theme: (typeof THEMES)[number]): Promise<string[]> {
  const axe = new AxeBuilder({ page });
  // The other theme has the same page in other colours.
  if (theme === 'dark') axe.withRules(['color-contrast', 'link-in-text-block']);
  const { violations } = await axe.analyze();
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')} (${failureSummary ?? ''})`),
  );
}

/** Both themes of the present view; the run stands still meanwhile, so that they are of the same moment. */
export async function expectAccessible(page: Page, view: string): Promise<void> {
  for (const theme of THEMES) {
    await page.evaluate((wanted) => {
      document.documentElement.dataset['theme'] = wanted;
    }, theme);
    // What fades in or changes its colour has ended.
    await page.evaluate(async () => {
      await Promise.allSettled(document.getAnimations().map((animation) => animation.finished));
    });
    expect(await axeFindings(page, theme), `${view}, ${theme}`).toEqual([]);
  }
}
