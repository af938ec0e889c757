/** The lists of the incident page: alerts, timeline, assets, evidence, similar incidents, merges. */
import { Button, Card, Select, Text, makeStyles, tokens } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { Link, useNavigate } from "react-router-dom";
import { runKql } from "../../api/kql";
import { classificationTitle } from "../../api/incidents";
import type { Alert, Entity, Incident, Similar, TimelineItem } from "../../api/incidents";
import { useIncidents } from "../../api/useIncidents";
import { Confirm } from "../../parts/Confirm";
import { DataGrid } from "../../parts/DataGrid";
import type { Column } from "../../parts/DataGrid";
import { JsonTree } from "../../parts/JsonTree";
import { SeverityBadge, StatusBadge } from "../../parts/badges";
import { EmptyState, ErrorNotice } from "../../parts/notices";
import { TimeText } from "../../parts/time";
import { useSession } from "../../session/session";
import { words } from "../incidents/queueColumns";
import { sentence } from "./sentences";
import { labelOf } from "./story";
import { usePart, useRefresh } from "./useIncident";
import { useApi } from "../../session/useApi";

const useStyles = makeStyles({
  list: { height: "26rem" },
  stack: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalM },
  timeline: {
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalS,
    padding: 0,
    margin: 0,
  },
  moment: {
    display: "grid",
    gridTemplateColumns: "13rem 7rem 1fr",
    gap: tokens.spacingHorizontalS,
  },
});

interface Props {
  incident: Incident;
}

const alertColumns: Column<Alert>[] = [
  {
    id: "name",
    title: "Alert name",
    width: 320,
    sortable: true,
    fixed: true,
    value: (a) => a.properties.alertDisplayName,
    cell: (a) => a.properties.alertDisplayName,
  },
  {
    id: "severity",
    title: "Severity",
    width: 130,
    sortable: true,
    value: (a) => a.properties.severity,
    cell: (a) => <SeverityBadge severity={a.properties.severity} />,
  },
  {
    id: "status",
    title: "Status",
    width: 100,
    value: (a) => a.properties.status ?? "",
    cell: (a) => a.properties.status ?? "",
  },
  {
    id: "category",
    title: "Category",
    width: 180,
    value: (a) => (a.properties.tactics ?? []).map(words).join(", "),
    cell: (a) => (a.properties.tactics ?? []).map(words).join(", "),
  },
  {
    id: "source",
    title: "Detection source",
    width: 160,
    value: (a) => a.properties.productComponentName ?? "",
    cell: (a) => a.properties.productComponentName ?? a.properties.productName ?? "",
  },
  {
    id: "first",
    title: "First activity",
    width: 200,
    sortable: true,
    value: (a) => a.properties.startTimeUtc,
    cell: (a) => <TimeText value={a.properties.startTimeUtc} />,
  },
  {
    id: "last",
    title: "Last activity",
    width: 200,
    sortable: true,
    value: (a) => a.properties.endTimeUtc,
    cell: (a) => <TimeText value={a.properties.endTimeUtc} />,
  },
];

export function Alerts({ incident }: Props) {
  const styles = useStyles();
  const alerts = usePart(incident, "alerts", (api, id) => api.alerts(id));
  const [shown, setShown] = useState<Alert | undefined>(undefined);
  return (
    <div className={styles.stack}>
      <ErrorNotice error={alerts.error} onRetry={() => void alerts.refetch()} />
      <div className={styles.list}>
        <DataGrid
          id="incident-alerts"
          label="Alerts"
          columns={alertColumns}
          rows={alerts.data ?? []}
          rowKey={(a) => a.name}
          loading={alerts.isPending}
          onActive={setShown}
          empty={<EmptyState title="There are no alerts" />}
        />
      </div>
      {shown && (
        <JsonTree value={shown.properties} label={`Alert ${shown.properties.alertDisplayName}`} />
      )}
    </div>
  );
}

function momentText(item: TimelineItem): string {
  const p = item.properties;
  if (item.kind !== "Activity") return String(p["displayName"] ?? item.name);
  return `${String(p["who"])} ${sentence(p as unknown as Parameters<typeof sentence>[0])}`;
}

const KINDS: Record<string, string> = {
  SecurityAlert: "Alert",
  Bookmark: "Bookmark",
  Activity: "Activity",
};

