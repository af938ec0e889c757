/** What runs over the data by itself: search jobs and restored logs, summary rules, KQL jobs. */
import { Badge, Button, Toolbar } from "@fluentui/react-components";
import { useState } from "react";
import { call } from "../../api/client";
import { DataGrid } from "../../parts/DataGrid";
import type { Column } from "../../parts/DataGrid";
import { Page } from "../../parts/Page";
import { Tabs } from "../../parts/Tabs";
import { TextLink } from "../../parts/TextLink";
import { useNotify } from "../../parts/Toasts";
import { EmptyState, ErrorNotice } from "../../parts/notices";
import { TimeText } from "../../parts/time";
import { useSession, useWorkspacePath } from "../../session/session";
import { useDataChange, useResources, useTableResources, VERSION } from "./queries";
import type { TableResource } from "./queries";

const searchColumns: Column<TableResource>[] = [
  {
    id: "name",
    title: "Results",
    width: 240,
    fixed: true,
    sortable: true,
    value: (t) => t.name,
    cell: (t) => <TextLink to={`/tables/${encodeURIComponent(t.name)}`}>{t.name}</TextLink>,
  },
  {
    id: "kind",
    title: "Kind",
    width: 120,
    cell: (t) => (t.properties.restoredLogs ? "Restore" : "Search job"),
  },
  {
    id: "state",
    title: "State",
    width: 120,
    sortable: true,
    value: (t) => t.properties.provisioningState,
    cell: (t) => (
      <Badge
        appearance="tint"
        color={t.properties.provisioningState === "Failed" ? "danger" : "informative"}
      >
        {t.properties.provisioningState}
      </Badge>
    ),
  },
  {
    id: "progress",
    title: "Progress",
    width: 100,
    cell: (t) =>
      t.properties.resultStatistics ? `${String(t.properties.resultStatistics.progress)} %` : "",
  },
  {
    id: "rows",
    title: "Rows found",
    width: 110,
    cell: (t) => t.properties.resultStatistics?.ingestedRecords.toLocaleString("en") ?? "",
  },
  {
    id: "from",
    title: "From",
    width: 200,
    cell: (t) => (
      <TimeText
        value={
          t.properties.searchResults?.startSearchTime ?? t.properties.restoredLogs?.startRestoreTime
        }
        seconds={false}
      />
    ),
  },
  {
    id: "to",
    title: "To",
    width: 200,
    cell: (t) => (
      <TimeText
        value={
          t.properties.searchResults?.endSearchTime ?? t.properties.restoredLogs?.endRestoreTime
        }
        seconds={false}
      />
    ),
  },
  {
    id: "query",
    title: "Query",
    width: 420,
    cell: (t) => t.properties.searchResults?.query ?? t.properties.restoredLogs?.sourceTable ?? "",
  },
  {
    id: "message",
    title: "Message",
    width: 300,
    cell: (t) => t.properties.searchResults?.message ?? "",
  },
];

function SearchJobs() {
  const { data, error, isPending, refetch } = useTableResources();
  const rows = (data ?? []).filter((t) => /_(SRCH|RST)$/.test(t.name));
  if (error !== null)
    return (
      <ErrorNotice
        title="The search jobs can't be shown"
        error={error}
        onRetry={() => void refetch()}
      />
    );
  return (
    <DataGrid
      id="searchJobs"
      label="Search jobs and restored logs"
      columns={searchColumns}
      rows={rows}
      rowKey={(t) => t.name}
      loading={isPending}
      empty={
        <EmptyState title="There are no search jobs">
          A search job looks through what is past its analytics retention: PUT of a table NAME_SRCH,
          or vedette jobs.
        </EmptyState>
      }
    />
  );
}

interface Summary {
  name: string;
  properties: {
    displayName?: string;
    isActive: boolean;
    statusCode?: string;
    ruleLastModifiedTime?: string;
    ruleDefinition: { query: string; binSize: number; binDelay?: number; destinationTable: string };
  };
}
interface KqlJob {
  name: string;
  properties: {
    enabled: boolean;
    query: string;
    destinationTable: string;
    description?: string;
    schedule?: { frequency: string; interval?: number; startTime?: string };
    lastRun?: { status: string; startTime?: string };
    nextRunTime?: string;
  };
}

type Ask = (path: string) => Promise<unknown>;

/** POST below the workspace, with a word about what became of it. */
function useDeed(): Ask {
  const path = useWorkspacePath();
  const notify = useNotify();
  const post = useDataChange((suffix: string) => call(path(suffix + VERSION), { method: "POST" }));
  return async (suffix) => {
    try {
      await post.mutateAsync(suffix);
      notify.done("Done");
    } catch (error) {
      notify.failed("That did not work", error);
    }
  };
}

