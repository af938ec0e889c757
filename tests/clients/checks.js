// What Microsoft's clients need of a server, one check a function, in the order in which they build
// on each other.
'use strict';
const assert = require('node:assert/strict');
const { GROUP, SUBSCRIPTION, at, credential, insights, listed, own, place, run } = require('./place.js');
const { ClientSecretCredential } = require('@azure/identity');
const { LogsIngestionClient } = require('@azure/monitor-ingestion');
const { LogsQueryClient, LogsQueryResultStatus, Durations } = require('@azure/monitor-query');
const logs = require('@azure/monitor-query-logs');
const { MonitorClient } = require('@azure/arm-monitor');

const WORKSPACE_ID = `/subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}/providers/` +
  `Microsoft.OperationalInsights/workspaces/${place.workspaceName}`;
const HEARTBEATS = 3000;

function queries() {
  return new LogsQueryClient(credential(), { endpoint: place.endpoint + '/v1' });
}

function queriesByNewPackage() {
  return new logs.LogsQueryClient(credential(), { endpoint: place.endpoint + '/v1' });
}

function monitor() {
  return new MonitorClient(credential(), SUBSCRIPTION, {
    endpoint: place.endpoint,
    credentials: { scopes: ['https://management.azure.com/.default'] },
  });
}

// A rule that reads Custom-Raw, as Azure's tutorials write it.
function collectionRule(transformKql) {
  return {
    location: 'westeurope',
    kind: 'Direct',
    streamDeclarations: { 'Custom-Raw': { columns: [
      { name: 'time', type: 'datetime' }, { name: 'host', type: 'string' }, { name: 'level', type: 'int' }] } },
    destinations: { logAnalytics: [{ workspaceResourceId: WORKSPACE_ID, name: 'here' }] },
    dataFlows: [{ streams: ['Custom-Raw'], destinations: ['here'], outputStream: 'Microsoft-Syslog', transformKql }],
  };
}

function sender(options) {
  return new LogsIngestionClient(place.endpoint, credential(), options);
}

