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

async function serverTime(portal) {
  const [{ Now }] = await portal.query('print Now = now()');
  return new Date(Now).getTime();
}

// Sets up a second factor by the portal's own API: its secret, and one of its recovery codes.
async function enrolled(portal, person) {
  const send = async (path, data, csrf) => {
    const answer = await portal.context.request.post(`${place.url}/portal/api/${path}`,
      { data, headers: { origin: place.url, ...(csrf ? { 'x-csrf-token': csrf } : {}) } });
    assert.ok(answer.ok(), `${path}: ${answer.status()} ${await answer.text()}`);
    return answer.json().catch(() => undefined);
  };
  await send('signin', person);
  const { csrfToken } = await (await portal.context.request.get(`${place.url}/portal/api/session`)).json();
  const { secret } = await send('totp', {}, csrfToken);
  const { recoveryCodes } = await send('totp/confirm', { code: totp(secret, await serverTime(portal)) }, csrfToken);
  await portal.context.clearCookies();
  return { secret, recovery: recoveryCodes[0] };
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

  the_second_factor_is_asked_for_at_the_sign_in: {
    person: 'nobody',
    async run(portal) {
      const { page } = portal;
      const person = { name: 'hal', password: 'six 2 wet boots dry' };
      await portal.api('POST', '/vedette/v1/users',
        { ...person, mustChangePassword: false, roles: [{ role: 'Microsoft Sentinel Reader' }] });
      const { secret, recovery } = await enrolled(portal, person);
      const code = page.getByLabel(/^Code/);
      const signIn = page.getByRole('button', { name: 'Sign in', exact: true });
      const begin = async () => {
        await portal.goto('/');
        await page.getByLabel('User name').fill(person.name);
        await page.getByLabel('Password').fill(person.password);
        await signIn.click();
        await code.waitFor();
      };
      await begin();
      await portal.accessible('code of a second factor');
      await portal.shots('second-factor');
      await code.fill('000000');
      await signIn.click();
      await page.getByRole('alert').waitFor();
      // The next code: the one of its enrolment is used up.
      await code.fill(totp(secret, (await serverTime(portal)) + 30000));
      await signIn.click();
      await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
      // Without the authenticator a recovery code does, once.
      await portal.context.clearCookies();
      await begin();
      await code.fill(recovery);
      await signIn.click();
      await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
      await portal.context.clearCookies();
      await begin();
      await code.fill(recovery);
      await signIn.click();
      await page.getByRole('alert').waitFor();
    },
  },

  what_lets_people_in_wants_the_password_again: {
    person: 'nobody',
    async run(portal) {
      const { page } = portal;
      await portal.signIn('analyst');
      await portal.goto('/account', 'Your account');
      await portal.moveClock(11);
      const dialog = page.getByRole('dialog', { name: 'Confirm that it is you' });
      const create = async () => {
        await page.getByLabel('Name of a new key').fill('proved');
        await page.getByRole('button', { name: 'Create', exact: true }).click();
        await dialog.waitFor();
      };
      await create();
      await portal.accessible('password dialog');
      await portal.shots('password-dialog');
      await dialog.getByRole('button', { name: 'Cancel' }).click();
      await dialog.waitFor({ state: 'detached' });
      assert.equal(await page.getByRole('row', { name: /proved/ }).count(), 0);
      await create();
      assert.equal(await dialog.getByRole('button', { name: 'Continue' }).isDisabled(), true);
      await dialog.getByLabel('Your password').fill('not this one at all');
      await page.keyboard.press('Enter');
      await dialog.getByRole('alert').waitFor();
      await dialog.getByLabel('Your password').fill(place.people.analyst.password);
      await page.keyboard.press('Enter');
      await dialog.waitFor({ state: 'detached' });
      await page.locator('code').waitFor();
      await page.getByRole('row', { name: /proved/ }).getByRole('button', { name: 'Delete' }).click();
      await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
      await page.getByText('You have no keys').waitFor();
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
