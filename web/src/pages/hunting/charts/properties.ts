/** Properties of render, and which columns of a result they make x, y and series. */
import type { ResultTable } from "../results";
import type { ChartKind } from "./kinds";

const NUMBERS = new Set(["int", "long", "real", "decimal"]);
const NAMED_AS_ANOMALY = /anomal|ad_flag$/i;

/** Names without case, lists as text with commas. */
export class Properties {
  private readonly of = new Map<string, unknown>();
  constructor(render: Readonly<Record<string, unknown>>) {
    for (const [name, value] of Object.entries(render)) this.of.set(name.toLowerCase(), value);
  }
  text(name: string): string {
    const value = this.of.get(name);
    return value === undefined || value === null ? "" : String(value);
  }
  /** A value of a fixed set of words. */
  word(name: string): string {
    return this.text(name).trim().toLowerCase();
  }
  list(name: string): string[] {
    return this.text(name)
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== "");
  }
  number(name: string): number | undefined {
    const value = Number.parseFloat(this.text(name));
    return Number.isFinite(value) ? value : undefined;
  }
}

export function isNumber(table: ResultTable, column: number): boolean {
  return NUMBERS.has(table.columns[column]?.type ?? "");
}
export function isTime(table: ResultTable, column: number): boolean {
  return table.columns[column]?.type === "datetime";
}
export function nameOf(table: ResultTable, column: number): string {
  return table.columns[column]?.name ?? "";
}

/** Columns that a property names, as numbers; names of no column are left out. */
export function named(table: ResultTable, p: Properties, property: string): number[] {
  return p
    .list(property)
    .map((name) => table.columns.findIndex((c) => c.name === name))
    .filter((i) => i >= 0);
}

export interface Roles {
  x: number;
  y: number[];
  series: number[];
  /** Points that stand out, a column for each of y; only of anomalychart. */
  anomalies: number[];
}

function xOf(table: ResultTable, kind: ChartKind, p: Properties, all: readonly number[]): number {
  const [chosen] = named(table, p, "xcolumn");
  if (chosen !== undefined) return chosen;
  if (kind !== "timechart" && kind !== "anomalychart") return 0;
  return all.find((i) => isTime(table, i)) ?? 0;
}

/** Columns of anomalychart whose values are marks on the others: those that are named, or are called so. */
export function anomalyColumns(table: ResultTable, kind: ChartKind, p: Properties): number[] {
  if (kind !== "anomalychart") return [];
  const chosen = named(table, p, "anomalycolumns");
  if (chosen.length > 0) return chosen;
  return table.columns.map((_, i) => i).filter((i) => NAMED_AS_ANOMALY.test(nameOf(table, i)));
}

/** "render operator", how it picks: the first column that fits is x, numbers are y, what is left makes the series. */
export function rolesOf(table: ResultTable, kind: ChartKind, p: Properties): Roles {
  const all = table.columns.map((_, i) => i);
  const x = xOf(table, kind, p, all);
  const anomalies = anomalyColumns(table, kind, p);
  const rest = all.filter((i) => i !== x && !anomalies.includes(i));
  let series = named(table, p, "series");
  let y = named(table, p, "ycolumns");
  if (y.length === 0) y = rest.filter((i) => isNumber(table, i) && !series.includes(i));
  if (series.length === 0)
    series = rest.filter(
      (i) =>
        !y.includes(i) &&
        !isNumber(table, i) &&
        !isTime(table, i) &&
        table.columns[i]?.type !== "dynamic",
    );
  return { x, y, series, anomalies };
}

/** A row's values of the series' columns, as people read them. */
export function labelOf(table: ResultTable, row: number, columns: readonly number[]): string {
  return columns.map((c) => String(table.at(row, c) ?? "") || "(empty)").join(", ");
}
