/** Queries that go on from an entity: what to look for in the logs, by what it is. */
import { kqlText } from "../../api/kql";
import type { Entity } from "./queries";

export interface Hunt {
  title: string;
  query: string;
}

/** A property as text; "" when it is not there. */
function text(entity: Entity, name: string): string {
  const value = entity.properties[name];
  return typeof value === "string" ? value : "";
}

/** The shortest text that logs of every kind have of it. */
export function hintOf(entity: Entity): string {
  const names = [
    "address",
    "hostName",
    "accountName",
    "hashValue",
    "url",
    "domainName",
    "fileName",
    "resourceId",
    "commandLine",
    "friendlyName",
  ];
  return names.map((n) => text(entity, n)).find((v) => v !== "") ?? "";
}

export function huntsOf(entity: Entity): Hunt[] {
  const hint = hintOf(entity);
  if (hint === "") return [];
  const quoted = kqlText(hint);
  const anywhere = `search ${quoted}\n| top 200 by TimeGenerated desc`;
  const alerts =
    `SecurityAlert\n| where Entities has ${quoted}\n` +
    "| summarize arg_max(TimeGenerated, *) by SystemAlertId\n| sort by TimeGenerated desc";
  const byTable = `search ${quoted}\n| summarize Events = count(), First = min(TimeGenerated), Last = max(TimeGenerated) by $table`;
  return [
    { title: "All activity", query: anywhere },
    { title: "Related alerts", query: alerts },
    { title: "Tables that name it", query: byTable },
  ];
}
