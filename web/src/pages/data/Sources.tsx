/** Who sends logs, who is silent, and what became of every record. */
import { Badge } from "@fluentui/react-components";
import { useMemo } from "react";
import { durationText } from "../../api/duration";
import { useKql } from "../../api/kql";
import { DataGrid } from "../../parts/DataGrid";
import type { Column } from "../../parts/DataGrid";
import { Page } from "../../parts/Page";
import { Tabs } from "../../parts/Tabs";
import { TimeRange } from "../../parts/TimeRange";
import { EmptyState, ErrorNotice } from "../../parts/notices";
import { TimeText, useRange } from "../../parts/time";
import { useUrlState } from "../../parts/urlState";
import { bytesText, useSources } from "./queries";
import type { Source } from "./queries";

const sourceColumns: Column<Source>[] = [
  {
    id: "status",
    title: "Status",
    width: 110,
    sortable: true,
    value: (s) => s.status,
    cell: (s) => (
      <Badge appearance="tint" color={s.status === "silent" ? "danger" : "success"}>
        {s.status === "silent" ? "Silent" : "Sending"}
      </Badge>
    ),
  },
  {
    id: "source",
    title: "Source",
    width: 280,
    fixed: true,
    sortable: true,
    value: (s) => s.source,
    cell: (s) => s.source,
  },
  {
    id: "stream",
    title: "Stream",
    width: 220,
    sortable: true,
    value: (s) => s.stream,
    cell: (s) => s.stream,
  },
  {
    id: "table",
    title: "Table",
    width: 200,
    sortable: true,
    value: (s) => s.table,
    cell: (s) => s.table,
  },
  {
    id: "rows",
    title: "Rows in the last hour",
    width: 190,
    sortable: true,
    value: (s) => s.rowsLastHour,
    cell: (s) => s.rowsLastHour,
  },
  {
    id: "last",
    title: "Last record",
    width: 210,
    sortable: true,
    value: (s) => s.lastSeen,
    cell: (s) => <TimeText value={s.lastSeen} />,
  },
  {
    id: "first",
    title: "First record",
    width: 210,
    optional: true,
    cell: (s) => <TimeText value={s.firstSeen} />,
  },
  {
    id: "allowed",
    title: "May be silent for",
    width: 150,
    value: (s) => s.allowedSilence,
    cell: (s) => durationText(s.allowedSilence) || (s.allowedSilence ?? "–"),
  },
];

function SourceList() {
  const { data, error, isPending, refetch } = useSources();
  if (error !== null)
    return (
      <ErrorNotice
        title="The sources can't be shown"
        error={error}
        onRetry={() => void refetch()}
      />
    );
  return (
    <DataGrid
      id="sources"
      label="Sources"
      columns={sourceColumns}
      rows={data ?? []}
      rowKey={(s) => `${s.source} ${s.stream} ${s.table}`}
      loading={isPending}
      empty={
        <EmptyState title="Nobody has sent anything in the last eight days">
          Send logs to a data collection rule, or configure syslog, files, topics or buckets. What
          the server&apos;s operator imports by hand is counted under What became of records, and
          not watched.
        </EmptyState>
      }
    />
  );
}

interface Ingested {
  Source: string;
  Stream: string;
  TableName: string;
  Reason: string;
  Received: number;
  Stored: number;
  Rejected: number;
  Filtered: number;
  HeldBack: number;
  Bytes: number;
  Last: string;
}

const ingestedColumns: Column<Ingested>[] = [
  {
    id: "source",
    title: "Source",
    width: 260,
    fixed: true,
    sortable: true,
    value: (r) => r.Source,
    cell: (r) => r.Source,
  },
  {
    id: "stream",
    title: "Stream",
    width: 200,
    sortable: true,
    value: (r) => r.Stream,
    cell: (r) => r.Stream,
  },
  {
    id: "table",
    title: "Table",
    width: 180,
    sortable: true,
    value: (r) => r.TableName,
    cell: (r) => r.TableName,
  },
  ...(["Received", "Stored", "Rejected", "Filtered", "HeldBack"] as const).map(
    (name): Column<Ingested> => ({
      id: name,
      title: name === "HeldBack" ? "Held back" : name,
      width: 100,
      sortable: true,
      value: (r) => r[name],
      cell: (r) => r[name].toLocaleString("en"),
    }),
  ),
  {
    id: "reason",
    title: "Reason",
    width: 160,
    sortable: true,
    value: (r) => r.Reason,
    cell: (r) => r.Reason,
  },
  {
    id: "bytes",
    title: "Size",
    width: 100,
    sortable: true,
    value: (r) => r.Bytes,
    cell: (r) => bytesText(r.Bytes),
  },
  {
    id: "last",
    title: "Last",
    width: 210,
    sortable: true,
    value: (r) => r.Last,
    cell: (r) => <TimeText value={r.Last} />,
  },
];

