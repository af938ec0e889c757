/** Rows of a result: only those in sight are drawn, a million of them as quickly as ten. */
import { makeStyles, mergeClasses, tokens } from "@fluentui/react-components";
import { useId, useRef, useState } from "react";
import type { KeyboardEvent, MouseEvent } from "react";
import { useTimeFormat } from "../../../parts/time";
import type { Cell, ResultColumn, ResultTable } from "../results";
import { ResultHeader } from "./ResultHeader";
import { useScroll } from "./useScroll";
import type { ColumnSort } from "./view";

const ROW = 28;
const HEAD = 68;
const WIDE: Partial<Record<ResultColumn["type"], number>> = {
  bool: 90,
  int: 100,
  long: 110,
  real: 120,
  datetime: 210,
  guid: 280,
  dynamic: 260,
};

export interface CellPlace {
  /** Of the result, not of the view. */
  row: number;
  column: number;
}
interface Props {
  table: ResultTable;
  /** See viewOf. */
  view: Uint32Array | undefined;
  /** Numbers of columns, in the order in which they are shown. */
  shown: readonly number[];
  sort: ColumnSort | undefined;
  onSort: (sort: ColumnSort | undefined) => void;
  filters: ReadonlyMap<number, string>;
  onFilter: (column: number, text: string) => void;
  onOpen: (row: number) => void;
  /** A cell's menu, at a place of the window. */
  onMenu: (cell: CellPlace, x: number, y: number) => void;
  onCopy: (cell: CellPlace) => void;
}

const useStyles = makeStyles({
  grid: {
    position: "relative",
    height: "100%",
    boxSizing: "border-box",
    overflow: "auto",
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    backgroundColor: tokens.colorNeutralBackground1,
    fontSize: tokens.fontSizeBase200,
    "&:focus-visible": { outline: `2px solid ${tokens.colorStrokeFocus2}` },
  },
  body: { position: "relative" },
  row: {
    position: "absolute",
    left: 0,
    display: "flex",
    height: `${String(ROW)}px`,
    borderBottom: `1px solid ${tokens.colorNeutralStroke3}`,
    "&:hover": { backgroundColor: tokens.colorNeutralBackground1Hover },
  },
  activeRow: { backgroundColor: tokens.colorNeutralBackground1Selected },
  cell: {
    boxSizing: "border-box",
    flexShrink: 0,
    padding: `0 ${tokens.spacingHorizontalS}`,
    lineHeight: `${String(ROW - 1)}px`,
    overflow: "hidden",
    textOverflow: "ellipsis",
    whiteSpace: "pre",
    cursor: "default",
  },
  number: { textAlign: "right", fontVariantNumeric: "tabular-nums" },
  activeCell: {
    outline: `2px solid ${tokens.colorStrokeFocus2}`,
    outlineOffset: "-2px",
  },
  nothing: { color: tokens.colorNeutralForeground3, fontStyle: "italic" },
});

const NUMBERS = new Set(["int", "long", "real", "decimal"]);

