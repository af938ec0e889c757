// What Microsoft's clients need of a server, one check a function. The place is in VEDETTE_PLACE.
'use strict';
const assert = require('node:assert/strict');
const { ClientSecretCredential } = require('@azure/identity');
const { LogsIngestionClient } = require('@azure/monitor-ingestion');
const { LogsQueryClient, LogsQueryResultStatus, Durations } = require('@azure/monitor-query');
const logs = require('@azure/monitor-query-logs');
const { SecurityInsights } = require('@azure/arm-securityinsight');

const place = JSON.parse(process.env.VEDETTE_PLACE);
const SUBSCRIPTION = '00000000-0000-0000-0000-000000000000';
const GROUP = 'vedette';

function credential(secret = place.clientSecret) {
  return new ClientSecretCredential(place.tenant, place.clientId, secret, {
    authorityHost: place.endpoint,
    disableInstanceDiscovery: true,
  });
}

function queries() {
  return new LogsQueryClient(credential(), { endpoint: place.endpoint + '/v1' });
}

function queriesByNewPackage() {
  return new logs.LogsQueryClient(credential(), { endpoint: place.endpoint + '/v1' });
}

function insights() {
  return new SecurityInsights(credential(), SUBSCRIPTION, {
    endpoint: place.endpoint,
    credentialScopes: 'https://management.azure.com/.default',
  });
}

async function rows(kql, timespan = { duration: Durations.oneDay }) {
  const answer = await queries().queryWorkspace(place.workspace, kql, timespan);
  assert.equal(answer.status, LogsQueryResultStatus.Success, JSON.stringify(answer));
  return answer.tables[0].rows;
}

