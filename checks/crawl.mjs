// Finds the pages by following links, one or two of each kind, so that a new page is checked without being listed.

/** Where to begin, and pages that no link leads to: states that are designed pages as well. */
const beginnings = [
  { path: '/home', status: 200 },
  { path: '/patients?q=a', status: 200 },
  { path: '/patients?q=m', status: 200 },
  { path: '/patients?q=zzzzzz', status: 200 },
  { path: '/patients/nobody', status: 404 },
  { path: '/no-such-page', status: 404 },
];
const beside = /^\/(sign-out|sign-in|fhir|assets|metrics|health|ready)\b/;
/** The overview of a patient's record. */
export const record = /^\/patients\/[^/?]+$/;
/** Of each kind two pages, as people differ; one of single entries and of the past. */
const perKind = (name) => (/[?&]at\b|\/items\//.test(name) ? 1 : 2);
const pagesMax = 120;

/** What kind of page an address is: `/patients/{id}/results?code`. */
function kind(url) {
  const path = url.pathname.split('/').map((part) => (/\d/.test(part) || part.length > 24 ? '{id}' : part)).join('/');
  return `${path}?${[...new Set(url.searchParams.keys())].sort().join('&')}`;
}

/** Yesterday at noon, as a form of ours sends it. */
function yesterday() {
  return `${new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)}T12:00`;
}

export async function findPages(context, base) {
  const seen = new Set(), kinds = new Map(), pages = [];
  const queue = [...beginnings];
  const page = await context.newPage();
  while (queue.length) {
    const { path, status } = queue.shift();
    const name = kind(new URL(path, base));
    const isBeginning = beginnings.some((first) => first.path === path);
    if (seen.has(path) || (!isBeginning && (kinds.get(name) ?? 0) >= perKind(name))) continue;
    if (pages.length >= pagesMax) throw new Error(`More than ${pagesMax} kinds of pages: raise pagesMax in crawl.mjs`);
    seen.add(path);
    kinds.set(name, (kinds.get(name) ?? 0) + 1);
    pages.push({ path, status });
    if (record.test(path) && status === 200) queue.push({ path: `${path}?at=${yesterday()}`, status: 200 });
    await page.goto(base + path);
    const links = await page.$$eval('a[href]:not([download])', (nodes) => nodes.map((node) => node.href));
    for (const link of links.map((link) => new URL(link))) {
      if (link.origin !== new URL(base).origin || beside.test(link.pathname)) continue;
      queue.push({ path: link.pathname + link.search, status: 200 });
    }
  }
  await page.close();
  if (!pages.some((found) => record.test(found.path) && found.status === 200)) {
    throw new Error('No patient record was found: /patients?q=a and /patients?q=m list nobody');
  }
  return pages;
}
