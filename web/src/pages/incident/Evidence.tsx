/** The rows that each alert was made of. */
import { Card, Text } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { Link } from "react-router-dom";
import type { Alert, Incident } from "../../api/incidents";
import { runKql } from "../../api/kql";
import { DataGrid } from "../../parts/DataGrid";
import type { Column } from "../../parts/DataGrid";
import { JsonTree } from "../../parts/JsonTree";
import { EmptyState, ErrorNotice } from "../../parts/notices";
import { useSession } from "../../session/session";
import { useApi } from "../../session/useApi";
import { useTabStyles } from "./tabStyles";
import { usePart } from "./useIncident";

type Row = Record<string, unknown> & { readonly __at: number };

function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The rows that an alert was made of: what its query finds, as the alert keeps it. */
function AlertRows({ alert }: { alert: Alert }) {
  const styles = useTabStyles();
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

export function Evidence({ incident }: { incident: Incident }) {
  const styles = useTabStyles();
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
