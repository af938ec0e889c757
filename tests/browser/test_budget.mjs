// What the portal weighs, and how soon it shows something. docs/benchmarks.md has the figures.
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { Portal, place } from './portal.mjs';

const KB = 1000;
// Packed, of what the first page needs before it draws; charts and pages come after.
const MOST_AT_FIRST = 300 * KB;
// Of all that a page has loaded when it stands still; hunting has the editor and Kusto's language service.
const MOST_OF_A_PAGE = { '/hunting': 4500 * KB, '/': 700 * KB, '/incidents/1': 750 * KB };
const MOST_OF_OTHERS = 500 * KB;
const MOST_TO_PAINT_MS = 3000; // a second on a machine that does nothing else

export const tests = {
  first_page_is_light_and_quick: {
    person: 'nobody',
    async run(portal) {
      const { page } = portal;
      const sizes = {};
      page.on('response', async (answer) => {
        if (!answer.url().includes('/assets/')) return;
        const body = await answer.body().catch(() => Buffer.alloc(0));
        sizes[new URL(answer.url()).pathname] = gzipSync(body).length;
      });
      await page.goto(`${place.url}/portal/`);
      await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
      const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0);
      const total = Object.values(sizes).reduce((sum, n) => sum + n, 0);
      portal.measured('first paint, ms', paint);
      portal.measured('scripts and styles of the first page, packed, kB', total / KB);
      assert.ok(total > 0 && total < MOST_AT_FIRST, JSON.stringify(sizes));
      assert.ok(paint > 0 && paint < MOST_TO_PAINT_MS, `${paint} ms`);
    },
  },

  // As Lighthouse looks at a page: by the browser's own entries, each page in a browser that has nothing yet. Times are told,
  // not demanded, since they are the machine's; sizes and what jumps about are the portal's.
  async each_page_is_light_and_stands_still(portal) {
    const bad = [];
    const state = await portal.context.storageState();
    for (const path of ['/', '/incidents', '/incidents/1', '/hunting', '/rules', '/entities', '/tables', '/sources', '/settings']) {
      const one = await Portal.open(portal.context.browser(), state);
      try {
        const { page } = one;
        await page.addInitScript(() => {
          window.seen = { lcp: 0, cls: 0, blocking: 0, longest: 0 };
          const watch = (type, each) => new PerformanceObserver((list) => list.getEntries().forEach(each)).observe({ type, buffered: true });
          watch('largest-contentful-paint', (e) => { window.seen.lcp = e.startTime; });
          watch('layout-shift', (e) => { if (!e.hadRecentInput) window.seen.cls += e.value; });
          watch('longtask', (e) => { window.seen.blocking += e.duration - 50; window.seen.longest = Math.max(window.seen.longest, e.duration); });
        });
        await page.goto(`${place.url}/portal${path}`);
        await page.getByRole('heading', { level: 1 }).waitFor();
        await page.waitForLoadState('networkidle', { timeout: 10_000 }).catch(() => undefined); // events stay open
        const seen = await page.evaluate(() => {
          const assets = performance.getEntriesByType('resource').filter((e) => e.name.includes('/assets/'));
          return { ...window.seen, fcp: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0,
            bytes: assets.reduce((sum, e) => sum + e.encodedBodySize, 0), files: assets.length };
        });
        console.log(`   ${path}: ${Math.round(seen.bytes / KB)} kB in ${seen.files} files, first paint ${Math.round(seen.fcp)} ms, largest `
          + `${Math.round(seen.lcp)} ms, blocked ${Math.round(seen.blocking)} ms (longest ${Math.round(seen.longest)} ms), shift ${seen.cls.toFixed(3)}`);
        const most = MOST_OF_A_PAGE[path] ?? MOST_OF_OTHERS;
        if (seen.bytes > most) bad.push(`${path}: ${seen.bytes} bytes, ${most} allowed`);
        if (seen.cls > 0.25) bad.push(`${path}: what is shown jumps about (${seen.cls})`);
      } finally {
        await one.close();
      }
    }
    assert.deepEqual(bad, []);
  },
};
