/** The steps of the wizard, and which keys of a rule each of them shows. */

export interface Step {
  id: string;
  title: string;
  /** Keys of properties; an error of one of them is shown there. */
  keys: readonly string[];
}

const general: Step = {
  id: "general",
  title: "General",
  keys: [
    "displayName",
    "description",
    "severity",
    "tactics",
    "techniques",
    "subTechniques",
    "enabled",
    "productFilter",
    "severitiesFilter",
    "displayNamesFilter",
    "displayNamesExcludeFilter",
  ],
};
const response: Step = { id: "response", title: "Automated response", keys: [] };
const review: Step = { id: "review", title: "Review + create", keys: [] };

const queried: readonly Step[] = [
  general,
  {
    id: "logic",
    title: "Set rule logic",
    keys: [
      "query",
      "entityMappings",
      "customDetails",
      "alertDetailsOverride",
      "queryFrequency",
      "queryPeriod",
      "startTimeUtc",
      "triggerOperator",
      "triggerThreshold",
      "eventGroupingSettings",
      "suppressionEnabled",
      "suppressionDuration",
    ],
  },
  { id: "incidents", title: "Incident settings", keys: ["incidentConfiguration"] },
  response,
  review,
];

/** Those of a kind. */
export function stepsOf(kind: string): readonly Step[] {
  return kind === "MicrosoftSecurityIncidentCreation" ? [general, response, review] : queried;
}

/** The step that shows a key of an issue: "entityMappings[0].fieldMappings". */
export function stepOf(kind: string, key: string): Step | undefined {
  const first = /^[A-Za-z]+/.exec(key)?.[0] ?? "";
  return stepsOf(kind).find((s) => s.keys.includes(first));
}
