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
  /** Of rules that open incidents for other products' alerts. */
  productFilter?: string;
  severitiesFilter?: string[] | null;
  displayNamesFilter?: string[] | null;
  displayNamesExcludeFilter?: string[] | null;
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
  /** Where it is in the query's own text, from 1. */
  inQuery?: { line: number; column: number; length: number };
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

/** Whether a number of rows makes an alert. */
export function firesOn({ triggerOperator, triggerThreshold = 0 }: RuleProperties) {
  return (rows: number): boolean => {
    switch (triggerOperator) {
      case "LessThan":
        return rows < triggerThreshold;
      case "Equal":
        return rows === triggerThreshold;
      case "NotEqual":
        return rows !== triggerThreshold;
      default:
        return rows > triggerThreshold;
    }
  };
}

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

/** The kinds that people make; the others are their template's. */
export const madeKinds = ["Scheduled", "NRT", "MicrosoftSecurityIncidentCreation"] as const;
export type MadeKind = (typeof madeKinds)[number];

export function madeKind(kind: string | undefined): MadeKind | undefined {
  return madeKinds.find((k) => k === kind);
}

/** Products whose alerts can become incidents: as productFilter has them, and what they are called today. */
export const products: readonly (readonly [filter: string, title: string])[] = [
  ["Azure Active Directory Identity Protection", "Microsoft Entra ID Protection"],
  ["Azure Advanced Threat Protection", "Microsoft Defender for Identity"],
  ["Azure Security Center", "Microsoft Defender for Cloud"],
  ["Azure Security Center for IoT", "Microsoft Defender for IoT"],
  ["Microsoft Cloud App Security", "Microsoft Defender for Cloud Apps"],
  ["Microsoft Defender Advanced Threat Protection", "Microsoft Defender for Endpoint"],
  ["Office 365 Advanced Threat Protection", "Microsoft Defender for Office 365"],
];

/** What is stored of a rule of another kind than those with a query. */
const INCIDENT_KEYS = [
  "displayName",
  "description",
  "enabled",
  "productFilter",
  "severitiesFilter",
  "displayNamesFilter",
  "displayNamesExcludeFilter",
  "alertRuleTemplateName",
] as const satisfies readonly (keyof RuleProperties)[];

/** What is sent to the server: only what rules of the kind have. */
export function sentProperties({ kind, properties }: RuleResource): Partial<RuleProperties> {
  const { lastModifiedUtc: _, ...sent } = properties;
  if (kind !== "MicrosoftSecurityIncidentCreation") return sent;
  return Object.fromEntries(INCIDENT_KEYS.map((key) => [key, properties[key]]));
}

export function newRule(kind: MadeKind): RuleResource {
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
  if (kind === "MicrosoftSecurityIncidentCreation")
    return { kind, properties: { ...properties, productFilter: "" } };
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
