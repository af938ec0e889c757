/** The titles of a grid: sorting by a click, width by the edge or Shift and arrows, place by Alt and arrows. */
import { makeStyles, mergeClasses, tokens } from "@fluentui/react-components";
import { ArrowDownRegular, ArrowUpRegular } from "@fluentui/react-icons";
import type { KeyboardEvent, PointerEvent } from "react";
import type { Column, Sort } from "./types";
import type { ColumnChoice } from "./useColumns";

const useStyles = makeStyles({
  head: {
    position: "relative",
    display: "flex",
    alignItems: "center",
    paddingLeft: tokens.spacingHorizontalS,
    fontWeight: tokens.fontWeightSemibold,
    overflow: "hidden",
  },
  button: {
    border: "none",
    padding: 0,
    height: "100%",
    backgroundColor: "transparent",
    color: "inherit",
    font: "inherit",
    textAlign: "left",
    flexGrow: 1,
    display: "flex",
    alignItems: "center",
    gap: tokens.spacingHorizontalXS,
    overflow: "hidden",
    textOverflow: "ellipsis",
    whiteSpace: "nowrap",
    cursor: "default",
    "&:focus-visible": { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: "-2px" },
  },
  sortable: { cursor: "pointer", "&:hover": { textDecorationLine: "underline" } },
  edge: {
    position: "absolute",
    right: 0,
    top: "20%",
    bottom: "20%",
    width: "7px",
    cursor: "col-resize",
    borderRight: `1px solid ${tokens.colorNeutralStroke2}`,
    touchAction: "none",
  },
});

interface Props<T> {
  column: Column<T>;
  choice: ColumnChoice<T>;
  sort: Sort | undefined;
  onSort: (sort: Sort) => void;
}

export function GridHeader<T>({ column, choice, sort, onSort }: Props<T>) {
  const styles = useStyles();
  const width = choice.widthOf(column);
  const sorted = sort?.column === column.id ? sort : undefined;
  const ariaSort =
    sorted === undefined ? undefined : sorted.descending ? "descending" : "ascending";
  const pull = (start: PointerEvent<HTMLSpanElement>) => {
    const edge = start.currentTarget;
    edge.setPointerCapture(start.pointerId);
    edge.onpointermove = (now) => choice.setWidth(column.id, width + now.clientX - start.clientX);
    edge.onpointerup = () => {
      edge.onpointermove = null;
    };
  };
  const key = (event: KeyboardEvent) => {
    const by = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
    if (by === 0 || !(event.altKey || event.shiftKey)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.altKey) choice.move(column.id, by);
    else choice.setWidth(column.id, width + by * 20);
  };
  return (
    <div role="columnheader" aria-sort={ariaSort} className={styles.head}>
      <button
        type="button"
        className={mergeClasses(styles.button, column.sortable && styles.sortable)}
        title={column.title}
        onKeyDown={key}
        onClick={() =>
          column.sortable &&
          onSort({ column: column.id, descending: sorted ? !sorted.descending : false })
        }
      >
        {column.title}
        {ariaSort === "ascending" && <ArrowUpRegular />}
        {ariaSort === "descending" && <ArrowDownRegular />}
      </button>
      <span className={styles.edge} aria-hidden onPointerDown={pull} />
    </div>
  );
}
