/** Search jobs and restored logs: tables whose names end in _SRCH and _RST. */
import { Badge, Button, Toolbar } from "@fluentui/react-components";
import { useState } from "react";
import { Confirm } from "../../../parts/Confirm";
import { DataGrid } from "../../../parts/DataGrid";
import type { Column } from "../../../parts/DataGrid";
import { TextLink } from "../../../parts/TextLink";
import { EmptyState, ErrorNotice } from "../../../parts/notices";
import { TimeText } from "../../../parts/time";
import { useSession } from "../../../session/session";
import { useTableResources } from "../queries";
import type { TableResource } from "../queries";
import { runColours, useJobDeed } from "./model";

const columns: Column<TableResource>[] = [
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
      <Badge appearance="tint" color={runColours[t.properties.provisioningState] ?? "informative"}>
        {t.properties.provisioningState}
      </Badge>
    ),
  },
  {
    id: "progress",
    title: "Progress",
    width: 100,
    cell: (t) =>
      t.properties.resultStatistics ? `${t.properties.resultStatistics.progress.toFixed(0)} %` : "",
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

const isRunning = (t: TableResource | undefined) =>
  t?.properties.searchResults !== undefined &&
  ["Updating", "InProgress"].includes(t.properties.provisioningState);

export function SearchJobs() {
  const { may } = useSession();
  const deed = useJobDeed();
  const { data, error, isPending, refetch } = useTableResources();
  const [chosen, setChosen] = useState("");
  const [deleting, setDeleting] = useState(false);
  const rows = (data ?? []).filter((t) => /_(SRCH|RST)$/.test(t.name));
  const job = rows.find((t) => t.name === chosen);
  const path = { table: chosen };
  if (error !== null)
    return (
      <ErrorNotice
        title="The search jobs can't be shown"
        error={error}
        onRetry={() => void refetch()}
      />
    );
  return (
    <>
      {may("tables/write") && (
        <Toolbar aria-label="Search jobs" size="small" style={{ flexWrap: "wrap", gap: "4px" }}>
          <Button
            size="small"
            disabled={!isRunning(job)}
            onClick={() =>
              void deed(
                (arm) => arm.call("POST", "/tables/{table}/cancelSearch", { path }),
                "The search job is cancelled",
              )
            }
          >
            Cancel the search
          </Button>
          <Button size="small" disabled={job === undefined} onClick={() => setDeleting(true)}>
            Delete
          </Button>
        </Toolbar>
      )}
      <DataGrid
        id="searchJobs"
        label="Search jobs and restored logs"
        columns={columns}
        rows={rows}
        rowKey={(t) => t.name}
        loading={isPending}
        onActive={(t) => setChosen(t.name)}
        empty={
          <EmptyState title="There are no search jobs">
            A search job looks through what is past its analytics retention, and keeps what it finds
            in a table. A restore makes old rows of a table available to queries and rules.
          </EmptyState>
        }
      />
      {deleting && job && (
        <Confirm
          title={`Delete ${job.name}?`}
          action="Delete"
          onConfirm={async () => {
            await deed(
              (arm) => arm.call("DELETE", "/tables/{table}", { path }),
              `${job.name} is deleted`,
            );
          }}
          onClose={() => setDeleting(false)}
        >
          {job.properties.restoredLogs
            ? "The rows stay where they are; they are available as before the restore."
            : "The table with what the job has found goes with it."}
        </Confirm>
      )}
    </>
  );
}
