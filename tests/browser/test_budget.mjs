// What the portal weighs, and how soon it shows something. docs/benchmarks.md has the figures.
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { place } from './portal.mjs';

const KB = 1000;
// Packed, of what the first page needs before it draws; charts and pages come after.
const MOST_AT_FIRST = 300 * KB;
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
};
