/** Charts as SVG, for light and dark pages. */

import * as echarts from "echarts";

/** A line of a chart. */
export interface Line {
  name: string;
  values: (number | null)[];
}

/** What a chart shows. */
export interface Chart {
  title: string;
  /** What the points stand for, below the chart. */
  xTitle: string;
  x: string[];
  /** The unit, above the axis. */
  yTitle: string;
  lines: Line[];
}

const GREY = "#808080";
// Told apart by people who see few colours, too (Okabe and Ito).
const COLORS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00"];

/** Draws a chart. */
export function draw(chart: Chart): string {
  const view = echarts.init(null, null, { renderer: "svg", ssr: true, width: 720, height: 360 });
  const axis = {
    nameTextStyle: { color: GREY },
    axisLabel: { color: GREY },
    axisLine: { lineStyle: { color: GREY } },
  };
  view.setOption({
    animation: false,
    color: COLORS,
    title: { text: chart.title, textStyle: { color: GREY, fontSize: 15 } },
    legend: { bottom: 0, textStyle: { color: GREY } },
    grid: { left: 60, right: 20, top: 60, bottom: 80 },
    xAxis: {
      ...axis,
      type: "category",
      data: chart.x,
      name: chart.xTitle,
      nameLocation: "middle",
      nameGap: 28,
    },
    yAxis: {
      ...axis,
      type: "value",
      min: 0,
      name: chart.yTitle,
      splitLine: { lineStyle: { color: GREY, opacity: 0.25 } },
    },
    series: chart.lines.map(({ name, values }, i) => ({
      type: "line",
      name,
      data: values,
      symbolSize: 7,
      // What is read is dashed, what is written is not.
      lineStyle: { type: name.includes("read") ? "dashed" : "solid" },
      itemStyle: { color: COLORS[Math.floor(i / 2) % COLORS.length] },
    })),
  });
  const svg = view.renderToSVGString();
  view.dispose();
  return svg;
}
