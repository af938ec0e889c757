/** One KQL job: what it does, its runs with what went wrong, and changing it. */
import { Subtitle2 } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { DataGrid } from "../../../parts/DataGrid";
import type { Column } from "../../../parts/DataGrid";
import { EmptyState, ErrorNotice } from "../../../parts/notices";
import { TimeText } from "../../../parts/time";
import { useSession } from "../../../session/session";
import { useApi } from "../../../session/useApi";
import { KqlJobForm } from "./KqlJobForm";
import { Destination, ResourcePage } from "./ResourcePage";
import { scheduleText } from "./model";
import type { Arm, KqlJob, KqlJobRun } from "./model";
import { rowsColumn, statusColumn } from "./runColumns";

const columns: Column<KqlJobRun>[] = [
  {
    id: "due",
    title: "Due",
    width: 210,
    fixed: true,
    sortable: true,
    value: (r) => r.properties.dueTime,
    cell: (r) => <TimeText value={r.properties.dueTime} />,
  },
  statusColumn((r) => r.properties.status),
  rowsColumn((r) => r.properties.rows),
  {
    id: "start",
    title: "Started",
    width: 210,
    cell: (r) => <TimeText value={r.properties.startTime} />,
  },
  { id: "end", title: "Ended", width: 210, cell: (r) => <TimeText value={r.properties.endTime} /> },
  { id: "message", title: "Message", width: 480, cell: (r) => r.properties.message ?? "" },
];

function Runs({ name }: { name: string }) {
  const { arm } = useApi();
  const { workspace } = useSession();
  const { data, error, isPending } = useQuery({
    queryKey: ["data", workspace?.id, "jobRuns", name],
    queryFn: ({ signal }) => arm.all("/kqlJobs/{job}/runs", 200, { path: { job: name }, signal }),
    refetchInterval: 5000,
  });
  return (
    <>
      <Subtitle2 as="h2">Runs</Subtitle2>
      <ErrorNotice title="The runs can't be shown" error={error} />
      <DataGrid
        id="kqlJobRuns"
        label="Runs"
        columns={columns}
        rows={data ?? []}
        rowKey={(r) => r.name}
        loading={isPending}
        height="18rem"
        empty={<EmptyState title="It has not run yet">Run now runs it at once.</EmptyState>}
      />
    </>
  );
}

/** What may be done to it, on its page. */
function deedsOf({ name, properties: { enabled } }: KqlJob) {
  const path = { job: name };
  return {
    deeds: [
      {
        title: "Run now",
        deed: (arm: Arm) => arm.call("POST", "/kqlJobs/{job}/run", { path }),
        done: "The job is started",
      },
      {
        title: enabled ? "Disable" : "Enable",
        deed: (arm: Arm) =>
          arm.call("POST", `/kqlJobs/{job}/${enabled ? "disable" : "enable"}`, { path }),
        done: enabled ? "The job is disabled" : "The job is enabled",
      },
    ],
    remove: (arm: Arm) => arm.call("DELETE", "/kqlJobs/{job}", { path }),
  };
}

function factsOf(p: KqlJob["properties"]) {
  return [
    ["Status", p.enabled ? "Enabled" : "Disabled"],
    ["Description", p.description],
    ["Frequency", scheduleText(p.schedule)],
    ["Next run", p.nextRunTime && <TimeText key="n" value={p.nextRunTime} />],
    ["Destination", <Destination key="d" table={p.destinationTable} />],
    ["Last modified by", p.lastModifiedBy],
  ] as const;
}

export default function KqlJobPage() {
  return (
    <ResourcePage
      what="job"
      list="/jobs?tab=kql"
      read={(arm, name, signal) =>
        arm.call("GET", "/kqlJobs/{job}", { path: { job: name }, signal })
      }
      view={(job) => ({
        title: job.name,
        facts: factsOf(job.properties),
        query: job.properties.query,
        form: <KqlJobForm key={job.name} job={job} query="" />,
        runs: <Runs name={job.name} />,
        ...deedsOf(job),
      })}
    />
  );
}
