/** KQL jobs: queries over the data lake, once or by a schedule. */
import { Button, Toolbar } from "@fluentui/react-components";
import { useState } from "react";
import { useNavigate } from "react-router-dom";
import { DataGrid } from "../../../parts/DataGrid";
import type { Column } from "../../../parts/DataGrid";
import { TextLink } from "../../../parts/TextLink";
import { EmptyState, ErrorNotice } from "../../../parts/notices";
import { TimeText } from "../../../parts/time";
import { useSession } from "../../../session/session";
import { useResources } from "../queries";
import { scheduleText, useJobDeed } from "./model";
import type { KqlJob } from "./model";

const pageOf = (j: KqlJob) => `/jobs/kql/${encodeURIComponent(j.name)}`;

const columns: Column<KqlJob>[] = [
  {
    id: "name",
    title: "Name",
    width: 220,
    fixed: true,
    sortable: true,
    value: (j) => j.name,
    cell: (j) => <TextLink to={pageOf(j)}>{j.name}</TextLink>,
  },
  {
    id: "status",
    title: "Status",
    width: 110,
    cell: (j) => (j.properties.enabled ? "Enabled" : "Disabled"),
  },
  {
    id: "schedule",
    title: "Frequency",
    width: 140,
    cell: (j) => scheduleText(j.properties.schedule),
  },
  {
    id: "next",
    title: "Next run",
    width: 200,
    sortable: true,
    value: (j) => j.properties.nextRunTime,
    cell: (j) => <TimeText value={j.properties.nextRunTime} seconds={false} />,
  },
  {
    id: "table",
    title: "Destination",
    width: 200,
    cell: (j) => (
      <TextLink to={`/tables/${encodeURIComponent(j.properties.destinationTable)}`}>
        {j.properties.destinationTable}
      </TextLink>
    ),
  },
  {
    id: "description",
    title: "Description",
    width: 240,
    cell: (j) => j.properties.description,
  },
  { id: "query", title: "Query", width: 420, cell: (j) => j.properties.query },
];

const deeds = [
  { title: "Run now", verb: "run", done: "The job is started" },
  { title: "Enable", verb: "enable", done: "The job is enabled" },
  { title: "Disable", verb: "disable", done: "The job is disabled" },
] as const;

export function KqlJobs() {
  const { may } = useSession();
  const go = useNavigate();
  const deed = useJobDeed();
  const { data, error, isPending, refetch } = useResources("jobs", (api, most, signal) =>
    api.arm.all("/kqlJobs", most, { signal }),
  );
  const [chosen, setChosen] = useState("");
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
        <Toolbar aria-label="KQL jobs" size="small" style={{ flexWrap: "wrap", gap: "4px" }}>
          {deeds.map(({ title, verb, done }) => (
            <Button
              key={verb}
              size="small"
              disabled={chosen === ""}
              onClick={() =>
                void deed(
                  (arm) => arm.call("POST", `/kqlJobs/{job}/${verb}`, { path: { job: chosen } }),
                  done,
                )
              }
            >
              {title}
            </Button>
          ))}
        </Toolbar>
      )}
      <DataGrid
        id="kqlJobs"
        label="KQL jobs"
        columns={columns}
        rows={data ?? []}
        rowKey={(j) => j.name}
        loading={isPending}
        onActive={(j) => setChosen(j.name)}
        onOpen={(j) => void go(pageOf(j))}
        empty={
          <EmptyState title="There are no KQL jobs">
            A KQL job runs a query over the data lake, once or by a schedule, and keeps its rows in
            a table.
          </EmptyState>
        }
      />
    </>
  );
}
