/**
 * A list as a grid: only the rows in sight are drawn, columns can be chosen, moved and widened, and everything
 * works by keys: arrows, Home, End, Page Up and Down move, Enter opens, Space selects, Ctrl+A selects all.
 */
import { Checkbox, Spinner, makeStyles, tokens } from "@fluentui/react-components";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useId, useMemo, useRef, useState } from "react";
import type { KeyboardEvent } from "react";
import { GridHeader } from "./grid/GridHeader";
import { GridRow } from "./grid/GridRow";
import { useColumns } from "./grid/useColumns";
import type { Column, DataGridProps, Sort } from "./grid/types";

export { ColumnMenu } from "./grid/ColumnMenu";
export { sortOf, sortText } from "./grid/types";
export type { Column, Sort } from "./grid/types";

const ROW_HEIGHT = 40;
const CHECK_WIDTH = 40;
const NEAR_THE_END = 30;

const useStyles = makeStyles({
  place: { position: "relative", minHeight: "10rem" },
  notice: { position: "absolute", left: 0, right: 0, top: `${String(ROW_HEIGHT + 1)}px` },
  grid: {
    height: "100%",
    boxSizing: "border-box",
    overflow: "auto",
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground1,
    "&:focus-visible": { outline: `2px solid ${tokens.colorStrokeFocus2}` },
  },
  head: {
    position: "sticky",
    top: 0,
    zIndex: 1,
    display: "grid",
    height: `${String(ROW_HEIGHT)}px`,
    backgroundColor: tokens.colorNeutralBackground2,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  body: { position: "relative" },
});

function compare(a: string | number, b: string | number): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), undefined, { numeric: true });
}

/** Sorted by a column's value; what has none comes last. */
function sorted<T>(
  rows: readonly T[],
  columns: readonly Column<T>[],
  sort: Sort | undefined,
): readonly T[] {
  const value = columns.find((c) => c.id === sort?.column)?.value;
  if (sort === undefined || value === undefined) return rows;
  const sign = sort.descending ? -1 : 1;
  return [...rows].sort((x, y) => {
    const a = value(x);
    const b = value(y);
    if (a === null || a === undefined) return b === null || b === undefined ? 0 : 1;
    return b === null || b === undefined ? -1 : sign * compare(a, b);
  });
}

/** Where a key leads from a row; undefined: nowhere. */
function target(key: string, at: number, count: number, page: number): number | undefined {
  const steps: Record<string, number> = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    PageDown: at + page,
    PageUp: at - page,
    Home: 0,
    End: count - 1,
  };
  const to = steps[key];
  return to === undefined ? undefined : Math.max(0, Math.min(count - 1, to));
}

