// Signing in and the frame around every page.
import assert from 'node:assert/strict';
import { place } from './portal.mjs';

export const tests = {
  async signing_in_leads_to_the_overview({ page }) {
    await page.goto(`${place.url}/`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    assert.equal(new URL(page.url()).pathname, '/portal/');
    assert.match(await page.title(), /Vedette/);
  },
  async frame_is_accessible(portal) {
    await portal.goto('/');
    await portal.page.getByRole('heading', { level: 1 }).waitFor();
    await portal.accessible('frame');
  },
  async unknown_pages_say_so(portal) {
    await portal.goto('/no/such/page');
    await portal.page.getByText('There is no such page.').waitFor();
  },
};
