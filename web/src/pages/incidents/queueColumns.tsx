/** The queue's columns, as the Defender portal has them. */
import { Tag, TagGroup } from "@fluentui/react-components";
import { Link } from "react-router-dom";
import { classificationTitle, ownerText } from "../../api/incidents";
import type { Incident } from "../../api/incidents";
import type { Column } from "../../parts/DataGrid";
import { SeverityBadge, StatusBadge, statusWords } from "../../parts/badges";
import { TimeText } from "../../parts/time";
import type { QueueIncident } from "./streams";

/** "CredentialAccess" as people read it: "Credential access". */
export function words(name: string): string {
  return name.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

export function labelsOf(incident: Incident): string[] {
  return incident.properties.labels.map((label) => label.labelName);
}

export function isRedirected(incident: Incident): boolean {
  return incident.properties.additionalData.mergedIncidentNumber !== undefined;
}

/** The first few devices and people that its alerts name, and how many more there are. */
function assetText({ impacted }: QueueIncident): string {
  if (impacted === undefined) return "";
  const names = impacted.assets.map((asset) => asset.name).join(", ");
  const more = impacted.total - impacted.assets.length;
  return more > 0 ? `${names} and ${String(more)} more` : names;
}

function Tags({ names }: { names: string[] }) {
  if (names.length === 0) return null;
  return (
    <TagGroup aria-label="Tags" size="extra-small" role="list">
      {names.map((name) => (
        <Tag key={name} size="extra-small" role="listitem">
          {name}
        </Tag>
      ))}
    </TagGroup>
  );
}

type Text = (incident: QueueIncident) => string;

function text(
  id: string,
  title: string,
  value: Text,
  more: Partial<Column<QueueIncident>> = {},
): Column<QueueIncident> {
  return { id, title, value, cell: value, ...more };
}

function time(
  id: string,
  title: string,
  value: (i: Incident) => string | undefined,
  optional = false,
): Column<QueueIncident> {
  return {
    id,
    title,
    width: 190,
    sortable: true,
    optional,
    value,
    cell: (incident) => <TimeText value={value(incident)} />,
  };
}

/** The page of an incident, which may be of another workspace than the one that is looked at. */
export function pathOf({ home, properties }: QueueIncident, several: boolean): string {
  const path = `/incidents/${String(properties.incidentNumber)}`;
  return several ? `${path}?workspace=${encodeURIComponent(home.id)}` : path;
}

function name(several: boolean): Column<QueueIncident> {
  return {
    id: "title",
    title: "Incident name",
    width: 330,
    sortable: true,
    fixed: true,
    value: (i) => i.properties.title,
    cell: (i) => (
      <Link to={pathOf(i, several)} title={i.properties.title}>
        {i.properties.title}
      </Link>
    ),
  };
}

const others: Column<QueueIncident>[] = [
  {
    id: "incidentNumber",
    title: "Incident ID",
    width: 115,
    sortable: true,
    value: (i) => i.properties.incidentNumber,
    cell: (i) => i.properties.incidentNumber,
  },
  {
    id: "tags",
    title: "Tags",
    width: 140,
    value: (i) => labelsOf(i).join("; "),
    cell: (i) => <Tags names={labelsOf(i)} />,
  },
  {
    id: "severity",
    title: "Severity",
    width: 130,
    sortable: true,
    value: (i) => i.properties.severity,
    cell: (i) => <SeverityBadge severity={i.properties.severity} />,
  },
  {
    id: "status",
    title: "Status",
    width: 130,
    sortable: true,
    value: (i) =>
      isRedirected(i) ? "Redirected" : (statusWords[i.properties.status] ?? i.properties.status),
    cell: (i) => <StatusBadge status={isRedirected(i) ? "Redirected" : i.properties.status} />,
  },
  text("assigned", "Assigned to", (i) => ownerText(i.properties.owner) || "Unassigned", {
    width: 140,
  }),
  text("tactics", "Categories", (i) => i.properties.additionalData.tactics.map(words).join(", "), {
    width: 200,
  }),
  text("impactedAssets", "Impacted assets", assetText, { width: 220 }),
  {
    id: "additionalData/alertsCount",
    title: "Alerts",
    width: 80,
    sortable: true,
    value: (i) => i.properties.additionalData.alertsCount,
    cell: (i) => i.properties.additionalData.alertsCount,
  },
  text("products", "Product names", (i) =>
    i.properties.additionalData.alertProductNames.join(", "),
  ),
  time("firstActivityTimeUtc", "First activity", (i) => i.properties.firstActivityTimeUtc),
  time("lastActivityTimeUtc", "Last activity", (i) => i.properties.lastActivityTimeUtc),
  time("lastModifiedTimeUtc", "Last update", (i) => i.properties.lastModifiedTimeUtc),
  time("createdTimeUtc", "Created", (i) => i.properties.createdTimeUtc, true),
  text("classification", "Classification", (i) => classificationTitle(i.properties), {
    width: 240,
  }),
  text(
    "techniques",
    "Techniques",
    (i) => (i.properties.additionalData.techniques ?? []).join(", "),
    { optional: true },
  ),
  {
    id: "additionalData/commentsCount",
    title: "Comments",
    width: 100,
    sortable: true,
    optional: true,
    value: (i) => i.properties.additionalData.commentsCount,
    cell: (i) => i.properties.additionalData.commentsCount,
  },
  text("provider", "Detection source", (i) => i.properties.providerName ?? "", { optional: true }),
];

/** Of one workspace. */
const single = [name(false), ...others];
/** Of several: each incident with where it is. */
const multiple = [
  name(true),
  text("workspace", "Workspaces", (i) => i.home.title, { width: 140 }),
  text("tenant", "Tenant name", (i) => i.home.tenant, { width: 140 }),
  ...others,
];

export function queueColumns(several: boolean): Column<QueueIncident>[] {
  return several ? multiple : single;
}

/** What chosen columns are remembered under. */
export function gridOf(several: boolean): string {
  return several ? "incidents.several" : "incidents";
}
