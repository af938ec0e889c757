// One's own account: second factor, sessions, keys.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { place } from './portal.mjs';

// RFC 6238, at the server's time.
function totp(secret, ms) {
  const bits = [...secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(ms / 30000)));
  const hash = createHmac('sha1', key).update(counter).digest();
  const at = hash[19] & 15;
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

export const tests = {
  async keys_are_made_shown_once_and_deleted(portal) {
    const { page } = portal;
    await portal.goto('/account', 'Your account');
    await page.getByLabel('Name of a new key').fill('nightly');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    const key = await page.locator('code').innerText();
    const answer = await fetch(`${place.api}/portal/api/session`, { headers: { Authorization: `Bearer ${key}` } });
    assert.equal((await answer.json()).user.name, place.people.analyst.name);
    await portal.accessible('account');
    await portal.shots('account');
    await page.getByRole('row', { name: /nightly/ }).getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('You have no keys').waitFor();
  },

  second_factor_is_set_up_by_its_code: {
    person: 'nobody',
    async run(portal) {
      const { page } = portal;
      await portal.signIn('careful');
      await portal.goto('/account', 'Your account');
      await page.getByRole('button', { name: 'Set up an authenticator' }).click();
      await page.getByRole('img', { name: 'QR code for your authenticator' }).waitFor();
      const secret = (await page.getByText(/^[A-Z2-7]{16,}$/).innerText()).trim();
      const [{ Now }] = await portal.query('print Now = now()');
      const now = new Date(Now).getTime();
      await page.getByLabel('Code of your authenticator').fill(totp(secret, now));
      await page.getByRole('button', { name: 'Confirm' }).click();
      await page.getByRole('list', { name: 'Recovery codes' }).waitFor();
      assert.equal(await page.getByRole('list', { name: 'Recovery codes' }).getByRole('listitem').count(), 10);
      await page.getByLabel('Code of your authenticator').fill(totp(secret, now + 30000));
      await page.getByRole('button', { name: 'Turn off' }).click();
      await page.getByRole('button', { name: 'Set up an authenticator' }).waitFor();
    },
  },

  a_second_factor_that_is_demanded_is_enrolled_at_the_sign_in: {
    person: 'nobody',
    async run(portal) {
      const { page } = portal;
      const [tenant] = (await portal.api('GET', '/vedette/v1/tenants')).value;
      const role = 'Log Analytics Contributor'; // nobody else of the tests has it
      const password = 'nine 4 grey herons wait';
      await portal.api('POST', '/vedette/v1/users', { name: 'gus', password, mustChangePassword: false, roles: [{ role }] });
      await portal.api('PUT', `/vedette/v1/tenants/${tenant.id}/signInPolicy`, { secondFactor: 'roles', roles: [role] });
      await portal.goto('/');
      await page.getByLabel('User name').fill('gus');
      await page.getByLabel('Password').fill(password);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.getByRole('heading', { name: 'Set up a second factor' }).waitFor();
      await portal.accessible('demanded factor');
      await page.getByRole('button', { name: 'Set up an authenticator' }).click();
      const secret = (await page.getByText(/^[A-Z2-7]{16,}$/).innerText()).trim();
      await portal.accessible('enrolment');
      await portal.shots('enrolment');
      const [{ Now }] = await portal.query('print Now = now()');
      const now = new Date(Now).getTime();
      const code = page.getByRole('textbox', { name: 'Code' });
      await code.fill('000000');
      await page.getByRole('button', { name: 'Confirm' }).click();
      await page.getByRole('alert').waitFor();
      await code.fill(totp(secret, now));
      await page.getByRole('button', { name: 'Confirm' }).click();
      await page.getByRole('list', { name: 'Recovery codes' }).waitFor();
      assert.equal(await page.getByRole('list', { name: 'Recovery codes' }).getByRole('listitem').count(), 10);
      await page.getByRole('button', { name: 'Continue' }).click();
      await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
      await portal.goto('/account', 'Your account');
      await page.getByLabel('Code of your authenticator').fill(totp(secret, now + 30000));
      await page.getByRole('button', { name: 'Turn off' }).click();
      await page.getByText('A second factor is demanded of you').waitFor();
    },
  },
};
