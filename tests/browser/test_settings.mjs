// Settings: users, applications, roles, workspaces, the audit log.
import assert from 'node:assert/strict';

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
  reader_has_no_administration: {
    person: 'reader',
    async run(portal) {
      const { page } = portal;
      await portal.goto('/settings?tab=users', 'Settings');
      await page.getByRole('tab', { name: 'Tenants and workspaces' }).waitFor();
      assert.equal(await page.getByRole('tab', { name: 'Users' }).count(), 0);
      await portal.goto('/tables/SigninLogs', 'SigninLogs');
      assert.equal(await page.getByRole('button', { name: 'Manage table' }).count(), 0);
    },
  },
};
