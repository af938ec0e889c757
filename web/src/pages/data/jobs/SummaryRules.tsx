/** Summary rules: what they count, into which table, and whether they run. */
import { Badge, Button, Toolbar } from "@fluentui/react-components";
import { useState } from "react";
import { useNavigate } from "react-router-dom";
import { DataGrid } from "../../../parts/DataGrid";
import type { Column } from "../../../parts/DataGrid";
import { TextLink } from "../../../parts/TextLink";
import { EmptyState, ErrorNotice } from "../../../parts/notices";
import { TimeText } from "../../../parts/time";
import { useSession } from "../../../session/session";
import { useResources } from "../queries";
import { binText, useJobDeed } from "./model";
import type { SummaryRule } from "./model";

export function SummaryState({ rule }: { rule: SummaryRule }) {
  const { isActive, statusCode } = rule.properties;
  return (
    <Badge appearance="tint" color={isActive ? "success" : "warning"}>
      {isActive ? "Active" : (statusCode ?? "Stopped")}
    </Badge>
  );
}

const pageOf = (s: SummaryRule) => `/jobs/summary/${encodeURIComponent(s.name)}`;

const columns: Column<SummaryRule>[] = [
  {
    id: "name",
    title: "Name",
    width: 240,
    fixed: true,
    sortable: true,
    value: (s) => s.properties.displayName || s.name,
    cell: (s) => <TextLink to={pageOf(s)}>{s.properties.displayName || s.name}</TextLink>,
  },
  { id: "status", title: "Status", width: 130, cell: (s) => <SummaryState rule={s} /> },
  {
    id: "bin",
    title: "Bin",
    width: 100,
    sortable: true,
    value: (s) => s.properties.ruleDefinition.binSize,
    cell: (s) => binText(s.properties.ruleDefinition.binSize),
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

export function SummaryRules() {
  const { may } = useSession();
  const go = useNavigate();
  const deed = useJobDeed();
  const { data, error, isPending, refetch } = useResources("summaries", (api, most, signal) =>
    api.arm.all("/summaryLogs", most, { signal }),
  );
  const [chosen, setChosen] = useState("");
  const path = { rule: chosen };
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
        <Toolbar aria-label="Summary rules" size="small" style={{ flexWrap: "wrap", gap: "4px" }}>
          <Button
            size="small"
            disabled={chosen === ""}
            onClick={() =>
              void deed(
                (arm) => arm.call("POST", "/summaryLogs/{rule}/start", { path }),
                "The rule runs",
              )
            }
          >
            Start
          </Button>
          <Button
            size="small"
            disabled={chosen === ""}
            onClick={() =>
              void deed(
                (arm) => arm.call("POST", "/summaryLogs/{rule}/stop", { path }),
                "The rule is stopped",
              )
            }
          >
            Stop
          </Button>
        </Toolbar>
      )}
      <DataGrid
        id="summaries"
        label="Summary rules"
        columns={columns}
        rows={data ?? []}
        rowKey={(s) => s.name}
        loading={isPending}
        onActive={(s) => setChosen(s.name)}
        onOpen={(s) => void go(pageOf(s))}
        empty={
          <EmptyState title="There are no summary rules">
            A summary rule counts up what comes, bin by bin, into a table of its own, which is small
            and quick to ask.
          </EmptyState>
        }
      />
    </>
  );
}
