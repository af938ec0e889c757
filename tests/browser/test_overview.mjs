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
    await page.getByRole('listitem').getByRole('link').first().waitFor();
    await page.getByText(/^(\d+) of \1 rules ran well/).waitFor();
    await portal.accessible('overview');
    await portal.shots('overview');
    await page.getByRole('link', { name: 'Open, high' }).click();
    await page.getByRole('heading', { name: 'Incidents', level: 1 }).waitFor();
    assert.match(page.url(), /severity=High/);
  },

  async mean_times_are_those_of_the_incidents(portal) {
    const { page } = portal;
    const path = 'incidents/00000000-0000-4000-a000-000000000191';
    const put = (status, more = {}) => portal.insights('PUT', path,
      { properties: { title: 'Timed', severity: 'Low', status, ...more } });
    const wait = async (minutes) => {
      const { now } = await portal.api('GET', '/vedette/v1/clock');
      await portal.api('POST', '/vedette/v1/clock', { now: new Date(Date.parse(now) + minutes * 60_000).toISOString() });
    };
    await put('New');
    await wait(2);
    await put('Active');
    await wait(3);
    await put('Closed', { classification: 'Undetermined' });
    // The newest row of each incident, reckoned here and not by the page's query.
    const newest = new Map();
    await portal.until(async () => {
      for (const row of await portal.query('SecurityIncident | where CreatedTime > ago(30d) | order by TimeGenerated asc'))
        newest.set(row.IncidentNumber, row);
      return [...newest.values()].some((row) => row.Title === 'Timed' && row.Status === 'Closed');
    }, 'the row of the closed incident');
    const span = (row, member) => (Date.parse(row[member]) - Date.parse(row.CreatedTime)) / 60_000;
    const timed = [...newest.values()].find((row) => row.Title === 'Timed');
    assert.deepEqual([span(timed, 'FirstModifiedTime'), span(timed, 'ClosedTime')], [2, 5]);
    const mean = (all) => all.reduce((sum, one) => sum + one, 0) / all.length;
    const text = (minutes) => {
      const seconds = Math.round(minutes * 60);
      const parts = [[86_400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']].map(([size, unit], i, units) =>
        [Math.floor((i === 0 ? seconds : seconds % units[i - 1][0]) / size), unit]);
      return parts.filter(([count]) => count > 0).slice(0, 2).map((part) => part.join(' ')).join(' ');
    };
    const rows = [...newest.values()];
    const acknowledged = mean(rows.map((row) => span(row, 'FirstModifiedTime')).filter((minutes) => minutes > 0));
    const resolved = mean(rows.filter((row) => row.Status === 'Closed').map((row) => span(row, 'ClosedTime')));
    await portal.goto('/', 'Overview');
    for (const [name, minutes] of [['acknowledge', acknowledged], ['resolve', resolved]]) {
      const figure = page.getByText(`Mean time to ${name}`).locator('..');
      await figure.getByText(text(minutes), { exact: true }).waitFor();
    }
  },
};
