/** Ways to draw a result: those of Kusto's render, and the ones that the portal's list offers besides. */

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
  "ladderchart",
  "timepivot",
  "pivotchart",
] as const;
export type ChartKind = (typeof chartKinds)[number];

export interface ChartChoice {
  id: string;
  title: string;
  kind: ChartKind;
  /** Properties that stand in for those of the query's render. */
  properties: Readonly<Record<string, string>>;
}

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
  ladderchart: "Ladder chart",
  timepivot: "Time pivot",
  pivotchart: "Pivot chart",
};

/** What Defender's list has besides, as a kind and its properties. */
const more: readonly ChartChoice[] = [
  {
    id: "stackedcolumnchart",
    title: "Stacked column chart",
    kind: "columnchart",
    properties: { kind: "stacked" },
  },
  {
    id: "stackedbarchart",
    title: "Stacked bar chart",
    kind: "barchart",
    properties: { kind: "stacked" },
  },
  { id: "donutchart", title: "Donut chart", kind: "piechart", properties: { kind: "donut" } },
];

export const chartChoices: readonly ChartChoice[] = [
  ...chartKinds.map((kind) => ({ id: kind, title: titles[kind], kind, properties: {} })),
  ...more,
];

export function chartChoice(id: unknown): ChartChoice | undefined {
  const name = String(id ?? "").toLowerCase();
  return chartChoices.find((choice) => choice.id === name);
}
