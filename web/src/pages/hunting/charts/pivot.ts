/** A result as a table of rows by columns with an aggregate in each cell. */
import { ResultTable } from "../results";
import type { Cell } from "../results";
import { counted } from "./drawing";
import { isNumber, isTime, nameOf } from "./properties";

export const aggregates = ["count", "sum", "avg", "min", "max", "dcount"] as const;
export type Aggregate = (typeof aggregates)[number];

export interface PivotChoice {
  rows: number;
  /** -1: none. */
  columns: number;
  value: number;
  aggregate: Aggregate;
}
export interface Pivot {
  rows: string[];
  columns: string[];
  /** By row, then by column; null: no rows of the result. */
  cells: (number | null)[][];
  notes: string[];
}

const MOST_ROWS = 200;
const MOST_COLUMNS = 30;
const SECOND = 1000;
/** Widths of time for a column of moments, in milliseconds. */
const WIDTHS = [1, 10, 60, 300, 900, 3600, 6 * 3600, 86_400, 7 * 86_400, 30 * 86_400].map(
  (s) => s * SECOND,
);

export function defaultPivot(table: ResultTable): PivotChoice {
  const all = table.columns.map((_, i) => i);
  const value = all.find((i) => isNumber(table, i));
  const labels = all.filter((i) => i !== value && table.columns[i]?.type !== "dynamic");
  return {
    rows: labels[0] ?? 0,
    columns: labels.find((i, at) => at > 0 && !isTime(table, i)) ?? -1,
    value: value ?? 0,
    aggregate: value === undefined ? "count" : "sum",
  };
}

/** How a column's values are named: moments by the narrowest span of which there are not too many. */
function namer(table: ResultTable, column: number, most: number, notes: string[]) {
  if (column < 0) return () => "";
  const text = (value: Cell) => (value === null || value === "" ? "(empty)" : String(value));
  if (!isTime(table, column)) return text;
  const distinct = new Set<number>();
  for (let row = 0; row < table.rows; row++)
    distinct.add(new Date(String(table.at(row, column))).getTime());
  if (distinct.size <= most) return text;
  const fits = (width: number) =>
    new Set([...distinct].map((time) => Math.floor(time / width))).size <= most;
  const width = WIDTHS.find(fits) ?? WIDTHS[WIDTHS.length - 1] ?? SECOND;
  notes.push(`${nameOf(table, column)} is in spans of ${counted(width / SECOND)} s.`);
  return (value: Cell) => {
    const time = new Date(String(value)).getTime();
    return Number.isNaN(time)
      ? "(empty)"
      : new Date(Math.floor(time / width) * width).toISOString();
  };
}

class Bucket {
  private count = 0;
  private sum = 0;
  private numbers = 0;
  private low = Infinity;
  private high = -Infinity;
  private readonly distinct = new Set<Cell>();
  constructor(private readonly aggregate: Aggregate) {}

  add(value: Cell): void {
    this.count++;
    if (this.aggregate === "dcount") this.distinct.add(value);
    const number = value === null || value === "" ? NaN : Number(value);
    if (Number.isNaN(number)) return;
    this.numbers++;
    this.sum += number;
    this.low = Math.min(this.low, number);
    this.high = Math.max(this.high, number);
  }
  result(): number | null {
    switch (this.aggregate) {
      case "count":
        return this.count;
      case "dcount":
        return this.distinct.size;
      case "sum":
        return this.sum;
      case "avg":
        return this.numbers > 0 ? this.sum / this.numbers : null;
      case "min":
        return this.numbers > 0 ? this.low : null;
      case "max":
        return this.numbers > 0 ? this.high : null;
    }
  }
}

/** All rows are read. Rows and columns past the most are left out, and said. */
export function pivotOf(table: ResultTable, choice: PivotChoice): Pivot {
  const notes: string[] = [];
  const rowName = namer(table, choice.rows, MOST_ROWS, notes);
  const columnName = namer(table, choice.columns, MOST_COLUMNS, notes);
  const found = new Map<string, Map<string, Bucket>>();
  const columns = new Set<string>();
  for (let row = 0; row < table.rows; row++) {
    const r = rowName(table.at(row, choice.rows));
    const c = choice.columns < 0 ? choice.aggregate : columnName(table.at(row, choice.columns));
    columns.add(c);
    let line = found.get(r);
    if (line === undefined) found.set(r, (line = new Map<string, Bucket>()));
    let bucket = line.get(c);
    if (bucket === undefined) line.set(c, (bucket = new Bucket(choice.aggregate)));
    bucket.add(table.at(row, choice.value));
  }
  const shownRows = [...found.keys()].sort().slice(0, MOST_ROWS);
  const shownColumns = [...columns].sort().slice(0, MOST_COLUMNS);
  if (found.size > shownRows.length)
    notes.push(`The first ${counted(shownRows.length)} of ${counted(found.size)} rows are shown.`);
  if (columns.size > shownColumns.length)
    notes.push(
      `The first ${counted(shownColumns.length)} of ${counted(columns.size)} columns are shown.`,
    );
  return {
    rows: shownRows,
    columns: shownColumns,
    cells: shownRows.map((r) => shownColumns.map((c) => found.get(r)?.get(c)?.result() ?? null)),
    notes,
  };
}

/** The pivot as a result that charts draw. */
export function pivotTable(pivot: Pivot, rows: string): ResultTable {
  const made = new ResultTable(
    [
      { name: rows, type: "string" },
      ...pivot.columns.map((name) => ({ name, type: "real" as const })),
    ],
    { visualization: null },
  );
  made.add([
    pivot.rows,
    ...pivot.columns.map((_, c) => pivot.cells.map((line) => line[c] ?? null)),
  ]);
  return made;
}
