/** Incidents that share entities, a rule or details with this one. */
import { Link, useNavigate } from "react-router-dom";
import { classificationTitle } from "../../api/incidents";
import type { Incident, Similar } from "../../api/incidents";
import { DataGrid } from "../../parts/DataGrid";
import type { Column } from "../../parts/DataGrid";
import { SeverityBadge, StatusBadge } from "../../parts/badges";
import { EmptyState, ErrorNotice } from "../../parts/notices";
import { TimeText } from "../../parts/time";
import { useTabStyles } from "./tabStyles";
import { usePart } from "./useIncident";

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
        s.sharedEntities > 0
          ? `${String(s.sharedEntities)} shared ${s.sharedEntities === 1 ? "entity" : "entities"}`
          : "",
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

export function SimilarIncidents({ incident }: { incident: Incident }) {
  const styles = useTabStyles();
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
