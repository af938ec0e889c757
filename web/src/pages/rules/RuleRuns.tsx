/** The history of a rule's runs: rows, alerts, and what each cost. */
import { Badge, Text, makeStyles, tokens } from "@fluentui/react-components";
import { useMemo } from "react";
import { useParams } from "react-router-dom";
import { Chart } from "../../parts/Chart";
import { DataGrid } from "../../parts/DataGrid";
import type { Column } from "../../parts/DataGrid";
import { EmptyState, ErrorNotice } from "../../parts/notices";
import { TimeText, useTimeFormat } from "../../parts/time";
import { bytesText } from "../data/queries";
import type { Run } from "./model";
import { useRuns } from "./queries";

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

/** "1.2 s", "35 ms". */
export function microText(us: number): string {
  return us >= 1_000_000
    ? `${(us / 1_000_000).toFixed(1)} s`
    : `${(us / 1000).toFixed(us < 10_000 ? 1 : 0)} ms`;
}

const columns: Column<Run>[] = [
  {
    id: "started",
    title: "Started",
    width: 210,
    sortable: true,
    fixed: true,
    value: (r) => r.started,
    cell: (r) => <TimeText value={r.started} />,
  },
  {
    id: "status",
    title: "Status",
    width: 110,
    value: (r) => r.status,
    cell: (r) => (
      <Badge appearance="tint" color={r.status === "Success" ? "success" : "danger"}>
        {r.status}
      </Badge>
    ),
  },
  { id: "trigger", title: "Trigger", width: 120, value: (r) => r.trigger, cell: (r) => r.trigger },
  {
    id: "rows",
    title: "Rows",
    width: 80,
    sortable: true,
    value: (r) => r.rows,
    cell: (r) => r.rows,
  },
  {
    id: "alerts",
    title: "Alerts",
    width: 80,
    sortable: true,
    value: (r) => r.alerts,
    cell: (r) => r.alerts,
  },
  {
    id: "duration",
    title: "Duration",
    width: 100,
    sortable: true,
    value: (r) => r.durationUs,
    cell: (r) => microText(r.durationUs),
  },
  {
    id: "processor",
    title: "Processor",
    width: 100,
    sortable: true,
    value: (r) => r.processorUs,
    cell: (r) => microText(r.processorUs),
  },
  {
    id: "shared",
    title: "Shared",
    width: 90,
    value: (r) => (r.shared ? 1 : 0),
    cell: (r) => (r.shared ? "Yes" : "No"),
  },
  {
    id: "rowsRead",
    title: "Rows read",
    width: 110,
    sortable: true,
    value: (r) => r.rowsRead,
    cell: (r) => r.rowsRead.toLocaleString("en-GB"),
  },
  {
    id: "bytesRead",
    title: "Bytes read",
    width: 110,
    sortable: true,
    value: (r) => r.bytesRead,
    cell: (r) => bytesText(r.bytesRead),
  },
  {
    id: "memory",
    title: "Memory",
    width: 110,
    sortable: true,
    value: (r) => r.memoryBytes,
    cell: (r) => bytesText(r.memoryBytes),
  },
  { id: "from", title: "Window from", width: 210, cell: (r) => <TimeText value={r.windowFrom} /> },
  { id: "to", title: "Window to", width: 210, cell: (r) => <TimeText value={r.windowTo} /> },
  { id: "attempts", title: "Attempts", width: 90, cell: (r) => r.attempts },
  { id: "error", title: "Error", width: 400, cell: (r) => r.error },
];

function RunChart({ runs }: { runs: readonly Run[] }) {
  const time = useTimeFormat();
  const option = useMemo(() => {
    const inOrder = [...runs].reverse();
    return {
      grid: { left: 50, right: 50, top: 30, bottom: 30 },
      tooltip: { trigger: "axis" },
      legend: { top: 0 },
      xAxis: { type: "category", data: inOrder.map((r) => time(r.windowTo, false)) },
      yAxis: [
        { type: "value", name: "rows", minInterval: 1 },
        { type: "value", name: "ms" },
      ],
      series: [
        { name: "Rows", type: "bar", data: inOrder.map((r) => r.rows) },
        {
          name: "Duration",
          type: "line",
          yAxisIndex: 1,
          data: inOrder.map((r) => r.durationUs / 1000),
        },
      ],
    };
  }, [runs, time]);
  return <Chart label="Rows and duration of the last runs" option={option} height={180} />;
}

export function RuleRuns() {
  const styles = useStyles();
  const id = useParams()["id"] ?? "";
  const { data, error, isPending, refetch } = useRuns(id);
  if (error !== null)
    return (
      <ErrorNotice title="The runs can't be shown" error={error} onRetry={() => void refetch()} />
    );
  const failed = (data ?? []).filter((r) => r.status !== "Success").length;
  return (
    <div className={styles.page}>
      {data !== undefined && data.length > 0 && (
        <>
          <Text size={200}>
            Last {data.length} runs, {failed} of them failed. Runs are kept for eight days.
          </Text>
          <RunChart runs={data} />
        </>
      )}
      <div className={styles.grid}>
        <DataGrid
          id="ruleRuns"
          label="Runs"
          columns={columns}
          rows={data ?? []}
          rowKey={(r) => `${r.trigger} ${r.windowTo} ${r.started} ${r.correlationId}`}
          loading={isPending}
          empty={
            <EmptyState title="There were no runs">
              A rule that is enabled runs by its schedule; “Run now” runs it by hand.
            </EmptyState>
          }
        />
      </div>
    </div>
  );
}
