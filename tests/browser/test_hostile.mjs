// Every page, full of markup and script in all that others can name and write: nothing of it becomes part of the page,
// and the content security policy has nothing to refuse.
import assert from 'node:assert/strict';
import { place } from './portal.mjs';

const HOSTILE = '"\'><img src=x onerror="window.ran=1"><script>window.ran=2</script><svg onload="window.ran=3">{{7*7}}';
// Where HTML in Markdown is cleaned, it is parsed in a document that runs nothing, and Chromium tells what it would not run.
const PARSED = /^Executing inline event handler violates/;
const ID = '00000000-0000-4000-9000-0000000000bb';
const RULE = '00000000-0000-4000-8000-0000000000bb';

async function fill(portal) {
  const arm = (path) => `${place.arm}/${path}?api-version=2024-09-01`;
  const workspace = (path) => `/vedette/v1/workspaces/${place.workspace}/${path}`;
  await portal.insights('PUT', `alertRules/${RULE}`, { kind: 'Scheduled', properties: {
    displayName: `Rule ${HOSTILE}`, description: HOSTILE, enabled: false, severity: 'High', queryFrequency: 'PT1H', queryPeriod: 'PT1H',
    query: `print a = ${JSON.stringify(HOSTILE)}`, triggerOperator: 'GreaterThan', triggerThreshold: 0, suppressionEnabled: false,
    suppressionDuration: 'PT1H', tactics: ['Impact'],
    entityMappings: [{ entityType: 'Account', fieldMappings: [{ identifier: 'Name', columnName: 'a' }] }],
    alertDetailsOverride: { alertDisplayNameFormat: 'Alert {{a}}', alertDescriptionFormat: '{{a}}' }, customDetails: { What: 'a' } } });
  await portal.api('POST', `${workspace('rules')}/${RULE}/run?at=${encodeURIComponent(place.now)}`);
  const made = await portal.insights('PUT', `incidents/${ID}`, { properties: {
    title: HOSTILE, description: HOSTILE, severity: 'High', status: 'New', labels: [{ labelName: HOSTILE }], owner: { assignedTo: HOSTILE } } });
  await portal.insights('PUT', `incidents/${ID}/comments/c1`, { properties: {
    message: `${HOSTILE}\n\n[link](javascript:window.ran=4) ![picture](https://192.0.2.1/x.png)\n\n<iframe srcdoc="<script>parent.ran=5</script>"></iframe>` } });
  await portal.insights('PUT', `incidents/${ID}/tasks/t1`, { properties: { title: HOSTILE, description: HOSTILE, status: 'New' } });
  await portal.insights('PUT', 'bookmarks/00000000-0000-4000-9000-0000000000bc', { properties: {
    displayName: HOSTILE, query: 'print 1', notes: HOSTILE, labels: [HOSTILE], queryResult: JSON.stringify({ a: HOSTILE }) } });
  await portal.insights('PUT', 'watchlists/Hostile', { properties: { displayName: 'Hostile', description: HOSTILE, provider: 'Here',
    source: 'Local file', itemsSearchKey: 'Key', contentType: 'text/csv',
    rawContent: `Key,Text\n1,"${HOSTILE.replaceAll('"', '""')}"\n` } });
  await portal.api('PUT', arm('savedSearches/hostile'), { properties: { category: HOSTILE, displayName: HOSTILE, query: 'print 1' } });
  await portal.api('POST', '/vedette/v1/users', { name: 'hostile', displayName: HOSTILE, email: 'a@halden.example', roles: [{ role: 'Reader' }],
    password: 'correct horse 8 battery', mustChangePassword: false });
  await portal.api('POST', '/vedette/v1/applications', { name: HOSTILE, roles: [] });
  await portal.api('PUT', '/providers/Microsoft.Authorization/roleDefinitions/00000000-0000-4000-9000-0000000000bd?api-version=2022-04-01',
    { properties: { roleName: HOSTILE, description: HOSTILE, assignableScopes: ['/'], permissions: [{ actions: ['*/read'] }] } });
  await portal.api('PUT', arm('tables/Hostile_CL'), { properties: { schema: { name: 'Hostile_CL', columns: [
    { name: 'TimeGenerated', type: 'dateTime' }, { name: 'Text', type: 'string' }, { name: 'Bag', type: 'dynamic' }] } } });
  return made.properties.incidentNumber;
}

// What was asked for is there: nothing turns any more.
async function settled(portal) {
  await portal.until(async () => (await portal.page.locator('[role=progressbar]:visible').count()) === 0, 'the end of loading');
}

