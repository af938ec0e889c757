/** Lines, areas, columns, bars and points: charts with an x and a y axis, all of render's properties honoured. */
import type { EChartsCoreOption } from "echarts/core";
import type { ResultTable } from "../results";
import { counted, edges, frame } from "./drawing";
import type { Drawing, Sheet } from "./drawing";
import type { ChartKind } from "./kinds";
import { rolesOf } from "./properties";
import type { Properties } from "./properties";
import { axisOf, inOrder, seriesOfArrays, seriesOfRows, thinned } from "./series";
import type { Series, SeriesSet, XValue } from "./series";

const MOST_PANELS = 5;
const MOST_AXES = 6;
const AXIS_WIDTH = 60;
const MANY_CATEGORIES = 60;
const ALWAYS_STACKED = new Set<ChartKind>(["stackedareachart"]);
const AREAS = new Set<ChartKind>(["areachart", "stackedareachart"]);
const BARS = new Set<ChartKind>(["columnchart", "barchart"]);

/** Each series with a value at every x of all: what is stacked needs it. Values of one x are added. */
function aligned(series: readonly Series[], sort: boolean): Series[] {
  const all = new Set<XValue>();
  for (const s of series) for (const x of s.x) all.add(x);
  const x = [...all];
  if (sort) x.sort((a, b) => Number(a) - Number(b));
  return series.map((s) => {
    const sums = new Map<XValue, number>();
    s.x.forEach((at, i) => {
      const y = s.y[i] ?? NaN;
      if (!Number.isNaN(y)) sums.set(at, (sums.get(at) ?? 0) + y);
    });
    return { ...s, x, y: x.map((at) => sums.get(at) ?? 0), marks: [] };
  });
}

/** In hundredths of the sum of all series at each x; the series are aligned. */
function shares(series: readonly Series[]): Series[] {
  const count = series[0]?.x.length ?? 0;
  const totals = Array.from({ length: count }, (_, i) =>
    series.reduce((sum, s) => sum + Math.abs(s.y[i] ?? 0), 0),
  );
  return series.map((s) => ({
    ...s,
    y: s.y.map((y, i) => (totals[i] ? (100 * y) / totals[i] : 0)),
  }));
}

function accumulated(s: Series): Series {
  let soFar = 0;
  return { ...s, y: s.y.map((y) => (soFar += Number.isNaN(y) ? 0 : y)) };
}

interface Style {
  kind: ChartKind;
  stack: boolean;
  hundred: boolean;
  flat: boolean;
  log: { x: boolean; y: boolean };
}

function styleOf(kind: ChartKind, p: Properties, set: SeriesSet): Style {
  const said = p.word("kind");
  const hundred = said === "stacked100";
  return {
    kind,
    hundred,
    stack: hundred || said === "stacked" || (ALWAYS_STACKED.has(kind) && said !== "unstacked"),
    flat: kind === "barchart",
    log: { x: p.word("xaxis") === "log" && set.axis === "value", y: p.word("yaxis") === "log" },
  };
}

/** A logarithmic axis has no zero: what is not above it is left out, and said. */
function positive(series: Series[], log: Style["log"], notes: string[]): Series[] {
  if (!log.x && !log.y) return series;
  let left = 0;
  const kept = series.map((s) => {
    const fits = s.x
      .map((_, i) => i)
      .filter((i) => (!log.x || Number(s.x[i]) > 0) && (!log.y || !((s.y[i] ?? NaN) <= 0)));
    left += s.x.length - fits.length;
    return {
      ...s,
      x: fits.map((i) => s.x[i] ?? 0),
      y: fits.map((i) => s.y[i] ?? NaN),
      marks: fits.flatMap((i, at) => (s.marks.includes(i) ? [at] : [])),
    };
  });
  if (left > 0)
    notes.push(
      `${counted(left)} values that are not above zero have no place on a logarithmic axis.`,
    );
  return kept;
}

/** Steps from what the result has to what is drawn. */
function prepared(set: SeriesSet, style: Style, p: Properties): SeriesSet {
  const ordered = set.axis === "category" ? set.series : set.series.map(inOrder);
  const accumulate = p.word("accumulate") === "true";
  const whole = {
    ...set,
    series: accumulate ? ordered.map(accumulated) : ordered,
  };
  const thin = thinned(whole, style.kind === "scatterchart");
  let series = thin.series;
  if (style.stack) series = aligned(series, set.axis !== "category");
  if (style.hundred) series = shares(series);
  const notes = [...thin.notes];
  series = positive(series, style.log, notes);
  return { ...thin, series, notes };
}

