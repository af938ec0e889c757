/** The result of a query: rows or a chart, what of them is shown, and files of them. */
import {
  Button,
  Menu,
  MenuItemCheckbox,
  MenuList,
  MenuPopover,
  MenuTrigger,
  MessageBar,
  MessageBarBody,
  Select,
  Subtitle2,
  Text,
  makeStyles,
  tokens,
} from "@fluentui/react-components";
import { ColumnTriple20Regular } from "@fluentui/react-icons";
import { useDeferredValue, useMemo, useRef, useState } from "react";
import { EmptyState } from "../../parts/notices";
import { useNotify } from "../../parts/Toasts";
import { CellMenu } from "./CellMenu";
import { ChartView } from "./charts/ChartView";
import { chartChoice, chartChoices } from "./charts/kinds";
import { PivotChart } from "./charts/PivotChart";
import { TimePivot } from "./charts/TimePivot";
import { ExportMenu } from "./ExportMenu";
import { ResultGrid } from "./grid/ResultGrid";
import type { CellPlace } from "./grid/ResultGrid";
import { cellText, viewOf } from "./grid/view";
import type { ColumnSort } from "./grid/view";
import { RowDetails } from "./RowDetails";
import type { ResultTable } from "./results";
import type { Run } from "./useRun";

const useStyles = makeStyles({
  view: {
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalXS,
    height: "100%",
    minHeight: 0,
  },
  bar: { display: "flex", alignItems: "center", gap: tokens.spacingHorizontalS, flexWrap: "wrap" },
  grow: { flexGrow: 1 },
  body: { display: "flex", flexGrow: 1, minHeight: 0 },
  main: { flexGrow: 1, minWidth: 0, minHeight: 0 },
  card: {
    display: "flex",
    flexWrap: "wrap",
    gap: tokens.spacingHorizontalXXL,
    padding: tokens.spacingHorizontalXL,
  },
  cardTitle: { flexBasis: "100%" },
});

function Card({ table }: { table: ResultTable }) {
  const styles = useStyles();
  const title = table.render["title"];
  return (
    <div className={styles.card}>
      {typeof title === "string" && <Subtitle2 className={styles.cardTitle}>{title}</Subtitle2>}
      {table.columns.map((c, i) => (
        <div key={c.name}>
          <Text block size={200}>
            {c.name}
          </Text>
          <Text block size={900} weight="semibold">
            {cellText(table.at(0, i))}
          </Text>
        </div>
      ))}
    </div>
  );
}

interface Props {
  table: ResultTable;
  /** Of the table, which grows in place while rows come. */
  rows: number;
  /** Are rows still coming, or did they stop before their end? */
  coming: Run["state"];
  onFilter: (filter: string) => void;
  onBookmark: ((row: number) => void) | undefined;
}

/** "table", "card", or the id of a ChartChoice. */
function drawnAs(table: ResultTable): string {
  const name = String(table.render.visualization ?? "").toLowerCase();
  return name === "card" ? "card" : (chartChoice(name)?.id ?? "table");
}

/** Rows of a view that are among the chosen ones, in the view's order. */
function among(
  view: Uint32Array | undefined,
  chosen: Uint32Array | undefined,
  rows: number,
): Uint32Array | undefined {
  if (view === undefined || chosen === undefined) return chosen ?? view;
  const wanted = new Uint8Array(rows);
  for (const row of chosen) wanted[row] = 1;
  return view.filter((row) => wanted[row] === 1);
}

