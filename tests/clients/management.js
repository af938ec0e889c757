// Roles and workspaces by Microsoft's management clients: @azure/arm-authorization and
// @azure/arm-operationalinsights.
'use strict';
const assert = require('node:assert/strict');
const { randomUUID } = require('node:crypto');
const { ClientSecretCredential } = require('@azure/identity');
const { AuthorizationManagementClient } = require('@azure/arm-authorization');
const { OperationalInsightsManagementClient } = require('@azure/arm-operationalinsights');
const { LogsIngestionClient } = require('@azure/monitor-ingestion');
const { LogsQueryClient, LogsQueryResultStatus } = require('@azure/monitor-query-logs');
const { GROUP, SUBSCRIPTION, at, credential, listed, own, place, run } = require('./place.js');

const SCOPES = { endpoint: place.endpoint, credentialScopes: 'https://management.azure.com/.default' };
const SUBSCRIPTION_ID = `/subscriptions/${SUBSCRIPTION}`;
const WORKSPACE_ID = `${SUBSCRIPTION_ID}/resourceGroups/${GROUP}/providers/` +
  `Microsoft.OperationalInsights/workspaces/${place.workspaceName}`;
const SENTINEL_READER = '8d289c81-5878-46d4-8554-54e1e3d8b5cb';

function authorization(who = credential()) {
  return new AuthorizationManagementClient(who, SUBSCRIPTION, SCOPES);
}

function workspaces(who = credential()) {
  return new OperationalInsightsManagementClient(who, SUBSCRIPTION, { ...SCOPES, updateIntervalInMs: 10 });
}

// An application without a role, made for these checks.
function other() {
  return new ClientSecretCredential(place.tenant, place.otherId, place.otherSecret,
    { authorityHost: place.endpoint, disableInstanceDiscovery: true });
}

async function rows(kql) {
  const client = new LogsQueryClient(credential(), { endpoint: place.endpoint + '/v1' });
  const answer = await client.queryWorkspace(place.workspace, kql, { duration: 'P1D' });
  assert.equal(answer.status, LogsQueryResultStatus.Success, JSON.stringify(answer));
  return answer.tables[0].rows;
}

