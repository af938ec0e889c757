/** Pies and treemaps: parts of a whole. */
import type { ResultTable } from "../results";
import { counted, frame } from "./drawing";
import type { Drawing } from "./drawing";
import type { ChartKind } from "./kinds";
import { labelOf, nameOf, rolesOf } from "./properties";
import type { Properties } from "./properties";

const MOST_PARTS: Partial<Record<ChartKind, number>> = { piechart: 60, treemap: 1000 };

interface Part {
  name: string;
  value: number;
}

/** Parts of one name are one; past `most` the smallest become "Other". */
function partsOf(
  table: ResultTable,
  labels: readonly number[],
  y: number,
  most: number,
  notes: string[],
): Part[] {
  const sums = new Map<string, number>();
  let left = 0;
  for (let row = 0; row < table.rows; row++) {
    const value = Number(table.at(row, y) ?? 0);
    if (!(value > 0)) {
      left += value < 0 ? 1 : 0;
      continue;
    }
    const name = labelOf(table, row, labels);
    sums.set(name, (sums.get(name) ?? 0) + value);
  }
  if (left > 0) notes.push(`${counted(left)} negative values can't be parts of a whole.`);
  const all = [...sums].map(([name, value]) => ({ name, value }));
  if (all.length <= most) return all;
  const sorted = [...all].sort((a, b) => b.value - a.value);
  const rest = sorted.slice(most - 1);
  notes.push(
    `"Other" is the sum of the ${counted(rest.length)} smallest of ${counted(all.length)} parts.`,
  );
  return [
    ...sorted.slice(0, most - 1),
    { name: "Other", value: rest.reduce((sum, part) => sum + part.value, 0) },
  ];
}

export function partsChart(
  table: ResultTable,
  kind: ChartKind,
  p: Properties,
): Drawing | undefined {
  const roles = rolesOf(table, kind, p);
  const [y] = roles.y;
  if (y === undefined) return undefined;
  const notes: string[] = [];
  const labels = [...new Set([roles.x, ...roles.series])];
  const data = partsOf(table, labels, y, MOST_PARTS[kind] ?? 60, notes);
  const inner = p.word("kind") === "donut" ? "40%" : "0%";
  const name = labels.map((c) => nameOf(table, c)).join(", ");
  const total = data.reduce((sum, part) => sum + part.value, 0);
  return {
    notes,
    summary: `${counted(data.length)} parts of ${counted(total)} (${nameOf(table, y)}), by ${name}`,
    sheet: () => ({
      columns: [name, nameOf(table, y), "Percent"],
      rows: data.map((d) => [
        d.name,
        d.value,
        total > 0 ? ((100 * d.value) / total).toFixed(1) : "",
      ]),
    }),
    option: {
      ...frame(p, kind === "piechart"),
      tooltip: { trigger: "item", confine: true },
      series: [
        kind === "treemap"
          ? { type: "treemap", data, roam: false, breadcrumb: { show: false } }
          : { type: "pie", radius: [inner, "65%"], data, label: { formatter: "{b}: {d}%" } },
      ],
    },
  };
}
