import type { Page } from '@playwright/test';
import { expect } from './shop.ts';

/** The row of the dock's tabs. */
export const details = (page: Page) => page.getByRole('navigation', { name: 'Details' });

/** Opens a tab of the dock. Some are in a menu where there is no room for them. */
export async function openTab(page: Page, name: string): Promise<void> {
  const tab = details(page).getByRole('button', { name: new RegExp(`^${name}`) });
  if ((await tab.count()) === 0) {
    await details(page).getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name, exact: true }).click();
  } else if ((await tab.getAttribute('aria-expanded')) !== 'true') await tab.click();
  await expect(page.locator(`#dock[aria-label=${name}]`)).toBeVisible();
}
