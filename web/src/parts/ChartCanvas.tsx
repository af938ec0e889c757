/** The drawing part of Chart. */
import { tokens } from "@fluentui/react-components";
import { init } from "echarts/core";
import type { EChartsType } from "echarts/core";
import { useEffect, useRef } from "react";
import { useAppearance } from "../shell/appearance";
import type { ChartItem, ChartProps } from "./Chart";
import "./echartsParts";
import { useZone } from "./time";

export default function ChartCanvas({ label, option, onSelect }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType>(undefined);
  const select = useRef(onSelect);
  const { dark } = useAppearance();
  const [zone] = useZone();

  useEffect(() => {
    select.current = onSelect;
  }, [onSelect]);

  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const made = init(element, dark ? "dark" : undefined, { renderer: "canvas" });
    chart.current = made;
    made.on("click", (event) => {
      select.current?.({
        seriesName: event.seriesName ?? "",
        name: event.name,
        data: event.data,
        dataType: (event as { dataType?: string }).dataType ?? "",
      } satisfies ChartItem);
    });
    const observer = new ResizeObserver(() => made.resize());
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.dispose();
      chart.current = undefined;
    };
  }, [dark]);

  useEffect(() => {
    chart.current?.setOption(
      {
        backgroundColor: "transparent",
        animation: false,
        useUTC: zone === "utc",
        aria: { enabled: true, label: { description: label } },
        textStyle: { fontFamily: tokens.fontFamilyBase },
        ...option,
      },
      { notMerge: true },
    );
  }, [option, dark, label, zone]);

  return (
    <div ref={place} role="img" aria-label={label} style={{ height: "100%", width: "100%" }} />
  );
}
