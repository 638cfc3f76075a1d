import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

const THEMES = ['light', 'dark'] as const;

interface Findings {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly target: readonly unknown[]; readonly failureSummary?: string }[];
  }[];
}

/** axe itself, as it stands in the page. */
declare const axe: { run(context: unknown, options: unknown): Promise<Findings> };

/** Only what is wrong; and no stylesheet is fetched once more. */
const BRIEF = { resultTypes: ['violations' as const], preload: false };

/** What axe finds in the page as it stands, as lines that say where. No rules: all of them. */
async function axeFindings(page: Page, rules: string[], context?: unknown): Promise<string[]> {
  const options = rules.length === 0 ? BRIEF : { ...BRIEF, runOnly: rules };
  let findings: Findings;
  if (page.frames().length > 1) {
    findings = await new AxeBuilder({ page }).options(options).analyze();
  } else {
    // It stays in the page: brought there once, it is asked many times.
    if (!(await page.evaluate(() => 'axe' in window)))
      await new AxeBuilder({ page }).withRules(['document-title']).setLegacyMode().analyze();
    findings = await page.evaluate(([where, how]) => axe.run(where ?? document, how), [
      context,
      options,
    ] as const);
  }
  return findings.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')} (${failureSummary ?? ''})`),
  );
}

/**
 * Both themes of the present view, or of the part of it that is new; the run stands still meanwhile, so that they
 * are of the same moment.
 */
export async function expectAccessible(page: Page, view: string, within?: string): Promise<void> {
  for (const theme of THEMES) {
    await page.evaluate(async (wanted) => {
      document.documentElement.dataset['theme'] = wanted;
      // What fades in or changes its colour has ended; what inherits a colour may begin when that has.
      for (let round = 0; round < 10; round += 1) {
        const running = document.getAnimations().filter(({ playState }) => playState === 'running');
        await Promise.allSettled(running.map((animation) => animation.finished));
        await new Promise(requestAnimationFrame);
        if (running.length === 0) break;
      }
    }, theme);
    // The other theme has the same page in other colours.
    const rules = theme === 'light' ? [] : ['color-contrast', 'link-in-text-block'];
    expect(await axeFindings(page, rules, within), `${view}, ${theme}`).toEqual([]);
  }
}

/** Targets of less than 24 px have room around them. Badges on the diagram are in its tables, too. */
export async function expectLargeTargets(page: Page, view: string): Promise<void> {
  const small = await axeFindings(page, ['target-size'], { exclude: ['.badge-layer'] });
  expect(small, view).toEqual([]);
}
