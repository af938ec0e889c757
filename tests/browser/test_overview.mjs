// The overview: what it counts is what is there.
import assert from 'node:assert/strict';

export const tests = {
  async overview_counts_open_incidents(portal) {
    const { page } = portal;
    await portal.goto('/', 'Overview');
    const { total } = await portal.api('GET',
      "/vedette/v1/workspaces/default/incidentCounts?$filter=properties/status%20in%20('New',%20'Active')");
    await page.getByText(total.toLocaleString('en-GB'), { exact: true }).first().waitFor();
    await page.getByRole('img', { name: /Incidents of the last 30 days/ }).waitFor();
    await page.getByRole('link', { name: 'Sign-in from a new country' }).first().waitFor();
    await page.getByText('2 of 2 rules ran well').waitFor();
    await portal.accessible('overview');
    await portal.shots('overview');
    await page.getByRole('link', { name: 'Open, high' }).click();
    await page.getByRole('heading', { name: 'Incidents', level: 1 }).waitFor();
    assert.match(page.url(), /severity=High/);
  },
};
