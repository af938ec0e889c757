// One incident: from the queue to its closure.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

async function named(portal, title, where = '') {
  const filter = encodeURIComponent(`properties/title eq '${title}' and properties/status eq 'New'${where}`);
  const { value } = await portal.insights('GET', `incidents?$filter=${filter}`);
  return value[0];
}

async function fresh(portal, id, title) {
  return portal.insights('PUT', `incidents/${id}`, { properties: { title, severity: 'Medium', status: 'New' } });
}

export const tests = {
  async triage_from_queue_to_closure(portal) {
    const { page } = portal;
    const chosen = await named(portal, 'Sign-in from a new country');
    await portal.goto('/incidents', 'Incidents');
    await page.getByRole('link', { name: 'Sign-in from a new country' }).first().click();
    await page.getByRole('heading', { name: 'Sign-in from a new country', level: 1 }).waitFor();
    // The story: the alert and what it names, and what is asked about the address.
    await page.getByRole('img', { name: /^Graph of 3 alerts and entities/ }).waitFor();
    await portal.accessible('attack story');
    await portal.shots('incident');
    // Fields by their display names, moments in the person's format.
    const pane = page.getByRole('region', { name: 'Details of Sign-in from a new country' });
    await pane.getByText('First activity').waitFor();
    await pane.getByText('18 Mar 2026, 08:40:00 UTC').first().waitFor();
    await pane.getByText('Initial access').waitFor();
    await page.getByRole('list', { name: 'Alerts and entities' }).getByRole('button', { name: '203.0.113.7' }).click();
    await page.getByRole('region', { name: 'Details of 203.0.113.7' }).getByText('IP address').waitFor();
    await page.getByRole('button', { name: 'Related alerts' }).click();
    await page.getByRole('list', { name: 'Alerts and entities' }).getByRole('button', { name: 'Password guessed' }).first().waitFor();
    // Evidence: the row that the alert was made of.
    await page.getByRole('tab', { name: 'Evidence' }).click();
    await page.getByRole('gridcell', { name: 'bob@halden.example' }).first().waitFor();
    await portal.accessible('evidence');
    await page.getByRole('tab', { name: 'Similar incidents' }).click();
    await page.getByRole('link', { name: 'Password guessed' }).first().waitFor();
    await page.getByRole('tab', { name: /^Alerts/ }).click();
    await page.getByRole('gridcell', { name: 'Sign-in from a new country' }).waitFor();
    await page.getByRole('tab', { name: 'Assets' }).click();
    await page.getByRole('link', { name: 'bob@halden.example' }).waitFor();
    await page.getByRole('tab', { name: 'Timeline' }).click();
    await page.getByText('Detection created the incident').first().waitFor();
    // Work.
    await page.getByRole('button', { name: 'Assign to me' }).click();
    await page.getByText('The incident is yours').first().waitFor();
    await page.getByLabel('New task').fill('Call Bob');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByRole('checkbox', { name: 'Call Bob' }).click();
    await page.getByRole('tab', { name: /^Activities/ }).click();
    await page.getByLabel('Comment').fill('Bob is **not** in New Zealand');
    await page.getByRole('button', { name: 'Add the comment' }).click();
    await page.locator('strong', { hasText: 'not' }).waitFor();
    await portal.accessible('activities');
    await page.getByRole('button', { name: 'Resolve' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Classification').selectOption({ label: 'True positive – suspicious activity' });
    await dialog.getByLabel('Comment').fill('Account disabled');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByText('The incident was changed').first().waitFor();
    const { properties: p } = await portal.insights('GET', `incidents/${chosen.name}`);
    assert.deepEqual([p.status, p.classification, p.classificationReason, p.classificationComment],
      ['Closed', 'TruePositive', 'SuspiciousActivity', 'Account disabled']);
    const { value: tasks } = await portal.insights('GET', `incidents/${chosen.name}/tasks`);
    assert.deepEqual(tasks.map((t) => [t.properties.title, t.properties.status]), [['Call Bob', 'Completed']]);
  },

  async tabs_stand_in_one_line(portal) {
    const { page } = portal;
    const { properties } = await named(portal, 'Password guessed');
    for (const size of [{ width: 1280, height: 720 }, { width: 1024, height: 768 }]) {
      await page.setViewportSize(size);
      await portal.goto(`/incidents/${properties.incidentNumber}`, 'Password guessed');
      const places = await page.getByRole('tab').evaluateAll((tabs) => tabs.map((tab) => tab.getBoundingClientRect()));
      assert.equal(new Set(places.map((p) => Math.round(p.top))).size, 1, JSON.stringify(places));
      assert.ok(places.every((p) => p.right <= size.width), JSON.stringify(places));
    }
  },

  async what_somebody_else_changed_is_not_overwritten(portal) {
    const { page } = portal;
    const made = await fresh(portal, '00000000-0000-4000-b000-000000000001', 'Two at once');
    await portal.goto(`/incidents/${made.properties.incidentNumber}`, 'Two at once');
    await page.getByRole('button', { name: 'Manage incident' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Tags').fill('mine');
    await portal.insights('PATCH', `incidents/${made.name}`, { properties: { severity: 'High' } }, { 'If-Match': made.etag });
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('Somebody else has changed this incident').first().waitFor();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByText('The incident was changed').first().waitFor();
    const { properties: p } = await portal.insights('GET', `incidents/${made.name}`);
    assert.deepEqual([p.severity, p.labels[0].labelName], ['High', 'mine']);
  },

  async merged_incidents_point_on_and_come_back(portal) {
    const { page } = portal;
    const source = await fresh(portal, '00000000-0000-4000-b000-000000000002', 'The smaller');
    const target = await fresh(portal, '00000000-0000-4000-b000-000000000003', 'The larger');
    const [from, to] = [source, target].map((i) => i.properties.incidentNumber);
    await portal.goto(`/incidents/${to}`, 'The larger');
    await page.getByRole('button', { name: 'Merge' }).click();
    await page.getByLabel('Other incidents').fill(String(from));
    await page.getByLabel('Reason').fill('The same caller');
    await page.getByRole('dialog').getByRole('button', { name: 'Merge 1' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await portal.goto(`/incidents/${from}`, 'The smaller');
    await page.getByText('This incident was merged').first().waitFor();
    await page.getByRole('link', { name: 'Why, and the way back' }).click();
    await page.getByText('The same caller').first().waitFor();
    await portal.accessible('merges');
    await page.getByRole('button', { name: 'Undo the merge' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Undo the merge' }).click();
    await page.getByText('Undone by').first().waitFor();
    assert.equal((await portal.insights('GET', `incidents/${source.name}`)).properties.status, 'New');
  },

  async incidents_leave_as_json_and_on_paper(portal) {
    const { page } = portal;
    const chosen = await named(portal, 'Password guessed');
    const number = chosen.properties.incidentNumber;
    await portal.goto(`/incidents/${number}`, 'Password guessed');
    await page.getByRole('button', { name: 'Export' }).click();
    const saved = page.waitForEvent('download');
    await page.getByRole('menuitem', { name: 'JSON' }).click();
    const whole = JSON.parse(readFileSync(await (await saved).path(), 'utf8'));
    assert.deepEqual([whole.incident.name, whole.alerts.length, whole.entities.length], [chosen.name, 1, 2]);
    await page.getByRole('button', { name: 'Export' }).click();
    await page.getByRole('menuitem', { name: 'Report (PDF)' }).click();
    await page.getByRole('heading', { name: 'Entities' }).waitFor();
    await portal.accessible('report');
    await page.emulateMedia({ media: 'print' });
    assert.equal(await page.getByRole('navigation', { name: 'Pages' }).isVisible(), false);
    assert.ok((await page.pdf()).length > 10_000);
  },

  async incidents_that_are_not_there_are_told(portal) {
    await portal.goto('/incidents/987654', 'Incident 987654');
    await portal.page.getByText('there is no incident').waitFor();
  },
};
