/** Which rows of a result are shown, in which order: sorting and filters of columns. */
import type { Cell, ResultTable } from "../results";

export interface ColumnSort {
  column: number;
  descending: boolean;
}

const NUMBERS = new Set(["int", "long", "real"]);

/** A cell as people read it in a copy or a filter. */
export function cellText(value: Cell): string {
  return value === null ? "" : String(value);
}

function filtered(table: ResultTable, filters: ReadonlyMap<number, string>): Uint32Array {
  const wanted = [...filters].filter(([, text]) => text !== "");
  const kept = new Uint32Array(table.rows);
  let n = 0;
  for (let row = 0; row < table.rows; row++) {
    const fits = wanted.every(([column, text]) =>
      cellText(table.at(row, column)).toLowerCase().includes(text),
    );
    if (fits) kept[n++] = row;
  }
  return kept.slice(0, n);
}

function sorted(table: ResultTable, rows: Uint32Array, sort: ColumnSort): Uint32Array {
  const sign = sort.descending ? -1 : 1;
  const type = table.columns[sort.column]?.type ?? "string";
  if (NUMBERS.has(type)) {
    const keys = new Float64Array(table.rows);
    for (const row of rows) {
      const value = table.at(row, sort.column);
      keys[row] = value === null ? Number.NEGATIVE_INFINITY : Number(value);
    }
    return rows.sort((a, b) => sign * ((keys[a] ?? 0) - (keys[b] ?? 0)) || a - b);
  }
  const keys: string[] = [];
  for (const row of rows) keys[row] = cellText(table.at(row, sort.column));
  const lowered = type === "string" ? keys.map((k) => k.toLowerCase()) : keys;
  return rows.sort((a, b) => {
    const x = lowered[a] ?? "";
    const y = lowered[b] ?? "";
    return x < y ? -sign : x > y ? sign : a - b;
  });
}

/** Row numbers in the order in which they are shown; undefined: all of them, as they came. */
export function viewOf(
  table: ResultTable,
  filters: ReadonlyMap<number, string>,
  sort: ColumnSort | undefined,
): Uint32Array | undefined {
  const lowered = new Map([...filters].map(([c, text]) => [c, text.trim().toLowerCase()]));
  const any = [...lowered.values()].some((text) => text !== "");
  if (!any && sort === undefined) return undefined;
  const rows = any
    ? filtered(table, lowered)
    : Uint32Array.from({ length: table.rows }, (_, i) => i);
  return sort === undefined ? rows : sorted(table, rows, sort);
}
