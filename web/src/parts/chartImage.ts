/** A chart as a picture for a report: drawn once more, out of sight, larger than on the page and without its sliders. */
import { init, use } from "echarts/core";
import type { EChartsCoreOption } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import "./echartsParts";

use([SVGRenderer]);

const WIDTH = 1280;
const HEIGHT = 720;
const BACKGROUND = { light: "#ffffff", dark: "#1f1f1f" };

export interface ImageOptions {
  dark: boolean;
  utc: boolean;
}

function optionOf(option: EChartsCoreOption, { dark, utc }: ImageOptions): EChartsCoreOption {
  return {
    backgroundColor: dark ? BACKGROUND.dark : BACKGROUND.light,
    animation: false,
    useUTC: utc,
    textStyle: { fontFamily: "Segoe UI, Arial, sans-serif" },
    ...option,
  };
}

export function chartSvg(option: EChartsCoreOption, how: ImageOptions): Blob {
  const chart = init(null, how.dark ? "dark" : undefined, {
    renderer: "svg",
    ssr: true,
    width: WIDTH,
    height: HEIGHT,
  });
  chart.setOption(optionOf(option, how));
  const text = chart.renderToSVGString();
  chart.dispose();
  return new Blob([text], { type: "image/svg+xml" });
}

export async function chartPng(option: EChartsCoreOption, how: ImageOptions): Promise<Blob> {
  const place = document.createElement("div");
  const chart = init(place, how.dark ? "dark" : undefined, {
    renderer: "canvas",
    width: WIDTH,
    height: HEIGHT,
    devicePixelRatio: 2,
  });
  try {
    chart.setOption(optionOf(option, how));
    const canvas = chart.renderToCanvas({ pixelRatio: 2 });
    return await new Promise<Blob>((resolve, reject) =>
      canvas.toBlob(
        (blob) => (blob ? resolve(blob) : reject(new Error("The browser made no picture."))),
        "image/png",
      ),
    );
  } finally {
    chart.dispose();
  }
}