export function ResultGrid(props: Props) {
  const { table, view, shown, onOpen, onMenu, onCopy } = props;
  const styles = useStyles();
  const id = useId();
  const place = useRef<HTMLDivElement>(null);
  const time = useTimeFormat();
  const count = view?.length ?? table.rows;
  const scroll = useScroll(place, count, ROW, HEAD);
  const [active, setActive] = useState({ row: 0, column: 0 });
  const [widths, setWidths] = useState<ReadonlyMap<string, number>>(new Map());

  const widthOf = (column: number) => {
    const c = table.columns[column];
    return c === undefined ? 160 : (widths.get(c.name) ?? WIDE[c.type] ?? 180);
  };
  const width = shown.reduce((sum, c) => sum + widthOf(c), 0);
  const realRow = (index: number) => view?.[index] ?? index;
  const text = (value: Cell, type: string) =>
    value === null
      ? ""
      : type === "datetime"
        ? time(String(value)) || String(value)
        : String(value);

  const move = (row: number, column: number) => {
    const to = {
      row: Math.max(0, Math.min(count - 1, row)),
      column: Math.max(0, Math.min(shown.length - 1, column)),
    };
    setActive(to);
    scroll.reveal(to.row);
    const left = shown.slice(0, to.column).reduce((sum, c) => sum + widthOf(c), 0);
    const right = left + widthOf(shown[to.column] ?? 0);
    const element = place.current;
    if (element === null) return;
    if (left < element.scrollLeft) element.scrollLeft = left;
    else if (right > element.scrollLeft + element.clientWidth)
      element.scrollLeft = right - element.clientWidth;
  };
  const cellAt = (): CellPlace => ({
    row: realRow(active.row),
    column: shown[active.column] ?? 0,
  });
  const key = (event: KeyboardEvent<HTMLDivElement>) => {
    if (event.target !== event.currentTarget || count === 0) return;
    const { row, column } = active;
    const control = event.ctrlKey || event.metaKey;
    const steps: Record<string, [number, number]> = {
      ArrowDown: [row + 1, column],
      ArrowUp: [row - 1, column],
      ArrowRight: [row, column + 1],
      ArrowLeft: [row, column - 1],
      PageDown: [row + scroll.page, column],
      PageUp: [row - scroll.page, column],
      Home: control ? [0, 0] : [row, 0],
      End: control ? [count - 1, column] : [row, shown.length - 1],
    };
    const to = steps[event.key];
    if (to) move(...to);
    else if (event.key === "Enter") onOpen(realRow(row));
    else if (event.key === "c" && control) onCopy(cellAt());
    else if (event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)) {
      const box = document.getElementById(`${id}-active`)?.getBoundingClientRect();
      onMenu(cellAt(), box?.left ?? 0, box?.bottom ?? 0);
    } else return;
    event.preventDefault();
  };
  const menu = (event: MouseEvent, row: number, index: number) => {
    event.preventDefault();
    setActive({ row, column: index });
    onMenu({ row: realRow(row), column: shown[index] ?? 0 }, event.clientX, event.clientY);
  };

  const rows: number[] = [];
  for (let i = scroll.first; i < scroll.last; i++) rows.push(i);
  const seen = active.row >= scroll.first && active.row < scroll.last && count > 0;
  return (
    <div
      ref={place}
      role="grid"
      aria-label="Results"
      aria-rowcount={count + 1}
      aria-colcount={shown.length}
      {...(seen ? { "aria-activedescendant": `${id}-active` } : {})}
      tabIndex={0}
      className={styles.grid}
      onKeyDown={key}
    >
      <ResultHeader
        table={table}
        shown={shown}
        width={width}
        height={HEAD}
        widthOf={widthOf}
        onWidth={(name, w) => setWidths((now) => new Map(now).set(name, w))}
        sort={props.sort}
        onSort={props.onSort}
        filters={props.filters}
        onFilter={props.onFilter}
      />
      <div
        role="rowgroup"
        className={styles.body}
        style={{ height: scroll.height, minWidth: width }}
      >
        {rows.map((index) => (
          <div
            key={index}
            role="row"
            aria-rowindex={index + 2}
            className={mergeClasses(styles.row, index === active.row && styles.activeRow)}
            style={{ top: scroll.topOf(index), width }}
            onDoubleClick={() => onOpen(realRow(index))}
          >
            {shown.map((column, at) => {
              const type = table.columns[column]?.type ?? "string";
              const value = table.at(realRow(index), column);
              const isActive = index === active.row && at === active.column;
              return (
                <div
                  key={column}
                  role="gridcell"
                  aria-colindex={at + 1}
                  {...(isActive ? { id: `${id}-active` } : {})}
                  className={mergeClasses(
                    styles.cell,
                    NUMBERS.has(type) && styles.number,
                    isActive && styles.activeCell,
                    value === null && styles.nothing,
                  )}
                  style={{ width: widthOf(column) }}
                  onClick={() => setActive({ row: index, column: at })}
                  onContextMenu={(event) => menu(event, index, at)}
                >
                  {value === null ? "null" : text(value, type)}
                </div>
              );
            })}
          </div>
        ))}
      </div>
    </div>
  );
}
