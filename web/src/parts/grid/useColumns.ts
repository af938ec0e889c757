import { useCallback, useMemo } from "react";
import { usePreference } from "../preference";
import type { Column } from "./types";

interface Layout {
  /** Ids in their order; none: as the page has them. */
  shown?: string[];
  widths: Record<string, number>;
}

const NONE: Layout = { widths: {} };
const DEFAULT_WIDTH = 160;
const LEAST_WIDTH = 60;

export interface ColumnChoice<T> {
  shown: Column<T>[];
  widthOf: (column: Column<T>) => number;
  setWidth: (id: string, width: number) => void;
  choose: (ids: readonly string[]) => void;
  /** Moves a column by one place. */
  move: (id: string, by: -1 | 1) => void;
  reset: () => void;
}

/** Which columns are shown, in which order and how wide, remembered for each grid. */
export function useColumns<T>(id: string, columns: readonly Column<T>[]): ColumnChoice<T> {
  const [layout, setLayout] = usePreference<Layout>(`grid.${id}`, NONE);
  const shown = useMemo(() => {
    const usual = columns.filter((c) => c.optional !== true);
    if (layout.shown === undefined) return usual;
    const chosen = layout.shown.flatMap((name) => columns.filter((c) => c.id === name));
    const fixed = columns.filter((c) => c.fixed && !chosen.includes(c));
    return [...fixed, ...chosen];
  }, [columns, layout.shown]);
  const widthOf = useCallback(
    (column: Column<T>) => layout.widths[column.id] ?? column.width ?? DEFAULT_WIDTH,
    [layout.widths],
  );
  const setWidth = (name: string, width: number) =>
    setLayout({
      ...layout,
      widths: { ...layout.widths, [name]: Math.max(LEAST_WIDTH, Math.round(width)) },
    });
  const choose = (ids: readonly string[]) => {
    const kept = shown.map((c) => c.id).filter((name) => ids.includes(name));
    const added = ids.filter((name) => !kept.includes(name));
    setLayout({ ...layout, shown: [...kept, ...added] });
  };
  const move = (name: string, by: -1 | 1) => {
    const order = shown.map((c) => c.id);
    const at = order.indexOf(name);
    const other = order[at + by];
    if (at < 0 || other === undefined) return;
    order[at + by] = name;
    order[at] = other;
    setLayout({ ...layout, shown: order });
  };
  return { shown, widthOf, setWidth, choose, move, reset: () => setLayout(NONE) };
}