// An HTTP policy that writes down each request to a path.
function recorder(part, seen) {
  return {
    position: 'perRetry',
    policy: {
      name: 'recorder',
      sendRequest(request, next) {
        if (request.url.includes(part)) {
          seen.push(request.headers.get('content-encoding'));
        }
        return next(request);
      },
    },
  };
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
    for (let i = 0; i < HEARTBEATS; i++) {
      records.push({ TimeGenerated: at(0), Computer: `host-${i}`, OSType: 'x'.repeat(900) });
    }
    const seen = [];
    const client = sender({ additionalPolicies: [recorder('/streams/', seen)] });
    await client.upload(place.rule, 'Microsoft-Heartbeat', records, { maxConcurrency: 3 });
    assert.deepEqual(seen, ['gzip', 'gzip', 'gzip']);
    const found = await rows('Heartbeat | summarize n = count(), hosts = count_distinct(Computer)');
    assert.deepEqual(found, [[HEARTBEATS, HEARTBEATS]]);
  },

  async ingestion_says_what_is_wrong() {
    try {
      await sender().upload(place.rule, 'Microsoft-Heartbet', [{ Computer: 'a' }]);
      assert.fail('an unknown stream was taken');
    } catch (problem) {
      assert.equal(problem.errors.length, 1, String(problem));
      assert.equal(problem.errors[0].cause.statusCode, 404);
      assert.match(problem.errors[0].cause.message, /did you mean 'Microsoft-Heartbeat'/);
    }
  },

  async rules_are_kept_and_deleted() {
    const { dataCollectionRules: rules, dataCollectionEndpoints: endpoints } = monitor();
    const made = await rules.create(GROUP, 'raw', { body: collectionRule('source | project TimeGenerated = time') });
    assert.match(made.immutableId, /^dcr-[0-9a-f]{32}$/);
    assert.equal(made.provisioningState, 'Succeeded');
    assert.equal(made.destinations.logAnalytics[0].workspaceId, place.workspace);
    assert.equal(made.dataFlows[0].transformKql, 'source | project TimeGenerated = time');
    assert.deepEqual(await rules.get(GROUP, 'raw'), made);
    assert.deepEqual((await listed(rules.listByResourceGroup(GROUP))).map((r) => r.name), ['raw']);
    assert.deepEqual((await listed(rules.listBySubscription())).map((r) => r.id), [made.id]);
    const tagged = await rules.update(GROUP, 'raw', { body: { tags: { team: 'soc' } } });
    assert.deepEqual(tagged.tags, { team: 'soc' });
    await assert.rejects(rules.create(GROUP, 'raw', { body: collectionRule('source | summarize count()') }),
      (problem) => {
        assert.equal(problem.statusCode, 400);
        assert.equal(problem.code, 'InvalidPayload');
        assert.equal(problem.details.error.details[0].code, 'InvalidTransformQuery');
        assert.match(problem.details.error.details[0].message, /summarize can't be used/);
        return true;
      });
    await rules.delete(GROUP, 'raw');
    await assert.rejects(rules.get(GROUP, 'raw'), { statusCode: 404 });
    const endpoint = await endpoints.create(GROUP, 'main', { body: { location: 'westeurope',
      networkAcls: { publicNetworkAccess: 'Enabled' } } });
    assert.equal(endpoint.logsIngestion.endpoint, place.endpoint);
    assert.match(endpoint.immutableId, /^dce-/);
    await endpoints.delete(GROUP, 'main');
  },

  async ingestion_goes_through_a_rule() {
    const { dataCollectionRules: rules } = monitor();
    const made = await rules.create(GROUP, 'errors', { body: collectionRule(
      'source | where level <= 3 | project TimeGenerated = time, Computer = toupper(host), SeverityLevel = case(level < 3, "crit", "err")') });
    await sender().upload(made.immutableId, 'Custom-Raw', [1, 3, 5].map((level) =>
      ({ time: at(0), host: `web${level}`, level })));
    assert.deepEqual(await rows('Syslog | sort by Computer asc | project Computer, SeverityLevel'),
      [['WEB1', 'crit'], ['WEB3', 'err']]);
    await rules.delete(GROUP, 'errors');
    try {
      await sender().upload(made.immutableId, 'Custom-Raw', [{ host: 'late' }]);
      assert.fail('a rule that is gone was taken');
    } catch (problem) {
      assert.equal(problem.errors[0].cause.statusCode, 404, String(problem));
      assert.equal(problem.errors[0].cause.code, 'NotFound');
    }
  },

  async query_types_arrive() {
    const answer = await queries().queryWorkspace(place.workspace,
      "print b = true, i = int(1), l = 2, r = 1.5, s = 'x', d = datetime(2026-01-02 03:04:05), " +
      "t = 1d, g = guid(74be27de-1e4e-49d9-b579-fe0b331d3642), j = dynamic({'a': [1]}), " +
      'c = decimal(1.25), n = int(null), z = real(nan), h = real(+inf), dn = dynamic(null), dt = datetime(null)',
      { duration: Durations.oneDay });
    const table = answer.tables[0];
    assert.deepEqual(table.columnDescriptors.map((c) => c.type),
      ['bool', 'int', 'long', 'real', 'string', 'datetime', 'timespan', 'guid', 'dynamic', 'decimal',
        'int', 'real', 'real', 'dynamic', 'datetime']);
    const [b, i, l, r, s, d, t, g, j, c, n, ...special] = table.rows[0];
    assert.deepEqual([b, i, l, r, s, t, g, n],
      [true, 1, 2, 1.5, 'x', '1.00:00:00', '74be27de-1e4e-49d9-b579-fe0b331d3642', null]);
    assert.equal(new Date(d).toISOString(), '2026-01-02T03:04:05.000Z');
    assert.deepEqual(j, { a: [1] });
    assert.equal(Number(c), 1.25);
    const epoch = new Date(null); // what this client makes of a null
    assert.deepEqual(special, ['NaN', 'Infinity', null, epoch]);
  },

  async query_statistics_and_render() {
    const answer = await queries().queryWorkspace(place.workspace,
      'range x from 1 to 3 step 1 | render piechart', { duration: Durations.oneDay },
      { includeQueryStatistics: true, includeVisualization: true, serverTimeoutInSeconds: 30 });
    assert.ok(answer.statistics.query.executionTime >= 0);
    assert.equal(answer.visualization.visualization, 'piechart');
  },

  async query_timespans_bound() {
    const count = (span) => rows('Heartbeat | count', span);
    assert.deepEqual(await count({ startTime: at(-60), endTime: at(1) }), [[HEARTBEATS]]);
    assert.deepEqual(await count({ startTime: at(-60), duration: 'PT2H' }), [[HEARTBEATS]]);
    assert.deepEqual(await count({ duration: 'PT1H', endTime: at(-60) }), [[0]]);
  },

  async query_errors_arrive() {
    await assert.rejects(queries().queryWorkspace(place.workspace, 'Heartbeat | wher x',
      { duration: Durations.oneDay }), (problem) => {
      assert.equal(problem.statusCode, 400);
      assert.equal(problem.code, 'BadArgumentError');
      const { error } = JSON.parse(problem.response.bodyAsText);
      assert.equal(error.innererror.code, 'SyntaxError');
      assert.match(error.innererror.innererror.message, /did you mean 'where'/);
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
    assert.equal(answers[1].code, 'BadArgumentError');
    assert.match(answers[1].message, /expected an operator after '\|'/);
    assert.deepEqual(answers[2].tables[0].rows, [[HEARTBEATS]]);
  },

  async query_of_a_resource() {
    const answer = await queries().queryResource(WORKSPACE_ID, 'Heartbeat | count', { duration: 'P1D' });
    assert.deepEqual(answer.tables[0].rows, [[HEARTBEATS]]);
  },

  async query_of_a_resource_that_is_no_workspace() {
    const machine = (name) => `/subscriptions/${SUBSCRIPTION}/resourceGroups/web/providers/Microsoft.Compute/virtualMachines/${name}`;
    await own('POST', `/vedette/v1/workspaces/${place.workspace}/records/Syslog?format=json`, place.operator,
      ['one', 'one', 'two'].map((name) => ({ TimeGenerated: at(0), Computer: name, _ResourceId: machine(name).toLowerCase() })));
    for (const client of [queries(), queriesByNewPackage()]) {
      const counted = async (id) => (await client.queryResource(id, 'Syslog | count', { duration: 'P1D' })).tables[0].rows;
      assert.deepEqual(await counted(machine('one')), [[2]]);
      assert.deepEqual(await counted(`/subscriptions/${SUBSCRIPTION}/resourceGroups/web`), [[3]]);
      assert.deepEqual(await counted(`/subscriptions/${SUBSCRIPTION}`), [[3]]);
      await assert.rejects(client.queryResource(machine('one'), 'Syslog | wher x', { duration: 'P1D' }),
        (problem) => problem.statusCode === 400 && problem.code === 'BadArgumentError');
    }
    const stranger = new LogsQueryClient(new ClientSecretCredential(place.tenant, place.otherId, place.otherSecret,
      { authorityHost: place.endpoint, disableInstanceDiscovery: true }), { endpoint: place.endpoint + '/v1' });
    await assert.rejects(stranger.queryResource(machine('one'), 'Syslog', { duration: 'P1D' }),
      (problem) => problem.statusCode === 403 && problem.code === 'InsufficientAccessError');
  },

  async queries_are_kept_by_a_diagnostic_setting() {
    const { diagnosticSettings: settings } = monitor();
    const made = await settings.createOrUpdate(WORKSPACE_ID, 'queries',
      { workspaceId: WORKSPACE_ID, logs: [{ category: 'Audit', enabled: true }] });
    assert.equal(made.name, 'queries');
    assert.deepEqual(made.logs.map((log) => [log.category, log.enabled]), [['Audit', true]]);
    assert.deepEqual((await listed(settings.list(WORKSPACE_ID))).map((each) => each.name), ['queries']);
    await rows('print kept = 1');
    let found = [];
    for (const until = Date.now() + 30000; found.length === 0 && Date.now() < until;) {
      found = await rows("LAQueryLogs | where QueryText == 'print kept = 1' | project ResponseCode, AADClientId");
    }
    assert.deepEqual(found, [[200, place.clientId]]);
    await settings.delete(WORKSPACE_ID, 'queries');
    await assert.rejects(settings.get(WORKSPACE_ID, 'queries'), { statusCode: 404 });
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
    const resource = await client.queryResource(WORKSPACE_ID, 'Heartbeat | count', { duration: 'P1D' });
    assert.deepEqual(resource.tables[0].rows, [[HEARTBEATS]]);
    await assert.rejects(client.queryWorkspace(place.workspace, 'Heartbeat | wher x', { duration: 'P1D' }),
      (problem) => problem.statusCode === 400 && problem.code === 'BadArgumentError');
  },

  async metadata_names_tables_and_columns() {
    const { token } = await credential().getToken('https://api.loganalytics.io/.default');
    for (const method of ['GET', 'POST']) {
      const answer = await own(method, `/v1/workspaces/${place.workspace}/metadata`, token);
      const table = answer.tables.find((t) => t.name === 'Heartbeat');
      assert.equal(table.timespanColumn, 'TimeGenerated');
      assert.deepEqual(table.columns.find((c) => c.name === 'Computer'),
        { name: 'Computer', type: 'string' });
      assert.ok(answer.workspaces[0].related.tables.includes(table.id));
    }
  },

  async incidents_by_the_management_client() {
    const { incidents } = insights();
    for (let i = 0; i < 5; i++) {
      await incidents.createOrUpdate(GROUP, place.workspaceName, `sdk-${i}`,
        { title: `SDK ${i}`, severity: 'Low', status: 'New' });
    }
    const all = await listed(incidents.list(GROUP, place.workspaceName,
      { top: 2, orderby: 'properties/incidentNumber asc' }));
    assert.deepEqual(all.map((each) => each.title), ['SDK 0', 'SDK 1', 'SDK 2', 'SDK 3', 'SDK 4']);
    const one = await incidents.get(GROUP, place.workspaceName, 'sdk-3');
    assert.equal(one.incidentNumber, 4);
    const closed = await incidents.createOrUpdate(GROUP, place.workspaceName, 'sdk-3', {
      ...one, status: 'Closed', classification: 'FalsePositive', classificationReason: 'InaccurateData' });
    assert.equal(closed.status, 'Closed');
    assert.equal(closed.classificationReason, 'InaccurateData');
    assert.notEqual(closed.etag, one.etag);
    const owned = await incidents.createOrUpdate(GROUP, place.workspaceName, 'sdk-3', {
      ...closed, labels: [{ labelName: 'tried' }],
      owner: { assignedTo: 'Ann', userPrincipalName: 'ann@halden.example' } });
    assert.equal(owned.owner.assignedTo, 'Ann');
    assert.deepEqual(owned.labels.map((l) => l.labelName), ['tried']);
    await assert.rejects(incidents.createOrUpdate(GROUP, place.workspaceName, 'sdk-3', one),
      (problem) => problem.statusCode === 409);
    const filtered = await listed(incidents.list(GROUP, place.workspaceName,
      { filter: "properties/status eq 'Closed'" }));
    assert.deepEqual(filtered.map((each) => each.name), ['sdk-3']);
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
    const all = await listed(alertRules.list(GROUP, place.workspaceName));
    assert.deepEqual(all.map((rule) => rule.name), ['sdk-rule']);
    await assert.rejects(alertRules.createOrUpdate(GROUP, place.workspaceName, 'bad',
      { ...made, query: 'Nowhere' }), (problem) => problem.statusCode === 400);
    await alertRules.delete(GROUP, place.workspaceName, 'sdk-rule');
    await assert.rejects(alertRules.get(GROUP, place.workspaceName, 'sdk-rule'),
      (problem) => problem.statusCode === 404);
  },

  // From a record to its incident, with nothing but Microsoft's clients and a clock.
  async detection_from_record_to_incident() {
    const { alertRules, incidents } = insights();
    await alertRules.createOrUpdate(GROUP, place.workspaceName, 'failed-sign-ins', {
      kind: 'Scheduled', displayName: 'Failed sign-ins', enabled: true, severity: 'Medium',
      query: "SigninLogs | where ResultType == '50126'", queryFrequency: 'PT5M', queryPeriod: 'PT5M',
      triggerOperator: 'GreaterThan', triggerThreshold: 0, suppressionEnabled: false,
      suppressionDuration: 'PT5H', tactics: ['CredentialAccess'],
      entityMappings: [{ entityType: 'IP',
        fieldMappings: [{ identifier: 'Address', columnName: 'IPAddress' }] }],
    });
    await sender().upload(place.rule, 'Microsoft-SigninLogs', [{ TimeGenerated: at(1),
      UserPrincipalName: 'ann@halden.example', IPAddress: '203.0.113.7', ResultType: '50126' }]);
    await own('POST', '/vedette/v1/clock', place.operator, { now: at(15).toISOString() });
    const found = await listed(incidents.list(GROUP, place.workspaceName,
      { filter: "properties/title eq 'Failed sign-ins'" }));
    assert.equal(found.length, 1);
    assert.equal(found[0].additionalData.alertsCount, 1);
    assert.deepEqual(found[0].additionalData.tactics, ['CredentialAccess']);
    const { value } = await incidents.listAlerts(GROUP, place.workspaceName, found[0].name);
    assert.deepEqual(value.map((a) => [a.kind, a.alertDisplayName, a.severity]),
      [['SecurityAlert', 'Failed sign-ins', 'Medium']]);
    const logged = await rows('SecurityAlert | project AlertName, Entities');
    assert.equal(logged[0][0], 'Failed sign-ins');
    assert.match(logged[0][1], /203\.0\.113\.7/);
  },
};

Object.assign(checks, require('./incidents.js')(
  { GROUP, WORKSPACE_ID, at, insights, listed, place, rows }));

run(checks);