function limits(p: Properties, which: "x" | "y"): EChartsCoreOption {
  const min = p.number(`${which}min`);
  const max = p.number(`${which}max`);
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}

function titled(p: Properties, which: "x" | "y", gap: number): EChartsCoreOption {
  const title = p.text(`${which}title`);
  return title === "" ? {} : { name: title, nameLocation: "middle", nameGap: gap };
}

interface Layout {
  grids: EChartsCoreOption[];
  xAxes: EChartsCoreOption[];
  yAxes: EChartsCoreOption[];
  /** The y axis of a series. */
  axisOf: (series: Series, place: number) => number;
  /** The grid of a series. */
  gridOf: (series: Series) => number;
}

/** One plot; with ysplit=axes a y axis for each series, with ysplit=panels a plot for each measure. */
function layoutOf(set: SeriesSet, style: Style, p: Properties, notes: string[]): Layout {
  const { top, bottom } = edges(p, set.series.length > 1);
  const categories =
    set.axis === "category"
      ? { data: [...new Set(set.series.flatMap((s) => s.x.map(String)))] }
      : {};
  const x = {
    type: style.log.x ? "log" : set.axis,
    ...categories,
    ...limits(p, "x"),
    ...titled(p, "x", style.flat ? 60 : 28),
    ...(style.flat ? { inverse: true } : {}),
  };
  const y = {
    type: style.log.y ? "log" : "value",
    ...(style.hundred ? { max: 100, axisLabel: { formatter: "{value} %" } } : {}),
    ...limits(p, "y"),
  };
  const whole = { left: 16, right: 24, top, bottom, containLabel: true };
  const split = p.word("ysplit");
  const measures = [...new Set(set.series.map((s) => s.measure))];
  if (split === "panels" && measures.length > 1) {
    const shown = measures.slice(0, MOST_PANELS);
    if (measures.length > MOST_PANELS)
      notes.push(`${String(MOST_PANELS)} of ${counted(measures.length)} columns have a panel.`);
    const height = 86 / shown.length;
    return {
      grids: shown.map((_, i) => ({
        ...whole,
        top: `${String(i * height + 8)}%`,
        bottom: `${String(100 - (i + 1) * height - 2)}%`,
      })),
      xAxes: shown.map((_, i) => ({ ...x, gridIndex: i })),
      yAxes: shown.map((name, i) => ({
        ...y,
        gridIndex: i,
        name,
        nameTextStyle: { align: "left" },
      })),
      axisOf: (s) => shown.indexOf(s.measure),
      gridOf: (s) => shown.indexOf(s.measure),
    };
  }
  if (split === "axes" && set.series.length > 1) {
    const shown = set.series.slice(0, MOST_AXES);
    if (set.series.length > MOST_AXES)
      notes.push(`Series after the ${String(MOST_AXES)}th share the last axis.`);
    const beside = Math.ceil(shown.length / 2);
    return {
      grids: [
        {
          left: AXIS_WIDTH * beside,
          right: AXIS_WIDTH * (shown.length - beside) + 8,
          top: top + 12,
          bottom: bottom + 20,
        },
      ],
      xAxes: [x],
      yAxes: shown.map((s, i) => ({
        ...y,
        name: s.name,
        nameTextStyle: { width: AXIS_WIDTH, overflow: "truncate" },
        position: i % 2 === 0 ? (style.flat ? "bottom" : "left") : style.flat ? "top" : "right",
        offset: Math.floor(i / 2) * AXIS_WIDTH,
        axisLine: { show: true },
        splitLine: { show: i === 0 },
      })),
      axisOf: (_, place) => Math.min(place, MOST_AXES - 1),
      gridOf: () => 0,
    };
  }
  return {
    grids: [whole],
    xAxes: [x],
    yAxes: [{ ...y, ...titled(p, "y", style.flat ? 28 : 52) }],
    axisOf: () => 0,
    gridOf: () => 0,
  };
}

function marked(s: Series): EChartsCoreOption[] {
  return s.marks.map((place) => ({
    coord: [s.x[place], s.y[place]],
    value: s.y[place],
    symbol: "circle",
    symbolSize: 9,
    itemStyle: { color: "#d13438" },
    label: { show: false },
  }));
}

