// The browser checks: signs in, finds every kind of page by following links, and looks at each at three sizes.
//   node checks/check.mjs http://127.0.0.1:8080 [PATH...]
// Environment: USER and PASS sign in; CHROMIUM is the browser; SHOTS is a folder for pictures of every page.
// Ends with `N passed, N failed` and exit code 1 when anything failed. A check is one page at one size, one page
// without scripts, or one thing done with the keyboard.
import { chromium } from 'playwright-core';
import { mkdirSync } from 'node:fs';
import { findPages, record } from './crawl.mjs';
import { listen, look } from './faults.mjs';

const [address, ...given] = process.argv.slice(2);
if (!address) throw new Error('usage: node checks/check.mjs ADDRESS [PATH...]');
const base = address.replace(/\/$/, '');
const { CHROMIUM = '/usr/bin/chromium', SHOTS, USER, PASS } = process.env;
const sizes = { desktop: [1366, 900], tablet: [1024, 768], phone: [390, 844] };
const count = { passed: 0, failed: 0 };
const report = (what, faults) => {
  count[faults.length ? 'failed' : 'passed']++;
  for (const fault of faults) console.log(`FAIL ${what}: ${fault}`);
};

/** Fills in the form; returns what went wrong. Without scripts, because signing in must work without them. */
async function signIn(browser) {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${base}/sign-in`);
  const password = page.locator('input[type=password]');
  const form = page.locator('form').filter({ has: password });
  await form.locator('input:not([type=hidden]):not([type=password])').first().fill(USER);
  await password.fill(PASS);
  await form.locator('button').first().click();
  const at = new URL(page.url()).pathname;
  const state = await context.storageState();
  await context.close();
  if (at === '/sign-in') throw new Error(`${USER} could not sign in: the answer was the form again`);
  return state;
}

async function visit(context, { path, status }, size) {
  const page = await context.newPage();
  const faults = listen(page, base, status);
  await page.goto(base + path);
  await page.evaluate(() => document.fonts.ready);
  if (SHOTS) {
    mkdirSync(SHOTS, { recursive: true });
    const name = path.replace(/\W+/g, '_').replace(/^_|_$/g, '') || 'start';
    await page.screenshot({ path: `${SHOTS}/${name}-${size}.png`, fullPage: true });
  }
  await look(page, faults);
  report(`${path} ${size}`, faults);
  await page.close();
}

/** Links and forms must do without scripts: the page comes, says what it is, and is not empty. */
async function visitWithoutScripts(browser, state, pages) {
  const context = await browser.newContext({ javaScriptEnabled: false, storageState: state });
  for (const { path, status } of pages) {
    const page = await context.newPage();
    const faults = listen(page, base, status);
    await page.goto(base + path);
    const headings = page.locator('h1');
    if (await headings.count() !== 1) faults.push(`${await headings.count()} first-level headings`);
    else if (!await headings.isVisible()) faults.push('the heading cannot be seen');
    if (await page.locator('main').count() !== 1) faults.push('no main part');
    report(`${path} without scripts`, faults);
    await page.close();
  }
  await context.close();
}

/** The find-as-you-type box by keyboard alone, and axe on it while the list is open. */
async function findAsYouType(context, someone) {
  const page = await context.newPage();
  const faults = listen(page, base);
  await page.goto(base + someone);
  const name = await page.locator('.app-banner__name').innerText();        // FAMILY, Given (Title)
  const typed = name.slice(0, 3).toLowerCase();
  await page.goto(`${base}/home`);
  await page.keyboard.press('/');
  const box = page.locator('input[name=q]').first();
  if (!await box.evaluate((node) => node === document.activeElement)) faults.push('/ does not go to the box');
  await page.keyboard.type(typed, { delay: 20 });
  const options = page.locator('[role=listbox] [role=option]');
  try {
    await options.first().waitFor({ timeout: 3000 });
    await look(page, faults, { tabbing: false });
    await page.keyboard.press('ArrowDown');
    if (await options.first().getAttribute('aria-selected') !== 'true') faults.push('the arrow chooses nobody');
    await page.keyboard.press('Escape');
    if (await options.first().isVisible()) faults.push('Escape does not close the list');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/patients\/./, { timeout: 3000 });
  } catch (error) {
    faults.push(`typing "${typed}" and choosing does not open a record: ${error.message.split('\n')[0]}`);
  }
  report('find as you type', faults);
  await page.close();
}

const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
try {
  const state = USER ? await signIn(browser) : undefined;
  const finder = await browser.newContext({ storageState: state });
  const pages = given.length ? given.map((path) => ({ path, status: 200 })) : await findPages(finder, base);
  console.log(`${pages.length} pages: ${pages.map((page) => page.path).join(' ')}`);
  const visits = Object.entries(sizes).map(async ([size, [width, height]]) => {
    const viewport = { width, height };
    const context = await browser.newContext({ storageState: state, viewport });
    for (const page of pages) await visit(context, page, size);
    await context.close();
    const outside = await browser.newContext({ viewport });
    if (state) await visit(outside, { path: '/sign-in', status: 200 }, size);
    await outside.close();
  });
  await Promise.all([...visits, visitWithoutScripts(browser, state, pages)]);
  const someone = pages.find(({ path, status }) => record.test(path) && status === 200);
  if (someone) await findAsYouType(finder, someone.path);
} catch (error) {
  report('the run', [error.stack ?? String(error)]);
} finally {
  await browser.close();
}
console.log(`${count.passed} passed, ${count.failed} failed`);
process.exit(count.failed || !count.passed ? 1 : 0);
