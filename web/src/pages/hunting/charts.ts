/**
 * `render` of a query as a drawing of echarts: which columns are x, y and series follows Kusto ("render operator"): the
 * first column that fits is x, text columns are series, numbers are y, unless the properties name them.
 */
import type { EChartsCoreOption } from "echarts/core";
import type { Cell, ResultTable } from "./results";

const MOST_SERIES = 50;
const MOST_POINTS = 50_000;
const NUMBERS = new Set(["int", "long", "real", "decimal"]);

export const chartKinds = [
  "timechart",
  "linechart",
  "areachart",
  "stackedareachart",
  "columnchart",
  "barchart",
  "piechart",
  "scatterchart",
  "treemap",
  "anomalychart",
  "timepivot",
  "pivotchart",
  "ladderchart",
] as const;
export type ChartKind = (typeof chartKinds)[number];

const titles: Record<ChartKind, string> = {
  timechart: "Time chart",
  linechart: "Line chart",
  areachart: "Area chart",
  stackedareachart: "Stacked area chart",
  columnchart: "Column chart",
  barchart: "Bar chart",
  piechart: "Pie chart",
  scatterchart: "Scatter chart",
  treemap: "Treemap",
  anomalychart: "Anomaly chart",
  timepivot: "Time pivot",
  pivotchart: "Pivot chart",
  ladderchart: "Ladder chart",
};
export function chartTitle(kind: ChartKind): string {
  return titles[kind];
}

export function chartKindOf(visualization: unknown): ChartKind | undefined {
  const name = String(visualization ?? "").toLowerCase();
  return chartKinds.find((k) => k === name);
}

