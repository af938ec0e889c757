/** Analytics rules as the API has them, and their words for people. */

import type { Schemas } from "../../api/typed";

export type Mapping = Schemas["EntityMapping"];
export type Grouping = Schemas["GroupingConfiguration"];
export type AlertDetails = Schemas["AlertDetailsOverride"];
export type RuleProperties = Schemas["AlertRuleProperties"];
export type RuleResource = Pick<Schemas["AlertRule"], "kind" | "properties"> &
  Partial<Schemas["AlertRule"]>;

/** A row of the list of rules. */
export type RuleState = Schemas["RuleState"];
export type Template = Schemas["AlertRuleTemplate"];
export type Run = Schemas["RuleRun"];
export type Backtest = Schemas["Backtest"];
export type Version = Schemas["RuleVersion"];

/** What is wrong with a rule's text, as the import tells it. */
export type Issue = Schemas["RuleIssue"];

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
