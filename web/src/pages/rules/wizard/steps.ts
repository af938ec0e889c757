/** The steps of the wizard, and which keys of a rule each of them shows. */

export interface Step {
  id: string;
  title: string;
  /** Keys of properties; an error of one of them is shown there. */
  keys: readonly string[];
}

export const steps: readonly Step[] = [
  {
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
    ],
  },
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
  { id: "response", title: "Automated response", keys: [] },
  { id: "review", title: "Review + create", keys: [] },
];

/** The step that shows a key of an issue: "entityMappings[0].fieldMappings". */
export function stepOf(key: string): Step | undefined {
  const first = /^[A-Za-z]+/.exec(key)?.[0] ?? "";
  return steps.find((s) => s.keys.includes(first));
}
