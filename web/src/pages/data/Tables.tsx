/** The workspace's tables: plan, retention, how much is in them, when the last row came. */
import { Badge, Text, makeStyles } from "@fluentui/react-components";
import { useMemo } from "react";
import { useNavigate } from "react-router-dom";
import { ColumnMenu, DataGrid } from "../../parts/DataGrid";
import type { Column } from "../../parts/DataGrid";
import { FilterBar, UrlFilter } from "../../parts/FilterBar";
import { Page } from "../../parts/Page";
import { TextLink } from "../../parts/TextLink";
import { EmptyState, ErrorNotice } from "../../parts/notices";
import { TimeText } from "../../parts/time";
import { useUrlState } from "../../parts/urlState";
import { bytesText, useTables } from "./queries";
import type { Table } from "./queries";

const useStyles = makeStyles({
  grid: { flexGrow: 1, minHeight: 0 },
});

const columns: Column<Table>[] = [
  {
    id: "name",
    title: "Table",
    width: 280,
    fixed: true,
    sortable: true,
    value: (t) => t.name,
    cell: (t) => <TextLink to={`/tables/${encodeURIComponent(t.name)}`}>{t.name}</TextLink>,
  },
  {
    id: "type",
    title: "Type",
    width: 110,
    sortable: true,
    value: (t) => (t.custom ? "Custom" : "Built-in"),
    cell: (t) => <Badge appearance="outline">{t.custom ? "Custom" : "Built-in"}</Badge>,
  },
  {
    id: "plan",
    title: "Tier",
    width: 110,
    sortable: true,
    value: (t) => t.plan,
    cell: (t) => t.plan,
  },
  {
    id: "retention",
    title: "Analytics retention",
    width: 180,
    sortable: true,
    value: (t) => t.retentionInDays,
    cell: (t) => `${String(t.retentionInDays)} days`,
  },
  {
    id: "total",
    title: "Total retention",
    width: 150,
    sortable: true,
    value: (t) => t.totalRetentionInDays,
    cell: (t) => `${String(t.totalRetentionInDays)} days`,
  },
  {
    id: "rows",
    title: "Rows",
    width: 110,
    sortable: true,
    value: (t) => t.rows,
    cell: (t) => t.rows.toLocaleString("en"),
  },
  {
    id: "size",
    title: "Ingested",
    width: 110,
    sortable: true,
    value: (t) => t.billedBytes,
    cell: (t) => bytesText(t.billedBytes),
  },
  {
    id: "disk",
    title: "On disk (parts)",
    width: 130,
    optional: true,
    sortable: true,
    value: (t) => t.bytes,
    cell: (t) => bytesText(t.bytes),
  },
  {
    id: "columns",
    title: "Columns",
    width: 100,
    optional: true,
    sortable: true,
    value: (t) => t.columns,
    cell: (t) => t.columns,
  },
  {
    id: "oldest",
    title: "Oldest row",
    width: 200,
    optional: true,
    sortable: true,
    value: (t) => t.oldest,
    cell: (t) => <TimeText value={t.oldest} seconds={false} />,
  },
  {
    id: "newest",
    title: "Last row",
    width: 200,
    sortable: true,
    value: (t) => t.newest,
    cell: (t) => <TimeText value={t.newest} seconds={false} />,
  },
];

export default function Tables() {
  const styles = useStyles();
  const url = useUrlState();
  const go = useNavigate();
  const { data, error, isPending, refetch } = useTables();
  const rows = useMemo(() => {
    const search = url.one("search").trim().toLowerCase();
    const plans = url.many("plan");
    const types = url.many("type");
    return (data ?? []).filter(
      (t) =>
        t.name.toLowerCase().includes(search) &&
        (plans.length === 0 || plans.includes(t.plan)) &&
        (types.length === 0 || types.includes(t.custom ? "Custom" : "Built-in")),
    );
  }, [data, url]);
  const sum = rows.reduce((n, t) => n + t.billedBytes, 0);
  return (
    <Page title="Tables" full>
      <FilterBar
        label="Filters of tables"
        search={{ name: "search", label: "Search tables", placeholder: "Search tables" }}
        names={["plan", "type"]}
      >
        <UrlFilter name="plan" label="Tier" options={["Analytics", "Basic", "Auxiliary"]} />
        <UrlFilter name="type" label="Type" options={["Built-in", "Custom"]} />
        <ColumnMenu id="tables" columns={columns} />
        <Text size={200} aria-live="polite">
          {data && `${String(rows.length)} tables, ${bytesText(sum)} ingested`}
        </Text>
      </FilterBar>
      {error !== null ? (
        <ErrorNotice
          title="The tables can't be shown"
          error={error}
          onRetry={() => void refetch()}
        />
      ) : (
        <div className={styles.grid}>
          <DataGrid
            id="tables"
            label="Tables"
            columns={columns}
            rows={rows}
            rowKey={(t) => t.name}
            loading={isPending}
            onOpen={(t) => void go(`/tables/${encodeURIComponent(t.name)}`)}
            empty={
              <EmptyState title="There is no such table with rows">
                Tables are listed once something is in them. Send logs, or import a file with
                vedette ingest.
              </EmptyState>
            }
          />
        </div>
      )}
    </Page>
  );
}
