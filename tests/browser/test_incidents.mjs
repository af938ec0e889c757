// The queue: filters, order, views, changes of several, and a hundred thousand of them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { place } from './portal.mjs';

const HOSTILE = '<img src=x onerror=alert(1)><script>alert(2)</script>';

function incident(number) {
  return `00000000-0000-4000-a000-${String(number).padStart(12, '0')}`;
}

function row(page, name) {
  return page.getByRole('row', { name });
}

// A workspace beside the one that is looked at: its id, its Microsoft.SecurityInsights, and how it goes away.
async function otherWorkspace(portal, name) {
  const arm = place.arm.replace(/[^/]+$/, name);
  const version = 'api-version=2025-09-01';
  const { properties } = await portal.api('PUT', `${arm}?${version}`, { location: 'local', properties: {} });
  return {
    id: properties.customerId,
    insights: (method, path, body) =>
      portal.api(method, `${arm}/providers/Microsoft.SecurityInsights/${path}?${version}`, body),
    remove: () => portal.api('DELETE', `${arm}?${version}`),
  };
}

export const tests = {
  async queue_shows_what_is_open(portal) {
    const { page } = portal;
    await portal.goto('/incidents', 'Incidents');
    await row(page, /Password guessed/).first().waitFor();
    assert.equal(await row(page, /Report 2 from the help desk/).count(), 0);
    for (const title of ['Incident name', 'Incident ID', 'Tags', 'Severity', 'Status', 'Assigned to', 'Categories'])
      await page.getByRole('columnheader', { name: title }).first().waitFor();
    await portal.accessible('queue');
    await portal.shots('queue');
  },

  async filters_are_in_the_address(portal) {
    const { page } = portal;
    await portal.goto('/incidents', 'Incidents');
    await page.getByRole('button', { name: /^Severity:/ }).click();
    await page.getByRole('menuitemcheckbox', { name: 'Low' }).click();
    await page.keyboard.press('Escape');
    await page.waitForURL(/severity=Low/);
    await row(page, /Report 6 from the help desk/).waitFor();
    await row(page, /Password guessed/).first().waitFor({ state: 'detached' });
    await page.getByRole('searchbox', { name: 'Search incidents' }).fill('report 6');
    await page.waitForURL(/q=report/);
    await page.getByText('1 incidents').waitFor();
    await page.reload();
    await page.getByText('1 incidents').waitFor();
    await page.getByRole('button', { name: 'Reset filters' }).click();
    await row(page, /Password guessed/).first().waitFor();
  },

  async queue_is_sorted_by_the_server(portal) {
    const { page } = portal;
    await portal.goto('/incidents?status=any', 'Incidents');
    await page.getByRole('columnheader', { name: 'Incident ID' }).getByRole('button').click();
    await page.waitForURL(/sort=incidentNumber/);
    await page.locator('[role=row][aria-rowindex="2"]', { hasText: 'Report 0 from the help desk' }).waitFor();
    assert.equal(await page.getByRole('columnheader', { name: 'Incident ID' }).getAttribute('aria-sort'), 'ascending');
  },

  async keys_move_and_open(portal) {
    const { page } = portal;
    await portal.goto('/incidents?status=any&sort=incidentNumber', 'Incidents');
    await row(page, /Report 0 from the help desk/).waitFor();
    await page.getByRole('grid', { name: 'Incidents' }).focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Report 1 from the help desk', level: 1 }).waitFor();
  },

  async several_are_changed_at_once(portal) {
    const { page } = portal;
    for (const number of [1, 2, 3])
      await portal.insights('PUT', `incidents/${incident(number)}`,
        { properties: { title: `Bulk ${number}`, severity: 'Low', status: 'New' } });
    await portal.goto('/incidents?q=Bulk', 'Incidents');
    await row(page, /Bulk 3/).waitFor();
    await page.getByRole('checkbox', { name: 'Select all rows' }).click();
    await page.getByRole('button', { name: 'Manage incidents (3)' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Severity').selectOption('High');
    await dialog.getByLabel('Tags').fill('phishing, vip');
    await dialog.getByRole('button', { name: 'Me', exact: true }).click();
    await dialog.getByLabel('Status').selectOption('Closed');
    assert.equal(await dialog.getByRole('button', { name: 'Save' }).isDisabled(), true);
    await dialog.getByLabel('Classification').selectOption({ label: 'True positive – suspicious activity' });
    await portal.accessible('manage dialog');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByText('3 incidents changed').first().waitFor();
    for (const number of [1, 2, 3]) {
      const { properties: p } = await portal.insights('GET', `incidents/${incident(number)}`);
      assert.deepEqual([p.severity, p.status, p.classification, p.classificationReason, p.owner.assignedTo],
        ['High', 'Closed', 'TruePositive', 'SuspiciousActivity', place.people.analyst.displayName]);
      assert.deepEqual(p.labels.map((l) => l.labelName), ['phishing', 'vip']);
    }
  },

  async several_are_assigned_to_oneself(portal) {
    const { page } = portal;
    for (const number of [81, 82])
      await portal.insights('PUT', `incidents/${incident(number)}`,
        { properties: { title: `Mine soon ${number}`, severity: 'Low', status: 'New' } });
    await portal.goto('/incidents?q=Mine+soon', 'Incidents');
    await row(page, /Mine soon 82/).waitFor();
    await page.getByRole('checkbox', { name: 'Select all rows' }).click();
    await page.getByRole('button', { name: 'Assign to me' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByText('2 incidents changed').first().waitFor();
    for (const number of [81, 82]) {
      const { properties } = await portal.insights('GET', `incidents/${incident(number)}`);
      assert.equal(properties.owner.userPrincipalName, place.people.analyst.name);
    }
  },

  async several_workspaces_are_one_queue(portal) {
    const { page } = portal;
    const branch = await otherWorkspace(portal, 'branch');
    const put = (api, number, title) => api('PUT', `incidents/${incident(number)}`,
      { properties: { title, severity: 'Low', status: 'New' } });
    try {
      // Both have the same resource name, as they may in different workspaces.
      await put(portal.insights.bind(portal), 91, 'Across here');
      await put(branch.insights, 91, 'Across there');
      await portal.goto('/incidents?q=Across', 'Incidents');
      await row(page, /Across here/).waitFor();
      assert.equal(await row(page, /Across there/).count(), 0);
      await page.getByRole('button', { name: 'Workspaces' }).click();
      await page.getByRole('menuitem', { name: 'All workspaces' }).click();
      await page.keyboard.press('Escape');
      await page.getByText('2 incidents', { exact: true }).waitFor();
      await row(page, /Across here/).filter({ hasText: place.workspaceName }).waitFor();
      await row(page, /Across there/).filter({ hasText: 'branch' }).waitFor();
      for (const title of ['Workspaces', 'Tenant name']) await page.getByRole('columnheader', { name: title }).waitFor();
      await portal.accessible('queue of several workspaces');
      await portal.shots('queue-workspaces');
      // Changes go to where each is.
      await page.getByRole('checkbox', { name: 'Select all rows' }).click();
      await page.getByRole('button', { name: 'Manage incidents (2)' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Severity').selectOption('High');
      await dialog.getByRole('button', { name: 'Me', exact: true }).click();
      await dialog.getByRole('button', { name: 'Save' }).click();
      await page.getByText('2 incidents changed').first().waitFor();
      for (const api of [portal.insights.bind(portal), branch.insights]) {
        const { properties: p } = await api('GET', `incidents/${incident(91)}`);
        assert.deepEqual([p.severity, p.owner.userPrincipalName], ['High', place.people.analyst.name]);
      }
      // One that can't be read takes nothing of the others away.
      portal.expected = /status of 503/;
      await page.route(/workspaces\/branch\/.*\/incidents\?/, (route) =>
        route.fulfill({ status: 503, json: { error: { code: 'Busy', message: 'The branch is busy.' } } }));
      await page.reload();
      await page.getByText('The incidents of branch are missing here').waitFor();
      await page.getByText('The branch is busy.').waitFor();
      await row(page, /Across here/).waitFor();
      await page.unrouteAll({ behavior: 'wait' });
      // Who tries again asks that one, and not the others.
      const asked = [];
      page.on('request', (request) => /Insights\/incidents\?|incidentCounts/.test(request.url()) && asked.push(request.url()));
      await page.getByRole('button', { name: 'Try again' }).click();
      await row(page, /Across there/).waitFor();
      await page.getByText('2 incidents', { exact: true }).waitFor();
      assert.deepEqual(asked.filter((url) => url.includes('/incidents?')).map((url) => /workspaces\/([^/]+)/.exec(url)[1]), ['branch']);
      // An incident opens where it is, and the way back leads to the same queue.
      await page.getByRole('link', { name: 'Across there' }).click();
      await page.getByRole('heading', { name: 'Across there', level: 1 }).waitFor();
      assert.equal(await page.getByLabel('Workspace', { exact: true }).inputValue(), branch.id);
      await page.goBack();
      await row(page, /Across here/).waitFor();
      await row(page, /Across there/).waitFor();
      // Whoever chooses a workspace sees that one.
      await page.getByLabel('Workspace', { exact: true }).selectOption(place.workspace);
      await row(page, /Across there/).waitFor({ state: 'detached' });
      await row(page, /Across here/).waitFor();
    } finally {
      await branch.remove();
    }
  },

  async addresses_of_unknown_workspaces_say_so(portal) {
    await portal.goto('/incidents/1?workspace=00000000-0000-4000-8000-000000000000');
    await portal.page.getByText('The workspace of this address is not one of yours').waitFor();
  },

  async an_owner_is_chosen_from_a_list(portal) {
    const { page } = portal;
    for (const number of [71, 72])
      await portal.insights('PUT', `incidents/${incident(number)}`,
        { properties: { title: `Hand over ${number}`, severity: 'Low', status: 'New' } });
    await portal.goto('/incidents?q=Hand+over', 'Incidents');
    await row(page, /Hand over 72/).waitFor();
    await page.getByRole('checkbox', { name: 'Select all rows' }).click();
    await page.getByRole('button', { name: 'Manage incidents (2)' }).click();
    const owner = page.getByRole('dialog').getByRole('combobox', { name: 'Assign to' });
    await owner.pressSequentially(place.people.analyst.name);
    await page.getByRole('option', { name: new RegExp(`\\(${place.people.analyst.name}\\)`) }).click();
    await portal.accessible('choice of an owner');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await portal.until(async () => {
      const { properties } = await portal.insights('GET', `incidents/${incident(71)}`);
      return properties.owner.userPrincipalName === place.people.analyst.name && properties.owner.objectId;
    }, 'the owner');
  },

  async a_click_hits_its_button_while_the_counts_come(portal) {
    const { page } = portal;
    for (const number of [73, 74])
      await portal.insights('PUT', `incidents/${incident(number)}`,
        { properties: { title: `Late count ${number}`, severity: 'Low', status: 'New' } });
    for (const [width, height] of [[1280, 720], [768, 1024]]) {
      let answer;
      const held = new Promise((resolve) => { answer = resolve; });
      await page.unrouteAll({ behavior: 'wait' });
      await page.route(/incidentCounts/, async (route) => {
        await held;
        await route.continue();
      });
      await page.setViewportSize({ width, height });
      await portal.goto('/incidents?q=Late+count', 'Incidents');
      await row(page, /Late count 74/).waitFor();
      await page.getByRole('checkbox', { name: 'Select all rows' }).click();
      // Pressed before the counts are there, and let go after.
      await page.getByRole('button', { name: 'Manage incidents (2)' }).hover();
      await page.mouse.down();
      answer();
      await page.getByText('2 incidents', { exact: true }).waitFor();
      await page.mouse.up();
      await page.getByRole('dialog').getByRole('combobox', { name: 'Assign to' }).waitFor();
    }
  },

  async choices_follow_the_person(portal) {
    const { page } = portal;
    await portal.goto('/incidents', 'Incidents');
    await page.evaluate(() => localStorage.setItem('vedette.incidents.views',
      JSON.stringify([{ name: 'Of this browser', query: 'severity=Low' }])));
    await page.reload();
    await portal.until(async () => {
      const kept = await portal.context.request.get(`${place.url}/vedette/v1/preferences`);
      return (await kept.json()).value.find((p) => p.key === 'views.incidents');
    }, 'the views of this browser are moved over');
    await page.evaluate(() => localStorage.clear());
    await page.reload();
    await page.getByRole('heading', { name: 'Incidents', level: 1 }).waitFor();
    await portal.until(() => page.evaluate(() => localStorage.getItem('vedette.incidents.views')), 'the views');
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('menuitem', { name: 'Of this browser', exact: true }).waitFor();
  },

  async views_are_saved_under_a_name(portal) {
    const { page } = portal;
    await portal.goto('/incidents?severity=High', 'Incidents');
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('menuitem', { name: 'Save the view…' }).click();
    await page.getByLabel('Name').fill('Burning');
    await page.getByRole('button', { name: 'Save' }).click();
    await portal.goto('/incidents', 'Incidents');
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('menuitem', { name: 'Burning', exact: true }).click();
    await page.waitForURL(/severity=High/);
  },

  async hostile_titles_are_text_everywhere(portal) {
    const { page } = portal;
    // Chromium tells of handlers also where the sanitizer takes them away, in a document that runs nothing.
    portal.expected = /Executing inline event handler violates/;
    const made = await portal.insights('PUT', `incidents/${incident(50)}`, {
      properties: {
        title: HOSTILE, description: HOSTILE, severity: 'High', status: 'New', labels: [{ labelName: HOSTILE }],
        owner: { assignedTo: `=HYPERLINK("x")${HOSTILE}` },
      },
    });
    const number = made.properties.incidentNumber;
    await portal.insights('PUT', `incidents/${incident(50)}/comments/c1`,
      { properties: { message: `**bold** ${HOSTILE} [x](javascript:alert(3)) ![y](http://192.0.2.1/y.png)` } });
    await portal.goto(`/incidents?q=${number}`, 'Incidents');
    await page.getByRole('link', { name: HOSTILE }).waitFor();
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export' }).click();
    const csv = readFileSync(await (await saved).path(), 'utf8');
    assert.ok(csv.includes(`"'=HYPERLINK(""x"")`), csv);
    await portal.goto(`/incidents/${number}?tab=activities`, HOSTILE);
    await page.locator('strong', { hasText: 'bold' }).waitFor();
    assert.equal(await page.locator('main img, main script, main a[href^="javascript"]').count(), 0);
    assert.equal(await page.evaluate(() => document.querySelectorAll('[onerror], [onclick]').length), 0);
    await portal.goto(`/incidents/${number}/report`, HOSTILE);
    assert.equal(await page.locator('main img, main script').count(), 0);
  },

  async a_hundred_thousand_are_scrolled(portal) {
    const { page } = portal;
    const grid = page.getByRole('grid', { name: 'Incidents' });
    await portal.goto('/incidents?status=any&range=all', 'Incidents');
    await page.getByText(/^100,\d{3} incidents$/).waitFor();
    const began = Date.now();
    await page.getByRole('searchbox', { name: 'Search incidents' }).fill('old case 5');
    await page.getByText('11,111 incidents', { exact: true }).waitFor();
    await row(page, /Old case 5/).first().waitFor();
    portal.measured('search among 100,000 incidents, ms', Date.now() - began);
    await page.getByRole('searchbox', { name: 'Search incidents' }).fill('');
    await page.getByText(/^100,\d{3} incidents$/).waitFor();
    await portal.until(async () => Number(await grid.getAttribute('aria-rowcount')) > 100_000, 'a grid of all incidents');
    // Page after page, while only the rows in sight are drawn.
    await grid.focus();
    await portal.until(async () => {
      await page.keyboard.press('End');
      const last = await page.locator('[role=row][aria-rowindex]').last().getAttribute('aria-rowindex');
      return Number(last) > 500;
    }, 'scrolling past 500 rows');
    assert.ok(await page.getByRole('row').count() < 60);
  },

  async changes_are_seen_as_they_happen(portal) {
    const { page } = portal;
    await portal.goto('/incidents?q=just+now', 'Incidents');
    await page.getByText('No incidents match').waitFor();
    await portal.insights('PUT', `incidents/${incident(60)}`,
      { properties: { title: 'Just now', severity: 'Low', status: 'New' } });
    await page.getByRole('link', { name: 'Just now' }).waitFor();
  },

  readers_see_no_buttons: {
    person: 'reader',
    async run(portal) {
      const { page } = portal;
      await portal.goto('/incidents', 'Incidents');
      await row(page, /Password guessed/).first().waitFor();
      assert.equal(await page.getByRole('button', { name: /Manage incidents|Assign to me/ }).count(), 0);
      assert.equal(await page.getByRole('checkbox').count(), 0);
      await portal.goto('/incidents/1', 'Report 0 from the help desk');
      assert.equal(await page.getByRole('button', { name: /Manage incident|Resolve|Merge|Delete/ }).count(), 0);
    },
  },
};