const checks = {
  async identity_gives_a_token() {
    const token = await credential().getToken('https://monitor.azure.com/.default');
    assert.ok(token.token.split('.').length === 3);
    assert.ok(token.expiresOnTimestamp > Date.now() + 3000 * 1000);
  },

  async identity_refuses_a_wrong_secret() {
    await assert.rejects(credential('x'.repeat(43)).getToken('https://monitor.azure.com/.default'),
      /invalid_client|AADSTS7000215/);
  },

  async ingestion_uploads_many_records() {
    const records = [];
    for (let i = 0; i < 3000; i++) {
      records.push({ TimeGenerated: new Date(), Computer: `host-${i}`, OSType: 'x'.repeat(900) });
    }
    const client = new LogsIngestionClient(place.endpoint, credential());
    await client.upload(place.rule, 'Microsoft-Heartbeat', records);
    const found = await rows('Heartbeat | summarize n = count(), hosts = dcount(Computer)');
    assert.deepEqual(found, [[3000, 3000]]);
  },

  async ingestion_says_what_is_wrong() {
    const client = new LogsIngestionClient(place.endpoint, credential());
    try {
      await client.upload(place.rule, 'Microsoft-Heartbet', [{ Computer: 'a' }]);
      assert.fail('an unknown stream was taken');
    } catch (problem) {
      assert.equal(problem.errors.length, 1, String(problem));
      assert.equal(problem.errors[0].cause.statusCode, 404);
      assert.match(problem.errors[0].cause.message, /did you mean 'Microsoft-Heartbeat'/);
    }
  },

  async query_types_arrive() {
    const answer = await queries().queryWorkspace(place.workspace,
      "print b = true, i = int(1), l = 2, r = 1.5, s = 'x', d = datetime(2026-01-02 03:04:05), " +
      "t = 1d, g = guid(74be27de-1e4e-49d9-b579-fe0b331d3642), j = dynamic({'a': [1]}), n = int(null)",
      { duration: Durations.oneDay });
    const table = answer.tables[0];
    assert.deepEqual(table.columnDescriptors.map((c) => c.type),
      ['bool', 'int', 'long', 'real', 'string', 'datetime', 'timespan', 'guid', 'dynamic', 'int']);
    const [b, i, l, r, s, d, t, g, j, n] = table.rows[0];
    assert.deepEqual([b, i, l, r, s, t, g, n],
      [true, 1, 2, 1.5, 'x', '1.00:00:00', '74be27de-1e4e-49d9-b579-fe0b331d3642', null]);
    assert.equal(new Date(d).toISOString(), '2026-01-02T03:04:05.000Z');
    assert.deepEqual(j, { a: [1] });
  },

  async query_statistics_and_render() {
    const answer = await queries().queryWorkspace(place.workspace,
      'range x from 1 to 3 step 1 | render piechart', { duration: Durations.oneDay },
      { includeQueryStatistics: true, includeVisualization: true, serverTimeoutInSeconds: 30 });
    assert.ok(answer.statistics.query.executionTime >= 0);
    assert.equal(answer.visualization.visualization, 'piechart');
  },

  async query_timespans_bound() {
    const from = new Date(Date.now() - 3600 * 1000);
    const all = await rows('Heartbeat | count', { startTime: from, endTime: new Date(Date.now() + 60000) });
    assert.deepEqual(all, [[3000]]);
    const none = await rows('Heartbeat | count', { duration: 'PT1H', endTime: from });
    assert.deepEqual(none, [[0]]);
  },

  async query_errors_arrive() {
    await assert.rejects(queries().queryWorkspace(place.workspace, 'Heartbeat | wher x',
      { duration: Durations.oneDay }), (problem) => {
      assert.equal(problem.statusCode, 400);
      assert.equal(problem.code, 'BadArgumentError');
      return true;
    });
  },

  async query_partial_answers_arrive() {
    const answer = await queries().queryWorkspace(place.workspace,
      'range x from 1 to 600000 step 1', { duration: Durations.oneDay });
    assert.equal(answer.status, LogsQueryResultStatus.PartialFailure);
    assert.equal(answer.partialError.code, 'PartialError');
    assert.equal(answer.partialTables[0].rows.length, 500000);
  },

  async query_batches() {
    const answers = await queries().queryBatch([
      { workspaceId: place.workspace, query: 'print x = 1', timespan: { duration: 'P1D' } },
      { workspaceId: place.workspace, query: 'nonsense |', timespan: { duration: 'P1D' } },
      { workspaceId: place.workspace, query: 'Heartbeat | count', timespan: { duration: 'P1D' } },
    ]);
    assert.deepEqual(answers.map((a) => a.status), ['Success', 'Failure', 'Success']);
    assert.deepEqual(answers[2].tables[0].rows, [[3000]]);
  },

  async query_by_the_new_package() {
    const client = queriesByNewPackage();
    const answer = await client.queryWorkspace(place.workspace,
      "print x = 1, j = dynamic({'a': 1})", { duration: 'P1D' });
    assert.equal(answer.status, logs.LogsQueryResultStatus.Success);
    assert.deepEqual(answer.tables[0].rows, [[1, { a: 1 }]]);
    const batch = await client.queryBatch([
      { workspaceId: place.workspace, query: 'print x = 2', timespan: { duration: 'P1D' } }]);
    assert.deepEqual(batch[0].tables[0].rows, [[2]]);
  },

  async incidents_by_the_management_client() {
    const { incidents } = insights();
    for (let i = 0; i < 5; i++) {
      await incidents.createOrUpdate(GROUP, place.workspaceName, `sdk-${i}`,
        { title: `SDK ${i}`, severity: 'Low', status: 'New' });
    }
    const seen = [];
    for await (const one of incidents.list(GROUP, place.workspaceName,
      { top: 2, orderby: 'properties/incidentNumber asc' })) {
      seen.push(one.title);
    }
    assert.deepEqual(seen, ['SDK 0', 'SDK 1', 'SDK 2', 'SDK 3', 'SDK 4']);
    const one = await incidents.get(GROUP, place.workspaceName, 'sdk-3');
    assert.equal(one.incidentNumber, 4);
    const closed = await incidents.createOrUpdate(GROUP, place.workspaceName, 'sdk-3', {
      ...one, status: 'Closed', classification: 'FalsePositive', classificationReason: 'InaccurateData' });
    assert.equal(closed.status, 'Closed');
    await assert.rejects(incidents.createOrUpdate(GROUP, place.workspaceName, 'sdk-3', one),
      (problem) => problem.statusCode === 409);
    const filtered = [];
    for await (const each of incidents.list(GROUP, place.workspaceName,
      { filter: "properties/status eq 'Closed'" })) {
      filtered.push(each.name);
    }
    assert.deepEqual(filtered, ['sdk-3']);
    const related = await incidents.listAlerts(GROUP, place.workspaceName, 'sdk-3');
    assert.deepEqual(related.value, []);
    await assert.rejects(incidents.get(GROUP, place.workspaceName, 'none'),
      (problem) => problem.statusCode === 404);
  },

  async rules_by_the_management_client() {
    const { alertRules } = insights();
    const made = await alertRules.createOrUpdate(GROUP, place.workspaceName, 'sdk-rule', {
      kind: 'Scheduled', displayName: 'SDK rule', enabled: true, severity: 'High', query: 'Heartbeat',
      queryFrequency: 'PT1H', queryPeriod: 'P1D', triggerOperator: 'GreaterThan', triggerThreshold: 0,
      suppressionEnabled: false, suppressionDuration: 'PT5H', tactics: ['Impact'],
      entityMappings: [{ entityType: 'Host',
        fieldMappings: [{ identifier: 'FullName', columnName: 'Computer' }] }],
    });
    assert.equal(made.kind, 'Scheduled');
    const found = await alertRules.get(GROUP, place.workspaceName, 'sdk-rule');
    assert.equal(found.displayName, 'SDK rule');
    assert.equal(found.queryFrequency, 'PT1H');
    const names = [];
    for await (const rule of alertRules.list(GROUP, place.workspaceName)) {
      names.push(rule.name);
    }
    assert.deepEqual(names, ['sdk-rule']);
    await assert.rejects(alertRules.createOrUpdate(GROUP, place.workspaceName, 'bad',
      { ...made, query: 'Nowhere' }), (problem) => problem.statusCode === 400);
    await alertRules.delete(GROUP, place.workspaceName, 'sdk-rule');
    await assert.rejects(alertRules.get(GROUP, place.workspaceName, 'sdk-rule'),
      (problem) => problem.statusCode === 404);
  },
};

async function main() {
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

main();
