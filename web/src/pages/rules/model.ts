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
