// Tables, sources, data collection rules, watchlists, jobs.
import assert from 'node:assert/strict';
import { place } from './portal.mjs';

const WATCHLISTS = 'watchlists';

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
    await page.getByLabel('Rule as JSON').fill(JSON.stringify(rule));
    await page.getByLabel('Records (a JSON array)').fill('[{"time": "2026-03-18T09:00:00Z", "who": "ann"}, {"time": "2026-03-18T09:00:00Z", "who": "x"}]');
    await page.getByRole('button', { name: 'Try the transformation' }).click();
    await page.getByText('1 rows of 2 records; 1 filtered').waitFor();
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
  async jobs_are_listed(portal) {
    const { page } = portal;
    await portal.goto('/jobs', 'Jobs');
    await page.getByText('There are no search jobs').waitFor();
    await portal.accessible('jobs');
    await page.getByRole('tab', { name: 'Summary rules' }).click();
    await page.getByText('There are no summary rules').waitFor();
    await page.getByRole('tab', { name: 'KQL jobs' }).click();
    await page.getByText('There are no KQL jobs').waitFor();
  },
};
