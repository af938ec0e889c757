/** A chart of echarts that follows the appearance; its code comes when the first one is drawn. */
import { Spinner } from "@fluentui/react-components";
import { Suspense, lazy } from "react";
import type { EChartsCoreOption } from "echarts/core";

const Canvas = lazy(() => import("./ChartCanvas"));

export interface ChartProps {
  /** What the chart tells, for those who do not see it. */
  label: string;
  /** Of echarts; new identity means a new drawing, so keep it in useMemo. */
  option: EChartsCoreOption;
  height?: number | string;
  /** A click on a part of a series. */
  onSelect?: (item: ChartItem) => void;
}

export interface ChartItem {
  seriesName: string;
  name: string;
  data: unknown;
  dataType: string;
}

export function Chart(props: ChartProps) {
  return (
    <div style={{ height: props.height ?? 240 }}>
      <Suspense fallback={<Spinner size="tiny" label="Loading the chart" />}>
        <Canvas {...props} />
      </Suspense>
    </div>
  );
}