export function DataGrid<T>(props: DataGridProps<T>) {
  const { rowKey, selected, onSelect, onOpen, onActive, onNeedMore, loading = false } = props;
  const styles = useStyles();
  const gridId = useId();
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(-1);
  const [ownSort, setOwnSort] = useState<Sort | undefined>(undefined);
  const choice = useColumns(props.id, props.columns);
  const sort = props.sort ?? ownSort;
  const rows = useMemo(
    () => (props.onSort ? props.rows : sorted(props.rows, props.columns, sort)),
    [props.rows, props.columns, props.onSort, sort],
  );
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 8,
    scrollPaddingStart: ROW_HEIGHT,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (onNeedMore && rows.length > 0 && last >= rows.length - NEAR_THE_END) onNeedMore();
  }, [last, rows.length, onNeedMore]);

  const widths = choice.shown.map((c) => choice.widthOf(c));
  const check = onSelect ? [CHECK_WIDTH] : [];
  const template = [...check, ...widths].map((w) => `${String(w)}px`).join(" ") + " 1fr";
  const width = [...check, ...widths].reduce((sum, w) => sum + w, 0);

  const go = (index: number) => {
    const row = rows[index];
    if (row === undefined) return;
    setActive(index);
    onActive?.(row);
  };
  const toggle = (index: number, range: boolean) => {
    if (!onSelect) return;
    const next = new Set(selected);
    const from = range && active >= 0 ? Math.min(active, index) : index;
    const to = range && active >= 0 ? Math.max(active, index) : index;
    const on = !next.has(keyAt(index));
    for (let i = from; i <= to; i++) {
      if (on) next.add(keyAt(i));
      else next.delete(keyAt(i));
    }
    setActive(index);
    onSelect(next);
  };
  const keyAt = (index: number) => {
    const row = rows[index];
    return row === undefined ? "" : rowKey(row);
  };
  const toggleAll = (on: boolean) => onSelect?.(new Set(on ? rows.map(rowKey) : []));
  const open = (index: number) => {
    const row = rows[index];
    if (row !== undefined) onOpen?.(row);
  };
  const key = (event: KeyboardEvent<HTMLDivElement>) => {
    if (event.target !== event.currentTarget) return;
    const page = Math.max(1, Math.floor(event.currentTarget.clientHeight / ROW_HEIGHT) - 2);
    const to = target(event.key, active, rows.length, page);
    if (to !== undefined) {
      go(to);
      virtual.scrollToIndex(to);
    } else if (event.key === "Enter") open(active);
    else if (event.key === " ") toggle(active, event.shiftKey);
    else if (event.key === "a" && (event.ctrlKey || event.metaKey)) toggleAll(true);
    else return;
    event.preventDefault();
  };
  const all =
    rows.length > 0 && selected !== undefined && rows.every((r) => selected.has(rowKey(r)));

  return (
    <div className={styles.place} style={{ height: props.height ?? "100%" }}>
      <div
        ref={scroller}
        role="grid"
        aria-label={props.label}
        aria-rowcount={(props.total ?? rows.length) + 1}
        aria-colcount={choice.shown.length + check.length}
        aria-multiselectable={onSelect !== undefined}
        aria-busy={loading}
        {...(active >= 0 && items.some((i) => i.index === active)
          ? { "aria-activedescendant": `${gridId}-${String(active)}` }
          : {})}
        tabIndex={0}
        className={styles.grid}
        onKeyDown={key}
      >
        <div
          role="row"
          aria-rowindex={1}
          className={styles.head}
          style={{ gridTemplateColumns: template, minWidth: width }}
        >
          {onSelect && (
            <div role="columnheader">
              <Checkbox
                aria-label="Select all rows"
                checked={all ? true : selected && selected.size > 0 ? "mixed" : false}
                onChange={() => toggleAll(!all)}
              />
            </div>
          )}
          {choice.shown.map((column) => (
            <GridHeader
              key={column.id}
              column={column}
              choice={choice}
              sort={sort}
              onSort={props.onSort ?? setOwnSort}
            />
          ))}
        </div>
        <div
          role="rowgroup"
          className={styles.body}
          style={{ height: virtual.getTotalSize(), minWidth: width }}
        >
          {items.map((item) => {
            const row = rows[item.index];
            if (row === undefined) return null;
            return (
              <GridRow
                key={rowKey(row)}
                id={`${gridId}-${String(item.index)}`}
                row={row}
                index={item.index}
                top={item.start}
                height={ROW_HEIGHT}
                columns={choice.shown}
                template={template}
                width={width}
                active={item.index === active}
                selected={onSelect ? (selected?.has(rowKey(row)) ?? false) : undefined}
                onToggle={toggle}
                onClick={go}
                onOpen={open}
              />
            );
          })}
        </div>
      </div>
      <div className={styles.notice} aria-live="polite">
        {loading && rows.length === 0 && (
          <Spinner size="tiny" label="Loading" style={{ padding: tokens.spacingVerticalM }} />
        )}
        {!loading && rows.length === 0 && props.empty}
      </div>
    </div>
  );
}
