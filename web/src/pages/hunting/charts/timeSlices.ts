/** Rows of a result cut into slices by the values of some columns, and each slice by time. */
import type { ResultTable } from "../results";
import { isTime, named } from "./properties";
import type { Properties } from "./properties";

export const BINS = 40;
const MOST_SLICES = 200;

export interface Slice {
  /** Unique in the tree. */
  key: string;
  level: number;
  value: string;
  rows: Uint32Array;
  bins: Uint32Array;
}
export interface Span {
  from: number;
  to: number;
}

/** The levels that the query's render names, else the first column of texts that repeat. */
export function defaultLevels(table: ResultTable, p: Properties): number[] {
  const chosen = named(table, p, "series");
  if (chosen.length > 0) return chosen;
  const first = table.columns.findIndex((c) => c.type === "string");
  return first < 0 ? [] : [first];
}

export function timeColumns(table: ResultTable): number[] {
  return table.columns.map((_, i) => i).filter((i) => isTime(table, i));
}

/** Milliseconds of each row; NaN: it has none. */
export function timesOf(table: ResultTable, column: number): Float64Array {
  const times = new Float64Array(table.rows);
  for (let row = 0; row < table.rows; row++) {
    const value = table.at(row, column);
    times[row] = value === null ? NaN : new Date(String(value)).getTime();
  }
  return times;
}

export function spanOf(times: Float64Array): Span {
  let from = Infinity;
  let to = -Infinity;
  for (const time of times) {
    if (time < from) from = time;
    if (time > to) to = time;
  }
  return from <= to ? { from, to } : { from: 0, to: 0 };
}

export function binOf(time: number, span: Span): number {
  if (Number.isNaN(time)) return -1;
  const width = span.to - span.from || 1;
  return Math.min(BINS - 1, Math.floor((BINS * (time - span.from)) / width));
}

/** When a bin begins, in milliseconds. */
export function binStart(bin: number, span: Span): number {
  return span.from + ((span.to - span.from) * bin) / BINS;
}

function sliceOf(
  key: string,
  level: number,
  value: string,
  rows: Uint32Array,
  times: Float64Array,
  span: Span,
): Slice {
  const bins = new Uint32Array(BINS);
  for (const row of rows) {
    const bin = binOf(times[row] ?? NaN, span);
    if (bin >= 0) bins[bin] = (bins[bin] ?? 0) + 1;
  }
  return { key, level, value, rows, bins };
}

/** Slices of rows by one column, those of the most rows first; `left`: how many have no place. */
export function slicesOf(
  table: ResultTable,
  rows: Uint32Array,
  column: number,
  above: { key: string; level: number },
  times: Float64Array,
  span: Span,
): { slices: Slice[]; left: number } {
  const found = new Map<string, number[]>();
  for (const row of rows) {
    const value = String(table.at(row, column) ?? "") || "(empty)";
    const mine = found.get(value);
    if (mine === undefined) found.set(value, [row]);
    else mine.push(row);
  }
  const sorted = [...found].sort((a, b) => b[1].length - a[1].length);
  return {
    slices: sorted
      .slice(0, MOST_SLICES)
      .map(([value, mine]) =>
        sliceOf(
          `${above.key}\n${value}`,
          above.level + 1,
          value,
          Uint32Array.from(mine),
          times,
          span,
        ),
      ),
    left: Math.max(0, sorted.length - MOST_SLICES),
  };
}
