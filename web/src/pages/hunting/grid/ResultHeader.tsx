/** Names of columns: a click sorts, the edge widens, the field below filters. */
import { makeStyles, tokens } from "@fluentui/react-components";
import { ArrowSortDown16Regular, ArrowSortUp16Regular } from "@fluentui/react-icons";
import { useRef } from "react";
import type { PointerEvent } from "react";
import type { ResultTable } from "../results";
import type { ColumnSort } from "./view";

const NARROWEST = 60;
const STEP = 20;

interface Props {
  table: ResultTable;
  shown: readonly number[];
  width: number;
  height: number;
  widthOf: (column: number) => number;
  onWidth: (name: string, width: number) => void;
  sort: ColumnSort | undefined;
  onSort: (sort: ColumnSort | undefined) => void;
  filters: ReadonlyMap<number, string>;
  onFilter: (column: number, text: string) => void;
}

const useStyles = makeStyles({
  head: {
    position: "sticky",
    top: 0,
    zIndex: 1,
    display: "flex",
    boxSizing: "border-box",
    backgroundColor: tokens.colorNeutralBackground2,
    borderBottom: `1px solid ${tokens.colorNeutralStroke1}`,
  },
  column: { position: "relative", flexShrink: 0, boxSizing: "border-box", padding: "4px" },
  name: {
    display: "flex",
    alignItems: "center",
    gap: tokens.spacingHorizontalXS,
    width: "100%",
    height: "28px",
    padding: `0 ${tokens.spacingHorizontalXS}`,
    border: "none",
    backgroundColor: "transparent",
    color: tokens.colorNeutralForeground1,
    font: "inherit",
    fontWeight: tokens.fontWeightSemibold,
    textAlign: "left",
    cursor: "pointer",
    overflow: "hidden",
    whiteSpace: "nowrap",
    textOverflow: "ellipsis",
    "&:focus-visible": { outline: `2px solid ${tokens.colorStrokeFocus2}` },
  },
  filter: {
    boxSizing: "border-box",
    width: "100%",
    height: "26px",
    padding: `0 ${tokens.spacingHorizontalXS}`,
    border: `1px solid ${tokens.colorNeutralStrokeAccessible}`,
    borderRadius: tokens.borderRadiusSmall,
    backgroundColor: tokens.colorNeutralBackground1,
    color: tokens.colorNeutralForeground1,
    font: "inherit",
    "::placeholder": { color: tokens.colorNeutralForeground3 },
  },
  edge: {
    position: "absolute",
    top: 0,
    right: 0,
    width: "8px",
    height: "32px",
    cursor: "col-resize",
    touchAction: "none",
    "&:hover": { backgroundColor: tokens.colorNeutralStroke1 },
    "&:focus-visible": { backgroundColor: tokens.colorStrokeFocus2, outline: "none" },
  },
});

function Edge({
  name,
  width,
  onWidth,
}: {
  name: string;
  width: number;
  onWidth: (w: number) => void;
}) {
  const styles = useStyles();
  const from = useRef<{ x: number; width: number }>(undefined);
  const moved = (event: PointerEvent) => {
    if (from.current)
      onWidth(Math.max(NARROWEST, from.current.width + event.clientX - from.current.x));
  };
  return (
    <div
      role="separator"
      aria-orientation="vertical"
      aria-label={`Width of ${name}`}
      aria-valuenow={Math.round(width)}
      aria-valuemin={NARROWEST}
      tabIndex={-1}
      className={styles.edge}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        from.current = { x: event.clientX, width };
      }}
      onPointerMove={moved}
      onPointerUp={() => {
        from.current = undefined;
      }}
    />
  );
}

export function ResultHeader(props: Props) {
  const { table, shown, sort, onSort } = props;
  const styles = useStyles();
  const clicked = (column: number) => {
    if (sort?.column !== column) onSort({ column, descending: false });
    else if (!sort.descending) onSort({ column, descending: true });
    else onSort(undefined);
  };
  return (
    <div
      role="row"
      aria-rowindex={1}
      className={styles.head}
      style={{ height: props.height, width: props.width }}
    >
      {shown.map((column, at) => {
        const name = table.columns[column]?.name ?? "";
        const mine = sort?.column === column ? sort : undefined;
        const width = props.widthOf(column);
        return (
          <div
            key={column}
            role="columnheader"
            aria-colindex={at + 1}
            aria-sort={mine ? (mine.descending ? "descending" : "ascending") : "none"}
            className={styles.column}
            style={{ width }}
          >
            <button
              type="button"
              className={styles.name}
              title={`${name}: ${table.columns[column]?.type ?? ""}. Alt and the arrow keys change the width.`}
              onClick={() => clicked(column)}
              onKeyDown={(event) => {
                if (!event.altKey) return;
                if (event.key === "ArrowRight") props.onWidth(name, width + STEP);
                else if (event.key === "ArrowLeft")
                  props.onWidth(name, Math.max(NARROWEST, width - STEP));
                else return;
                event.preventDefault();
              }}
            >
              {name}
              {mine && (mine.descending ? <ArrowSortDown16Regular /> : <ArrowSortUp16Regular />)}
            </button>
            <input
              className={styles.filter}
              aria-label={`Filter ${name}`}
              placeholder="Filter"
              value={props.filters.get(column) ?? ""}
              onChange={(event) => props.onFilter(column, event.target.value)}
            />
            <Edge name={name} width={width} onWidth={(w) => props.onWidth(name, w)} />
          </div>
        );
      })}
    </div>
  );
}