function useSpan() {
  const url = useUrlState();
  const span = url.one("time") || "1d";
  const range = useRange(span);
  const timespan = useMemo(
    () => range && `${new Date(range.from).toISOString()}/${new Date(range.to).toISOString()}`,
    [range],
  );
  const choice = <TimeRange value={span} onChange={(time) => url.change({ time })} />;
  return { timespan, choice };
}

function Ingestion() {
  const { timespan, choice } = useSpan();
  const { data, error, isLoading, refetch } = useKql<Ingested>(
    "VedetteIngestion | summarize Received = sum(Received), Stored = sum(Stored), Rejected = sum(Rejected)," +
      " Filtered = sum(Filtered), HeldBack = sum(HeldBack), Bytes = sum(Bytes), Last = max(TimeGenerated)" +
      " by Source, Stream, TableName, Reason | sort by Rejected desc, Received desc",
    timespan,
  );
  return (
    <>
      <div>{choice}</div>
      {error !== null ? (
        <ErrorNotice
          title="The counts can't be shown"
          error={error}
          onRetry={() => void refetch()}
        />
      ) : (
        <DataGrid
          id="ingestion"
          label="What became of the records"
          columns={ingestedColumns}
          rows={data ?? []}
          rowKey={(r) => [r.Source, r.Stream, r.TableName, r.Reason].join(" ")}
          loading={isLoading}
          empty={<EmptyState title="Nothing arrived in this time">Choose a longer one.</EmptyState>}
        />
      )}
    </>
  );
}

interface Event {
  TimeGenerated: string;
  SentinelResourceName: string;
  Status: string;
  Reason: string;
  Description: string;
}

const eventColumns: Column<Event>[] = [
  {
    id: "time",
    title: "Time",
    width: 210,
    fixed: true,
    sortable: true,
    value: (e) => e.TimeGenerated,
    cell: (e) => <TimeText value={e.TimeGenerated} />,
  },
  {
    id: "status",
    title: "Status",
    width: 110,
    value: (e) => e.Status,
    cell: (e) => (
      <Badge
        appearance="tint"
        color={e.Status === "Success" ? "success" : e.Status === "Failure" ? "danger" : "warning"}
      >
        {e.Status}
      </Badge>
    ),
  },
  {
    id: "name",
    title: "Source",
    width: 260,
    sortable: true,
    value: (e) => e.SentinelResourceName,
    cell: (e) => e.SentinelResourceName,
  },
  { id: "reason", title: "Reason", width: 160, value: (e) => e.Reason, cell: (e) => e.Reason },
  {
    id: "description",
    title: "Description",
    width: 560,
    value: (e) => e.Description,
    cell: (e) => e.Description,
  },
];

function Health() {
  const { timespan, choice } = useSpan();
  const { data, error, isLoading, refetch } = useKql<Event>(
    "SentinelHealth | where SentinelResourceType == 'Data connector'" +
      " | project TimeGenerated, SentinelResourceName, Status, Reason, Description | top 1000 by TimeGenerated",
    timespan,
  );
  return (
    <>
      <div>{choice}</div>
      {error !== null ? (
        <ErrorNotice
          title="The health events can't be shown"
          error={error}
          onRetry={() => void refetch()}
        />
      ) : (
        <DataGrid
          id="sourceHealth"
          label="Health of sources"
          columns={eventColumns}
          rows={data ?? []}
          rowKey={(e) =>
            `${e.TimeGenerated} ${e.SentinelResourceName} ${e.Reason} ${e.Description}`
          }
          loading={isLoading}
          empty={
            <EmptyState title="Nothing happened in this time">
              A source that falls silent, is back, or drifts from its schema is told of here.
            </EmptyState>
          }
        />
      )}
    </>
  );
}

const tabs = [
  { id: "sources", title: "Sources", component: SourceList },
  { id: "ingestion", title: "What became of records", component: Ingestion },
  { id: "health", title: "Health", component: Health },
];

export default function Sources() {
  return (
    <Page title="Data sources" full>
      <Tabs tabs={tabs} label="Data sources" />
    </Page>
  );
}
