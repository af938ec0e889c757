// ClientCertificateCredential of @azure/identity against the server's token endpoint. The server runs
// on the system's clock: MSAL takes its own time for the assertion.
'use strict';
const assert = require('node:assert/strict');
const { ClientCertificateCredential } = require('@azure/identity');
const { LogsIngestionClient } = require('@azure/monitor-ingestion');
const { LogsQueryClient, LogsQueryResultStatus } = require('@azure/monitor-query-logs');
const { place, run } = require('./place.js');

function certificate(pem = place.certificate, options = {}) {
  return new ClientCertificateCredential(place.tenant, place.sender, { certificatePath: pem }, {
    authorityHost: place.endpoint,
    disableInstanceDiscovery: true,
    ...options,
  });
}

async function refused(credential) {
  await assert.rejects(credential.getToken('https://monitor.azure.com/.default'), /invalid_client|not accepted/);
}

const checks = {
  async tokenForACertificate() {
    const token = await certificate().getToken('https://monitor.azure.com/.default');
    assert.ok(token.expiresOnTimestamp > Date.now());
  },

  async tokenWithTheChainInTheHeader() {
    const credential = certificate(place.certificate, { sendCertificateChain: true });
    assert.ok((await credential.getToken('https://monitor.azure.com/.default')).token);
  },

  // MSAL sends the assertion that it made once for each scope.
  async oneCredentialForSeveralScopes() {
    const credential = certificate();
    for (const scope of ['https://monitor.azure.com', 'https://api.loganalytics.io', 'https://management.azure.com']) {
      assert.ok((await credential.getToken(scope + '/.default')).token);
    }
  },

  async logsAreSentAndFoundAgain() {
    const credential = certificate();
    const sender = new LogsIngestionClient(place.endpoint, credential);
    await sender.upload(place.rule, 'Microsoft-Heartbeat', [{ TimeGenerated: new Date().toISOString(), Computer: 'by-certificate' }]);
    const queries = new LogsQueryClient(credential, { endpoint: place.endpoint + '/v1' });
    const found = await queries.queryWorkspace(place.workspace, 'Heartbeat | where Computer == "by-certificate" | count', { duration: 'PT1H' });
    assert.equal(found.status, LogsQueryResultStatus.Success);
    assert.equal(Number(found.tables[0].rows[0][0]), 1);
  },

  async anotherCertificateIsRefused() {
    await refused(certificate(place.unknownCertificate));
  },
};

run(checks);