/** Properties of render: names without case, lists as text with commas. */
class Properties {
  private readonly of = new Map<string, unknown>();
  constructor(table: ResultTable) {
    for (const [name, value] of Object.entries(table.render))
      this.of.set(name.toLowerCase(), value);
  }
  text(name: string): string {
    const value = this.of.get(name);
    return value === undefined || value === null ? "" : String(value);
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

interface Roles {
  x: number;
  y: number[];
  series: number[];
}

function rolesOf(table: ResultTable, kind: ChartKind, p: Properties): Roles {
  const at = (name: string) => table.columns.findIndex((c) => c.name === name);
  const named = (list: string) =>
    p
      .list(list)
      .map(at)
      .filter((i) => i >= 0);
  const isNumber = (i: number) => NUMBERS.has(table.columns[i]?.type ?? "");
  const isTime = (i: number) => table.columns[i]?.type === "datetime";
  const all = table.columns.map((_, i) => i);
  let x = p.text("xcolumn") === "" ? -1 : at(p.text("xcolumn"));
  if (x < 0 && (kind === "timechart" || kind === "anomalychart")) x = all.find(isTime) ?? -1;
  if (x < 0) x = 0;
  let y = named("ycolumns");
  let series = named("series");
  const rest = all.filter((i) => i !== x);
  if (y.length === 0) y = rest.filter((i) => isNumber(i) && !series.includes(i));
  if (series.length === 0)
    series = rest.filter(
      (i) => !y.includes(i) && !isNumber(i) && !isTime(i) && table.columns[i]?.type !== "dynamic",
    );
  return { x, y, series };
}

function xValue(value: Cell, type: string): string | number {
  if (value === null) return "";
  if (type === "datetime") return new Date(String(value)).getTime();
  return typeof value === "number" ? value : String(value);
}

interface Series {
  name: string;
  points: [string | number, number][];
}

/** make-series gives arrays: each row is then a series of its own. */
function arraysOf(table: ResultTable, row: number, column: number): Cell[] | undefined {
  if (table.columns[column]?.type !== "dynamic") return undefined;
  try {
    const value: unknown = JSON.parse(String(table.at(row, column)));
    return Array.isArray(value) ? (value as Cell[]) : undefined;
  } catch {
    return undefined;
  }
}

function seriesOfArrays(table: ResultTable, p: Properties): Series[] | undefined {
  const dynamic = table.columns.map((_, i) => i).filter((i) => arraysOf(table, 0, i) !== undefined);
  const named = table.columns.findIndex((c) => c.name === p.text("xcolumn"));
  const x =
    named >= 0
      ? named
      : dynamic.find((i) => typeof arraysOf(table, 0, i)?.find((v) => v !== null) === "string");
  if (x === undefined || dynamic.length < 2) return undefined;
  const made: Series[] = [];
  for (let row = 0; row < table.rows && made.length < MOST_SERIES; row++) {
    const times = arraysOf(table, row, x) ?? [];
    const labels = table.columns
      .map((_, i) => i)
      .filter((i) => !dynamic.includes(i))
      .map((i) => String(table.at(row, i) ?? ""));
    for (const y of dynamic.filter((i) => i !== x)) {
      const values = arraysOf(table, row, y) ?? [];
      made.push({
        name: [...labels, table.columns[y]?.name ?? ""].join(": "),
        points: times.map((t, i) => [
          xValue(t, typeof t === "string" ? "datetime" : "real"),
          Number(values[i]),
        ]),
      });
    }
  }
  return made;
}

function seriesOf(table: ResultTable, roles: Roles): Series[] {
  const found = new Map<string, Series>();
  const type = table.columns[roles.x]?.type ?? "string";
  const rows = Math.min(table.rows, MOST_POINTS);
  for (let row = 0; row < rows; row++) {
    const label = roles.series.map((c) => String(table.at(row, c) ?? "") || "(empty)").join(", ");
    for (const y of roles.y) {
      const value = table.at(row, y);
      const column = table.columns[y]?.name ?? "";
      const name = label === "" ? column : roles.y.length > 1 ? `${label}: ${column}` : label;
      let series = found.get(name);
      if (series === undefined) {
        if (found.size === MOST_SERIES) continue;
        series = { name, points: [] };
        found.set(name, series);
      }
      if (value !== null) series.points.push([xValue(table.at(row, roles.x), type), Number(value)]);
    }
  }
  return [...found.values()];
}

function axisOf(p: Properties, which: "x" | "y"): EChartsCoreOption {
  const log = p.text(`${which}axis`) === "log";
  const min = p.number(`${which}min`);
  const max = p.number(`${which}max`);
  const title = p.text(`${which}title`);
  return {
    ...(log ? { type: "log" } : {}),
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    ...(title === "" ? {} : { name: title, nameLocation: "middle", nameGap: 30 }),
  };
}

function frame(p: Properties, many: boolean): EChartsCoreOption {
  const title = p.text("title");
  return {
    ...(title === ""
      ? {}
      : { title: { text: title, left: "center", textStyle: { fontSize: 14 } } }),
    legend: {
      show: p.text("legend") !== "hidden" && many,
      type: "scroll",
      bottom: 0,
    },
    grid: {
      left: 12,
      right: 24,
      top: title === "" ? 24 : 48,
      bottom: many ? 40 : 16,
      containLabel: true,
    },
  };
}

function pie(table: ResultTable, p: Properties, kind: ChartKind): EChartsCoreOption {
  const roles = rolesOf(table, kind, p);
  const y = roles.y[0] ?? -1;
  const data: { name: string; value: number }[] = [];
  for (let row = 0; row < Math.min(table.rows, 1000); row++) {
    const labels = [roles.x, ...roles.series].map((c) => String(table.at(row, c) ?? ""));
    data.push({ name: labels.join(", "), value: Number(table.at(row, y) ?? 0) });
  }
  const { grid: _grid, ...rest } = frame(p, true);
  return {
    ...rest,
    tooltip: { trigger: "item" },
    series: [
      kind === "treemap"
        ? { type: "treemap", data, roam: false, breadcrumb: { show: false } }
        : { type: "pie", radius: ["0%", "65%"], data, label: { formatter: "{b}: {d}%" } },
    ],
  };
}

const STACKED = new Set<ChartKind>(["stackedareachart", "areachart", "columnchart", "barchart"]);
const AREAS = new Set<ChartKind>(["areachart", "stackedareachart"]);
const BARS = new Set<ChartKind>([
  "columnchart",
  "barchart",
  "ladderchart",
  "timepivot",
  "pivotchart",
]);

function cartesian(table: ResultTable, p: Properties, kind: ChartKind): EChartsCoreOption {
  const roles = rolesOf(table, kind, p);
  const type = table.columns[roles.x]?.type ?? "string";
  const arrays = seriesOfArrays(table, p);
  const all = arrays ?? seriesOf(table, roles);
  const bars = BARS.has(kind);
  const time = arrays !== undefined || type === "datetime";
  const axis = time ? "time" : NUMBERS.has(type) && !bars ? "value" : "category";
  const stack =
    p.text("kind") === "unstacked" ? false : STACKED.has(kind) || p.text("kind") === "stacked";
  const hundred = p.text("kind") === "stacked100";
  const categories =
    axis === "category"
      ? [...new Set(all.flatMap((s) => s.points.map((q) => String(q[0]))))]
      : undefined;
  const totals = new Map<string, number>();
  if (hundred)
    for (const s of all)
      for (const [x, y] of s.points) totals.set(String(x), (totals.get(String(x)) ?? 0) + y);
  const accumulate = p.text("accumulate").toLowerCase() === "true";
  const points = (s: Series) => {
    let soFar = 0;
    const order = time ? [...s.points].sort((a, b) => Number(a[0]) - Number(b[0])) : s.points;
    return order.map(([x, y]) => {
      soFar += y;
      const value = accumulate ? soFar : hundred ? (100 * y) / (totals.get(String(x)) ?? 1) : y;
      const at = categories ? String(x) : x;
      return kind === "barchart" ? [value, at] : [at, value];
    });
  };
  const xAxis = { type: axis, ...(categories ? { data: categories } : {}), ...axisOf(p, "x") };
  const yAxis = { type: "value", ...(hundred ? { max: 100 } : {}), ...axisOf(p, "y") };
  const flat = kind === "barchart";
  return {
    ...frame(p, all.length > 1),
    tooltip: { trigger: kind === "scatterchart" ? "item" : "axis", confine: true },
    xAxis: flat ? yAxis : xAxis,
    yAxis: flat ? { ...xAxis, inverse: true } : yAxis,
    series: all.map((s) => ({
      name: s.name,
      type: kind === "scatterchart" ? "scatter" : bars ? "bar" : "line",
      data: points(s),
      ...(stack || hundred ? { stack: "all" } : {}),
      ...(AREAS.has(kind) ? { areaStyle: {} } : {}),
      showSymbol: s.points.length < 2,
      barMaxWidth: 48,
    })),
  };
}

/** undefined: nothing in the result can be drawn this way. */
export function chartOption(table: ResultTable, kind: ChartKind): EChartsCoreOption | undefined {
  const p = new Properties(table);
  if (table.rows === 0) return undefined;
  const roles = rolesOf(table, kind, p);
  if (kind === "piechart" || kind === "treemap")
    return roles.y.length > 0 ? pie(table, p, kind) : undefined;
  if (roles.y.length === 0 && seriesOfArrays(table, p) === undefined) return undefined;
  return cartesian(table, p, kind);
}
