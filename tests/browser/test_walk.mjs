// Every page: in sizes, colours and states that it meets seldom. What a page is for is tested elsewhere.
import assert from 'node:assert/strict';
import { place } from './portal.mjs';

const pages = [['/', 'Overview'], ['/incidents', 'Incidents'], ['/incidents/1', /Report 0/], ['/hunting', 'Advanced hunting'],
  ['/rules', 'Analytics'], ['/rules/new', /analytics rule/i], ['/entities', 'Entities'], ['/tables', 'Tables'], ['/sources', 'Data sources'],
  ['/data-collection-rules', 'Data collection rules'], ['/watchlists', 'Watchlists'], ['/jobs', 'Jobs'],
  ['/settings', 'Settings'], ['/account', 'Your account']];
const SIZES = { tablet: [1024, 768], 'tablet upright': [768, 1024], 'zoomed 200 %': [640, 360] };
// Calls of the pages; who is signed in is asked elsewhere and stays answered.
const API = /\/(v1|vedette\/v1|subscriptions|providers)\//;

// A link to each page is followed, so that the portal is loaded once.
async function open(portal, path) {
  // Kusto's language service looks once more at a text whose editor has gone.
  if (!portal.expected.test('getVersionId')) portal.expected = new RegExp(`${portal.expected.source}|getVersionId`);
  await portal.page.evaluate((to) => {
    // As the router notes its own steps.
    const idx = (window.history.state?.idx ?? 0) + 1;
    window.history.pushState({ usr: null, key: `step${idx}`, idx }, '', to);
    window.dispatchEvent(new PopStateEvent('popstate'));
  }, `/portal${path}`);
}
const settled = (page) => page.locator('main [role=progressbar]').first().waitFor({ state: 'detached' });

// What reaches past the window, or stays where nothing scrolls to it.
const cutOff = (page) => page.evaluate(() => {
  const bad = [];
  if (document.documentElement.scrollWidth > window.innerWidth + 1) bad.push(`the document is ${document.documentElement.scrollWidth} wide`);
  const main = document.querySelector('main');
  if (main.scrollWidth > main.clientWidth + 1) {
    const limit = main.getBoundingClientRect().right + 1;
    const wide = [...main.querySelectorAll('*')].find((e) => e.getBoundingClientRect().right > limit
      && ![...function* up(x) { for (let p = x.parentElement; p && p !== main; p = p.parentElement) yield p; }(e)]
        .some((p) => /auto|scroll|hidden/.test(getComputedStyle(p).overflowX)));
    bad.push(`the page is ${main.scrollWidth} of ${main.clientWidth}: ${wide?.outerHTML.slice(0, 160)}`);
  }
  return bad;
});

async function refused(portal, answer, expected) {
  const { page } = portal;
  portal.expected = /Failed to load resource/;
  await portal.goto('/account', 'Your account');
  await page.route(API, answer);
  const bad = [];
  for (const [path] of pages) {
    if (path === '/rules/new' || path === '/account') continue; // these begin with nothing from the server
    await open(portal, path);
    // The schema beside hunting, and lists of other pages, say it in their own place.
    const said = await page.locator('main').getByText(expected).first().waitFor({ timeout: 20_000 }).then(() => true, () => false);
    if (!said) bad.push(path);
    if (place.pictures) await portal.shot(`refused-${path}`);
  }
  assert.deepEqual(bad, []);
}

export const tests = {
  async pages_fit_tablets_and_zoom(portal) {
    const { page } = portal;
    const bad = [];
    await portal.goto('/account', 'Your account');
    await page.emulateMedia({ reducedMotion: 'reduce' });
    for (const [size, [width, height]] of Object.entries(SIZES)) {
      await page.setViewportSize({ width, height });
      for (const [path, heading] of pages) {
        await open(portal, path);
        await page.getByRole('heading', { name: heading, level: 1 }).waitFor();
        await settled(page);
        for (const what of await cutOff(page)) bad.push(`${path}, ${size}: ${what}`);
        if (place.pictures) await portal.shot(`walk-${size}-${path}`);
      }
    }
    assert.deepEqual(bad, []);
  },

  async pages_keep_their_shapes_in_forced_colours(portal) {
    const { page } = portal;
    await portal.goto('/account', 'Your account');
    await page.emulateMedia({ forcedColors: 'active', reducedMotion: 'reduce' });
    for (const [path, heading] of pages) {
      await open(portal, path);
      await page.getByRole('heading', { name: heading, level: 1 }).waitFor();
      await settled(page);
      await portal.violations(`${path} in forced colours`);
      if (place.pictures) await portal.shot(`walk-forced-${path}`);
    }
    const edge = await page.locator('nav [aria-current=page]').count()
      ? await page.locator('nav [aria-current=page]').evaluate((e) => getComputedStyle(e).outlineStyle) : 'solid';
    assert.equal(edge, 'solid');
  },

  async the_keyboard_skips_to_the_page_and_follows_the_navigation(portal) {
    const { page } = portal;
    await portal.goto('/incidents', 'Incidents');
    await page.keyboard.press('Tab');
    await page.getByRole('link', { name: 'Skip to the page' }).and(page.locator(':focus')).waitFor();
    await page.keyboard.press('Enter');
    await page.locator('main:focus').waitFor();
    await page.getByRole('link', { name: 'Tables' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Tables', level: 1 }).waitFor();
    await page.locator('main:focus').waitFor();
  },

  async a_server_that_fails_is_told_with_its_reference(portal) {
    await refused(portal, (route) => route.fulfill({
      status: 500, headers: { 'x-ms-request-id': 'ref-500', 'content-type': 'application/json' },
      body: '{"error":{"code":"InternalServerError","message":"The disk is gone."}}' }), /Reference: ref-500/);
  },

  async what_is_forbidden_is_told(portal) {
    await refused(portal, (route) => route.fulfill({
      status: 403, headers: { 'x-ms-request-id': 'ref-403', 'content-type': 'application/json' },
      body: '{"error":{"code":"Forbidden","message":"Not for you."}}' }), /Reference: ref-403/);
  },

  async a_server_that_is_not_there_is_told(portal) {
    await refused(portal, (route) => route.abort('timedout'), /The server can't be reached/);
  },

  async empty_pages_say_what_to_do(portal) {
    const { page } = portal;
    const name = 'emptyplace';
    await portal.api('PUT', `/subscriptions/${place.arm.split('/')[2]}/resourceGroups/${place.arm.split('/')[4]}/providers/Microsoft.OperationalInsights`
      + `/workspaces/${name}?api-version=2022-10-01`, { location: 'local', properties: {} });
    const { tenants } = await (await page.goto(`${place.url}/portal/`), page.evaluate(async () => (await fetch('/portal/api/session')).json()));
    const made = tenants.flatMap((t) => t.workspaces).find((w) => w.name === name);
    await page.evaluate((id) => localStorage.setItem('vedette.workspace', id), made.id);
    await portal.goto('/account', 'Your account');
    const bad = [];
    for (const [path, heading] of pages) {
      if (/^\/(incidents\/1|rules\/new|account|settings)$/.test(path)) continue;
      await open(portal, path);
      await page.getByRole('heading', { name: heading, level: 1 }).waitFor();
      await settled(page);
      if (await page.locator('main').getByRole('alert').count()) bad.push(`${path}: an error`);
      if (place.pictures) await portal.shot(`empty-${path}`);
    }
    assert.deepEqual(bad, []);
  },
};
