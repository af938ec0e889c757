/** The query, run now over the rule's look-back. */
import { Button, Spinner, Text } from "@fluentui/react-components";
import { PlayRegular } from "@fluentui/react-icons";
import { useMutation } from "@tanstack/react-query";
import { useMemo } from "react";
import { runKql } from "../../../api/kql";
import type { KqlAnswer } from "../../../api/kql";
import { DataGrid } from "../../../parts/DataGrid";
import type { Column } from "../../../parts/DataGrid";
import { EmptyState, ErrorNotice } from "../../../parts/notices";
import { useDraft } from "./draft";
import { useApi } from "../../../session/useApi";

const MOST_ROWS = 200;

function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

interface Row {
  number: number;
  cells: unknown[];
}

function Results({ answer, period }: { answer: KqlAnswer; period: string }) {
  const table = answer.tables[0];
  const columns = useMemo<Column<Row>[]>(
    () =>
      (table?.columns ?? []).map((c, i) => ({
        id: `${c.name} ${String(i)}`,
        title: c.name,
        value: (row) => cellText(row.cells[i]),
        cell: (row) => cellText(row.cells[i]),
        sortable: true,
      })),
    [table],
  );
  const rows = useMemo(
    () => (table?.rows ?? []).slice(0, MOST_ROWS).map((cells, number) => ({ number, cells })),
    [table],
  );
  const count = table?.rows.length ?? 0;
  return (
    <>
      <Text size={200} role="status">
        {count} rows in the last {period}
        {count > MOST_ROWS && `; the first ${String(MOST_ROWS)} are shown`}
        {answer.error && `; cut: ${answer.error.message}`}
      </Text>
      <DataGrid
        id="rulePreview"
        label="Rows of the query"
        columns={columns}
        rows={rows}
        rowKey={(r) => String(r.number)}
        height="18rem"
        empty={
          <EmptyState title="The query gives no rows">The rule would not alert now.</EmptyState>
        }
      />
    </>
  );
}

export function Preview() {
  const { rule, problem } = useDraft();
  const api = useApi();
  const { query, queryPeriod } = rule.properties;
  const period = queryPeriod ?? "PT1H";
  const run = useMutation({
    mutationFn: () => runKql(api, query, { timespan: period }),
  });
  return (
    <>
      <div>
        <Button
          icon={<PlayRegular />}
          disabled={query.trim() === "" || problem("query") !== undefined || run.isPending}
          onClick={() => run.mutate()}
        >
          View query results
        </Button>
      </div>
      {run.isPending && <Spinner size="tiny" label="Running" />}
      <ErrorNotice title="The query did not run" error={run.error} />
      {run.data && <Results answer={run.data} period={period.replace(/^PT?/, "").toLowerCase()} />}
    </>
  );
}
