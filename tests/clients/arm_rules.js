// Analytics rules, their templates and actions, and settings of anomalies by Microsoft's management
// client.
'use strict';
const assert = require('node:assert/strict');
const { GROUP, SUBSCRIPTION, insights, listed, place, run } = require('./place.js');

const FUSION = 'f71aba3d-28fb-450b-b192-4e76a83015c8';
const INDICATORS = '0dd422ee-e6af-4204-b219-f59ac172e4c6';
const SSH = 'fa118b98-de46-4e94-87f9-8e6d5060b60b';
const QUERY = {
  displayName: 'SDK rule', description: 'A rule.', enabled: true, severity: 'High', query: 'Heartbeat',
  suppressionEnabled: true, suppressionDuration: 'PT6H', tactics: ['Impact'], techniques: ['T1485'],
  entityMappings: [{ entityType: 'Host', fieldMappings: [{ identifier: 'FullName', columnName: 'Computer' }] }],
  customDetails: { System: 'OSType' },
  alertDetailsOverride: { alertDisplayNameFormat: 'Of {{Computer}}', alertSeverityColumnName: 'OSType' },
  eventGroupingSettings: { aggregationKind: 'AlertPerResult' },
  incidentConfiguration: { createIncident: true, groupingConfiguration: { enabled: true, reopenClosedIncident: true,
    lookbackDuration: 'PT1H', matchingMethod: 'Selected', groupByEntities: ['Host'], groupByAlertDetails: ['Severity'],
    groupByCustomDetails: ['System'] } },
};
const RULES = {
  Scheduled: { ...QUERY, kind: 'Scheduled', queryFrequency: 'PT1H', queryPeriod: 'P1D', triggerOperator: 'NotEqual',
    triggerThreshold: 2 },
  NRT: { ...QUERY, kind: 'NRT' },
  MicrosoftSecurityIncidentCreation: { kind: 'MicrosoftSecurityIncidentCreation', displayName: 'Of Defender',
    description: 'Incidents.', enabled: true, productFilter: 'Microsoft Cloud App Security', severitiesFilter: ['High'],
    displayNamesFilter: ['travel'], displayNamesExcludeFilter: ['test'] },
  Fusion: { kind: 'Fusion', alertRuleTemplateName: FUSION, enabled: true,
    sourceSettings: [{ enabled: true, sourceName: 'Anomalies' }],
    scenarioExclusionPatterns: [{ exclusionPattern: 'x', dateAddedInUTC: '2026-01-01T00:00:00Z' }] },
  MLBehaviorAnalytics: { kind: 'MLBehaviorAnalytics', alertRuleTemplateName: SSH, enabled: true },
  ThreatIntelligence: { kind: 'ThreatIntelligence', alertRuleTemplateName: INDICATORS, enabled: true },
};

// Everything that was sent came back; of template-bound rules there is more.
function covers(found, sent, where) {
  for (const [key, value] of Object.entries(sent)) {
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
      covers(found[key], value, `${where}.${key}`);
    } else if (!Array.isArray(value) || typeof value[0] !== 'object') {
      assert.deepEqual(found[key], value, `${where}.${key}`);
    }
  }
}

