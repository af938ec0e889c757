/** What a chart is made of, for those who see it and those who read it. */
import type { EChartsCoreOption } from "echarts/core";
import type { Properties } from "./properties";

/** The values that are drawn, as a table. */
export interface Sheet {
  columns: string[];
  rows: unknown[][];
}

export interface Drawing {
  /** Of echarts. */
  option: EChartsCoreOption;
  /** What of the result is not drawn, a sentence each. */
  notes: string[];
  /** What there is to see, for a screen reader. */
  summary: string;
  sheet: () => Sheet;
}

export function counted(n: number): string {
  return n.toLocaleString("en");
}

export function frame(p: Properties, many: boolean): EChartsCoreOption {
  const title = p.text("title");
  return {
    ...(title === ""
      ? {}
      : { title: { text: title, left: "center", textStyle: { fontSize: 14 } } }),
    legend: { show: p.word("legend") !== "hidden" && many, type: "scroll", bottom: 0 },
  };
}

/** Room at the edges of the plot. */
export function edges(p: Properties, many: boolean): { top: number; bottom: number } {
  const legend = p.word("legend") !== "hidden" && many;
  return {
    top: p.text("title") === "" ? 28 : 52,
    bottom: (legend ? 36 : 12) + (p.text("xtitle") === "" ? 0 : 22),
  };
}
