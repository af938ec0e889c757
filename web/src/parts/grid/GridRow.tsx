import { Checkbox, makeStyles, mergeClasses, tokens } from "@fluentui/react-components";
import { memo } from "react";
import type { Column } from "./types";

const useStyles = makeStyles({
  row: {
    position: "absolute",
    left: 0,
    top: 0,
    display: "grid",
    alignItems: "center",
    borderBottom: `1px solid ${tokens.colorNeutralStroke3}`,
    boxSizing: "border-box",
    "&:hover": { backgroundColor: tokens.colorNeutralBackground2 },
  },
  selected: { backgroundColor: tokens.colorBrandBackground2 },
  active: { boxShadow: `inset 3px 0 0 ${tokens.colorBrandStroke1}` },
  cell: {
    paddingLeft: tokens.spacingHorizontalS,
    paddingRight: tokens.spacingHorizontalS,
    overflow: "hidden",
    textOverflow: "ellipsis",
    whiteSpace: "nowrap",
  },
});

interface Props<T> {
  id: string;
  row: T;
  /** From 0, of all rows. */
  index: number;
  top: number;
  height: number;
  columns: readonly Column<T>[];
  template: string;
  width: number;
  active: boolean;
  /** undefined: rows can't be selected. */
  selected: boolean | undefined;
  onToggle: (index: number, range: boolean) => void;
  onClick: (index: number) => void;
  onOpen: (index: number) => void;
}

function Row<T>(p: Props<T>) {
  const styles = useStyles();
  const { index } = p;
  return (
    <div
      role="row"
      id={p.id}
      aria-rowindex={index + 2}
      {...(p.selected === undefined ? {} : { "aria-selected": p.selected })}
      className={mergeClasses(styles.row, p.selected && styles.selected, p.active && styles.active)}
      style={{
        transform: `translateY(${String(p.top)}px)`,
        height: p.height,
        width: p.width,
        gridTemplateColumns: p.template,
      }}
      onClick={() => p.onClick(index)}
      onDoubleClick={() => p.onOpen(index)}
    >
      {p.selected !== undefined && (
        <div role="gridcell" onClick={(event) => event.stopPropagation()}>
          <Checkbox
            aria-label={`Select row ${String(index + 1)}`}
            tabIndex={-1}
            checked={p.selected}
            onChange={(event) =>
              p.onToggle(index, (event.nativeEvent as MouseEvent).shiftKey === true)
            }
          />
        </div>
      )}
      {p.columns.map((c) => (
        <div key={c.id} role="gridcell" className={styles.cell}>
          {c.cell(p.row)}
        </div>
      ))}
    </div>
  );
}

export const GridRow = memo(Row) as typeof Row;