export function Timeline({ incident }: Props) {
  const styles = useStyles();
  const timeline = usePart(incident, "timeline", (api, id) => api.timeline(id));
  const [kind, setKind] = useState("");
  const items = (timeline.data ?? []).filter((item) => kind === "" || item.kind === kind);
  return (
    <div className={styles.stack}>
      <ErrorNotice error={timeline.error} onRetry={() => void timeline.refetch()} />
      <Select
        size="small"
        aria-label="What is shown"
        value={kind}
        onChange={(_, d) => setKind(d.value)}
      >
        <option value="">Everything</option>
        {Object.entries(KINDS).map(([value, title]) => (
          <option key={value} value={value}>
            {title}
          </option>
        ))}
      </Select>
      <ol className={styles.timeline}>
        {items.map((item) => (
          <li key={`${item.kind} ${item.name}`} className={styles.moment}>
            <TimeText value={item.properties.time} />
            <Text weight="semibold">{KINDS[item.kind] ?? item.kind}</Text>
            <span>
              {typeof item.properties["severity"] === "string" && (
                <SeverityBadge severity={item.properties["severity"]} />
              )}{" "}
              {momentText(item)}
            </span>
          </li>
        ))}
      </ol>
    </div>
  );
}

const assetColumns: Column<Entity>[] = [
  {
    id: "name",
    title: "Name",
    width: 340,
    sortable: true,
    fixed: true,
    value: labelOf,
    cell: (e) => <Link to={`/entities/${e.kind.toLowerCase()}/${e.name}`}>{labelOf(e)}</Link>,
  },
  {
    id: "kind",
    title: "Type",
    width: 160,
    sortable: true,
    value: (e) => e.kind,
    cell: (e) => e.kind,
  },
  {
    id: "facts",
    title: "Facts",
    width: 480,
    cell: (e) =>
      Object.entries(e.properties)
        .flatMap(([name, v]) =>
          typeof v === "string" && name !== "friendlyName" ? [`${words(name)}: ${v}`] : [],
        )
        .join(", "),
  },
];

export function Assets({ incident }: Props) {
  const styles = useStyles();
  const entities = usePart(incident, "entities", (api, id) => api.entities(id));
  return (
    <div className={styles.stack}>
      <ErrorNotice error={entities.error} onRetry={() => void entities.refetch()} />
      <div className={styles.list}>
        <DataGrid
          id="incident-assets"
          label="Assets"
          columns={assetColumns}
          rows={entities.data ?? []}
          rowKey={(e) => e.name}
          loading={entities.isPending}
          empty={
            <EmptyState title="No entities are named">
              Rules name them by their entity mappings.
            </EmptyState>
          }
        />
      </div>
    </div>
  );
}

type Row = Record<string, unknown> & { readonly __at: number };

function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The rows that an alert was made of: what its query finds, as the alert keeps it. */
function AlertRows({ alert }: { alert: Alert }) {
  const styles = useStyles();
  const { workspace } = useSession();
  const api = useApi();
  const query = alert.properties.additionalData?.["Query"] ?? "";
  const [shown, setShown] = useState<Row | undefined>(undefined);
  const answer = useQuery({
    queryKey: ["alert-rows", workspace?.id, alert.name],
    enabled: query !== "",
    queryFn: ({ signal }) => runKql(api, query, { signal }),
    staleTime: Infinity,
  });
  const table = answer.data?.tables[0];
  const rows = useMemo<Row[]>(
    () =>
      (table?.rows ?? []).map((row, at) => ({
        ...Object.fromEntries(row.map((value, i) => [table?.columns[i]?.name ?? String(i), value])),
        __at: at,
      })),
    [table],
  );
  // Rows of wide tables are mostly empty; only what says something is shown.
  const columns = useMemo<Column<Row>[]>(
    () =>
      (table?.columns ?? [])
        .filter((c) => rows.some((row) => cellText(row[c.name]) !== ""))
        .map((c) => ({
          id: c.name,
          title: c.name,
          sortable: true,
          value: (row) => cellText(row[c.name]),
          cell: (row) => cellText(row[c.name]),
        })),
    [table, rows],
  );
  if (query === "") return <Text>This alert has no rows.</Text>;
  return (
    <div className={styles.stack}>
      <ErrorNotice error={answer.error} onRetry={() => void answer.refetch()} />
      <div style={{ height: "14rem" }}>
        <DataGrid
          id={`evidence.${alert.properties.alertType ?? ""}`}
          label={`Rows of ${alert.properties.alertDisplayName}`}
          columns={columns}
          rows={rows}
          rowKey={(row) => String(row.__at)}
          loading={answer.isPending}
          onActive={setShown}
        />
      </div>
      {shown && <JsonTree value={shown} label="Row" />}
      <Link to={`/hunting?query=${encodeURIComponent(query)}`}>Open in advanced hunting</Link>
    </div>
  );
}

export function Evidence({ incident }: Props) {
  const styles = useStyles();
  const alerts = usePart(incident, "alerts", (api, id) => api.alerts(id));
  return (
    <div className={styles.stack}>
      <ErrorNotice error={alerts.error} onRetry={() => void alerts.refetch()} />
      {alerts.data?.length === 0 && (
        <EmptyState title="There is no evidence">
          Alerts keep the rows that they were made of.
        </EmptyState>
      )}
      {(alerts.data ?? []).map((alert) => (
        <Card key={alert.name}>
          <Text weight="semibold">{alert.properties.alertDisplayName}</Text>
          <AlertRows alert={alert} />
        </Card>
      ))}
    </div>
  );
}