export function ResultsView({ table, rows, coming, onFilter, onBookmark }: Props) {
  const styles = useStyles();
  const notify = useNotify();
  const body = useRef<HTMLDivElement>(null);
  const [kind, setKind] = useState(() => drawnAs(table));
  const [hidden, setHidden] = useState<readonly string[]>([]);
  const [sort, setSort] = useState<ColumnSort | undefined>(undefined);
  const [filters, setFilters] = useState<ReadonlyMap<number, string>>(new Map());
  const [open, setOpen] = useState<number | undefined>(undefined);
  const [menu, setMenu] = useState<{ cell: CellPlace; x: number; y: number } | undefined>(
    undefined,
  );
  const wanted = useDeferredValue(filters);
  const view = useMemo(() => viewOf(table, wanted, sort), [table, rows, wanted, sort]);
  const shown = table.columns
    .map((_, i) => i)
    .filter((i) => !hidden.includes(table.columns[i]?.name ?? ""));
  // What is drawn of half a result would be another picture.
  const choice = coming === "running" ? undefined : chartChoice(kind);
  const count = view?.length ?? table.rows;
  const label =
    count === table.rows
      ? `${table.rows.toLocaleString("en")} ${table.rows === 1 ? "item" : "items"}`
      : `${count.toLocaleString("en")} of ${table.rows.toLocaleString("en")} items`;
  const copy = (cell: CellPlace) => {
    navigator.clipboard.writeText(cellText(table.at(cell.row, cell.column))).then(
      () => notify.done("Value copied"),
      (error: unknown) => notify.failed("Nothing was copied", error),
    );
  };
  const gridOf = (rows: Uint32Array | undefined) => (
    <ResultGrid
      table={table}
      view={rows}
      shown={shown}
      sort={sort}
      onSort={setSort}
      filters={filters}
      onFilter={(column, text) => setFilters((now) => new Map(now).set(column, text))}
      onOpen={setOpen}
      onMenu={(cell, x, y) => setMenu({ cell, x, y })}
      onCopy={copy}
    />
  );

  return (
    <div className={styles.view}>
      <div className={styles.bar}>
        {coming !== "running" && <ExportMenu table={table} view={view} shown={shown} />}
        <Menu
          checkedValues={{
            columns: table.columns.map((c) => c.name).filter((n) => !hidden.includes(n)),
          }}
          onCheckedValueChange={(_, data) =>
            setHidden(
              table.columns.map((c) => c.name).filter((n) => !data.checkedItems.includes(n)),
            )
          }
        >
          <MenuTrigger disableButtonEnhancement>
            <Button size="small" appearance="subtle" icon={<ColumnTriple20Regular />}>
              Columns
            </Button>
          </MenuTrigger>
          <MenuPopover>
            <MenuList style={{ maxHeight: "50vh", overflowY: "auto" }}>
              {table.columns.map((c) => (
                <MenuItemCheckbox key={c.name} name="columns" value={c.name}>
                  {c.name}
                </MenuItemCheckbox>
              ))}
            </MenuList>
          </MenuPopover>
        </Menu>
        <Select
          size="small"
          aria-label="Chart type"
          value={kind}
          onChange={(_, data) => setKind(data.value)}
        >
          <option value="table">Table</option>
          <option value="card">Card</option>
          {chartChoices.map((c) => (
            <option key={c.id} value={c.id}>
              {c.title}
            </option>
          ))}
        </Select>
        <div className={styles.grow} />
        <Text size={200} role="status">
          {coming === "done"
            ? `${label} · ${table.seconds.toFixed(3)} s on the server`
            : coming === "running"
              ? `${label} so far …`
              : `${label}, then cancelled`}
        </Text>
      </div>
      {coming === "cancelled" && (
        <MessageBar intent="warning">
          <MessageBarBody>
            These are the rows that came before the query was cancelled. Run it again for all.
          </MessageBarBody>
        </MessageBar>
      )}
      {table.cut && (
        <MessageBar intent="warning">
          <MessageBarBody>
            There are more rows than these. Narrow the query, or summarize, to see all that matters.
          </MessageBarBody>
        </MessageBar>
      )}
      <div className={styles.body} ref={body}>
        <div className={styles.main}>
          {table.rows === 0 ? (
            <EmptyState title="No results found in the specified time frame">
              Choose a longer time range, or a wider filter.
            </EmptyState>
          ) : kind === "card" ? (
            <Card table={table} />
          ) : choice === undefined ? (
            gridOf(view)
          ) : choice.kind === "pivotchart" ? (
            <PivotChart table={table} />
          ) : choice.kind === "timepivot" ? (
            <TimePivot table={table} grid={(rows) => gridOf(among(view, rows, table.rows))} />
          ) : (
            <ChartView table={table} choice={choice} />
          )}
        </div>
        {open !== undefined && (
          <RowDetails
            table={table}
            row={open}
            onFilter={onFilter}
            onClose={() => {
              setOpen(undefined);
              body.current?.querySelector<HTMLElement>("[role=grid]")?.focus();
            }}
          />
        )}
      </div>
      {menu && (
        <CellMenu
          table={table}
          cell={menu.cell}
          x={menu.x}
          y={menu.y}
          shown={shown}
          onFilter={onFilter}
          onOpen={setOpen}
          onBookmark={onBookmark}
          onClose={() => setMenu(undefined)}
        />
      )}
    </div>
  );
}
