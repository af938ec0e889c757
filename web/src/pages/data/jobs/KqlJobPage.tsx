/** One KQL job: what it does, its runs with what went wrong, and changing it. */
import {
  Badge,
  Button,
  Card,
  Spinner,
  Subtitle2,
  Toolbar,
  makeStyles,
  tokens,
} from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate, useParams, useSearchParams } from "react-router-dom";
import { Confirm } from "../../../parts/Confirm";
import { DataGrid } from "../../../parts/DataGrid";
import type { Column } from "../../../parts/DataGrid";
import { Facts } from "../../../parts/Facts";
import { Page } from "../../../parts/Page";
import { TextLink } from "../../../parts/TextLink";
import { EmptyState, ErrorNotice } from "../../../parts/notices";
import { TimeText } from "../../../parts/time";
import { useSession } from "../../../session/session";
import { useApi } from "../../../session/useApi";
import { KqlJobForm } from "./KqlJobForm";
import { runColours, scheduleText, useJobDeed } from "./model";
import type { Deed, KqlJob, KqlJobRun } from "./model";

const useStyles = makeStyles({
  query: {
    margin: 0,
    overflow: "auto",
    maxHeight: "14rem",
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
  },
});

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
  {
    id: "status",
    title: "Status",
    width: 120,
    value: (r) => r.properties.status,
    cell: (r) => (
      <Badge appearance="tint" color={runColours[r.properties.status] ?? "informative"}>
        {r.properties.status}
      </Badge>
    ),
  },
  {
    id: "rows",
    title: "Rows",
    width: 110,
    sortable: true,
    value: (r) => r.properties.rows,
    cell: (r) => r.properties.rows.toLocaleString("en"),
  },
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

function Actions({ job }: { job: KqlJob }) {
  const go = useNavigate();
  const deed = useJobDeed();
  const [deleting, setDeleting] = useState(false);
  const path = { job: job.name };
  const { enabled } = job.properties;
  return (
    <Toolbar aria-label="Job" size="small" style={{ flexWrap: "wrap", padding: 0, gap: "4px" }}>
      <Button onClick={() => void go("?edit=true")}>Edit</Button>
      <Button
        onClick={() =>
          void deed((arm) => arm.call("POST", "/kqlJobs/{job}/run", { path }), "The job is started")
        }
      >
        Run now
      </Button>
      <Button
        onClick={() =>
          void deed(
            (arm) => arm.call("POST", `/kqlJobs/{job}/${enabled ? "disable" : "enable"}`, { path }),
            enabled ? "The job is disabled" : "The job is enabled",
          )
        }
      >
        {enabled ? "Disable" : "Enable"}
      </Button>
      <Button onClick={() => setDeleting(true)}>Delete</Button>
      {deleting && (
        <Confirm
          title={`Delete the job ${job.name}?`}
          action="Delete"
          onConfirm={async () => {
            const remove: Deed = (arm) => arm.call("DELETE", "/kqlJobs/{job}", { path });
            if (await deed(remove, "The job is deleted")) void go("/jobs?tab=kql");
          }}
          onClose={() => setDeleting(false)}
        >
          The table with its rows stays.
        </Confirm>
      )}
    </Toolbar>
  );
}

export default function KqlJobPage() {
  const styles = useStyles();
  const name = useParams()["name"] ?? "";
  const [params] = useSearchParams();
  const { workspace, may } = useSession();
  const { arm } = useApi();
  const { data, error, isPending } = useQuery({
    queryKey: ["data", workspace?.id, "job", name],
    queryFn: ({ signal }) => arm.call("GET", "/kqlJobs/{job}", { path: { job: name }, signal }),
  });
  if (isPending) return <Spinner label="Loading" />;
  if (error !== null)
    return (
      <Page title={name}>
        <ErrorNotice title="The job can't be shown" error={error} />
      </Page>
    );
  const p = data.properties;
  const writes = may("tables/write");
  if (writes && params.get("edit") === "true")
    return (
      <Page title={`Edit ${data.name}`}>
        <KqlJobForm key={data.name} job={data} query="" />
      </Page>
    );
  return (
    <Page title={data.name} actions={writes && <Actions job={data} />}>
      <Card>
        <Facts
          facts={[
            ["Status", p.enabled ? "Enabled" : "Disabled"],
            ["Description", p.description],
            ["Frequency", scheduleText(p.schedule)],
            ["Next run", p.nextRunTime && <TimeText key="n" value={p.nextRunTime} />],
            [
              "Destination",
              <TextLink key="d" to={`/tables/${encodeURIComponent(p.destinationTable)}`}>
                {p.destinationTable}
              </TextLink>,
            ],
            ["Last modified by", p.lastModifiedBy],
          ]}
        />
        <pre className={styles.query} tabIndex={0} aria-label="Query">
          {p.query}
        </pre>
      </Card>
      <Runs name={data.name} />
    </Page>
  );
}
