/** What the overview asks, for a span of days. All of it is in the tables that everybody can query. */

/** Per day and severity, how many incidents were made. */
export function incidentsOverTime(days: number): string {
  return `SecurityIncident
| where CreatedTime > ago(${String(days)}d)
| summarize arg_max(TimeGenerated, Severity) by IncidentNumber, Day = bin(CreatedTime, 1d)
| summarize Incidents = count() by Day, Severity
| order by Day asc`;
}

/** How long until somebody looked at incidents, and until they were closed: means in minutes. */
export function times(days: number): string {
  return `SecurityIncident
| where CreatedTime > ago(${String(days)}d)
| summarize arg_max(TimeGenerated, CreatedTime, FirstModifiedTime, ClosedTime, Status) by IncidentNumber
| summarize Incidents = count(),
    Acknowledged = avgif((FirstModifiedTime - CreatedTime) / 1m, FirstModifiedTime > CreatedTime),
    Resolved = avgif((ClosedTime - CreatedTime) / 1m, Status == "Closed" and ClosedTime >= CreatedTime)`;
}

/** Billed megabytes per day of the tables that take most. */
export function ingestion(days: number): string {
  return `let Usual = Usage | where TimeGenerated > ago(${String(days)}d);
let Largest = Usual | summarize sum(Quantity) by DataType | top 7 by sum_Quantity | project DataType;
Usual
| extend Table = iff(DataType in (Largest), DataType, "Others")
| summarize Megabytes = sum(Quantity) by Day = bin(TimeGenerated, 1d), Table
| order by Day asc`;
}

/** How the last run of each analytics rule ended. */
export function ruleHealth(days: number): string {
  return `SentinelHealth
| where TimeGenerated > ago(${String(days)}d) and SentinelResourceType == "Analytics Rule"
| summarize arg_max(TimeGenerated, Status, Description) by SentinelResourceId, SentinelResourceName
| project Rule = SentinelResourceName, Id = SentinelResourceId, Status, Description, Last = TimeGenerated`;
}
