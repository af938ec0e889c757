// Signing in, and the frame around every page.
import assert from 'node:assert/strict';
import { place } from './portal.mjs';

async function fillSignIn(page, name, password) {
  await page.getByLabel('User name').fill(name);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

export const tests = {
  async signing_in_leads_to_the_overview({ page }) {
    await page.goto(`${place.url}/`);
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
    assert.equal(new URL(page.url()).pathname, '/portal/');
    assert.match(await page.title(), /Vedette/);
  },

  async unknown_pages_say_so(portal) {
    await portal.goto('/no/such/page');
    await portal.page.getByText('There is no such page.').waitFor();
  },

  wrong_passwords_are_told: {
    person: 'nobody',
    async run(portal) {
      await portal.goto('/incidents');
      await fillSignIn(portal.page, 'nobody-here', 'wrong');
      await portal.page.getByRole('alert').waitFor();
      await portal.accessible('sign-in');
      await portal.shots('sign-in');
      // Five in all lock the name.
      for (let i = 0; i < 5; i++) {
        await portal.page.getByRole('button', { name: 'Sign in', exact: true }).click();
        await portal.page.getByRole('alert').waitFor();
        if (await portal.page.getByText('Try again in').isVisible()) break;
        await portal.page.getByRole('button', { name: 'Sign in', exact: true, disabled: false }).waitFor();
      }
      await portal.page.getByText('Try again in').waitFor();
    },
  },

  given_passwords_are_changed_first: {
    person: 'nobody',
    async run(portal) {
      const { page } = portal;
      await portal.goto('/');
      await fillSignIn(page, place.people.newcomer.name, place.people.newcomer.password);
      await page.getByRole('heading', { name: 'Choose a password' }).waitFor();
      await page.getByLabel('Current password').fill(place.people.newcomer.password);
      await page.getByLabel(/^New password\W*$/).fill('short');
      await page.getByLabel('New password again').fill('short');
      await page.getByRole('button', { name: 'Change the password' }).click();
      await page.getByRole('alert').waitFor();
      await page.getByLabel(/^New password\W*$/).fill('seven quiet green lamps');
      await page.getByLabel('New password again').fill('seven quiet green lamps');
      await page.getByRole('button', { name: 'Change the password' }).click();
      await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
    },
  },

  sessions_that_end_leave_the_page_where_it_was: {
    person: 'nobody',
    async run(portal) {
      const { page } = portal;
      await portal.signIn('analyst');
      await portal.goto('/incidents/1?tab=activities', 'Report 0 from the help desk');
      await page.getByLabel('Comment').fill('half a thought');
      await page.evaluate(async () => {
        const { csrfToken } = await (await fetch('/portal/api/session')).json();
        await fetch('/portal/api/signout', { method: 'POST', headers: { 'x-csrf-token': csrfToken } });
      });
      await page.getByRole('tab', { name: 'Timeline' }).click();
      await page.getByText('The session has ended').waitFor();
      await page.getByRole('heading', { name: 'Report 0 from the help desk', includeHidden: true }).waitFor({ state: 'attached' });
      await page.getByLabel('Password').fill(place.people.analyst.password);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.getByText('The session has ended').waitFor({ state: 'detached' });
      await page.getByRole('heading', { name: 'Report 0 from the help desk', level: 1 }).waitFor();
    },
  },

  async times_and_appearance_are_chosen(portal) {
    const { page } = portal;
    await portal.goto('/incidents', 'Incidents');
    await page.getByRole('button', { name: place.people.analyst.displayName }).click();
    await page.getByRole('menuitem', { name: 'Dark appearance' }).click();
    await page.locator('html[data-appearance=dark]').waitFor({ state: 'attached' });
    await page.reload();
    await page.locator('html[data-appearance=dark]').waitFor({ state: 'attached' });
  },
};
