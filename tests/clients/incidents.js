// Work on incidents with Microsoft's management client: comments, relations, bookmarks, entities and
// tasks. checks.js runs these behind its own, and tells where (t).
'use strict';
const assert = require('node:assert/strict');

module.exports = (t) => ({
  async incidents_are_commented_and_deleted() {
    const { incidents, incidentComments } = t.insights();
    const where = [t.GROUP, t.place.workspaceName];
    await incidents.createOrUpdate(...where, 'work', { title: 'Work', severity: 'Low', status: 'New' });
    const made = await incidentComments.createOrUpdate(...where, 'work', 'first', { message: 'look **here**' });
    assert.equal(made.message, 'look **here**');
    assert.equal(made.author.name, 'administrator');
    assert.equal(made.author.objectId, t.place.clientId);
    const changed = await incidentComments.createOrUpdate(...where, 'work', 'first', { ...made, message: 'there' });
    assert.equal(changed.message, 'there');
    assert.ok(changed.lastModifiedTimeUtc instanceof Date);
    await assert.rejects(incidentComments.createOrUpdate(...where, 'work', 'first', made), { statusCode: 409 });
    for (let i = 0; i < 3; i++) {
      await incidentComments.createOrUpdate(...where, 'work', `more-${i}`, { message: `more ${i}` });
    }
    const all = await t.listed(incidentComments.list(...where, 'work', { top: 2 }));
    assert.deepEqual(all.map((c) => c.name), ['more-2', 'more-1', 'more-0', 'first']);
    const some = await t.listed(incidentComments.list(...where, 'work',
      { filter: "startswith(properties/message, 'more')", orderby: 'properties/message asc' }));
    assert.deepEqual(some.map((c) => c.message), ['more 0', 'more 1', 'more 2']);
    assert.equal((await incidents.get(...where, 'work')).additionalData.commentsCount, 4);
    await incidentComments.delete(...where, 'work', 'more-0');
    await assert.rejects(incidentComments.get(...where, 'work', 'more-0'), { statusCode: 404 });
    await incidents.delete(...where, 'work');
    await incidents.delete(...where, 'work');
    await assert.rejects(incidents.get(...where, 'work'), { statusCode: 404 });
    const rows = await t.rows("SecurityIncident | where IncidentName == 'work' | summarize arg_max(TimeGenerated, Status)");
    assert.equal(rows[0][1], 'Deleted');
  },

  async alerts_are_related_to_incidents() {
    const { incidents, incidentRelations, entities } = t.insights();
    const where = [t.GROUP, t.place.workspaceName];
    const [found] = await t.listed(incidents.list(...where, { filter: "properties/title eq 'Failed sign-ins'" }));
    const { value: [alert] } = await incidents.listAlerts(...where, found.name);
    await incidents.createOrUpdate(...where, 'related', { title: 'Related', severity: 'High', status: 'New' });
    const relatedResourceId = `${t.WORKSPACE_ID}/providers/Microsoft.SecurityInsights/entities/${alert.name}`;
    const made = await incidentRelations.createOrUpdate(...where, 'related', 'the-alert', { relatedResourceId });
    assert.equal(made.relatedResourceKind, 'SecurityAlert');
    assert.equal(made.relatedResourceName, alert.name);
    const all = await t.listed(incidentRelations.list(...where, 'related'));
    assert.deepEqual(all.map((r) => r.name), ['the-alert']);
    const related = await incidents.listEntities(...where, 'related');
    assert.deepEqual(related.metaData, [{ entityKind: 'Ip', count: 1 }]);
    assert.equal(related.entities[0].address, '203.0.113.7');
    const entity = await entities.get(...where, related.entities[0].name);
    assert.deepEqual([entity.kind, entity.address], ['Ip', '203.0.113.7']);
    assert.ok((await t.listed(entities.list(...where))).some((e) => e.name === entity.name));
    await incidentRelations.delete(...where, 'related', 'the-alert');
    await assert.rejects(incidentRelations.get(...where, 'related', 'the-alert'), { statusCode: 404 });
    assert.equal((await incidents.get(...where, 'related')).additionalData.alertsCount, 0);
    await assert.rejects(incidents.runPlaybook(...where, 'related',
      { requestBody: { logicAppsResourceId: '/x' } }), { statusCode: 501 });
  },

  async entities_are_expanded_and_have_a_timeline() {
    const { entities, entityQueries, entitiesGetTimeline } = t.insights();
    const where = [t.GROUP, t.place.workspaceName];
    const address = (await t.listed(entities.list(...where))).find((e) => e.kind === 'Ip');
    const queries = await t.listed(entityQueries.list(...where, { kind: 'Expansion' }));
    const query = queries.find((q) => q.inputEntityType === 'Ip' && q.displayName === 'Related alerts');
    const expanded = await entities.expand(...where, address.name,
      { expansionId: query.name, startTime: t.at(-600), endTime: t.at(600) });
    assert.deepEqual(expanded.value.entities.map((e) => e.alertDisplayName), ['Failed sign-ins']);
    assert.deepEqual(expanded.metaData.aggregations.map((x) => [x.entityKind, x.count]), [['SecurityAlert', 1]]);
    const timeline = await entitiesGetTimeline.list(...where, address.name,
      { startTime: t.at(-600), endTime: t.at(600), kinds: ['SecurityAlert'] });
    assert.deepEqual(timeline.value.map((x) => [x.kind, x.displayName]), [['SecurityAlert', 'Failed sign-ins']]);
    const { value: insights } = await entities.queries(...where, address.name, 'Insight');
    assert.ok(insights.some((x) => x.properties.displayName === 'Sign-ins from the address'), JSON.stringify(insights));
    const found = await entities.getInsights(...where, address.name,
      { startTime: t.at(-600), endTime: t.at(600), insightQueryIds: insights.map((x) => x.name).slice(0, 1) });
    assert.deepEqual(found.metaData.errors, []);
    assert.deepEqual(found.value[0].tableQueryResults.rows[0].slice(0, 3), ['ann@halden.example', '50126', '1']);
  },

  async bookmarks_by_the_management_client() {
    const { bookmarks, bookmarkRelations, incidents } = t.insights();
    const where = [t.GROUP, t.place.workspaceName];
    const made = await bookmarks.createOrUpdate(...where, 'mark', {
      displayName: 'Odd', query: 'SigninLogs | take 1', queryResult: '{"a":1}', labels: ['hunt'],
      notes: 'why?', eventTime: t.at(1), tactics: ['Impact'],
      entityMappings: [{ entityType: 'Account', fieldMappings: [{ identifier: 'Name', value: 'ann' }] }] });
    assert.deepEqual([made.displayName, made.labels, made.tactics], ['Odd', ['hunt'], ['Impact']]);
    assert.deepEqual(made.eventTime, t.at(1));
    assert.equal(made.entityMappings[0].fieldMappings[0].value, 'ann');
    const changed = await bookmarks.createOrUpdate(...where, 'mark', { ...made, notes: 'because' });
    assert.equal(changed.notes, 'because');
    assert.deepEqual((await t.listed(bookmarks.list(...where))).map((b) => b.name), ['mark']);
    const relatedResourceId = `${t.WORKSPACE_ID}/providers/Microsoft.SecurityInsights/incidents/related`;
    await bookmarkRelations.createOrUpdate(...where, 'mark', 'of-incident', { relatedResourceId });
    assert.deepEqual((await t.listed(bookmarkRelations.list(...where, 'mark'))).map((r) => r.relatedResourceName),
      ['related']);
    assert.equal((await bookmarks.get(...where, 'mark')).incidentInfo.title, 'Related');
    const kept = await incidents.listBookmarks(...where, 'related');
    assert.deepEqual(kept.value.map((b) => [b.kind, b.displayName]), [['Bookmark', 'Odd']]);
    await bookmarkRelations.delete(...where, 'mark', 'of-incident');
    await bookmarks.delete(...where, 'mark');
    await assert.rejects(bookmarks.get(...where, 'mark'), { statusCode: 404 });
  },

  // The package that is pinned knows no tasks; its pipeline and its credentials send them all the same.
  async tasks_through_the_clients_pipeline() {
    const client = t.insights();
    const { createPipelineRequest } = require('@azure/core-rest-pipeline');
    const call = async (method, path, body) => {
      const request = createPipelineRequest({ method, headers: undefined, body: body && JSON.stringify(body),
        url: `${t.place.endpoint}${t.WORKSPACE_ID}/providers/Microsoft.SecurityInsights/incidents/related/tasks` +
          `${path}?api-version=2025-09-01` });
      request.headers.set('Content-Type', 'application/json');
      const answer = await client.sendRequest(request);
      return { status: answer.status, json: answer.bodyAsText ? JSON.parse(answer.bodyAsText) : null };
    };
    const made = await call('PUT', '/call', { properties: { title: 'Call', status: 'New' } });
    assert.deepEqual([made.status, made.json.properties.title], [201, 'Call']);
    const done = await call('PUT', '/call', { ...made.json, properties: { title: 'Call', status: 'Completed' } });
    assert.deepEqual([done.status, done.json.properties.status], [200, 'Completed']);
    assert.equal((await call('PUT', '/call', made.json)).status, 409);
    assert.deepEqual((await call('GET', '')).json.value.map((x) => x.name), ['call']);
    assert.deepEqual([(await call('DELETE', '/call')).status, (await call('DELETE', '/call')).status], [200, 204]);
  },
});
