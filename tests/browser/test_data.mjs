// Tables, sources, data collection rules, watchlists, jobs.
import assert from 'node:assert/strict';
import { place } from './portal.mjs';

const WATCHLISTS = 'watchlists';

// Replaces what the editor of JSON holds.
async function write(page, text) {
  const editor = page.getByTestId('json-editor').locator('textarea').first();
  await editor.waitFor({ state: 'attached' });
  await editor.focus();
  await page.keyboard.press('Control+a');
  // Pasted, since the editor indents and closes brackets where text is typed.
  await editor.evaluate((field, pasted) => {
    const data = new DataTransfer();
    data.setData('text/plain', pasted);
    field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
  }, text);
}

export const tests = {
  async tables_tell_their_retention_and_change_it(portal) {
    const { page } = portal;
    await portal.goto('/tables?search=signin', 'Tables');
    await page.getByRole('row').filter({ hasText: 'SigninLogs' }).waitFor();
    await portal.accessible('tables');
    await portal.shots('tables');
    await page.getByRole('link', { name: 'SigninLogs' }).click();
    await page.getByRole('heading', { name: 'SigninLogs', level: 1 }).waitFor();
    await page.getByRole('button', { name: 'Manage table' }).click();
    await page.getByLabel('Total retention (days)').fill('200');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('SigninLogs is changed').first().waitFor();
    const table = await portal.api('GET', `${place.arm}/tables/SigninLogs?api-version=2023-09-01`);
    assert.equal(table.properties.totalRetentionInDays, 200);
    await portal.accessible('table');
    await portal.shots('table');
  },
  async tables_are_protected(portal) {
    const { page } = portal;
    const path = `${place.arm}/tables/Syslog?api-version=2023-09-01`;
    const level = async () => (await portal.api('GET', path)).properties.protectionLevel;
    const choose = async (wish) => {
      await page.getByRole('button', { name: 'Manage table' }).click();
      await page.getByLabel('Protection').selectOption(wish);
      await portal.accessible('protection');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    };
    await portal.goto('/tables/Syslog', 'Syslog');
    await choose('Protected');
    await page.getByText('Protected: rows for Privileged Monitoring Data Reader only').waitFor();
    assert.equal(await level(), 'Protected');
    await choose('General');
    await page.getByText('General', { exact: true }).waitFor();
    assert.equal(await level(), 'General');
  },
  async sources_tell_what_became_of_records(portal) {
    const { page } = portal;
    await portal.goto('/sources', 'Data sources');
    await page.getByRole('grid', { name: 'Sources' }).waitFor();
    await portal.accessible('sources');
    await portal.shots('sources');
    await page.getByRole('tab', { name: 'What became of records' }).click();
    await page.getByRole('grid', { name: 'What became of the records' }).waitFor();
    await page.getByRole('columnheader', { name: 'Rejected' }).waitFor();
    await page.getByRole('tab', { name: 'Health' }).click();
    await page.getByRole('grid', { name: 'Health of sources' }).waitFor();
  },
  async data_collection_rules_are_tried_and_kept(portal) {
    const { page } = portal;
    await portal.goto('/data-collection-rules/new', 'New data collection rule');
    const rule = {
      location: 'local', kind: 'Direct',
      properties: {
        streamDeclarations: { 'Custom-Web': { columns: [{ name: 'time', type: 'datetime' }, { name: 'who', type: 'string' }] } },
        destinations: { logAnalytics: [{ workspaceResourceId: place.arm, name: 'here' }] },
        dataFlows: [{ streams: ['Custom-Web'], destinations: ['here'], outputStream: 'Microsoft-SigninLogs',
          transformKql: 'source | where who != "x" | project TimeGenerated = time, UserPrincipalName = who' }],
      },
    };
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('web');
    await write(page, JSON.stringify({ ...rule, properties: { ...rule.properties,
      dataFlows: [{ ...rule.properties.dataFlows[0], transformKql: 'source\n| wehre who == 1' }] } }, null, 1));
    await page.getByRole('button', { name: 'Try the transformation' }).click();
    await page.getByText(/Line \d+: properties.dataFlows\[0\]: transformKql, line 2, column 3/).waitFor();
    await page.locator('.squiggly-error').first().waitFor();
    await write(page, JSON.stringify(rule, null, 1));
    await page.getByLabel('Records (a JSON array)').fill('[{"time": "2026-03-18T09:00:00Z", "who": "ann"}, {"time": "2026-03-18T09:00:00Z", "who": "x"}]');
    await page.getByRole('button', { name: 'Try the transformation' }).click();
    await page.getByText('1 rows of 2 records; 1 filtered').waitFor();
    await page.getByLabel('Recent rows of a table').fill('SigninLogs');
    await page.getByRole('button', { name: 'Take 5' }).click();
    await portal.until(async () => (await page.getByLabel('Records (a JSON array)').inputValue()).includes('halden.example'), 'the rows');
    await portal.accessible('data collection rule');
    await portal.shots('data-collection-rule');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('link', { name: 'web' }).waitFor();
    await page.getByRole('checkbox', { name: 'Select all rows' }).check();
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('There are no data collection rules beside the built-in one').waitFor();
  },
  async watchlists_come_from_csv(portal) {
    const { page } = portal;
    await portal.goto('/watchlists', 'Watchlists');
    await page.getByRole('button', { name: 'New', exact: true }).click();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Important people');
    await page.getByLabel('Alias').fill('people');
    await page.getByLabel('CSV file').setInputFiles({
      name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from('Name,Note\nann,"<b>bold</b>, yes"\nbob,none\n'),
    });
    await page.getByLabel('Search key').selectOption('Name');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByRole('heading', { name: 'Important people', level: 1 }).waitFor();
    await page.getByText('<b>bold</b>, yes').waitFor();
    await page.getByRole('button', { name: 'Add item' }).click();
    await page.getByRole('dialog').getByRole('textbox', { name: 'Name', exact: true }).fill('cleo');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('gridcell', { name: 'cleo' }).waitFor();
    await portal.goto('/watchlists/people', 'Important people');
    await page.getByRole('gridcell', { name: 'cleo' }).waitFor();
    await portal.accessible('watchlist');
    await portal.shots('watchlist');
    const rows = await portal.query("_GetWatchlist('people') | summarize n = count()");
    assert.equal(Number(rows[0].n), 3);
    await portal.insights('DELETE', `${WATCHLISTS}/people`);
  },
  async kql_jobs_are_made_run_changed_and_deleted(portal) {
    const { page } = portal;
    await portal.goto(`/jobs/new?kind=kql&query=${encodeURIComponent('SigninLogs | summarize Hits = count() by IPAddress')}`, 'New job');
    await page.getByLabel('Name').fill('hits');
    await page.getByLabel('Destination table').fill('Hits_KQL_CL');
    await page.getByLabel('Frequency').selectOption('Day');
    await page.getByLabel('First run (UTC)').fill('2026-03-19T00:00');
    await page.getByText('IPAddress').first().waitFor(); // the editor is there
    await portal.accessible('new job');
    await portal.shots('new-job');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByRole('heading', { name: 'hits', level: 1 }).waitFor();
    await page.getByText('It has not run yet').waitFor();
    await page.getByRole('button', { name: 'Run now' }).click();
    await page.getByText('The job is started').first().waitFor();
    await portal.moveClock(1);
    await page.getByRole('gridcell', { name: 'Succeeded' }).waitFor();
    await portal.accessible('job');
    await portal.shots('job');
    await page.getByRole('button', { name: 'Edit' }).click();
    await page.getByLabel('Description').fill('who comes from where');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('The job is saved').first().waitFor();
    await page.getByText('who comes from where').first().waitFor();
    // Another one of the same name does not take its place.
    await portal.goto('/jobs/new?kind=kql&query=SigninLogs', 'New job');
    await page.getByLabel('Name').fill('hits');
    await page.getByLabel('Destination table').fill('Other_KQL_CL');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByText('The name is taken').waitFor();
    await page.getByRole('link', { name: 'Jobs', exact: true }).click();
    await page.getByRole('button', { name: 'Leave' }).click();
    await page.getByRole('tab', { name: 'KQL jobs' }).click();
    await page.getByRole('link', { name: 'hits', exact: true }).click();
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('There are no KQL jobs').waitFor();
  },
  async summary_rules_are_made_and_stopped(portal) {
    const { page } = portal;
    await portal.goto(`/jobs/new?kind=summary&query=${encodeURIComponent('SigninLogs | summarize Hits = count() by IPAddress')}`, 'New job');
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('perhour');
    await page.getByLabel('Destination table').fill('PerHour_CL');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByRole('heading', { name: 'perhour', level: 1 }).waitFor();
    await page.getByText('No bin has run yet').waitFor();
    await portal.accessible('summary rule');
    await portal.shots('summary-rule');
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('button', { name: 'Start' }).waitFor();
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('There are no summary rules').waitFor();
  },
  async search_jobs_and_restores_are_made(portal) {
    const { page } = portal;
    await portal.goto(`/jobs/new?query=${encodeURIComponent("SigninLogs | where ResultType == '50126'")}`, 'New job');
    await page.getByLabel('Name').fill('Wrong');
    await page.getByLabel('From (UTC)').fill('2026-03-18T00:00');
    await page.getByLabel('To (UTC)').fill('2026-03-18T10:00');
    await page.getByRole('button', { name: 'Start the search' }).click();
    const found = page.getByRole('row').filter({ hasText: 'Wrong_SRCH' });
    await found.waitFor();
    await portal.moveClock(1);
    await portal.until(async () => (await portal.api('GET', `${place.arm}/tables/Wrong_SRCH?api-version=2023-09-01`))
      .properties.provisioningState === 'Succeeded', 'the search');
    await portal.goto('/jobs/new?kind=restore', 'New job');
    await page.getByRole('combobox', { name: 'Table' }).selectOption('SigninLogs');
    await page.getByLabel('Name').fill('Old');
    await page.getByLabel('From (UTC)').fill('2026-03-16T00:00');
    await page.getByLabel('To (UTC)').fill('2026-03-18T10:00');
    await page.getByRole('button', { name: 'Restore', exact: true }).click();
    await page.getByRole('row').filter({ hasText: 'Old_RST' }).waitFor();
    await found.getByText('Succeeded').waitFor();
    await portal.accessible('jobs');
    await portal.shots('jobs');
    for (const name of ['Wrong_SRCH', 'Old_RST']) {
      await page.getByRole('row').filter({ hasText: name }).click();
      await page.getByRole('button', { name: 'Delete' }).click();
      await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
      await page.getByText(`${name} is deleted`).first().waitFor();
    }
  },
  reader_makes_no_jobs: {
    person: 'reader',
    async run(portal) {
      const { page } = portal;
      await portal.goto('/jobs', 'Jobs');
      await page.getByText('There are no search jobs').waitFor();
      assert.equal(await page.getByRole('button', { name: 'New job' }).count(), 0);
      await portal.goto('/jobs/new', 'New job');
      await page.getByText('You may not make jobs').waitFor();
    },
  },
};