function drawn(s: Series, place: number, set: SeriesSet, style: Style, layout: Layout) {
  const { kind, flat } = style;
  const scattered = kind === "scatterchart";
  const grid = layout.gridOf(s);
  const axis = layout.axisOf(s, place);
  const at = (i: number) => (set.axis === "category" ? String(s.x[i]) : (s.x[i] ?? 0));
  const value = (i: number) => (Number.isNaN(s.y[i]) ? null : (s.y[i] ?? null));
  const marks = marked(s);
  return {
    name: s.name,
    type: scattered ? "scatter" : BARS.has(kind) ? "bar" : "line",
    data: s.x.map((_, i) => (flat ? [value(i), at(i)] : [at(i), value(i)])),
    ...(flat ? { xAxisIndex: axis, yAxisIndex: grid } : { xAxisIndex: grid, yAxisIndex: axis }),
    ...(style.stack ? { stack: `panel ${String(grid)}` } : {}),
    ...(AREAS.has(kind) ? { areaStyle: { opacity: style.stack ? 0.7 : 0.35 } } : {}),
    ...(marks.length > 0 ? { markPoint: { data: marks } } : {}),
    ...(scattered ? { symbolSize: 8, large: s.x.length > 5000 } : { showSymbol: s.x.length < 2 }),
    barMaxWidth: 48,
  };
}

/** Windows of long axes: wheel and fingers move them, and a slider where a category axis is full. */
function zoomOf(set: SeriesSet, style: Style): EChartsCoreOption {
  if (style.kind === "scatterchart") return {};
  const axis = style.flat ? { yAxisIndex: "all" } : { xAxisIndex: "all" };
  const inside = { type: "inside", ...axis, zoomOnMouseWheel: "ctrl" };
  const categories = new Set(set.series.flatMap((s) => s.x)).size;
  if (set.axis !== "category" || categories <= MANY_CATEGORIES) return { dataZoom: [inside] };
  const end = (100 * MANY_CATEGORIES) / categories;
  return {
    dataZoom: [
      { ...inside, start: 0, end },
      {
        type: "slider",
        ...axis,
        start: 0,
        end,
        ...(style.flat ? { right: 0 } : { height: 14, bottom: 34 }),
      },
    ],
  };
}

function xText(x: XValue, axis: SeriesSet["axis"]): XValue {
  return axis === "time" ? new Date(Number(x)).toISOString() : x;
}

/** A row for each x, a column for each series. */
function sheetOf(set: SeriesSet): Sheet {
  const at = new Map<XValue, (number | null)[]>();
  set.series.forEach((s, k) =>
    s.x.forEach((x, i) => {
      let row = at.get(x);
      if (row === undefined) {
        row = set.series.map(() => null);
        at.set(x, row);
      }
      const y = s.y[i] ?? NaN;
      row[k] = Number.isNaN(y) ? null : y;
    }),
  );
  return {
    columns: [set.xName, ...set.series.map((s) => s.name)],
    rows: [...at].map(([x, row]) => [xText(x, set.axis), ...row]),
  };
}

function summaryOf(set: SeriesSet): string {
  let low = Infinity;
  let high = -Infinity;
  let points = 0;
  for (const s of set.series)
    for (const y of s.y) {
      if (Number.isNaN(y)) continue;
      points++;
      low = Math.min(low, y);
      high = Math.max(high, y);
    }
  const marks = set.series.reduce((sum, s) => sum + s.marks.length, 0);
  const names = set.series
    .slice(0, 5)
    .map((s) => s.name)
    .join(", ");
  return (
    `${counted(set.series.length)} series over ${set.xName} (${names}), ${counted(points)} values` +
    (points > 0 ? ` from ${counted(low)} to ${counted(high)}` : "") +
    (marks > 0 ? `, ${counted(marks)} anomalies` : "")
  );
}

/** undefined: there is nothing to set against each other. */
export function cartesian(table: ResultTable, kind: ChartKind, p: Properties): Drawing | undefined {
  const roles = rolesOf(table, kind, p);
  const found =
    seriesOfArrays(table, kind, p) ??
    (roles.y.length > 0
      ? seriesOfRows(table, roles, axisOf(table, roles, BARS.has(kind)))
      : undefined);
  if (found === undefined) return undefined;
  const style = styleOf(kind, p, found);
  const set = prepared(found, style, p);
  const layout = layoutOf(set, style, p, set.notes);
  const shown = set.series.filter((s) => layout.gridOf(s) >= 0);
  const shadow = kind === "scatterchart" ? "item" : "axis";
  return {
    notes: set.notes,
    summary: summaryOf(set),
    sheet: () => sheetOf(set),
    option: {
      ...frame(p, set.series.length > 1),
      ...zoomOf(set, style),
      grid: layout.grids,
      tooltip: { trigger: shadow, confine: true },
      xAxis: style.flat ? layout.yAxes : layout.xAxes,
      yAxis: style.flat ? layout.xAxes : layout.yAxes,
      series: shown.map((s, place) => drawn(s, place, set, style, layout)),
    },
  };
}
