// Analytics: the list of rules, templates, coverage, a rule's page, the wizard.
import assert from 'node:assert/strict';

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
    const query = page.getByLabel('Rule query');
    await query.fill('SigninLogs | where NoSuchColumn == 1');
    await page.getByText(/NoSuchColumn/).last().waitFor();
    await query.fill("SigninLogs | where ResultType == '50126' | project TimeGenerated, UserPrincipalName, IPAddress");
    await page.getByRole('button', { name: 'View query results' }).click();
    await page.getByText(/rows in the last/).waitFor();
    await page.getByRole('button', { name: 'Entity mapping' }).click();
    await page.getByRole('button', { name: 'Add new entity' }).click();
    await page.getByLabel('Column of identifier 1 of entity 1').selectOption('UserPrincipalName');
    await portal.accessible('wizard');
    await portal.shots('wizard');
    await page.getByRole('button', { name: 'Test with current data' }).click();
    await page.getByText(/would have alerted/).waitFor();
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
