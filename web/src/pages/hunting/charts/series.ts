/**
 * A result as series of points. All rows are read; what is too much to draw is thinned out in a way that keeps what
 * there is to see, and said.
 */
import type { Cell, ResultTable } from "../results";
import { counted } from "./drawing";
import type { ChartKind } from "./kinds";
import { anomalyColumns, isNumber, isTime, labelOf, nameOf, named } from "./properties";
import type { Properties, Roles } from "./properties";

export const MOST_SERIES = 50;
const MOST_CATEGORIES = 2000;
const MOST_SCATTERED = 20_000;
const BUCKETS = 1000;

export type XValue = string | number;
export interface Series {
  name: string;
  /** The column that it shows. */
  measure: string;
  x: XValue[];
  y: number[];
  /** Places of x that are anomalies. */
  marks: number[];
}
export interface SeriesSet {
  series: Series[];
  axis: "time" | "value" | "category";
  xName: string;
  notes: string[];
}

function arrayOf(table: ResultTable, row: number, column: number): Cell[] | undefined {
  if (table.columns[column]?.type !== "dynamic") return undefined;
  try {
    const value: unknown = JSON.parse(String(table.at(row, column)));
    return Array.isArray(value) ? (value as Cell[]) : undefined;
  } catch {
    return undefined;
  }
}

interface ArrayRoles {
  x: number;
  y: number[];
  series: number[];
  anomalies: number[];
}

function arrayRoles(table: ResultTable, kind: ChartKind, p: Properties): ArrayRoles | undefined {
  const all = table.columns.map((_, i) => i);
  const arrays = all.filter((i) => arrayOf(table, 0, i) !== undefined);
  const times = arrays.find(
    (i) => typeof arrayOf(table, 0, i)?.find((v) => v !== null) === "string",
  );
  const x = named(table, p, "xcolumn").find((i) => arrays.includes(i)) ?? times;
  if (x === undefined || arrays.length < 2) return undefined;
  const anomalies = anomalyColumns(table, kind, p).filter((i) => arrays.includes(i));
  const chosen = named(table, p, "ycolumns").filter((i) => arrays.includes(i));
  const y = chosen.length > 0 ? chosen : arrays.filter((i) => i !== x && !anomalies.includes(i));
  const series = named(table, p, "series");
  return {
    x,
    y,
    anomalies,
    series: series.length > 0 ? series : all.filter((i) => !arrays.includes(i)),
  };
}

function xOfArray(value: Cell): XValue {
  return typeof value === "string" ? new Date(value).getTime() : Number(value);
}

/** make-series gives arrays: each row is then a series of its own. */
export function seriesOfArrays(
  table: ResultTable,
  kind: ChartKind,
  p: Properties,
): SeriesSet | undefined {
  const roles = arrayRoles(table, kind, p);
  if (roles === undefined) return undefined;
  const made: Series[] = [];
  const first = arrayOf(table, 0, roles.x)?.find((v) => v !== null);
  for (let row = 0; row < table.rows && made.length < MOST_SERIES; row++) {
    const x = (arrayOf(table, row, roles.x) ?? []).map(xOfArray);
    const label = labelOf(table, row, roles.series);
    roles.y.forEach((column, k) => {
      const values = arrayOf(table, row, column) ?? [];
      const marked = arrayOf(table, row, roles.anomalies[k] ?? -1) ?? [];
      const measure = nameOf(table, column);
      const name = label === "" ? measure : roles.y.length > 1 ? `${label}: ${measure}` : label;
      made.push({
        name,
        measure,
        x,
        y: x.map((_, i) =>
          values[i] === null || values[i] === undefined ? NaN : Number(values[i]),
        ),
        marks: x.map((_, i) => i).filter((i) => Number(marked[i] ?? 0) !== 0),
      });
    });
  }
  const all = table.rows * roles.y.length;
  return {
    series: made,
    axis: typeof first === "string" ? "time" : "value",
    xName: nameOf(table, roles.x),
    notes:
      all > made.length
        ? [`The first ${counted(made.length)} of ${counted(all)} series are drawn.`]
        : [],
  };
}

function xOf(value: Cell, axis: SeriesSet["axis"]): XValue | undefined {
  if (axis === "category") return value === null ? "" : String(value);
  if (value === null) return undefined;
  const x = axis === "time" ? new Date(String(value)).getTime() : Number(value);
  return Number.isFinite(x) ? x : undefined;
}

/** The series whose values add up to the most, in the order in which they came. */
function largest(all: Series[], notes: string[]): Series[] {
  if (all.length <= MOST_SERIES) return all;
  const size = (s: Series) => s.y.reduce((sum, y) => sum + (Number.isNaN(y) ? 0 : Math.abs(y)), 0);
  const kept = new Set(
    all
      .map((s) => ({ s, size: size(s) }))
      .sort((a, b) => b.size - a.size)
      .slice(0, MOST_SERIES)
      .map(({ s }) => s),
  );
  notes.push(
    `${String(MOST_SERIES)} of ${counted(all.length)} series are drawn: those whose values add up to the most.`,
  );
  return all.filter((s) => kept.has(s));
}

