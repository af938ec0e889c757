/** What a rule found: its alerts over time, and the newest of them. */
import { Text, makeStyles, tokens } from "@fluentui/react-components";
import { useMemo } from "react";
import { useParams } from "react-router-dom";
import { kqlText, useKql } from "../../api/kql";
import { Chart } from "../../parts/Chart";
import { DataGrid } from "../../parts/DataGrid";
import type { Column } from "../../parts/DataGrid";
import { SeverityBadge } from "../../parts/badges";
import { TextLink } from "../../parts/TextLink";
import { EmptyState, ErrorNotice } from "../../parts/notices";
import { TimeText, useTimeFormat } from "../../parts/time";

const useStyles = makeStyles({
  page: {
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalS,
    height: "100%",
    "& > *": { flexShrink: 0 },
  },
  grid: { flex: "1 1 16rem", minHeight: "16rem" },
});

interface Alert {
  TimeGenerated: string;
  SystemAlertId: string;
  DisplayName: string;
  AlertSeverity: string;
  EntityNames: string;
}
interface Day {
  Day: string;
  Alerts: number;
}

function source(id: string): string {
  return (
    "SecurityAlert | where TimeGenerated > ago(90d)" +
    ` | where tostring(parse_json(ExtendedProperties)['Analytic Rule Ids']) has ${kqlText(id)}` +
    " | summarize arg_max(TimeGenerated, *) by SystemAlertId"
  );
}

const columns: Column<Alert>[] = [
  {
    id: "time",
    title: "Time",
    width: 210,
    sortable: true,
    fixed: true,
    value: (a) => a.TimeGenerated,
    cell: (a) => <TimeText value={a.TimeGenerated} />,
  },
  {
    id: "severity",
    title: "Severity",
    width: 130,
    value: (a) => a.AlertSeverity,
    cell: (a) => <SeverityBadge severity={a.AlertSeverity} />,
  },
  {
    id: "name",
    title: "Name",
    width: 360,
    value: (a) => a.DisplayName,
    cell: (a) => <TextLink to={`/alerts/${a.SystemAlertId}`}>{a.DisplayName}</TextLink>,
  },
  {
    id: "entities",
    title: "Entities",
    width: 400,
    value: (a) => a.EntityNames,
    cell: (a) => a.EntityNames,
  },
];

function AlertChart({ days }: { days: readonly Day[] }) {
  const time = useTimeFormat();
  const option = useMemo(
    () => ({
      grid: { left: 40, right: 20, top: 20, bottom: 30 },
      tooltip: { trigger: "axis" },
      xAxis: { type: "category", data: days.map((d) => time(d.Day, false)) },
      yAxis: { type: "value", minInterval: 1 },
      series: [{ name: "Alerts", type: "bar", data: days.map((d) => d.Alerts) }],
    }),
    [days, time],
  );
  return <Chart label="Alerts by day" option={option} height={160} />;
}

export function RuleAlerts() {
  const styles = useStyles();
  const id = useParams()["id"] ?? "";
  const list = useKql<Alert>(
    `${source(id)} | extend E = parse_json(Entities) | mv-apply E on (summarize EntityNames = strcat_array(make_set(coalesce(tostring(E.Name), tostring(E.Address), tostring(E.HostName), tostring(E.Url)), 8), ', '))` +
      " | project TimeGenerated, SystemAlertId, DisplayName, AlertSeverity, EntityNames | top 500 by TimeGenerated",
  );
  const days = useKql<Day>(
    `${source(id)} | summarize Alerts = count() by Day = bin(TimeGenerated, 1d) | sort by Day asc`,
  );
  const error = list.error ?? days.error;
  if (error !== null)
    return (
      <ErrorNotice
        title="The alerts can't be shown"
        error={error}
        onRetry={() => void list.refetch()}
      />
    );
  const sum = (days.data ?? []).reduce((n, d) => n + d.Alerts, 0);
  return (
    <div className={styles.page}>
      {sum > 0 && (
        <>
          <Text size={200}>
            {sum} alerts in 90 days{sum > 500 && "; the newest 500 are listed"}
          </Text>
          <AlertChart days={days.data ?? []} />
        </>
      )}
      <div className={styles.grid}>
        <DataGrid
          id="ruleAlerts"
          label="Alerts"
          columns={columns}
          rows={list.data ?? []}
          rowKey={(a) => a.SystemAlertId}
          loading={list.isPending}
          empty={
            <EmptyState title="It made no alert in 90 days">
              The tab Runs tells how many rows its query gave.
            </EmptyState>
          }
        />
      </div>
    </div>
  );
}
