/// <reference lib="dom" />
/** What processes were doing, as small charts side by side. */

import uPlot from "uplot";
import { VITALS_CHARTS, type VitalsSample } from "../../../records/vitals.ts";
import { currentColors, onColorsChange } from "./theme.ts";

/** The height of a chart in pixels. */
const HEIGHT = 36;

type Chart = (typeof VITALS_CHARTS)[number];

/** Charts with a line a process, in a box that is hidden until there is something to draw. */
export class VitalsCharts {
  readonly #box: HTMLElement;
  #span: number;
  /** By the name of the log, each in the order of time. */
  readonly #samples = new Map<string, VitalsSample[]>();
  readonly #charts: SmallChart[] = [];
  #lines = "";
  #isScheduled = false;

  /** Draws into `box`, as far back from the last sample as `span` says, in milliseconds. */
  constructor(box: HTMLElement, span: number) {
    this.#box = box;
    this.#span = span;
    box.hidden = true;
    onColorsChange(() => {
      this.#lines = "";
      this.#schedule();
    });
    new ResizeObserver(() => this.#charts.forEach((chart) => chart.resize())).observe(box);
  }

  /** How far back from the last sample they go, in milliseconds. */
  set span(span: number) {
    this.#span = span;
    this.#lines = "";
    this.#schedule();
  }

  /** Adds a sample of a log; one that is there already is passed over. */
  add(sample: VitalsSample, log: string = ""): void {
    const samples = this.#samples.get(log) ?? [];
    this.#samples.set(log, samples);
    // Nearly always the last one.
    const at = samples.findLastIndex(({ time }) => time <= sample.time);
    if (samples[at]?.time === sample.time) return;
    samples.splice(at + 1, 0, sample);
    this.#schedule();
  }

  /** Shows nothing. */
  clear(): void {
    this.#samples.clear();
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    requestAnimationFrame(() => {
      this.#isScheduled = false;
      this.#draw();
    });
  }

  #draw(): void {
    this.#forget();
    const logs = [...this.#samples.values()];
    this.#box.hidden = logs.length === 0;
    // What a runtime does not know has no chart.
    const charts = VITALS_CHARTS.filter(({ key }) =>
      logs.some((samples) => samples.some((sample) => sample[key] !== undefined))
    );
    const lines = JSON.stringify([logs.length, charts.map(({ key }) => key)]);
    if (lines !== this.#lines) {
      this.#lines = lines;
      for (const chart of this.#charts.splice(0)) chart.remove();
      for (const chart of charts) {
        this.#charts.push(new SmallChart(this.#box, chart, logs.length, this.#span));
      }
    }
    for (const chart of this.#charts) chart.show(logs);
  }

  /** Forgets what is too old, and logs of which nothing is left. */
  #forget(): void {
    const last = Math.max(...[...this.#samples.values()].map((samples) => samples.at(-1)!.time));
    for (const [log, samples] of this.#samples) {
      const first = samples.findIndex(({ time }) => time >= last - this.#span);
      if (first < 0) this.#samples.delete(log);
      else samples.splice(0, first);
    }
  }
}

/** Lines, with the highest value at their end, or where people point at. */
class SmallChart {
  readonly #element = document.createElement("figure");
  readonly #plotBox = document.createElement("div");
  readonly #value = document.createElement("b");
  readonly #chart: Chart;
  readonly #plot: uPlot;

  constructor(box: HTMLElement, chart: Chart, lineCount: number, span: number) {
    this.#chart = chart;
    const title = document.createElement("figcaption");
    title.append(chart.title, this.#value);
    this.#element.append(title, this.#plotBox);
    box.append(this.#element);
    const { accent, second, danger, dim } = currentColors();
    const colors = [accent, second, dim, danger];
    const lines = Array.from({ length: lineCount }, (_, i): uPlot.Series => ({
      stroke: colors[i % colors.length],
      width: 1.5,
      spanGaps: true,
      points: { show: false },
      ...lineCount === 1 && { fill: `${accent}22` },
    }));
    this.#plot = new uPlot(
      {
        width: this.#width,
        height: HEIGHT,
        legend: { show: false },
        padding: [4, 2, 2, 2],
        // All charts show the same moment.
        cursor: {
          y: false,
          drag: { x: false, y: false },
          points: { size: 5 },
          sync: { key: "vitals" },
        },
        scales: {
          x: {
            time: true,
            range: (_, first, last) => {
              const end = last ?? Date.now() / 1000;
              const start = Number.isFinite(span) ? end - span / 1000 : first ?? end;
              return [Math.min(start, end - 1), end];
            },
          },
          y: { range: (_, __, most) => [0, Math.max((most ?? 0) * 1.1, 1)] },
        },
        axes: [{ show: false }, { show: false }],
        series: [{}, ...lines],
        hooks: { setCursor: [(plot) => this.#say(plot)], setData: [(plot) => this.#say(plot)] },
      },
      undefined,
      this.#plotBox,
    );
  }

  get #width(): number {
    return Math.max(this.#plotBox.clientWidth, 40);
  }

  show(logs: readonly VitalsSample[][]): void {
    const { key } = this.#chart;
    const tables = logs.map((samples): uPlot.AlignedData => [
      samples.map(({ time }) => time / 1000),
      samples.map((sample) => sample[key] ?? null),
    ]);
    this.#plot.setData(uPlot.join(tables));
  }

  resize(): void {
    this.#plot.setSize({ width: this.#width, height: HEIGHT });
  }

  remove(): void {
    this.#plot.destroy();
    this.#element.remove();
  }

  #say(plot: uPlot): void {
    const { idx } = plot.cursor;
    const values = plot.data.slice(1).map((line) =>
      idx === null || idx === undefined ? lastOf(line) : line[idx]
    ).filter((value) => typeof value === "number");
    const text = values.length > 0 ? this.#chart.format(Math.max(...values)) : "–";
    this.#value.textContent = text;
  }
}

function lastOf(line: ArrayLike<number | null | undefined>): number | undefined {
  for (let i = line.length - 1; i >= 0; i--) {
    const value = line[i];
    if (typeof value === "number") return value;
  }
  return undefined;
}
