/** The alerts of an incident. */
import { useState } from "react";
import type { Alert, Incident } from "../../api/incidents";
import { DataGrid } from "../../parts/DataGrid";
import type { Column } from "../../parts/DataGrid";
import { JsonTree } from "../../parts/JsonTree";
import { SeverityBadge } from "../../parts/badges";
import { EmptyState, ErrorNotice } from "../../parts/notices";
import { TimeText } from "../../parts/time";
import { words } from "../incidents/queueColumns";
import { useTabStyles } from "./tabStyles";
import { usePart } from "./useIncident";

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

export function Alerts({ incident }: { incident: Incident }) {
  const styles = useTabStyles();
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
