/** One summary rule: what it does, its bins with what went wrong, and changing it. */
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
import { kqlText, useKql } from "../../../api/kql";
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
import { SummaryForm } from "./SummaryForm";
import { SummaryState } from "./SummaryRules";
import { binText, runColours, useJobDeed } from "./model";
import type { Deed, SummaryRule } from "./model";

const MOST_BINS = 500;

const useStyles = makeStyles({
  query: {
    margin: 0,
    overflow: "auto",
    maxHeight: "14rem",
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
  },
});

/** A row of LASummaryLogs. */
interface Bin {
  TimeGenerated: string;
  BinStartTime: string;
  Status: string;
  ResultsRecordCount: number;
  Message: string;
}

const columns: Column<Bin>[] = [
  {
    id: "bin",
    title: "Bin begins",
    width: 210,
    fixed: true,
    sortable: true,
    value: (b) => b.BinStartTime,
    cell: (b) => <TimeText value={b.BinStartTime} />,
  },
  {
    id: "status",
    title: "Status",
    width: 120,
    value: (b) => b.Status,
    cell: (b) => (
      <Badge appearance="tint" color={runColours[b.Status] ?? "informative"}>
        {b.Status}
      </Badge>
    ),
  },
  {
    id: "rows",
    title: "Rows",
    width: 110,
    sortable: true,
    value: (b) => b.ResultsRecordCount,
    cell: (b) => b.ResultsRecordCount.toLocaleString("en"),
  },
  {
    id: "time",
    title: "Ran",
    width: 210,
    sortable: true,
    value: (b) => b.TimeGenerated,
    cell: (b) => <TimeText value={b.TimeGenerated} />,
  },
  { id: "message", title: "Message", width: 480, cell: (b) => b.Message },
];

function Bins({ rule }: { rule: SummaryRule }) {
  const { may } = useSession();
  const deed = useJobDeed();
  const [chosen, setChosen] = useState<Bin | undefined>(undefined);
  const { data, error, isLoading } = useKql<Bin>(
    `LASummaryLogs | where RuleName =~ ${kqlText(rule.name)} | top ${String(MOST_BINS)} by TimeGenerated` +
      " | project TimeGenerated, BinStartTime, Status, ResultsRecordCount, Message",
    "P30D",
  );
  const retry = (bin: Bin) =>
    deed(
      (arm) =>
        arm.call("POST", "/summaryLogs/{rule}/retrybin", {
          path: { rule: rule.name },
          body: { properties: { retryBinStartTime: bin.BinStartTime } },
        }),
      "The bin is run again",
    );
  return (
    <>
      <Subtitle2 as="h2">Bins of the last 30 days</Subtitle2>
      <ErrorNotice title="The bins can't be shown" error={error} />
      {may("tables/write") && (
        <div>
          <Button
            size="small"
            disabled={chosen === undefined}
            onClick={() => void (chosen && retry(chosen))}
          >
            Run the bin again
          </Button>
        </div>
      )}
      <DataGrid
        id="summaryBins"
        label="Bins"
        columns={columns}
        rows={data ?? []}
        rowKey={(b) => `${b.BinStartTime} ${b.TimeGenerated}`}
        loading={isLoading}
        onActive={setChosen}
        height="18rem"
        empty={
          <EmptyState title="No bin has run yet">
            A bin runs when it has ended and its delay has passed.
          </EmptyState>
        }
      />
    </>
  );
}

function Actions({ rule }: { rule: SummaryRule }) {
  const go = useNavigate();
  const deed = useJobDeed();
  const [deleting, setDeleting] = useState(false);
  const path = { rule: rule.name };
  const active = rule.properties.isActive;
  return (
    <Toolbar
      aria-label="Summary rule"
      size="small"
      style={{ flexWrap: "wrap", padding: 0, gap: "4px" }}
    >
      <Button onClick={() => void go("?edit=true")}>Edit</Button>
      <Button
        onClick={() =>
          void deed(
            (arm) => arm.call("POST", `/summaryLogs/{rule}/${active ? "stop" : "start"}`, { path }),
            active ? "The rule is stopped" : "The rule runs",
          )
        }
      >
        {active ? "Stop" : "Start"}
      </Button>
      <Button onClick={() => setDeleting(true)}>Delete</Button>
      {deleting && (
        <Confirm
          title={`Delete the summary rule ${rule.name}?`}
          action="Delete"
          onConfirm={async () => {
            const remove: Deed = (arm) => arm.call("DELETE", "/summaryLogs/{rule}", { path });
            if (await deed(remove, "The summary rule is deleted")) void go("/jobs?tab=summaries");
          }}
          onClose={() => setDeleting(false)}
        >
          The table with its rows stays.
        </Confirm>
      )}
    </Toolbar>
  );
}

export default function SummaryPage() {
  const styles = useStyles();
  const name = useParams()["name"] ?? "";
  const [params] = useSearchParams();
  const { workspace, may } = useSession();
  const { arm } = useApi();
  const { data, error, isPending } = useQuery({
    queryKey: ["data", workspace?.id, "summary", name],
    queryFn: ({ signal }) =>
      arm.call("GET", "/summaryLogs/{rule}", { path: { rule: name }, signal }),
  });
  if (isPending) return <Spinner label="Loading" />;
  if (error !== null)
    return (
      <Page title={name}>
        <ErrorNotice title="The summary rule can't be shown" error={error} />
      </Page>
    );
  const p = data.properties;
  const d = p.ruleDefinition;
  const title = p.displayName || data.name;
  const writes = may("tables/write");
  if (writes && params.get("edit") === "true")
    return (
      <Page title={`Edit ${title}`}>
        <SummaryForm key={data.name} rule={data} query="" />
      </Page>
    );
  return (
    <Page title={title} actions={writes && <Actions rule={data} />}>
      <Card>
        <Facts
          facts={[
            ["Status", <SummaryState key="s" rule={data} />],
            ["Description", p.description],
            ["Bin", binText(d.binSize)],
            ["Delay", d.binDelay === undefined ? undefined : `${String(d.binDelay)} min`],
            ["First bin", d.binStartTime && <TimeText key="f" value={d.binStartTime} />],
            ["Column of time", d.timeSelector],
            [
              "Destination",
              <TextLink key="d" to={`/tables/${encodeURIComponent(d.destinationTable)}`}>
                {d.destinationTable}
              </TextLink>,
            ],
          ]}
        />
        <pre className={styles.query} tabIndex={0} aria-label="Query">
          {d.query}
        </pre>
      </Card>
      <Bins rule={data} />
    </Page>
  );
}