export const tests = {
  async nothing_that_others_wrote_runs(portal) {
    const { page } = portal;
    const number = await fill(portal);
    const { value } = await portal.api('GET', `/vedette/v1/workspaces/${place.workspace}/entities?text=onerror`);
    const alerts = await portal.insights('GET', 'incidents?$orderby=properties/createdTimeUtc%20desc&$top=5');
    const others = alerts.value.map((one) => one.properties.incidentNumber);
    const pages = ['/', '/account', `/incidents?q=${number}`, ...[number, ...others].flatMap((n) => [`/incidents/${n}`,
      ...['alerts', 'timeline', 'assets', 'evidence', 'activities', 'similar', 'merges'].map((tab) => `/incidents/${n}?tab=${tab}`), `/incidents/${n}/report`]).slice(0, 22),
      '/rules', '/rules?tab=templates', '/rules?tab=coverage', `/rules/${RULE}`, `/rules/${RULE}?tab=runs`, `/rules/${RULE}?tab=alerts`, `/rules/${RULE}?tab=versions`, `/rules/${RULE}/edit`,
      '/entities', '/entities?search=onerror', ...value.map((one) => `/entities/${one.kind}/${one.id}`).slice(0, 2),
      '/tables', '/tables/Hostile_CL', '/sources', '/data-collection-rules', '/watchlists', '/watchlists/Hostile', '/jobs',
      ...['', 'users', 'applications', 'roles', 'assignments', 'workspaces', 'audit'].map((tab) => `/settings?tab=${tab}`),
      `/incidents?q=${encodeURIComponent(HOSTILE)}`, `/entities/${encodeURIComponent(HOSTILE)}/${encodeURIComponent(HOSTILE)}`,
      `/tables/${encodeURIComponent(HOSTILE)}`, `/watchlists/${encodeURIComponent(HOSTILE)}`, `/${encodeURIComponent(HOSTILE)}`];
    let seen = 0;
    for (const path of pages) {
      const before = portal.said.length;
      await portal.goto(path);
      await page.locator('main').first().waitFor();
      await settled(portal);
      const found = await page.evaluate(() => ({
        ran: window.ran ?? null,
        bad: [...document.querySelectorAll('[onerror], [onload], img[src="x"], iframe, main script, a[href^="javascript:" i], [src^="https://192.0.2.1"]')]
          .map((node) => node.outerHTML.slice(0, 200)),
        shown: document.body.innerText.includes('onerror='),
        counted: document.body.innerText.includes('<svg onload="window.ran=3">49'),
      }));
      assert.deepEqual({ ran: found.ran, bad: found.bad, counted: found.counted }, { ran: null, bad: [], counted: false }, path);
      const refused = portal.said.slice(before).filter((line) => line.includes('Content Security Policy'));
      const markdown = /^\/incidents\/\d/.test(path);
      assert.deepEqual(refused.filter((line) => !markdown || !PARSED.test(line)).slice(0, 1), [], path);
      seen += found.shown ? 1 : 0;
    }
    portal.expected = new RegExp(`${portal.expected.source}|${PARSED.source}`);
    assert.ok(seen >= 10, `only ${seen} of ${pages.length} pages show what was written`);
    portal.checkQuiet();
  },

  async rows_and_charts_of_markup_are_text(portal) {
    const { page } = portal;
    const text = JSON.stringify(HOSTILE);
    for (const kql of [`print Text = ${text}, Bag = bag_pack(${text}, ${text}), ['a<img src=x onerror=1>'] = 1`,
      `datatable(Name:string, n:long)[${text}, 3, 'b', 4] | render columnchart with (title=${text})`,
      `datatable(Name:string, n:long)[${text}, 3, 'b', 4] | render piechart`]) {
      await portal.goto('/hunting', 'Advanced hunting');
      const editor = page.getByTestId('kql-editor').locator('textarea').first();
      await editor.waitFor({ state: 'attached' });
      await editor.focus();
      await page.keyboard.press('Control+a');
      await page.keyboard.insertText(kql);
      await page.keyboard.press('Shift+Enter');
      await page.locator('canvas, [role=grid][aria-label=Results], [role=img]').first().waitFor();
      await settled(portal);
      assert.equal(await page.evaluate(() => window.ran ?? document.querySelectorAll('[onerror], [onload], img[src="x"]').length), 0, kql);
    }
    portal.checkQuiet();
  },
};
