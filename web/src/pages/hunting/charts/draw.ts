/** `render` of a query as a drawing of echarts (Kusto, "render operator" and its pages of visualizations). */
import type { ResultTable } from "../results";
import { cartesian } from "./cartesian";
import type { Drawing } from "./drawing";
import type { ChartChoice } from "./kinds";
import { ladder } from "./ladder";
import { mapChart } from "./map";
import { partsChart } from "./parts";
import { Properties } from "./properties";

/** undefined: nothing in the result can be drawn this way. Pivots draw themselves. */
export function drawingOf(table: ResultTable, choice: ChartChoice): Drawing | undefined {
  if (table.rows === 0) return undefined;
  const p = new Properties({ ...table.render, ...choice.properties });
  if (p.word("kind") === "map" && (choice.kind === "scatterchart" || choice.kind === "piechart"))
    return mapChart(table, p);
  switch (choice.kind) {
    case "piechart":
    case "treemap":
      return partsChart(table, choice.kind, p);
    case "ladderchart":
      return ladder(table, p);
    case "timepivot":
    case "pivotchart":
      return undefined;
    default:
      return cartesian(table, choice.kind, p);
  }
}
