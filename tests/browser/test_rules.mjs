// Analytics: the list of rules, templates, coverage, a rule's page, the wizard.
import assert from 'node:assert/strict';
import { place } from './portal.mjs';

const GUESSED = '00000000-0000-4000-8000-000000000001';

// A rule of the test's own, so that others do not see what it changes.
async function ruleOf(portal, id, name) {
  await portal.insights('PUT', `alertRules/${id}`, {
    kind: 'Scheduled',
    properties: {
      displayName: name, description: 'Made by a test.', enabled: true, severity: 'Low', tactics: ['Discovery'],
      techniques: ['T1087'], query: 'SigninLogs | where ResultType == "50126"', queryFrequency: 'PT1H',
      queryPeriod: 'PT1H', triggerOperator: 'GreaterThan', triggerThreshold: 0, suppressionEnabled: false,
      suppressionDuration: 'PT5H',
    },
  });
}

// The checks of a rule that is not right yet are answered with 400, which a browser logs.
const CHECKED = /Failed to load resource: the server responded with a status of (400|409|412)/;

// Replaces what the wizard's editor holds.
async function write(page, text) {
  const editor = page.getByTestId('kql-editor').locator('textarea').first();
  await editor.waitFor({ state: 'attached' });
  await editor.focus();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText(text);
}

const row = (page, name) => page.getByRole('row').filter({ hasText: name });

