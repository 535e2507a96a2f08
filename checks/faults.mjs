// What can be wrong with a page: what it asks for, how it lies on the screen, where the focus goes, and axe's rules.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const tabsMax = 600;

/** Collects faults from now on: failed answers, requests to other hosts, errors of scripts, breaches of the policy. */
export function listen(page, base, status = 200) {
  const faults = [];
  page.on('response', (response) => {
    const is = response.status();
    const isPage = response.request().isNavigationRequest();
    if (isPage && is >= 300 && is < 400) return;           // where it leads to is judged
    if (isPage ? is !== status : is >= 400) faults.push(`${is} ${response.url()}`);
  });
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${base}/`) && !/^(data|blob):/.test(url)) faults.push(`outside request ${url}`);
  });
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    if (/Content[- ]Security[- ]Policy/i.test(message.text())) faults.push(message.text());
  });
  return faults;
}

/** Looks at a loaded page and adds what is wrong with it: as it comes, then with everything unfolded. */
export async function look(page, faults, { tabbing = true } = {}) {
  await scrolls(page, faults, 'as it comes');
  if (tabbing) await walk(page, faults);
  await page.evaluate(() => document.querySelectorAll('details').forEach((part) => { part.open = true; }));
  await scrolls(page, faults, 'unfolded');
  await page.evaluate(axe);                                // allowed under a strict policy, unlike a script element
  const result = await page.evaluate((runOnly) => window.axe.run(document, { runOnly }), tags);
  for (const { impact, id, nodes } of result.violations) {
    faults.push(`${impact} ${id} (${nodes.length}): ${nodes[0].html.slice(0, 160)}`);
  }
}

async function scrolls(page, faults, how) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (over > 0) faults.push(`the page scrolls sideways by ${over}px ${how}`);
}

/** Tabs through everything: nothing focused may lie wholly under something else (WCAG 2.4.11), and Tab gets out. */
async function walk(page, faults) {
  await page.evaluate(() => {
    document.body.tabIndex = -1;                           // Tab then begins at the top, also where a field took the focus
    document.body.focus();
    document.body.removeAttribute('tabindex');
    scrollTo(0, 0);
  });
  for (let tabs = 0; tabs < tabsMax; tabs++) {
    await page.keyboard.press('Tab');
    const found = await page.evaluate(() => {
      const node = document.activeElement;
      if (!node || node === document.body || window.firstFocused === node) return { end: true };
      window.firstFocused ??= node;
      const parts = [...node.getClientRects()].filter((part) => part.width && part.height);
      const points = parts.flatMap(({ left, right, top, bottom }) =>
        [[left + 2, top + 2], [right - 2, top + 2], [left + 2, bottom - 2], [right - 2, bottom - 2], [(left + right) / 2, (top + bottom) / 2]]);
      const shows = points.some(([x, y]) => {
        const top = document.elementFromPoint(x, y);
        return top && (node.contains(top) || top.contains(node) && !top.matches('html, body'));
      });
      return { covered: !shows && node.outerHTML.slice(0, 120) };
    });
    if (found.end) return;
    if (found.covered) faults.push(`the focus is covered or off the screen: ${found.covered}`);
  }
  faults.push(`Tab does not come to an end after ${tabsMax} stops`);
}