const checks = {
  async built_in_roles_have_azures_names_and_ids() {
    const roles = await listed(authorization().roleDefinitions.list(SUBSCRIPTION_ID));
    const reader = roles.find((role) => role.roleName === 'Microsoft Sentinel Reader');
    assert.equal(reader.name, SENTINEL_READER);
    assert.equal(reader.roleType, 'BuiltInRole');
    assert.ok(reader.permissions[0].actions.includes('Microsoft.SecurityInsights/*/read'));
    const [found] = await listed(authorization().roleDefinitions.list(SUBSCRIPTION_ID,
      { filter: "roleName eq 'Log Analytics Reader'" }));
    assert.equal(found.roleName, 'Log Analytics Reader');
    assert.deepEqual(await authorization().roleDefinitions.getById(found.id), found);
  },

  async an_assignment_lets_in_and_its_end_shuts_out() {
    const { roleAssignments } = authorization();
    const tables = () => listed(workspaces(other()).tables.listByWorkspace(GROUP, place.workspaceName));
    await assert.rejects(tables(), (problem) => problem.statusCode === 403 && problem.code === 'AuthorizationFailed');
    const name = randomUUID();
    const body = { principalId: place.otherId, principalType: 'ServicePrincipal', description: 'Tried.',
      roleDefinitionId: `${SUBSCRIPTION_ID}/providers/Microsoft.Authorization/roleDefinitions/${SENTINEL_READER}` };
    const made = await roleAssignments.create(WORKSPACE_ID, name, body);
    assert.deepEqual([made.name, made.principalId, made.description], [name, place.otherId, 'Tried.']);
    assert.ok((await tables()).length > 0);
    await assert.rejects(roleAssignments.create(WORKSPACE_ID, randomUUID(), body),
      (problem) => problem.statusCode === 409 && problem.code === 'RoleAssignmentExists');
    const of = await listed(roleAssignments.listForScope(WORKSPACE_ID, { filter: `principalId eq '${place.otherId}'` }));
    assert.deepEqual(of.map((one) => one.name), [name]);
    assert.deepEqual((await roleAssignments.get(WORKSPACE_ID, name)).id, made.id);
    assert.equal((await roleAssignments.getById(made.id)).name, name);
    assert.equal((await roleAssignments.delete(WORKSPACE_ID, name)).name, name);
    await assert.rejects(roleAssignments.get(WORKSPACE_ID, name), { statusCode: 404 });
    await assert.rejects(tables(), { statusCode: 403 });
  },

  async nobody_gives_roles_without_the_right() {
    await assert.rejects(authorization(other()).roleAssignments.create(WORKSPACE_ID, randomUUID(), {
      principalId: place.otherId,
      roleDefinitionId: `${SUBSCRIPTION_ID}/providers/Microsoft.Authorization/roleDefinitions/${SENTINEL_READER}`,
    }), (problem) => problem.statusCode === 403 && problem.code === 'AuthorizationFailed');
  },

  async roles_of_ones_own() {
    const { roleDefinitions, permissions } = authorization();
    const name = randomUUID();
    const made = await roleDefinitions.createOrUpdate(SUBSCRIPTION_ID, name, {
      roleName: 'Incident clerk', description: 'Reads and comments.', assignableScopes: [SUBSCRIPTION_ID],
      permissions: [{ actions: ['Microsoft.SecurityInsights/incidents/read',
        'Microsoft.SecurityInsights/incidents/comments/*'], notActions: [] }] });
    assert.deepEqual([made.name, made.roleType], [name, 'CustomRole']);
    const own = await listed(roleDefinitions.list(SUBSCRIPTION_ID, { filter: "type eq 'CustomRole'" }));
    assert.deepEqual(own.map((role) => role.roleName), ['Incident clerk']);
    assert.equal((await roleDefinitions.get(SUBSCRIPTION_ID, name)).description, 'Reads and comments.');
    await assert.rejects(roleDefinitions.createOrUpdate(SUBSCRIPTION_ID, randomUUID(),
      { roleName: 'Incident clerk', assignableScopes: [SUBSCRIPTION_ID], permissions: made.permissions }),
    (problem) => problem.statusCode === 409);
    const mine = await listed(permissions.listForResource(GROUP, 'Microsoft.OperationalInsights', '', 'workspaces',
      place.workspaceName));
    assert.ok(mine.some((one) => one.actions.length > 0), JSON.stringify(mine));
    await roleDefinitions.delete(SUBSCRIPTION_ID, name);
    await assert.rejects(roleDefinitions.get(SUBSCRIPTION_ID, name), { statusCode: 404 });
  },

  async workspaces_are_listed_and_capped() {
    const client = workspaces();
    const all = await listed(client.workspaces.list());
    assert.deepEqual(all.map((one) => one.name), [place.workspaceName]);
    const found = await client.workspaces.get(GROUP, place.workspaceName);
    assert.equal(found.customerId, place.workspace);
    assert.equal(found.provisioningState, 'Succeeded');
    const capped = await client.workspaces.update(GROUP, place.workspaceName, { workspaceCapping: { dailyQuotaGb: 5 } });
    assert.equal(capped.workspaceCapping.dailyQuotaGb, 5);
    await assert.rejects(client.workspaces.get(GROUP, 'nowhere'), { statusCode: 404 });
  },

  async a_workspace_is_made_deleted_and_found_among_the_deleted() {
    const client = workspaces();
    const made = await client.workspaces.beginCreateOrUpdateAndWait(GROUP, 'second', { location: 'westeurope' });
    assert.equal(made.provisioningState, 'Succeeded');
    assert.deepEqual((await listed(client.workspaces.listByResourceGroup(GROUP))).map((one) => one.name).sort(),
      [place.workspaceName, 'second'].sort());
    await client.workspaces.beginDeleteAndWait(GROUP, 'second');
    assert.deepEqual((await listed(client.deletedWorkspaces.list())).map((one) => one.name), ['second']);
  },

  async tables_are_made_changed_and_deleted() {
    const { tables } = workspaces();
    const where = [GROUP, place.workspaceName];
    const schema = { name: 'Doors_CL', columns: [{ name: 'TimeGenerated', type: 'datetime' }, { name: 'Door', type: 'string' }] };
    const made = await tables.beginCreateOrUpdateAndWait(...where, 'Doors_CL', { schema, totalRetentionInDays: 200 });
    assert.deepEqual([made.name, made.provisioningState, made.totalRetentionInDays], ['Doors_CL', 'Succeeded', 200]);
    await tables.beginCreateOrUpdateAndWait(...where, 'Doors_CL',
      { schema: { ...schema, columns: [...schema.columns, { name: 'Opened', type: 'boolean' }] } });
    const changed = await tables.beginUpdateAndWait(...where, 'Doors_CL', { retentionInDays: 30 });
    assert.equal(changed.retentionInDays, 30);
    const found = await tables.get(...where, 'Doors_CL');
    assert.deepEqual(found.schema.columns.map((one) => one.name), ['TimeGenerated', 'Door', 'Opened']);
    assert.ok(found.schema.standardColumns.some((one) => one.name === 'TenantId'));
    const shipped = await tables.get(...where, 'Heartbeat');
    assert.ok(shipped.schema.standardColumns.some((one) => one.name === 'Computer'));
    await tables.beginCreateOrUpdateAndWait(...where, 'Heartbeat', { ...shipped, totalRetentionInDays: 365 });
    assert.equal((await tables.get(...where, 'Heartbeat')).totalRetentionInDays, 365);
    assert.ok((await listed(tables.listByWorkspace(...where))).some((one) => one.name === 'Doors_CL'));
    await new LogsIngestionClient(place.endpoint, credential()).upload(place.rule, 'Custom-Doors_CL',
      [{ TimeGenerated: at(0), Door: 'cellar', Opened: true }]);
    assert.deepEqual(await rows('Doors_CL | project Door, Opened'), [['cellar', true]]);
    await tables.beginDeleteAndWait(...where, 'Doors_CL');
    await assert.rejects(tables.get(...where, 'Doors_CL'), { statusCode: 404 });
    await assert.rejects(tables.beginCreateOrUpdateAndWait(...where, 'Doors', { schema: { ...schema, name: 'Doors' } }),
      { statusCode: 400 });
  },

  async a_search_job_is_a_long_running_operation() {
    const { tables } = workspaces();
    const where = [GROUP, place.workspaceName];
    await new LogsIngestionClient(place.endpoint, credential()).upload(place.rule, 'Microsoft-Syslog',
      ['needle in hay', 'hay'].map((SyslogMessage) => ({ TimeGenerated: at(0), SyslogMessage })));
    const job = await tables.beginCreateOrUpdate(...where, 'Needles_SRCH', { searchResults: {
      query: 'Syslog | where SyslogMessage has "needle"', startSearchTime: at(-60), endSearchTime: at(20), limit: 100 } });
    await own('POST', '/vedette/v1/clock', place.operator, { now: at(30).toISOString() });
    const made = await job.pollUntilDone();
    assert.equal(made.provisioningState, 'Succeeded');
    assert.equal(made.searchResults.sourceTable, 'Syslog');
    assert.deepEqual(await rows('Needles_SRCH | project SyslogMessage'), [['needle in hay']]);
    await tables.beginDeleteAndWait(...where, 'Needles_SRCH');
  },

  async functions_are_saved_searches() {
    const { savedSearches } = workspaces();
    const where = [GROUP, place.workspaceName];
    const made = await savedSearches.createOrUpdate(...where, 'doubled', { category: 'Tests', displayName: 'Doubled',
      functionAlias: 'Doubled', functionParameters: 'n:long', query: 'print d = n * 2', version: 2 });
    assert.equal(made.functionAlias, 'Doubled');
    assert.deepEqual((await savedSearches.listByWorkspace(...where)).value.map((one) => one.displayName), ['Doubled']);
    assert.equal((await savedSearches.get(...where, 'doubled')).query, 'print d = n * 2');
    assert.deepEqual(await rows('Doubled(21)'), [[42]]);
    await savedSearches.delete(...where, 'doubled');
    await assert.rejects(savedSearches.get(...where, 'doubled'), { statusCode: 404 });
  },

  async personal_data_is_purged() {
    const { workspacePurge } = workspaces();
    const where = [GROUP, place.workspaceName];
    const { operationId } = await workspacePurge.purge(...where,
      { table: 'Syslog', filters: [{ column: 'SyslogMessage', operator: '==', value: 'hay' }] });
    let status;
    for (let i = 0; i < 500 && status !== 'completed'; i++) {
      ({ status } = await workspacePurge.getPurgeStatus(...where, operationId));
      await new Promise(setImmediate);
    }
    assert.equal(status, 'completed');
    assert.deepEqual(await rows('Syslog | project SyslogMessage'), [['needle in hay']]);
  },
};

run(checks);