const similarColumns: Column<Similar>[] = [
  {
    id: "title",
    title: "Incident name",
    width: 320,
    fixed: true,
    sortable: true,
    value: (s) => s.incident.properties.title,
    cell: (s) => (
      <Link to={`/incidents/${String(s.incident.properties.incidentNumber)}`}>
        {s.incident.properties.title}
      </Link>
    ),
  },
  {
    id: "number",
    title: "Incident ID",
    width: 100,
    sortable: true,
    value: (s) => s.incident.properties.incidentNumber,
    cell: (s) => s.incident.properties.incidentNumber,
  },
  {
    id: "why",
    title: "Why",
    width: 260,
    cell: (s) =>
      [
        s.sharedEntities > 0 ? `${String(s.sharedEntities)} shared entities` : "",
        s.sameRule ? "same rule" : "",
        s.sameDetails ? "same details" : "",
      ]
        .filter((part) => part !== "")
        .join(", "),
  },
  {
    id: "severity",
    title: "Severity",
    width: 130,
    cell: (s) => <SeverityBadge severity={s.incident.properties.severity} />,
  },
  {
    id: "status",
    title: "Status",
    width: 130,
    cell: (s) => <StatusBadge status={s.incident.properties.status} />,
  },
  {
    id: "class",
    title: "Classification",
    width: 240,
    cell: (s) => classificationTitle(s.incident.properties),
  },
  {
    id: "last",
    title: "Last activity",
    width: 200,
    value: (s) => s.incident.properties.lastActivityTimeUtc,
    sortable: true,
    cell: (s) => <TimeText value={s.incident.properties.lastActivityTimeUtc} />,
  },
];

export function SimilarIncidents({ incident }: Props) {
  const styles = useStyles();
  const go = useNavigate();
  const similar = usePart(incident, "similar", (api, id) => api.similar(id));
  return (
    <div className={styles.list}>
      <ErrorNotice error={similar.error} onRetry={() => void similar.refetch()} />
      <DataGrid
        id="incident-similar"
        label="Similar incidents"
        columns={similarColumns}
        rows={similar.data ?? []}
        rowKey={(s) => s.incident.name}
        loading={similar.isPending}
        onOpen={(s) => void go(`/incidents/${String(s.incident.properties.incidentNumber)}`)}
        empty={<EmptyState title="Nothing is like this one">Of the last 14 days.</EmptyState>}
      />
    </div>
  );
}

/** The merges that the incident took part in, with their reasons, and the way back. */
export function Merges({ incident }: Props) {
  const styles = useStyles();
  const api = useIncidents();
  const refresh = useRefresh();
  const { may } = useSession();
  const merges = usePart(incident, "merges", (a, id) => a.why(id));
  const [undoing, setUndoing] = useState<number | undefined>(undefined);
  return (
    <div className={styles.stack}>
      <ErrorNotice error={merges.error} onRetry={() => void merges.refetch()} />
      {merges.data?.length === 0 && <EmptyState title="It was not merged with others" />}
      {(merges.data ?? []).map((merge) => (
        <Card key={merge.id}>
          <Text>
            <Link to={`/incidents/${String(merge.sourceIncidentNumber)}`}>
              Incident {merge.sourceIncidentNumber}
            </Link>{" "}
            was merged into{" "}
            <Link to={`/incidents/${String(merge.targetIncidentNumber)}`}>
              incident {merge.targetIncidentNumber}
            </Link>{" "}
            by {merge.mergedBy}
            {merge.automatic && " (correlation)"}, <TimeText value={merge.mergedTimeUtc} />.
          </Text>
          {merge.reason !== "" && <Text>{merge.reason}</Text>}
          {merge.automatic && (
            <Text>
              Score {merge.score} of {merge.threshold} needed.
            </Text>
          )}
          {merge.undoneTimeUtc !== undefined && (
            <Text>
              Undone by {merge.undoneBy}, <TimeText value={merge.undoneTimeUtc} />.
            </Text>
          )}
          <JsonTree value={merge} label="Evidence of the merge" />
          {merge.undoneTimeUtc === undefined && may("incidents/write") && (
            <Button onClick={() => setUndoing(merge.sourceIncidentNumber)}>Undo the merge</Button>
          )}
        </Card>
      ))}
      {undoing !== undefined && (
        <Confirm
          title="Undo the merge"
          action="Undo the merge"
          onClose={() => setUndoing(undefined)}
          onConfirm={async () => {
            await api.unmerge(String(undoing));
            await refresh();
          }}
        >
          Incident {undoing} is opened again and gets its alerts back. The two are not merged again
          by correlation.
        </Confirm>
      )}
    </div>
  );
}