export function seriesOfRows(table: ResultTable, roles: Roles, axis: SeriesSet["axis"]): SeriesSet {
  const found = new Map<string, Series>();
  const notes: string[] = [];
  let without = 0;
  for (let row = 0; row < table.rows; row++) {
    const x = xOf(table.at(row, roles.x), axis);
    if (x === undefined) {
      without++;
      continue;
    }
    const label = labelOf(table, row, roles.series);
    roles.y.forEach((column, k) => {
      const measure = nameOf(table, column);
      const name = label === "" ? measure : roles.y.length > 1 ? `${label}: ${measure}` : label;
      let series = found.get(name);
      if (series === undefined) {
        series = { name, measure, x: [], y: [], marks: [] };
        found.set(name, series);
      }
      const value = table.at(row, column);
      const mark = roles.anomalies[k];
      if (mark !== undefined && Number(table.at(row, mark) ?? 0) !== 0)
        series.marks.push(series.x.length);
      series.x.push(x);
      series.y.push(value === null ? NaN : Number(value));
    });
  }
  const xName = nameOf(table, roles.x);
  if (without > 0) notes.push(`${counted(without)} rows have no ${xName} and are not drawn.`);
  return { series: largest([...found.values()], notes), axis, xName, notes };
}

export function axisOf(table: ResultTable, roles: Roles, bars: boolean): SeriesSet["axis"] {
  if (isTime(table, roles.x)) return "time";
  return isNumber(table, roles.x) && !bars ? "value" : "category";
}

function picked(s: Series, places: readonly number[]): Series {
  const at = new Map(places.map((place, i) => [place, i]));
  return {
    ...s,
    x: places.map((i) => s.x[i] ?? 0),
    y: places.map((i) => s.y[i] ?? NaN),
    marks: s.marks.flatMap((m) => at.get(m) ?? []),
  };
}

/** By x; places that are equal stay in their order. */
export function inOrder(s: Series): Series {
  const sorted = s.x.every((x, i) => i === 0 || Number(s.x[i - 1]) <= Number(x));
  if (sorted) return s;
  const places = s.x.map((_, i) => i).sort((a, b) => Number(s.x[a]) - Number(s.x[b]) || a - b);
  return picked(s, places);
}

/** Of each span of x the first, lowest, highest and last value: a line through them looks like one through all. */
function thinLine(s: Series): Series {
  const n = s.x.length;
  if (n <= 4 * BUCKETS) return s;
  const from = Number(s.x[0]);
  const width = (Number(s.x[n - 1]) - from || 1) / BUCKETS;
  const kept = new Set(s.marks);
  let at = 0;
  while (at < n) {
    const bucket = Math.floor((Number(s.x[at]) - from) / width);
    let low = at;
    let high = at;
    let end = at;
    for (; end < n && Math.floor((Number(s.x[end]) - from) / width) === bucket; end++) {
      if ((s.y[end] ?? NaN) < (s.y[low] ?? NaN)) low = end;
      if ((s.y[end] ?? NaN) > (s.y[high] ?? NaN)) high = end;
    }
    for (const place of [at, low, high, end - 1]) kept.add(place);
    at = end;
  }
  return picked(
    s,
    [...kept].sort((a, b) => a - b),
  );
}

/** What can be drawn of a set: lines by their extremes, points by every n-th, categories by the first ones. */
export function thinned(set: SeriesSet, scattered: boolean): SeriesSet {
  const notes = [...set.notes];
  const points = set.series.reduce((sum, s) => sum + s.x.length, 0);
  if (scattered && points > MOST_SCATTERED) {
    const step = Math.ceil(points / MOST_SCATTERED);
    notes.push(`Every ${counted(step)}th of ${counted(points)} points is drawn.`);
    const series = set.series.map((s) =>
      picked(
        s,
        s.x.map((_, i) => i).filter((i) => i % step === 0),
      ),
    );
    return { ...set, series, notes };
  }
  if (scattered) return set;
  if (set.axis === "category") {
    const known = new Set<XValue>();
    for (const s of set.series) for (const x of s.x) known.add(x);
    if (known.size <= MOST_CATEGORIES) return set;
    const kept = new Set([...known].slice(0, MOST_CATEGORIES));
    notes.push(
      `The first ${counted(MOST_CATEGORIES)} of ${counted(known.size)} values of ${set.xName} are drawn.`,
    );
    const series = set.series.map((s) =>
      picked(
        s,
        s.x.map((_, i) => i).filter((i) => kept.has(s.x[i] ?? "")),
      ),
    );
    return { ...set, series, notes };
  }
  const series = set.series.map(inOrder).map(thinLine);
  const left = series.reduce((sum, s) => sum + s.x.length, 0);
  if (left < points)
    notes.push(
      `${counted(left)} of ${counted(points)} points are drawn: the first, lowest, highest and last of each of` +
        ` ${counted(BUCKETS)} spans of ${set.xName}.`,
    );
  return { ...set, series, notes };
}
