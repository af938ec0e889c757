/** The queue's filters: from the page's address to the API's $filter. */
import type { UrlState } from "../../parts/urlState";
import { rangeOf } from "../../parts/time";

export const tactics = [
  "Reconnaissance",
  "ResourceDevelopment",
  "InitialAccess",
  "Execution",
  "Persistence",
  "PrivilegeEscalation",
  "DefenseEvasion",
  "CredentialAccess",
  "Discovery",
  "LateralMovement",
  "Collection",
  "CommandAndControl",
  "Exfiltration",
  "Impact",
  "PreAttack",
  "ImpairProcessControl",
  "InhibitResponseFunction",
] as const;

/** A text as OData has it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function oneOf(path: string, values: readonly string[]): string {
  return values.length === 0 ? "" : `properties/${path} in (${values.map(quoted).join(", ")})`;
}

function anyOf(path: string, item: string, values: readonly string[]): string {
  const each = values.map((value) => `properties/${path}/any(x: ${item} eq ${quoted(value)})`);
  return each.length === 0 ? "" : `(${each.join(" or ")})`;
}

const UNOWNED = "properties/owner/objectId eq null and properties/owner/assignedTo eq null";

function owners(chosen: readonly string[], user: { id: string; name: string }): string {
  const mine = `properties/owner/objectId eq ${quoted(user.id)} or properties/owner/userPrincipalName eq ${quoted(user.name)}`;
  const parts: Record<string, string> = {
    me: `(${mine})`,
    nobody: `(${UNOWNED})`,
    others: `(not (${UNOWNED}) and not (${mine}))`,
  };
  const each = chosen.flatMap((name) => parts[name] ?? []);
  return each.length === 0 ? "" : `(${each.join(" or ")})`;
}

function search(text: string): string {
  const words = text.trim();
  if (words === "") return "";
  const value = quoted(words);
  const each = [
    `contains(properties/title, ${value})`,
    `contains(properties/owner/assignedTo, ${value})`,
    "properties/labels/any(x: contains(x/labelName, " + value + "))",
    `properties/additionalData/alertProductNames/any(x: contains(x, ${value}))`,
  ];
  if (/^\d{1,15}$/.test(words)) each.unshift(`properties/incidentNumber eq ${words}`);
  return `(${each.join(" or ")})`;
}

/** Without a choice the queue shows what is not resolved; "any" is all of them. */
export function statusesOf(url: UrlState): string[] {
  return url.has("status") ? url.many("status").filter((s) => s !== "any") : ["New", "Active"];
}

export const DEFAULT_RANGE = "180d";

export function rangeText(url: UrlState): string {
  return url.one("range") || DEFAULT_RANGE;
}

/** From when on: whole hours, so that the question stays the same for a while. */
function since(text: string, now: number): string {
  const range = rangeOf(text, now);
  if (range === undefined) return "";
  const hour = 3_600_000;
  const from = new Date(Math.floor(range.from / hour) * hour).toISOString();
  const until = text.includes("/")
    ? ` and properties/lastModifiedTimeUtc le ${new Date(range.to).toISOString()}`
    : "";
  return `properties/lastModifiedTimeUtc ge ${from}${until}`;
}

export function queueFilter(
  url: UrlState,
  now: number,
  user: { id: string; name: string },
): string {
  return [
    oneOf("status", statusesOf(url)),
    oneOf("severity", url.many("severity")),
    owners(url.many("assigned"), user),
    oneOf("classification", url.many("classification")),
    anyOf("additionalData/tactics", "x", url.many("tactic")),
    anyOf("additionalData/alertProductNames", "x", url.many("product")),
    anyOf("labels", "x/labelName", url.many("tag")),
    url.one("rule") === ""
      ? ""
      : `properties/relatedAnalyticRuleIds/any(x: endswith(x, ${quoted(url.one("rule"))}))`,
    search(url.one("q")),
    since(rangeText(url), now),
  ]
    .filter((part) => part !== "")
    .join(" and ");
}
