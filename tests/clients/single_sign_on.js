// Signing in through oidc-provider, an OpenID provider that others wrote, with fetch as the browser.
'use strict';
const assert = require('node:assert/strict');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { place, run } = require('./place.js');

const CLIENT = { client_id: 'vedette', client_secret: 'a secret/+&=', redirect_uris: [place.endpoint + '/portal/oidc/npm/callback'],
  post_logout_redirect_uris: [place.endpoint + '/portal/'] };

// Provider and address; it signs in whoever types a name.
async function startProvider() {
  const module = path.join(process.env.NODE_PATH.split(path.delimiter)[0], 'oidc-provider', 'lib', 'index.js');
  const { default: Provider } = await import(pathToFileURL(module));
  const http = require('node:http');
  const server = http.createServer((request, response) => provider.callback()(request, response));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [CLIENT],
    claims: { openid: ['sub'], profile: ['name', 'preferred_username', 'groups'], email: ['email'] },
    conformIdTokenClaims: false,
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, name: 'Ms. ' + id, preferred_username: id, groups: ['soc'] }) }),
  });
  return { issuer, server };
}

// A browser: cookies by host, and one hop at a time.
class Browser {
  cookies = new Map();

  async open(url, options = {}) {
    const { origin } = new URL(url);
    const mine = this.cookies.get(origin) ?? new Map();
    this.cookies.set(origin, mine);
    const cookie = [...mine].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, { redirect: 'manual', ...options, headers: { cookie, ...options.headers } });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
      if (value === '' || /expires=Thu, 01 Jan 1970/i.test(line)) mine.delete(name);
      else mine.set(name, value);
    }
    return answer;
  }

  // Follows redirects and fills in the provider's forms until the server's own page is reached.
  async walk(url, fields) {
    for (let hops = 0; hops < 20; hops++) {
      let answer = await this.open(url);
      if (answer.status === 200 && !url.startsWith(place.endpoint)) {
        const page = await answer.text();
        const action = new URL(page.match(/<form[^>]*action="([^"]+)"/)[1].replaceAll('&amp;', '&'), url).href;
        const prompt = page.match(/name="prompt" value="([^"]+)"/)?.[1];
        const body = new URLSearchParams({ ...(prompt && { prompt }), ...fields });
        answer = await this.open(action, { method: 'POST', body });
        url = action;
      }
      if (answer.status < 300 || answer.status >= 400) return { answer, url };
      const next = new URL(answer.headers.get('location'), url).href;
      if (url.includes('/callback?') && next.startsWith(place.endpoint)) return { answer, url: next };
      url = next;
    }
    throw new Error('too many redirects');
  }
}

let provider;
const browser = new Browser();

const checks = {
  async settingsAreCheckedAgainstTheProvider() {
    provider = await startProvider();
    const headers = { Authorization: `Bearer ${place.operator}`, 'Content-Type': 'application/json' };
    const address = place.endpoint + '/vedette/v1/identityProviders/npm';
    const kept = await fetch(address, { method: 'PUT', headers, body: JSON.stringify({
      issuer: provider.issuer, clientId: CLIENT.client_id, clientSecret: CLIENT.client_secret, createUsers: true,
      roles: [{ claim: 'groups', value: 'soc', role: 'Microsoft Sentinel Reader' }] }) });
    assert.equal(kept.status, 200, await kept.text());
    const found = await fetch(address + '/check', { method: 'POST', headers });
    assert.equal(found.status, 200, await found.text());
  },

  async aPersonSignsIn() {
    const { answer, url } = await browser.walk(place.endpoint + '/portal/oidc/npm/start?next=/portal/incidents', { login: 'alice', password: 'x' });
    assert.equal(answer.status, 303, await answer.text());
    assert.equal(url, place.endpoint + '/portal/incidents');
    const session = await (await browser.open(place.endpoint + '/portal/api/session')).json();
    assert.equal(session.user.displayName, 'Ms. alice');
  },

  async signingOutEndsItThere() {
    const session = await (await browser.open(place.endpoint + '/portal/api/session')).json();
    const out = await browser.open(place.endpoint + '/portal/api/signout', { method: 'POST', headers: { 'X-CSRF-Token': session.csrfToken } });
    assert.equal(out.status, 200);
    const { redirect } = await out.json();
    const asked = await browser.open(redirect);
    assert.equal(asked.status, 200); // "Do you want to sign out?": the hint and the address were accepted
    assert.equal((await browser.open(place.endpoint + '/portal/api/session')).status, 401);
    provider.server.close();
    provider.server.closeAllConnections();
  },
};

run(checks);