const summaryColumns: Column<Summary>[] = [
  {
    id: "name",
    title: "Name",
    width: 240,
    fixed: true,
    sortable: true,
    value: (s) => s.properties.displayName ?? s.name,
    cell: (s) => s.properties.displayName ?? s.name,
  },
  {
    id: "status",
    title: "Status",
    width: 130,
    cell: (s) => (
      <Badge appearance="tint" color={s.properties.isActive ? "success" : "warning"}>
        {s.properties.isActive ? "Active" : (s.properties.statusCode ?? "Stopped")}
      </Badge>
    ),
  },
  {
    id: "bin",
    title: "Bin",
    width: 100,
    sortable: true,
    value: (s) => s.properties.ruleDefinition.binSize,
    cell: (s) => `${String(s.properties.ruleDefinition.binSize)} min`,
  },
  {
    id: "table",
    title: "Destination",
    width: 200,
    cell: (s) => (
      <TextLink to={`/tables/${encodeURIComponent(s.properties.ruleDefinition.destinationTable)}`}>
        {s.properties.ruleDefinition.destinationTable}
      </TextLink>
    ),
  },
  {
    id: "modified",
    title: "Last modified",
    width: 200,
    cell: (s) => <TimeText value={s.properties.ruleLastModifiedTime} seconds={false} />,
  },
  { id: "query", title: "Query", width: 420, cell: (s) => s.properties.ruleDefinition.query },
];

/** Buttons for the one row that is selected. */
function Deeds(props: {
  label: string;
  chosen: string | undefined;
  deeds: readonly [string, string][];
  base: string;
}) {
  const ask = useDeed();
  return (
    <Toolbar aria-label={props.label} size="small">
      {props.deeds.map(([title, verb]) => (
        <Button
          key={verb}
          size="small"
          disabled={props.chosen === undefined}
          onClick={() =>
            void ask(`${props.base}/${encodeURIComponent(props.chosen ?? "")}/${verb}`)
          }
        >
          {title}
        </Button>
      ))}
    </Toolbar>
  );
}

function SummaryRules() {
  const { may } = useSession();
  const { data, error, isPending, refetch } = useResources<Summary>(
    "summaries",
    `/summaryLogs${VERSION}`,
  );
  const [chosen, setChosen] = useState<string | undefined>(undefined);
  if (error !== null)
    return (
      <ErrorNotice
        title="The summary rules can't be shown"
        error={error}
        onRetry={() => void refetch()}
      />
    );
  return (
    <>
      {may("tables/write") && (
        <Deeds
          label="Summary rules"
          chosen={chosen}
          base="/summaryLogs"
          deeds={[
            ["Start", "start"],
            ["Stop", "stop"],
          ]}
        />
      )}
      <DataGrid
        id="summaries"
        label="Summary rules"
        columns={summaryColumns}
        rows={data ?? []}
        rowKey={(s) => s.name}
        loading={isPending}
        onActive={(s) => setChosen(s.name)}
        empty={
          <EmptyState title="There are no summary rules">
            A summary rule counts up what comes, bin by bin, into a table of its own: vedette
            summaries put.
          </EmptyState>
        }
      />
    </>
  );
}

const jobColumns: Column<KqlJob>[] = [
  {
    id: "name",
    title: "Name",
    width: 220,
    fixed: true,
    sortable: true,
    value: (j) => j.name,
    cell: (j) => j.name,
  },
  {
    id: "status",
    title: "Status",
    width: 110,
    cell: (j) => (j.properties.enabled ? "Enabled" : "Disabled"),
  },
  { id: "last", title: "Last run", width: 120, cell: (j) => j.properties.lastRun?.status ?? "–" },
  {
    id: "schedule",
    title: "Frequency",
    width: 140,
    cell: (j) => {
      const s = j.properties.schedule;
      return s === undefined || s.frequency === "Once"
        ? "Once"
        : `every ${String(s.interval ?? 1)} ${s.frequency.toLowerCase()}`;
    },
  },
  { id: "table", title: "Destination", width: 200, cell: (j) => j.properties.destinationTable },
  {
    id: "description",
    title: "Description",
    width: 240,
    cell: (j) => j.properties.description ?? "",
  },
  { id: "query", title: "Query", width: 420, cell: (j) => j.properties.query },
];

function KqlJobs() {
  const { may } = useSession();
  const { data, error, isPending, refetch } = useResources<KqlJob>("jobs", `/kqlJobs${VERSION}`);
  const [chosen, setChosen] = useState<string | undefined>(undefined);
  if (error !== null)
    return (
      <ErrorNotice
        title="The KQL jobs can't be shown"
        error={error}
        onRetry={() => void refetch()}
      />
    );
  return (
    <>
      {may("tables/write") && (
        <Deeds
          label="KQL jobs"
          chosen={chosen}
          base="/kqlJobs"
          deeds={[
            ["Run now", "run"],
            ["Enable", "enable"],
            ["Disable", "disable"],
          ]}
        />
      )}
      <DataGrid
        id="kqlJobs"
        label="KQL jobs"
        columns={jobColumns}
        rows={data ?? []}
        rowKey={(j) => j.name}
        loading={isPending}
        onActive={(j) => setChosen(j.name)}
        empty={
          <EmptyState title="There are no KQL jobs">
            A KQL job runs a query over the data lake, once or by a schedule: vedette jobs put.
          </EmptyState>
        }
      />
    </>
  );
}

const tabs = [
  { id: "search", title: "Search and restore", component: SearchJobs },
  { id: "summaries", title: "Summary rules", component: SummaryRules },
  { id: "kql", title: "KQL jobs", component: KqlJobs },
];

export default function Jobs() {
  return (
    <Page title="Jobs" full>
      <Tabs tabs={tabs} label="Jobs" />
    </Page>
  );
}
