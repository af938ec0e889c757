import type { ReactNode } from "react";

export interface Column<T> {
  id: string;
  title: string;
  /** What stands in the cell. */
  cell: (row: T) => ReactNode;
  /** The cell as text or number: for sorting here, and for copies. */
  value?: (row: T) => string | number | null | undefined;
  /** Pixels; 160 unless told. */
  width?: number;
  /** Can the list be sorted by it? Needs value where the grid sorts by itself. */
  sortable?: boolean;
  /** Shown only when chosen. */
  optional?: boolean;
  /** Can't be left out. */
  fixed?: boolean;
}

export interface Sort {
  column: string;
  descending: boolean;
}

/** "created desc" as it stands in an address; undefined for "". */
export function sortOf(text: string): Sort | undefined {
  const [column, direction] = text.split(" ");
  return column ? { column, descending: direction === "desc" } : undefined;
}

export function sortText(sort: Sort): string {
  return sort.descending ? `${sort.column} desc` : sort.column;
}

export interface DataGridProps<T> {
  /** Chosen columns and widths are remembered under it. */
  id: string;
  /** What is listed, for those who do not see it. */
  label: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  rowKey: (row: T) => string;
  /** Of all rows, when not all are loaded. */
  total?: number;
  /** The end of what is loaded has come near. */
  onNeedMore?: () => void;
  loading?: boolean;
  sort?: Sort | undefined;
  /** Who sorts: without it the grid does, among the rows it has. */
  onSort?: (sort: Sort) => void;
  selected?: ReadonlySet<string>;
  onSelect?: (selected: Set<string>) => void;
  /** Enter or a double click on a row. */
  onOpen?: (row: T) => void;
  /** A click on a row, or the arrow keys: for a pane beside the list. */
  onActive?: (row: T) => void;
  /** In place of rows when there are none. */
  empty?: ReactNode;
  height?: string;
}
