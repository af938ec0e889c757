/** One summary rule: what it does, its bins with what went wrong, and changing it. */
import { Button, Subtitle2 } from "@fluentui/react-components";
import { useState } from "react";
import { kqlText, useKql } from "../../../api/kql";
import { DataGrid } from "../../../parts/DataGrid";
import type { Column } from "../../../parts/DataGrid";
import { EmptyState, ErrorNotice } from "../../../parts/notices";
import { TimeText } from "../../../parts/time";
import { useSession } from "../../../session/session";
import { Destination, ResourcePage } from "./ResourcePage";
import { SummaryForm } from "./SummaryForm";
import { SummaryState } from "./SummaryRules";
import { binText, useJobDeed } from "./model";
import type { Arm, SummaryRule } from "./model";
import { rowsColumn, statusColumn } from "./runColumns";

const MOST_BINS = 500;

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
  statusColumn((b) => b.Status),
  rowsColumn((b) => b.ResultsRecordCount),
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

/** What may be done to it, on its page. */
function deedsOf({ name, properties: { isActive } }: SummaryRule) {
  const path = { rule: name };
  return {
    deeds: [
      {
        title: isActive ? "Stop" : "Start",
        deed: (arm: Arm) =>
          arm.call("POST", `/summaryLogs/{rule}/${isActive ? "stop" : "start"}`, { path }),
        done: isActive ? "The rule is stopped" : "The rule runs",
      },
    ],
    remove: (arm: Arm) => arm.call("DELETE", "/summaryLogs/{rule}", { path }),
  };
}

function factsOf(rule: SummaryRule) {
  const p = rule.properties;
  const d = p.ruleDefinition;
  return [
    ["Status", <SummaryState key="s" rule={rule} />],
    ["Description", p.description],
    ["Bin", binText(d.binSize)],
    ["Delay", d.binDelay === undefined ? undefined : `${String(d.binDelay)} min`],
    ["First bin", d.binStartTime && <TimeText key="f" value={d.binStartTime} />],
    ["Column of time", d.timeSelector],
    ["Destination", <Destination key="d" table={d.destinationTable} />],
  ] as const;
}

export default function SummaryPage() {
  return (
    <ResourcePage
      what="summary rule"
      list="/jobs?tab=summaries"
      read={(arm, name, signal) =>
        arm.call("GET", "/summaryLogs/{rule}", { path: { rule: name }, signal })
      }
      view={(rule) => ({
        title: rule.properties.displayName || rule.name,
        facts: factsOf(rule),
        query: rule.properties.ruleDefinition.query,
        form: <SummaryForm key={rule.name} rule={rule} query="" />,
        runs: <Bins rule={rule} />,
        ...deedsOf(rule),
      })}
    />
  );
}
