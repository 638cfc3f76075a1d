/** @typedef {import('../../src/app/scripting-door.ts').ScriptingDoor} ScriptingDoor */

/**
 * The shop in a page of its own, as a visitor has it: paused, and nobody has ordered yet.
 *
 * @param {import('@playwright/test').Browser} browser
 * @param {string} url
 * @param {(page: import('@playwright/test').Page) => Promise<void>} [before] what is done before it is opened
 */
export async function openShop(browser, url, before) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await before?.(page);
  return await openShopIn(page, url);
}

/**
 * @param {import('@playwright/test').Page} page
 * @param {string} url
 */
export async function openShopIn(page, url) {
  await page.goto(url);
  await page.waitForFunction(() => 'bulkhead' in window);
  const door = await page.evaluateHandle(() => {
    const { bulkhead } = /** @type {Window & { bulkhead?: ScriptingDoor }} */ (window);
    if (bulkhead === undefined) throw new Error('the page has no scripting door');
    return bulkhead;
  });
  await door.evaluate((bulkhead) => bulkhead.ready);
  /**
   * Does what must succeed.
   *
   * @param {Record<string, unknown>} wanted
   */
  const command = async (wanted) => {
    const result = await door.evaluate((bulkhead, given) => bulkhead.command(given), wanted);
    if (!result.ok) throw new Error(`${String(wanted['type'])}: ${result.error.message}`);
    return result.value;
  };
  return { page, door, command };
}

/** @param {readonly number[]} numbers */
export const median = (numbers) => quantile(numbers, 0.5);

/**
 * @param {readonly number[]} numbers
 * @param {number} share
 */
export function quantile(numbers, share) {
  const sorted = numbers.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
