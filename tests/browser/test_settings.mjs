// Settings: users, applications, roles, workspaces, the audit log.
import assert from 'node:assert/strict';
import { place } from './portal.mjs';

export const tests = {
  async users_are_made_and_deleted(portal) {
    const { page } = portal;
    await portal.goto('/settings?tab=users', 'Settings');
    await page.getByRole('row').filter({ hasText: 'Ana Lind' }).waitFor();
    await portal.accessible('users');
    await portal.shots('users');
    await page.getByRole('button', { name: 'New user' }).click();
    await page.getByLabel('User name').fill('gil');
    await page.getByRole('combobox', { name: 'Role', exact: true }).selectOption('Microsoft Sentinel Reader');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    assert.ok((await page.getByRole('textbox', { name: 'First password' }).inputValue()).length >= 12);
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('row').filter({ hasText: 'gil' }).click();
    await page.getByRole('button', { name: 'Disable' }).click();
    await page.getByRole('row').filter({ hasText: 'gil' }).getByText('Disabled').waitFor();
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('The user is deleted').first().waitFor();
  },
  async applications_tell_their_secret_once(portal) {
    const { page } = portal;
    await portal.goto('/settings?tab=applications', 'Settings');
    await page.getByRole('button', { name: 'New application' }).click();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('sender');
    await page.getByRole('combobox', { name: 'Role', exact: true }).selectOption('Monitoring Metrics Publisher');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    assert.ok((await page.getByRole('textbox', { name: 'Client secret' }).inputValue()).length > 20);
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('row').filter({ hasText: 'sender' }).click();
    await page.getByRole('region', { name: 'Credentials of sender' }).getByRole('button', { name: 'Add secret' }).click();
    assert.ok((await page.getByRole('textbox', { name: 'Client secret' }).inputValue()).length > 20);
    await page.getByRole('button', { name: 'Done' }).click();
    await portal.accessible('applications');
    await portal.shots('applications');
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('The application is deleted').first().waitFor();
  },
  async roles_are_made_and_assigned(portal) {
    const { page } = portal;
    await portal.goto('/settings?tab=roles', 'Settings');
    await page.getByRole('row').filter({ hasText: 'Microsoft Sentinel Reader' }).waitFor();
    await portal.accessible('roles');
    await portal.shots('roles');
    await page.getByRole('button', { name: 'New role' }).click();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Rule reader');
    await page.getByRole('textbox', { name: 'Actions', exact: true }).fill('Microsoft.SecurityInsights/alertRules/read');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByRole('row').filter({ hasText: 'Rule reader' }).waitFor();
    await page.getByRole('tab', { name: 'Role assignments' }).click();
    await page.getByRole('row').filter({ hasText: 'Rolf Berg' }).first().waitFor();
    await page.getByRole('button', { name: 'Assign a role' }).click();
    await page.getByLabel('Principal').selectOption({ label: 'Rolf Berg (user)' });
    await page.getByRole('combobox', { name: 'Role', exact: true }).selectOption('Rule reader');
    await page.getByRole('button', { name: 'Assign', exact: true }).click();
    const row = page.getByRole('row').filter({ hasText: 'Rule reader' });
    await row.click();
    await page.getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
    await page.getByText('The role is taken away').first().waitFor();
  },
  async workspaces_and_the_audit_log_are_shown(portal) {
    const { page } = portal;
    await portal.goto('/settings', 'Settings');
    await page.getByText('Built-in data collection rule').first().waitFor();
    await portal.accessible('workspaces');
    await portal.goto('/settings?tab=assignments', 'Settings');
    await page.getByRole('row').filter({ hasText: 'Ana Lind' }).first().waitFor();
    await portal.accessible('assignments');
    await portal.goto('/settings?tab=audit&search=000000000001', 'Settings');
    const record = page.getByRole('row').filter({ hasText: '00000000-0000-4000-8000-000000000001' }).first();
    await record.click();
    await page.getByRole('region', { name: 'Record' }).waitFor();
    await portal.accessible('audit');
    await portal.shots('audit');
  },
  async workspaces_are_made_deleted_and_brought_back(portal) {
    const { page } = portal;
    await portal.goto('/settings', 'Settings');
    await page.getByRole('button', { name: 'New workspace' }).first().click();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('lab');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByRole('heading', { name: 'lab', level: 3 }).waitFor();
    await portal.accessible('tenants');
    await portal.shots('tenants');
    await page.getByRole('button', { name: 'Delete lab' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete the workspace' }).click();
    await page.getByRole('button', { name: 'Recover lab' }).click();
    await page.getByText('lab is back').first().waitFor();
    await page.getByRole('button', { name: 'Delete lab' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete the workspace' }).click();
    await page.getByRole('button', { name: 'Purge lab' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Purge the workspace' }).click();
    await page.getByText('lab is purged').first().waitFor();
    const workspaces = await portal.api('GET', '/vedette/v1/workspaces');
    assert.equal(workspaces.value.some((w) => w.name === 'lab'), false);
  },
  async workspaces_have_a_name_for_people(portal) {
    const { page } = portal;
    const shown = `Head office (${place.workspaceName})`;
    const chosen = page.getByLabel('Workspace', { exact: true }).locator('option:checked');
    const rename = async (name) => {
      await page.getByRole('button', { name: `Rename ${place.workspaceName}` }).click();
      await page.getByLabel('Display name').fill(name);
      await portal.accessible('the name of a workspace');
      await page.getByRole('button', { name: 'Save', exact: true }).click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    };
    await portal.goto('/settings', 'Settings');
    await rename('Head office');
    await page.getByRole('heading', { name: shown, level: 3 }).waitFor();
    await chosen.filter({ hasText: shown }).waitFor({ state: 'attached' });
    await portal.shots('workspaces');
    await portal.goto('/', 'Overview');
    await page.locator('main').getByText(shown).waitFor();
    await portal.goto(`/incidents?workspaces=${place.workspace}`, 'Incidents');
    await page.getByRole('row').filter({ hasText: shown }).first().waitFor();
    await portal.goto('/settings', 'Settings');
    await rename('');
    await page.getByRole('heading', { name: shown }).waitFor({ state: 'detached' });
    const { properties } = await portal.api('GET', `${place.arm}?api-version=2025-09-01`);
    assert.equal(properties.displayName, place.workspaceName);
  },
  async queries_are_kept_where_a_diagnostic_setting_says(portal) {
    const { page } = portal;
    const settings = `${place.arm}/providers/Microsoft.Insights/diagnosticSettings?api-version=2021-05-01-preview`;
    const open = () => page.getByRole('button', { name: `Diagnostic settings of ${place.workspaceName}` }).click();
    const card = page.getByRole('region').filter({ hasText: place.workspace });
    await portal.goto('/settings', 'Settings');
    await card.getByText('nothing').first().waitFor();
    await open();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('There are none').waitFor();
    await portal.accessible('diagnostic settings');
    await dialog.getByRole('button', { name: 'Save the setting' }).click();
    await page.getByText('The setting queries is saved').first().waitFor();
    const [{ name, properties }] = (await portal.api('GET', settings)).value;
    assert.deepEqual([name, properties.logs], ['queries', [{ category: 'Audit', enabled: true }]]);
    assert.equal(properties.workspaceId.toLowerCase().endsWith(`/${place.workspaceName}`), true);
    await portal.query('print asked = "kept as a row"');
    await portal.until(async () => (await portal.query('LAQueryLogs | where QueryText has "kept as a row"')).length > 0, 'the row');
    await open();
    await dialog.getByText('queries go to').waitFor();
    await portal.accessible('diagnostic settings that are there');
    await portal.shots('diagnostic-settings');
    await dialog.getByRole('button', { name: 'Delete queries' }).click();
    await dialog.getByText('There are none').waitFor();
    assert.deepEqual((await portal.api('GET', settings)).value, []);
  },
  async tabs_stand_beside_the_page_or_in_lines_above(portal) {
    const { page } = portal;
    await portal.goto('/settings', 'Settings');
    const tabs = page.locator('[role=tablist][aria-label=Settings] [role=tab]'); // also behind a dialog
    await tabs.first().waitFor();
    const edges = () => Promise.all([tabs.nth(0), tabs.nth(1), tabs.last()].map((tab) => tab.boundingBox()));
    const [first, second, last] = await edges();
    assert.ok(second.y > first.y && last.x === first.x && last.y + last.height <= 720, JSON.stringify([first, second, last]));
    await tabs.first().focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('tabpanel', { name: 'Users' }).waitFor();
    // What is typed outlives the turn of a tablet.
    await page.getByRole('button', { name: 'New user' }).click();
    await page.getByLabel('User name').fill('half ty');
    await page.setViewportSize({ width: 768, height: 1024 });
    await portal.until(async () => (await edges())[1].x > (await edges())[0].x, 'tabs in a line');
    assert.equal(await page.getByLabel('User name').inputValue(), 'half ty');
  },
  async tenants_are_changed_with_their_primary_workspace(portal) {
    const { page } = portal;
    const [before] = (await portal.api('GET', '/vedette/v1/tenants')).value;
    const arm = `${place.arm.replace(/[^/]+$/, 'annex')}?api-version=2025-09-01`;
    const annex = await portal.api('PUT', arm, { location: 'local', properties: {} });
    try {
      await portal.goto('/settings', 'Settings');
      const section = page.getByRole('region', { name: before.name });
      await section.getByRole('heading', { name: 'annex' }).waitFor();
      await section.getByText('Workspace id').first().waitFor();
      await section.getByRole('button', { name: 'Edit' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Primary workspace').selectOption({ label: 'annex' });
      await dialog.getByLabel('Workspaces at most').fill('7');
      await portal.accessible('a tenant');
      await dialog.getByLabel('Workspaces at most').press('Enter');
      await page.getByText('The tenant is changed').first().waitFor();
      await section.getByRole('heading', { name: 'annex Primary' }).waitFor();
      const [after] = (await portal.api('GET', '/vedette/v1/tenants')).value;
      assert.deepEqual([after.primaryWorkspace, after.limits.workspaces], [annex.properties.customerId, 7]);
    } finally {
      const [{ etag }] = (await portal.api('GET', '/vedette/v1/tenants')).value;
      await portal.api('PATCH', `/vedette/v1/tenants/${before.id}`,
        { primaryWorkspace: place.workspace, limits: before.limits }, { 'If-Match': etag });
      await portal.api('DELETE', arm);
    }
  },
  async tenants_delegate_to_each_other(portal) {
    const { page } = portal;
    await portal.goto('/settings', 'Settings');
    await page.getByRole('button', { name: 'New tenant' }).click();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Halden');
    await page.getByLabel('Queries at a time').fill('2');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    const client = await page.getByRole('textbox', { name: 'Client id' }).inputValue();
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('tab', { name: 'Delegations' }).click();
    await page.getByRole('button', { name: 'Offer a delegation' }).click();
    await page.getByLabel('Other tenant').fill('Halden');
    await page.getByLabel('Principal').fill(client);
    await page.getByRole('combobox', { name: 'Role', exact: true }).selectOption('Microsoft Sentinel Reader');
    await page.getByRole('button', { name: 'Offer', exact: true }).click();
    const offered = page.getByRole('row').filter({ hasText: 'Offered' }).filter({ hasText: client });
    await offered.click();
    await portal.accessible('delegations');
    await portal.shots('delegations');
    await page.getByRole('button', { name: 'End', exact: true }).click();
    await page.getByRole('button', { name: 'End it' }).click();
    await page.getByRole('row').filter({ hasText: 'Revoked' }).filter({ hasText: client }).waitFor();
    const { value } = await portal.api('GET', '/vedette/v1/tenants');
    const tenant = value.find((t) => t.name === 'Halden');
    assert.equal(tenant.limits.queries, 2);
    await portal.api('DELETE', `/vedette/v1/tenants/${tenant.id}`);
  },
  async identity_providers_are_made_tested_and_deleted(portal) {
    const { page } = portal;
    portal.expected = /Failed to load resource: the server responded with a status of (400|502)/;
    await portal.goto('/settings?tab=providers', 'Settings');
    await page.getByRole('button', { name: 'New identity provider' }).click();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('corp');
    await page.getByLabel('Issuer').fill('https://127.0.0.1:9/none');
    await page.getByLabel('Client id').fill('vedette');
    await page.getByLabel('Client secret').fill('very secret');
    await page.getByLabel('Further settings (JSON)').fill('{"roles": 7}');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('dialog').getByRole('alert').waitFor();
    await page.getByLabel('Further settings (JSON)').fill('{"defaultRoles": [{"role": "Microsoft Sentinel Reader"}]}');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('row').filter({ hasText: 'corp' }).click();
    await page.getByText('/portal/oidc/corp/callback').waitFor();
    await page.getByRole('button', { name: 'Test it' }).click();
    await page.getByText("The provider can't be used as it is").waitFor();
    await portal.accessible('providers');
    await portal.shots('providers');
    assert.ok(!(await page.content()).includes('very secret'));
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('There are no identity providers').waitFor();
  },
  async the_server_tells_of_its_certificate_and_limits(portal) {
    const { page } = portal;
    await portal.goto('/settings?tab=server', 'Settings');
    await page.getByText(/Vedette local CA/).waitFor();
    await page.getByRole('row').filter({ hasText: 'query_timeout' }).getByText('3 min').waitFor();
    await portal.accessible('server');
    await portal.shots('server');
    await page.getByRole('button', { name: 'Renew if it is due' }).click();
    await page.getByText('The files hold the certificate that is in use').first().waitFor();
  },
  async keys_of_others_are_revoked(portal) {
    const { page } = portal;
    const made = await portal.api('POST', '/vedette/v1/applications', { name: 'grafana', roles: [{ role: 'Log Analytics Reader' }] });
    await portal.api('POST', `/vedette/v1/applications/${made.clientId}/apiKeys`, { name: 'dashboards' });
    await portal.goto('/settings?tab=keys', 'Settings');
    await page.getByRole('row').filter({ hasText: 'dashboards' }).click();
    await portal.accessible('keys');
    await portal.shots('keys');
    await page.getByRole('button', { name: 'Revoke' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('The key is revoked').first().waitFor();
    assert.equal((await portal.api('GET', '/vedette/v1/apiKeys')).value.length, 0);
    await portal.api('DELETE', `/vedette/v1/applications/${made.clientId}`);
  },
  reader_has_no_administration: {
    person: 'reader',
    async run(portal) {
      const { page } = portal;
      await portal.goto('/settings?tab=users', 'Settings');
      await page.getByRole('tab', { name: 'Tenants and workspaces' }).waitFor();
      for (const name of ['Users', 'API keys', 'Identity providers', 'Delegations', 'Server'])
        assert.equal(await page.getByRole('tab', { name }).count(), 0, name);
      assert.equal(await page.getByRole('button', { name: /New|Delete/ }).count(), 0);
      await portal.goto('/tables/SigninLogs', 'SigninLogs');
      assert.equal(await page.getByRole('button', { name: 'Manage table' }).count(), 0);
    },
  },
};
