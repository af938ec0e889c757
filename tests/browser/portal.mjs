// What a test gets: a page of the portal, the server's API as its operator, and checks of what every page owes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

export const place = JSON.parse(process.env.VEDETTE_PLACE);
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const LIMIT_MS = 90_000; // a page is slow beside other suites

// What a browser logs for answers that a test provokes; everything else on its console is a mistake.
const EXPECTED = /Failed to load resource: the server responded with a status of (400|401|403|404|409|412|429)/;

export class Portal {
  static async open(browser, storageState, more = {}) {
    const context = await browser.newContext({
      ignoreHTTPSErrors: true, viewport: { width: 1280, height: 720 }, timezoneId: 'UTC', locale: 'en-GB',
      ...(storageState ? { storageState } : {}), ...more,
    });
    context.setDefaultTimeout(LIMIT_MS);
    return new Portal(context, await context.newPage());
  }

  constructor(context, page) {
    this.context = context;
    this.said = [];
    this.expected = EXPECTED; // a test may expect more
    this.watch(page);
    this.page = page;
  }

  watch(page) {
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.said.push(message.text());
    });
    page.on('pageerror', (error) => this.said.push(`uncaught: ${error.stack}`));
    page.on('dialog', (dialog) => {
      this.said.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
  }

  async close() {
    await this.context.close();
  }

  // Opens a page below /portal and waits for its heading.
  async goto(path, heading) {
    await this.page.goto(`${place.url}/portal${path}`);
    if (heading) await this.page.getByRole('heading', { name: heading, level: 1 }).waitFor();
  }

  async signIn(who) {
    const person = place.people[who];
    await this.goto('/');
    await this.page.getByLabel('User name').fill(person.name);
    await this.page.getByLabel('Password').fill(person.password);
    await this.page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await this.page.getByRole('navigation', { name: 'Pages' }).waitFor();
  }

  // A test begins with the pages as a new person finds them: columns and views follow the person.
  async forgetPreferences() {
    const { request } = this.context;
    const session = await (await request.get(`${place.url}/portal/api/session`)).json();
    const path = `${place.url}/vedette/v1/preferences`;
    for (const { key } of (await (await request.get(path)).json()).value)
      await request.delete(`${path}/${key}`, { headers: { 'x-csrf-token': session.csrfToken, origin: place.url } });
  }

  // The API as the operator: the parsed answer; throws unless it is a success.
  async api(method, path, body, headers = {}) {
    const answer = await fetch(place.api + path, {
      method,
      headers: { Authorization: `Bearer ${place.operator}`, 'Content-Type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  // The same below the workspace's Microsoft.SecurityInsights.
  insights(method, path, body, headers) {
    const mark = path.includes('?') ? '&' : '?';
    return this.api(method,
      `${place.arm}/providers/Microsoft.SecurityInsights/${path}${mark}api-version=2024-09-01`, body, headers);
  }

  // Rows of a query, as objects.
  async query(kql) {
    const answer = await this.api('POST', `/v1/workspaces/${place.workspace}/query`, { query: kql });
    const { columns, rows } = answer.tables[0];
    return rows.map((row) => Object.fromEntries(row.map((value, i) => [columns[i].name, value])));
  }

  // Tells of a figure, beside the tests' outcomes.
  measured(what, value) {
    console.log(`   ${what}: ${Math.round(value)}`);
  }

  // Moves the server's clock; answers when all that is due until then has run.
  async moveClock(minutes) {
    const { now } = await this.api('GET', '/vedette/v1/clock');
    const to = new Date(new Date(now).getTime() + minutes * 60_000).toISOString();
    await this.api('POST', '/vedette/v1/clock', { now: to });
  }

  // Waits until a condition of the server's side holds.
  async until(condition, what = 'it') {
    const end = Date.now() + LIMIT_MS;
    while (Date.now() < end) {
      const found = await condition();
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${what} did not happen within ${LIMIT_MS} ms`);
  }

  // Fluent's guards of the focus are hidden and focusable on purpose: they are left out.
  // WCAG 2.2 AA as far as axe sees it, in both appearances: nothing serious, nothing critical.
  async accessible(what = 'page') {
    // A dialog that is on its way out hides what is behind it for a moment longer.
    if ((await this.page.locator('[role=dialog]:visible, [role=alertdialog]:visible').count()) === 0)
      await this.page.locator('#root:not([aria-hidden=true])').waitFor({ state: 'attached' });
    // Colours on their way from one appearance to the other are nobody's.
    await this.page.evaluate(() => {
      const still = new CSSStyleSheet();
      still.replaceSync('*, *::before, *::after { transition: none !important }');
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, still];
    });
    for (const scheme of ['light', 'dark']) {
      await this.page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      await this.page.locator(`html[data-appearance=${scheme}]`).waitFor({ state: 'attached' });
      await this.page.evaluate(async () => {
        document.getAnimations().forEach((a) => a.effect?.getComputedTiming().iterations !== Infinity && a.finish());
        await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
      });
      await this.violations(`${what}, ${scheme}`);
    }
    await this.page.emulateMedia({ colorScheme: 'light' });
    await this.page.evaluate(() => { document.adoptedStyleSheets = document.adoptedStyleSheets.slice(0, -1); });
  }

  // The same of the page as it is now.
  async violations(what) {
    // Half a megabyte: once for each document.
    if (!(await this.page.evaluate(() => 'axe' in window))) await this.page.evaluate(AXE);
    const found = await this.page.evaluate(() =>
      axe.run({ exclude: [['[data-tabster-dummy]']] }, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'], resultTypes: ['violations'] }));
    const bad = found.violations.filter((v) => ['serious', 'critical'].includes(v.impact));
    assert.deepEqual(bad.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) =>
      `${n.html.slice(0, 200)} ${n.any[0]?.message ?? ''}`).join(' | ')}`), [], what);
  }

  // Pictures for people, when $PICTURES is set: wide, narrow, dark.
  async shots(name) {
    if (!place.pictures) return;
    await this.page.waitForLoadState('networkidle');
    await this.shot(name);
    await this.page.emulateMedia({ colorScheme: 'dark' });
    await this.shot(`${name}-dark`);
    await this.page.emulateMedia({ colorScheme: 'light' });
    await this.page.setViewportSize({ width: 768, height: 1024 });
    await this.shot(`${name}-narrow`);
    await this.page.setViewportSize({ width: 1280, height: 720 });
  }

  async shot(name) {
    await this.page.screenshot({ path: `${place.shots}/${name.replaceAll(/[^\w-]/g, '-')}.png` });
  }

  // Nothing was logged that should not be: no error, no refused content, no dialog.
  checkQuiet() {
    assert.deepEqual(this.said.filter((line) => !this.expected.test(line)), []);
  }
}