export const tests = {
  async list_of_rules_is_filtered_by_the_address(portal) {
    const { page } = portal;
    await portal.goto('/rules', 'Analytics');
    await row(page, 'Password guessed').waitFor();
    await row(page, 'Sign-in from a new country').waitFor();
    await portal.accessible('rules');
    await portal.shots('rules');
    await portal.goto('/rules?severity=High', 'Analytics');
    await row(page, 'Sign-in from a new country').waitFor();
    assert.equal(await row(page, 'Password guessed').count(), 0);
    await portal.goto('/rules?technique=T1110', 'Analytics');
    await row(page, 'Password guessed').waitFor();
    assert.equal(await row(page, 'Sign-in from a new country').count(), 0);
  },
  async several_rules_are_disabled_and_deleted(portal) {
    const { page } = portal;
    await ruleOf(portal, 'bulk-1', 'Bulk one');
    await ruleOf(portal, 'bulk-2', 'Bulk two');
    await portal.goto('/rules?search=Bulk', 'Analytics');
    await row(page, 'Bulk two').waitFor();
    await page.getByRole('checkbox', { name: 'Select all rows' }).check();
    await page.getByRole('button', { name: 'Disable' }).click();
    await page.getByText('2 rules disabled').first().waitFor();
    await row(page, 'Bulk one').getByText('Disabled').waitFor();
    await page.getByRole('checkbox', { name: 'Select all rows' }).check();
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Delete 2 rules' }).click();
    await page.getByText('No rule fits the filters').waitFor();
  },
  async rule_page_tells_of_runs_alerts_and_versions(portal) {
    const { page } = portal;
    await portal.goto(`/rules/${GUESSED}`, 'Password guessed');
    await page.getByRole('heading', { name: 'Schedule and incidents' }).waitFor();
    await portal.accessible('rule');
    await portal.shots('rule');
    await page.getByRole('tab', { name: 'Runs' }).click();
    await row(page, 'Success').first().waitFor();
    for (const column of ['Rows', 'Processor', 'Shared', 'Rows read', 'Bytes read', 'Memory'])
      await page.getByRole('columnheader', { name: column, exact: true }).waitFor();
    await portal.accessible('runs of a rule');
    await portal.shots('rule-runs');
    await page.getByRole('tab', { name: 'Alerts' }).click();
    await row(page, 'Password guessed').first().waitFor();
    await page.getByRole('tab', { name: 'Versions' }).click();
    await page.getByRole('button', { name: 'What version 1 changed' }).click();
    await page.getByLabel('What version 1 changed').getByText('Password guessed').first().waitFor();
  },
  async versions_are_restored(portal) {
    const { page } = portal;
    await ruleOf(portal, 'versions-1', 'First name');
    await portal.insights('DELETE', 'alertRules/versions-1');
    await ruleOf(portal, 'versions-1', 'Second name');
    await portal.goto('/rules/versions-1?tab=versions', 'Second name');
    await page.getByRole('button', { name: 'Restore version 1' }).click();
    await page.getByRole('button', { name: 'Restore', exact: true }).click();
    await page.getByRole('heading', { name: 'First name', level: 1 }).waitFor();
    await portal.insights('DELETE', 'alertRules/versions-1');
  },
  async backtests_are_kept_and_shown(portal) {
    const { page } = portal;
    const base = `/vedette/v1/workspaces/${place.workspace}/backtests`;
    const started = await portal.api('POST', base, {
      rules: [GUESSED], from: '2026-03-17T10:00:00Z', to: place.now, maxFirings: 50,
    });
    await portal.until(async () => (await portal.api('GET', `${base}/${started.id}`)).status === 'Succeeded', 'the backtest');
    await portal.goto('/rules?tab=backtests', 'Analytics');
    await row(page, 'Password guessed').getByText('Succeeded').first().waitFor();
    await page.getByRole('button', { name: 'Password guessed' }).first().click();
    const pane = page.getByRole('region', { name: 'Backtest', exact: true });
    await pane.getByRole('region', { name: 'Rules of the backtest' }).getByText('Password guessed').waitFor();
    await pane.getByRole('region', { name: 'Firings' }).getByText('Password guessed').first().waitFor();
    await portal.accessible('backtests');
    await portal.shots('backtests');
    await page.reload();
    await pane.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Delete the backtest' }).click();
    await page.getByText('The backtest is deleted').first().waitFor();
    await pane.waitFor({ state: 'detached' });
  },
  async template_is_shown_beside_the_list(portal) {
    const { page } = portal;
    await portal.goto('/rules?tab=templates', 'Analytics');
    const names = page.getByRole('grid', { name: 'Rule templates' }).getByRole('gridcell').getByRole('button');
    await names.first().waitFor();
    const name = await names.first().textContent();
    await names.first().click();
    const pane = page.getByRole('region', { name: 'Template', exact: true });
    await pane.getByRole('heading', { name }).waitFor();
    await portal.accessible('templates');
    await portal.shots('templates');
    await pane.getByRole('button', { name: 'Close' }).click();
    await pane.waitFor({ state: 'detached' });
  },
  async matrix_leads_to_rules(portal) {
    const { page } = portal;
    await portal.goto('/rules?tab=coverage', 'Analytics');
    await page.getByRole('button', { name: /^T1110 Brute Force: 1 rules/ }).click();
    const pane = page.getByRole('region', { name: 'Technique T1110' });
    await pane.getByRole('link', { name: 'Password guessed' }).first().waitFor();
    await portal.accessible('matrix');
    await portal.shots('matrix');
    await pane.getByRole('link', { name: 'Show its rules in the list' }).click();
    await row(page, 'Password guessed').waitFor();
  },
  async wizard_makes_a_rule(portal) {
    const { page } = portal;
    portal.expected = CHECKED;
    await portal.goto('/rules/new?kind=Scheduled', 'Analytics rule wizard – Create new rule');
    await page.getByLabel('Name').fill('Made by the wizard');
    await page.getByRole('button', { name: 'Next: Set rule logic' }).click();
    await write(page, 'SigninLogs\n| where NoSuchColumn == 1');
    await page.getByText(/line 2, column 9 of the query/).waitFor();
    await page.locator('.squiggly-error').first().waitFor();
    await write(page, "SigninLogs | where ResultType == '50126' | project TimeGenerated, UserPrincipalName, IPAddress");
    await page.getByRole('button', { name: 'View query results' }).click();
    await page.getByText(/rows in the last/).waitFor();
    await page.getByRole('button', { name: 'Entity mapping' }).click();
    await page.getByRole('button', { name: 'Account of UserPrincipalName' }).click();
    assert.equal(await page.getByLabel('Column of identifier 1 of entity 1').inputValue(), 'UserPrincipalName');
    await portal.accessible('wizard');
    await portal.shots('wizard');
    await page.getByRole('button', { name: 'Test with current data' }).click();
    await page.getByText(/would have alerted/).waitFor();
    await page.getByRole('img', { name: /Rows of the last \d+ runs, and the threshold/ }).waitFor();
    await portal.accessible('simulation');
    await portal.shots('simulation');
    await page.getByRole('tab', { name: 'Review + create' }).click();
    await page.getByText('Validation passed.').waitFor();
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByRole('heading', { name: 'Made by the wizard', level: 1 }).waitFor();
    const id = new URL(page.url()).pathname.split('/').at(-1);
    const made = await portal.insights('GET', `alertRules/${id}`);
    assert.deepEqual(made.properties.entityMappings, [{
      entityType: 'Account', fieldMappings: [{ identifier: 'FullName', columnName: 'UserPrincipalName' }],
    }]);
    await portal.insights('DELETE', `alertRules/${id}`);
  },
  async wizard_makes_a_rule_for_another_products_alerts(portal) {
    const { page } = portal;
    portal.expected = CHECKED;
    await portal.goto('/rules', 'Analytics');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Microsoft incident creation rule' }).click();
    await page.getByRole('heading', { name: 'Analytics rule wizard – Create new rule' }).waitFor();
    await page.getByLabel('Name').fill('Identity alerts');
    await page.getByLabel('Microsoft security service').selectOption({ label: 'Microsoft Defender for Identity' });
    await page.getByLabel('Exclude specific alerts').fill('Test\nHoneytoken');
    await portal.accessible('product rule');
    await page.getByRole('tab', { name: 'Review + create' }).click();
    await page.getByText('Validation passed.').waitFor();
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByRole('heading', { name: 'Identity alerts', level: 1 }).waitFor();
    const id = new URL(page.url()).pathname.split('/').at(-1);
    const made = await portal.insights('GET', `alertRules/${id}`);
    assert.deepEqual([made.kind, made.properties.productFilter, made.properties.displayNamesExcludeFilter],
      ['MicrosoftSecurityIncidentCreation', 'Azure Advanced Threat Protection', ['Test', 'Honeytoken']]);
    await portal.insights('DELETE', `alertRules/${id}`);
  },
  async what_is_written_is_not_lost_unasked(portal) {
    const { page } = portal;
    portal.expected = CHECKED;
    await portal.goto('/rules', 'Analytics');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByRole('menuitem', { name: 'NRT query rule' }).click();
    await page.getByRole('heading', { name: 'Analytics rule wizard – Create new rule' }).waitFor();
    await page.getByLabel('Name').fill('Half a rule');
    await page.getByRole('link', { name: 'Incidents', exact: true }).click();
    const asked = page.getByRole('alertdialog', { name: 'Leave without saving?' });
    await asked.getByRole('button', { name: 'Stay' }).click();
    assert.equal(await page.getByLabel('Name').inputValue(), 'Half a rule');
    await page.getByRole('link', { name: 'Incidents', exact: true }).click();
    await asked.getByRole('button', { name: 'Leave' }).click();
    await page.getByRole('heading', { name: 'Incidents', level: 1 }).waitFor();
  },
  async rows_tell_whether_a_rule_fires(portal) {
    const { page } = portal;
    const before = await portal.query('SecurityAlert | count');
    await portal.goto(`/rules/${GUESSED}?tab=tests`, 'Password guessed');
    await page.getByText('No tests ship for this rule').waitFor();
    await page.getByLabel('Table').fill('SigninLogs');
    const attempt = { TimeGenerated: '2026-03-18T09:55:00Z', UserPrincipalName: 'ann@halden.example', IPAddress: '203.0.113.7', ResultType: '50126' };
    await page.getByLabel('Rows (a JSON array)').fill(JSON.stringify(Array.from({ length: 6 }, () => attempt)));
    await page.getByLabel('Time of the run (UTC)').fill('2026-03-18T10:00');
    await page.getByRole('button', { name: 'See what fires' }).click();
    await page.getByText('1 alerts of 1 rows, 1 incidents').waitFor();
    await page.getByText('ann').first().waitFor();
    await portal.accessible('rule tests');
    await portal.shots('rule-tests');
    await page.getByLabel('Rows (a JSON array)').fill('[{"NoSuchColumn": 1, "TimeGenerated": "2026-03-18T09:55:00Z"}]');
    await page.getByRole('button', { name: 'See what fires' }).click();
    await page.getByText(/values without a column/).waitFor();
    assert.deepEqual(await portal.query('SecurityAlert | count'), before, 'nothing is stored');
  },
  async changes_of_others_are_not_overwritten(portal) {
    const { page } = portal;
    portal.expected = CHECKED;
    await ruleOf(portal, 'conflict-1', 'As it was');
    await portal.goto('/rules/conflict-1/edit', 'Analytics rule wizard – Edit rule');
    await page.getByLabel('Name').fill('Mine');
    const now = await portal.insights('GET', 'alertRules/conflict-1');
    now.properties.displayName = 'Theirs';
    await portal.insights('PUT', 'alertRules/conflict-1', now);
    await page.getByRole('tab', { name: 'Review + create' }).click();
    await page.getByText('Validation passed.').waitFor();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText(/Somebody else has changed this rule/).waitFor();
    await page.getByRole('button', { name: 'Save mine over it' }).click();
    await page.getByRole('heading', { name: 'Mine', level: 1 }).waitFor();
    await portal.insights('DELETE', 'alertRules/conflict-1');
  },
  reader_sees_rules_and_changes_nothing: {
    person: 'reader',
    async run(portal) {
      const { page } = portal;
      await portal.goto('/rules', 'Analytics');
      await row(page, 'Password guessed').waitFor();
      for (const name of ['Create', 'Import', 'Delete', 'Disable'])
        assert.equal(await page.getByRole('button', { name, exact: true }).count(), 0, name);
      portal.expected = CHECKED;
      await portal.goto('/rules/new', 'Analytics rule wizard – Create new rule');
      await page.getByText('You may not change rules').waitFor();
    },
  },
};