const checks = {
  async every_kind_is_made_changed_listed_and_deleted() {
    const { alertRules } = insights();
    for (const [kind, rule] of Object.entries(RULES)) {
      const made = await alertRules.createOrUpdate(GROUP, place.workspaceName, `sdk-${kind}`, rule);
      covers(made, rule, kind);
      assert.ok(made.etag && made.lastModifiedUtc instanceof Date, kind);
      const found = await alertRules.get(GROUP, place.workspaceName, `sdk-${kind}`);
      assert.deepEqual(found, made, kind);
      const changed = await alertRules.createOrUpdate(GROUP, place.workspaceName, `sdk-${kind}`, { ...found, enabled: false });
      assert.deepEqual({ ...changed, etag: '', lastModifiedUtc: 0 },
        { ...found, enabled: false, etag: '', lastModifiedUtc: 0 }, kind);
      await assert.rejects(alertRules.createOrUpdate(GROUP, place.workspaceName, `sdk-${kind}`, found),
        (problem) => problem.statusCode === 409, kind);
    }
    const all = await listed(alertRules.list(GROUP, place.workspaceName));
    assert.deepEqual(all.map((rule) => rule.kind).sort(), Object.keys(RULES).sort());
    assert.equal(all.find((rule) => rule.kind === 'Fusion').severity, 'High');
    for (const rule of all) {
      await alertRules.delete(GROUP, place.workspaceName, rule.name);
      await assert.rejects(alertRules.get(GROUP, place.workspaceName, rule.name),
        (problem) => problem.statusCode === 404);
    }
  },

  async templates_are_listed_and_become_rules() {
    const { alertRules, alertRuleTemplates } = insights();
    const all = await listed(alertRuleTemplates.list(GROUP, place.workspaceName));
    assert.deepEqual([...new Set(all.map((t) => t.kind))].sort(),
      ['Fusion', 'MLBehaviorAnalytics', 'MicrosoftSecurityIncidentCreation', 'Scheduled', 'ThreatIntelligence']);
    const { name } = all.find((t) => t.kind === 'Scheduled');
    const t = await alertRuleTemplates.get(GROUP, place.workspaceName, name);
    assert.ok(t.query && t.version && t.createdDateUTC instanceof Date && Array.isArray(t.requiredDataConnectors));
    assert.equal(t.alertRulesCreatedByTemplateCount, 0);
    const { query, queryFrequency, queryPeriod, severity, triggerOperator, triggerThreshold, tactics, techniques,
      displayName, description, entityMappings, customDetails, alertDetailsOverride, eventGroupingSettings } = t;
    const rule = await alertRules.createOrUpdate(GROUP, place.workspaceName, 'of-template', { kind: 'Scheduled', query,
      queryFrequency, queryPeriod, severity, triggerOperator, triggerThreshold, tactics, techniques, displayName,
      description, entityMappings, customDetails, alertDetailsOverride, eventGroupingSettings, enabled: true,
      suppressionEnabled: false, suppressionDuration: 'PT5H', alertRuleTemplateName: name, templateVersion: t.version });
    assert.deepEqual([rule.alertRuleTemplateName, rule.templateVersion], [name, t.version]);
    const after = await alertRuleTemplates.get(GROUP, place.workspaceName, name);
    assert.equal(after.alertRulesCreatedByTemplateCount, 1);
    await alertRules.delete(GROUP, place.workspaceName, 'of-template');
  },

  async actions_of_a_rule() {
    const { actions, alertRules } = insights();
    const app = `/subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}/providers/Microsoft.Logic/workflows/MyAlerts`;
    const triggerUri = 'https://prod-31.northcentralus.logic.azure.com:443/workflows/cd3765/triggers/manual/paths/invoke?sig=x';
    await alertRules.createOrUpdate(GROUP, place.workspaceName, 'acting', RULES.Scheduled);
    const made = await actions.createOrUpdate(GROUP, place.workspaceName, 'acting', 'call',
      { logicAppResourceId: app, triggerUri });
    assert.deepEqual([made.logicAppResourceId, made.workflowId], [app, 'cd3765']);
    assert.deepEqual(await actions.get(GROUP, place.workspaceName, 'acting', 'call'), made);
    const all = await listed(actions.listByAlertRule(GROUP, place.workspaceName, 'acting'));
    assert.deepEqual(all.map((each) => each.name), ['call']);
    await actions.delete(GROUP, place.workspaceName, 'acting', 'call');
    await assert.rejects(actions.get(GROUP, place.workspaceName, 'acting', 'call'),
      (problem) => problem.statusCode === 404);
  },

  async settings_of_anomalies() {
    const { securityMLAnalyticsSettings } = insights();
    const made = await securityMLAnalyticsSettings.createOrUpdate(GROUP, place.workspaceName, 'sdk-anomaly', {
      kind: 'Anomaly', displayName: 'Login from unusual region', description: 'x', enabled: true, anomalyVersion: '1.0.5',
      frequency: 'PT1H', settingsStatus: 'Flighting', isDefaultSettings: false, anomalySettingsVersion: 0,
      settingsDefinitionId: 'f209187f-1d17-4431-94af-c141bf5f23db', tactics: ['Exfiltration'], techniques: ['T1537'],
      requiredDataConnectors: [{ connectorId: 'AWS', dataTypes: ['AWSCloudTrail'] }],
      customizableObservations: { multiSelectObservations: null } });
    assert.equal(made.frequency, 'PT1H');
    const all = await listed(securityMLAnalyticsSettings.list(GROUP, place.workspaceName));
    assert.deepEqual(all, [made]);
    await securityMLAnalyticsSettings.delete(GROUP, place.workspaceName, 'sdk-anomaly');
    await assert.rejects(securityMLAnalyticsSettings.get(GROUP, place.workspaceName, 'sdk-anomaly'),
      (problem) => problem.statusCode === 404);
  },
};

run(checks);
