// What the suites of Microsoft's clients share: where the server is, clients for it, and running
// checks. The place is in VEDETTE_PLACE; the server's clock stands at place.start.
'use strict';
// The packages ask for node 20; Debian 12's node 18 lacks only this of what they use.
globalThis.crypto ??= require('node:crypto').webcrypto;
const assert = require('node:assert/strict');
const { ClientSecretCredential } = require('@azure/identity');
const { SecurityInsights } = require('@azure/arm-securityinsight');

const place = JSON.parse(process.env.VEDETTE_PLACE);
const SUBSCRIPTION = '00000000-0000-0000-0000-000000000000';
const GROUP = 'vedette';

// A moment, in minutes from where the server's clock began.
function at(minutes) {
  return new Date(new Date(place.start).getTime() + minutes * 60000);
}

function credential(secret = place.clientSecret) {
  return new ClientSecretCredential(place.tenant, place.clientId, secret, {
    authorityHost: place.endpoint,
    disableInstanceDiscovery: true,
  });
}

function insights() {
  return new SecurityInsights(credential(), SUBSCRIPTION, {
    endpoint: place.endpoint,
    credentialScopes: 'https://management.azure.com/.default',
  });
}

// What has no Microsoft client: the server's own routes.
async function own(method, path, token, body) {
  const answer = await fetch(place.endpoint + path, {
    method,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  assert.equal(answer.status, 200, path);
  return answer.json();
}

async function listed(pages) {
  const found = [];
  for await (const one of pages) {
    found.push(one);
  }
  return found;
}

async function run(checks) {
  let passed = 0;
  let failed = 0;
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check();
      passed++;
      console.log(`ok     ${name}`);
    } catch (problem) {
      failed++;
      console.log(`FAILED ${name}: ${problem.stack}`);
    }
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

module.exports = { GROUP, SUBSCRIPTION, at, credential, insights, listed, own, place, run };
