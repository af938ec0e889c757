/** Analytics rules as the API has them, and their words for people. */

export interface Mapping {
  entityType: string;
  fieldMappings: { identifier: string; columnName: string }[];
}
export interface Grouping {
  enabled: boolean;
  reopenClosedIncident: boolean;
  lookbackDuration: string;
  matchingMethod: string;
  groupByEntities: string[];
  groupByAlertDetails: string[];
  groupByCustomDetails: string[];
}
export interface AlertDetails {
  alertDisplayNameFormat?: string;
  alertDescriptionFormat?: string;
  alertSeverityColumnName?: string;
  alertTacticsColumnName?: string;
  alertDynamicProperties?: { alertProperty: string; value: string }[];
}
export interface RuleProperties {
  displayName: string;
  description: string;
  severity: string;
  enabled: boolean;
  query: string;
  tactics: string[];
  techniques: string[];
  subTechniques: string[];
  queryFrequency?: string;
  queryPeriod?: string;
  startTimeUtc?: string | null;
  triggerOperator?: string;
  triggerThreshold?: number;
  suppressionEnabled: boolean;
  suppressionDuration: string;
  eventGroupingSettings?: { aggregationKind: string };
  entityMappings?: Mapping[];
  customDetails?: Record<string, string>;
  alertDetailsOverride?: AlertDetails;
  incidentConfiguration?: { createIncident: boolean; groupingConfiguration: Grouping };
  alertRuleTemplateName?: string | null;
  templateVersion?: string | null;
  lastModifiedUtc?: string;
}
export interface RuleResource {
  id?: string;
  name?: string;
  etag?: string;
  kind: string;
  properties: RuleProperties;
}

/** A row of the list of rules. */
export interface RuleState {
  id: string;
  name: string;
  kind: string;
  enabled: boolean;
  severity?: string;
  tactics: string[];
  techniques: string[];
  subTechniques: string[];
  source: string;
  lastModified?: string;
  template: string;
  templateVersion: string;
  newestVersion: string;
  updateAvailable: boolean;
  status: string;
  lastRun?: string;
  nextRun?: string;
  failures: number;
}
export interface Template {
  name: string;
  kind: string;
  properties: Partial<RuleProperties> & {
    status: string;
    version?: string;
    alertRulesCreatedByTemplateCount: number;
    requiredDataConnectors?: { connectorId: string; dataTypes: string[] }[];
  };
}
export interface Run {
  ruleId: string;
  windowFrom: string;
  windowTo: string;
  trigger: string;
  started: string;
  status: string;
  attempts: number;
  rows: number;
  alerts: number;
  entities: number;
  entitiesDropped: number;
  durationUs: number;
  processorUs: number;
  error: string;
  correlationId: string;
}
export interface Version {
  version: number;
  change: string;
  who: string;
  address: string;
  at: string;
  kind: string;
  name: string;
  properties?: RuleProperties;
}

/** What is wrong with a rule's text, as the import tells it. */
export interface Issue {
  level: "error" | "warning";
  line: number;
  column: number;
  key: string;
  message: string;
  excerpt?: string;
}

export const kindTitles: Record<string, string> = {
  Scheduled: "Scheduled",
  NRT: "NRT",
  MicrosoftSecurityIncidentCreation: "Microsoft security",
  Fusion: "Fusion",
  MLBehaviorAnalytics: "ML behavior analytics",
  ThreatIntelligence: "Threat intelligence",
};

/** What a rule does at the moment, in words. */
export const stateTitles: Record<string, string> = {
  running: "Running",
  failing: "Failing",
  disabled: "Disabled",
  suppressed: "Suppressed",
};

export const operators = [
  { value: "GreaterThan", title: "Is greater than", sign: ">" },
  { value: "LessThan", title: "Is fewer than", sign: "<" },
  { value: "Equal", title: "Is equal to", sign: "=" },
  { value: "NotEqual", title: "Is not equal to", sign: "≠" },
] as const;

export const tactics = (
  "Reconnaissance ResourceDevelopment InitialAccess Execution Persistence PrivilegeEscalation DefenseEvasion " +
  "CredentialAccess Discovery LateralMovement Collection CommandAndControl Exfiltration Impact PreAttack " +
  "ImpairProcessControl InhibitResponseFunction"
).split(" ");

/** "Initial access" of InitialAccess. */
export function tacticTitle(name: string): string {
  const words = name.replace(/([a-z])([A-Z])/g, "$1 $2").split(" ");
  return words.map((w, i) => (i === 0 ? w : w === "And" ? "and" : w.toLowerCase())).join(" ");
}

export function newRule(kind: "Scheduled" | "NRT"): RuleResource {
  const properties: RuleProperties = {
    displayName: "",
    description: "",
    severity: "Medium",
    enabled: true,
    query: "",
    tactics: [],
    techniques: [],
    subTechniques: [],
    suppressionEnabled: false,
    suppressionDuration: "PT5H",
    eventGroupingSettings: { aggregationKind: "SingleAlert" },
    incidentConfiguration: { createIncident: true, groupingConfiguration: noGrouping() },
  };
  if (kind === "NRT") return { kind, properties };
  return {
    kind,
    properties: {
      ...properties,
      queryFrequency: "PT5H",
      queryPeriod: "PT5H",
      triggerOperator: "GreaterThan",
      triggerThreshold: 0,
    },
  };
}

export function noGrouping(): Grouping {
  return {
    enabled: false,
    reopenClosedIncident: false,
    lookbackDuration: "PT5H",
    matchingMethod: "AllEntities",
    groupByEntities: [],
    groupByAlertDetails: [],
    groupByCustomDetails: [],
  };
}
