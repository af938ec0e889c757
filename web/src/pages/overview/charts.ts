/** Rows of the overview as charts. */
import type { EChartsCoreOption } from "echarts/core";
export type QueryRow = Record<string, unknown>;

export const severityColours: Record<string, string> = {
  High: "#d13438",
  Medium: "#f7630c",
  Low: "#c19c00",
  Informational: "#8a8886",
};

/** Stacked columns: one row a day and series; the series that have colours in their order, then the others by name. */
export function stackedDays(
  rows: QueryRow[],
  series: string,
  value: string,
  unit: string,
  colours: Record<string, string> = {},
): EChartsCoreOption {
  const days = [...new Set(rows.map((row) => String(row["Day"]).slice(0, 10)))].sort();
  const known = Object.keys(colours);
  const seen = [...new Set(rows.map((row) => String(row[series])))].sort();
  const names = [
    ...known.filter((name) => seen.includes(name)),
    ...seen.filter((name) => !known.includes(name)),
  ];
  const found = new Map(
    rows.map((row) => [
      `${String(row["Day"]).slice(0, 10)} ${String(row[series])}`,
      Number(row[value]),
    ]),
  );
  return {
    tooltip: { trigger: "axis", renderMode: "richText" },
    legend: { type: "scroll", bottom: 0 },
    grid: { left: 8, right: 8, top: 24, bottom: 36, containLabel: true },
    xAxis: { type: "category", data: days },
    yAxis: { type: "value", name: unit, minInterval: unit === "" ? 1 : 0 },
    series: names.map((name) => ({
      name,
      type: "bar",
      stack: "all",
      data: days.map((day) => found.get(`${day} ${name}`) ?? 0),
      ...(colours[name] === undefined ? {} : { itemStyle: { color: colours[name] } }),
    })),
  };
}
