/** The ladder chart: each row a bar from its last but one column to its last, beside what the others say. */
import type { EChartsCoreOption } from "echarts/core";
import { spanText } from "../../../parts/time";
import type { Cell, ResultTable } from "../results";
import { counted, edges, frame } from "./drawing";
import type { Drawing } from "./drawing";
import { isNumber, isTime, labelOf, nameOf, named } from "./properties";
import type { Properties } from "./properties";

const MOST_RUNGS = 2000;
const IN_SIGHT = 30;
const MOST_GROUPS = 50;

interface Rung {
  label: string;
  group: string;
  from: number;
  to: number;
}

/** What echarts gives to a function that draws one item. */
interface DrawApi {
  value: (dimension: number) => number;
  coord: (point: readonly [number, number]) => [number, number];
  size: (size: readonly [number, number]) => [number, number];
  style: () => EChartsCoreOption;
}
interface DrawParams {
  coordSys: { x: number; y: number; width: number; height: number };
}

function drawRung(params: DrawParams, api: DrawApi): EChartsCoreOption {
  const at = api.value(0);
  const [from, middle] = api.coord([api.value(1), at]);
  const [to] = api.coord([api.value(2), at]);
  const height = Math.min(20, api.size([0, 1])[1] * 0.6);
  const { x, width } = params.coordSys;
  const left = Math.max(x, from);
  const right = Math.min(x + width, to);
  // A moment is a line, so that it can be seen.
  return {
    type: "rect",
    shape: {
      x: left,
      y: middle - height / 2,
      width: Math.max(2, right - left),
      height,
    },
    style: api.style(),
    ignore: right < x || left > x + width,
  };
}

function numberOf(value: Cell, time: boolean): number {
  if (value === null) return NaN;
  return time ? new Date(String(value)).getTime() : Number(value);
}

function rungsOf(
  table: ResultTable,
  labels: readonly number[],
  groups: readonly number[],
  notes: string[],
): Rung[] {
  const last = table.columns.length - 1;
  const rungs: Rung[] = [];
  let without = 0;
  for (let row = 0; row < table.rows && rungs.length < MOST_RUNGS; row++) {
    const ends = [last - 1, last].map((c) => numberOf(table.at(row, c), isTime(table, c)));
    const [from = NaN, to = NaN] = ends;
    if (Number.isNaN(from) || Number.isNaN(to)) {
      without++;
      continue;
    }
    rungs.push({
      label: labelOf(table, row, labels),
      group: labelOf(table, row, groups),
      from: Math.min(from, to),
      to: Math.max(from, to),
    });
  }
  if (without > 0) notes.push(`${counted(without)} rows have no beginning or no end.`);
  if (table.rows - without > rungs.length)
    notes.push(`The first ${counted(rungs.length)} of ${counted(table.rows)} rows are drawn.`);
  return rungs;
}

/** undefined: the last two columns are not both times or both numbers. */
export function ladder(table: ResultTable, p: Properties): Drawing | undefined {
  const last = table.columns.length - 1;
  const time = last >= 1 && isTime(table, last) && isTime(table, last - 1);
  if (!time && !(last >= 1 && isNumber(table, last) && isNumber(table, last - 1))) return undefined;
  const notes: string[] = [];
  const others = table.columns.map((_, i) => i).slice(0, -2);
  const chosen = named(table, p, "series");
  const rungs = rungsOf(table, others, chosen, notes);
  const labels = [...new Set(rungs.map((r) => r.label))];
  const place = new Map(labels.map((label, i) => [label, i]));
  const groups = [...new Set(rungs.map((r) => r.group))];
  const shown = groups.length > MOST_GROUPS ? [""] : groups;
  const { top, bottom } = edges(p, shown.length > 1);
  const ends = (r: Rung) =>
    time ? [new Date(r.from).toISOString(), new Date(r.to).toISOString()] : [r.from, r.to];
  const length = (r: Rung) => (time ? spanText(r.to - r.from) : r.to - r.from);
  const end = labels.length > IN_SIGHT ? (100 * IN_SIGHT) / labels.length : 100;
  return {
    notes,
    summary: `${counted(rungs.length)} spans of ${counted(labels.length)} rows, from ${nameOf(table, last - 1)} to ${nameOf(table, last)}`,
    sheet: () => ({
      columns: [
        others.map((c) => nameOf(table, c)).join(", ") || "Row",
        nameOf(table, last - 1),
        nameOf(table, last),
        "Length",
      ],
      rows: rungs.map((r) => [r.label, ...ends(r), length(r)]),
    }),
    option: {
      ...frame(p, shown.length > 1),
      grid: { left: 16, right: 32, top, bottom, containLabel: true },
      tooltip: { trigger: "item", confine: true },
      dataZoom: [
        { type: "inside", xAxisIndex: 0, zoomOnMouseWheel: "ctrl" },
        ...(end < 100
          ? [{ type: "slider", yAxisIndex: 0, start: 0, end, right: 0, width: 14 }]
          : []),
      ],
      xAxis: {
        type: time ? "time" : "value",
        scale: true,
        ...(p.text("xtitle") === ""
          ? {}
          : { name: p.text("xtitle"), nameLocation: "middle", nameGap: 28 }),
      },
      yAxis: {
        type: "category",
        data: labels,
        inverse: true,
        name: p.text("ytitle"),
        axisLabel: { width: 220, overflow: "truncate" },
      },
      series: shown.map((group) => ({
        type: "custom",
        name: group,
        renderItem: drawRung,
        encode: { x: [1, 2], y: 0, tooltip: [1, 2] },
        dimensions: ["row", nameOf(table, last - 1), nameOf(table, last)],
        data: rungs
          .filter((r) => group === "" || r.group === group)
          .map((r) => [place.get(r.label) ?? 0, r.from, r.to]),
      })),
    },
  };
}
