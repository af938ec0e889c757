// Entities: the search and a page of one.
import assert from 'node:assert/strict';

export const tests = {
  async entities_are_found_and_told_of(portal) {
    const { page } = portal;
    await portal.goto('/entities?search=203.0.113', 'Entities');
    await page.getByText('1 entities').waitFor();
    await portal.accessible('entities');
    await portal.shots('entities');
    await page.getByRole('link', { name: '203.0.113.7' }).click();
    await page.getByRole('heading', { name: 'IP address: 203.0.113.7', level: 1 }).waitFor();
    await page.getByRole('list', { name: 'Timeline' }).getByRole('link').first().waitFor();
    await page.getByRole('region', { name: 'Insights' }).getByRole('table').first().waitFor();
    const hunt = await page.getByRole('link', { name: 'All activity' }).getAttribute('href');
    assert.match(decodeURIComponent(hunt), /search '203\.0\.113\.7'/);
    await portal.accessible('entity');
    await portal.shots('entity');
  },
  async entities_that_are_not_there_say_so(portal) {
    await portal.goto('/entities/Ip/none', 'Entity');
    await portal.page.getByText("there is no entity 'none'").waitFor();
  },
};
