/** What was run before: the latest first. */
import { Button, makeStyles, tokens } from "@fluentui/react-components";
import { DataGrid } from "../../parts/DataGrid";
import type { Column } from "../../parts/DataGrid";
import { EmptyState } from "../../parts/notices";
import { TimeText } from "../../parts/time";
import type { PastRun } from "./history";

const useStyles = makeStyles({
  list: { display: "flex", flexDirection: "column", height: "100%", gap: tokens.spacingVerticalXS },
  query: { fontFamily: tokens.fontFamilyMonospace },
  grow: { flexGrow: 1, minHeight: 0 },
});

const columns: Column<PastRun>[] = [
  {
    id: "at",
    title: "Run at",
    width: 220,
    cell: (r) => <TimeText value={r.at} />,
    value: (r) => r.at,
    sortable: true,
  },
  {
    id: "query",
    title: "Query",
    width: 560,
    cell: (r) => r.query.replaceAll(/\s+/g, " "),
    value: (r) => r.query,
  },
  {
    id: "state",
    title: "State",
    width: 100,
    cell: (r) => r.state,
    value: (r) => r.state,
    sortable: true,
  },
  {
    id: "rows",
    title: "Items",
    width: 100,
    cell: (r) => r.rows.toLocaleString("en"),
    value: (r) => r.rows,
    sortable: true,
  },
  {
    id: "seconds",
    title: "Seconds",
    width: 100,
    cell: (r) => r.seconds.toFixed(2),
    value: (r) => r.seconds,
    sortable: true,
  },
];

interface Props {
  runs: readonly PastRun[];
  onOpen: (run: PastRun) => void;
  onClear: () => void;
}

export function HistoryList({ runs, onOpen, onClear }: Props) {
  const styles = useStyles();
  return (
    <div className={styles.list}>
      {runs.length > 0 && (
        <div>
          <Button size="small" appearance="subtle" onClick={onClear}>
            Clear history
          </Button>
        </div>
      )}
      <div className={styles.grow}>
        <DataGrid
          id="hunting-history"
          label="Query history"
          columns={columns}
          rows={runs}
          rowKey={(r) => r.at}
          onOpen={onOpen}
          empty={
            <EmptyState title="No queries yet">
              What you run is listed here. Enter opens it again.
            </EmptyState>
          }
        />
      </div>
    </div>
  );
}
