/// <reference lib="dom" />
/** How much is written, over the last two minutes. */

import uPlot from "uplot";
import type { Point } from "../messages.ts";
import { byId, setText } from "./dom.ts";
import { formatBytes, formatCount, formatShort, formatTime } from "./format.ts";
import { currentColors, onColorsChange } from "./theme.ts";

/** How far back the chart goes, in seconds. */
const SPAN = 120;
/** From this many seconds between two points on, the line has a gap. */
const GAP = 2.5;

/** Closer to an edge, in pixels, a time would lie over the zero of another axis. */
const EDGE = 28;

const STEPS = Array.from({ length: 10 }, (_, power) => [1, 2, 5].map((n) => n * 10 ** power))
  .flat();

/** What is shown beside the chart while nobody points at it. */
const WHOLE = "last 2 minutes";

/** A chart of entries and bytes a second, with the numbers of the last point, or of one that people point at. */
export class Chart {
  readonly #box: HTMLElement;
  #points: Point[] = [];
  #plot: uPlot | undefined;
  #isScheduled = false;

  /** The last point, and the one that people point at. */
  #latest: Point = { time: 0, entries: 0, bytes: 0 };
  #pointed: Point | undefined;

  /** Draws into `box`. */
  constructor(box: HTMLElement) {
    this.#box = box;
    this.#showRates();
    onColorsChange(() => this.#build());
    new ResizeObserver(() => this.#resize()).observe(box);
    this.#build();
  }

  /** Shows these points after those that are older. */
  merge(points: readonly Point[]): void {
    const first = points[0]?.time ?? Infinity;
    this.#points = [...this.#points.filter(({ time }) => time < first), ...points];
    this.#schedule();
  }

  /** Shows nothing. */
  clear(): void {
    this.#points = [];
    this.#schedule();
  }

  /** Adds a point. */
  add(point: Point): void {
    this.#latest = point;
    if (this.#pointed === undefined) this.#showRates();
    this.#points.push(point);
    const oldest = point.time - SPAN * 1000;
    let gone = 0;
    while (this.#points[gone].time < oldest) gone++;
    if (gone > 0) this.#points.splice(0, gone);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    requestAnimationFrame(() => {
      this.#isScheduled = false;
      this.#plot?.setData(this.#data());
    });
  }

  #data(): uPlot.AlignedData {
    const times: number[] = [];
    const entries: (number | null)[] = [];
    const bytes: (number | null)[] = [];
    for (const { time, entries: count, bytes: size } of this.#points) {
      const at = time / 1000;
      const before = times.at(-1);
      if (before !== undefined && at - before > GAP) {
        times.push(before + 0.001);
        entries.push(null);
        bytes.push(null);
      }
      times.push(at);
      entries.push(count);
      bytes.push(size);
    }
    return [times, entries, bytes];
  }

  #resize(): void {
    const { clientWidth: width, clientHeight: height } = this.#box;
    if (width > 0 && height > 0) this.#plot?.setSize({ width, height });
  }

  #build(): void {
    const colors = currentColors();
    const font = "11px system-ui, sans-serif";
    const axis = {
      stroke: colors.dim,
      font,
      ticks: { show: false },
      grid: { stroke: colors.line, width: 1 },
    };
    // With more air above bytes: lines of one shape must not cover each other.
    const fromZero =
      (air: number) => (_: uPlot, __: number | null, most: number | null): [number, number] => [
        0,
        Math.max((most ?? 0) * air, 1),
      ];
    this.#plot?.destroy();
    this.#plot = new uPlot(
      {
        width: Math.max(this.#box.clientWidth, 50),
        height: Math.max(this.#box.clientHeight, 50),
        legend: { show: false },
        padding: [6, 0, 0, 0],
        cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
        scales: {
          x: {
            time: true,
            range: (_, __, last) => {
              const end = last ?? Date.now() / 1000;
              return [end - SPAN, end];
            },
          },
          entries: { range: fromZero(1.15) },
          bytes: { range: fromZero(1.6) },
        },
        axes: [
          {
            ...axis,
            size: 22,
            gap: 2,
            grid: { show: false },
            space: 80,
            values: (plot, values) => {
              const most = plot.bbox.width / devicePixelRatio - EDGE;
              return values.map((value) => {
                const at = plot.valToPos(value, "x");
                return at < EDGE || at > most ? "" : formatTime(value * 1000).slice(0, 8);
              });
            },
          },
          {
            ...axis,
            scale: "entries",
            // No halves of entries.
            incrs: STEPS,
            size: 46,
            gap: 4,
            space: 26,
            values: (_, values) => values.map((value) => formatShort(value)),
          },
          {
            ...axis,
            scale: "bytes",
            incrs: STEPS,
            side: 1,
            size: 58,
            gap: 4,
            space: 26,
            grid: { show: false },
            values: (_, values) => values.map((value) => formatBytes(value)),
          },
        ],
        series: [
          {},
          {
            scale: "entries",
            stroke: colors.accent,
            fill: `${colors.accent}22`,
            width: 1.5,
            points: { show: false },
          },
          { scale: "bytes", stroke: colors.second, width: 1.5, points: { show: false } },
        ],
        hooks: {
          setCursor: [(plot) => this.#point(plot)],
        },
      },
      this.#data(),
      this.#box,
    );
  }

  #point(plot: uPlot): void {
    const { idx } = plot.cursor;
    const time = idx === null || idx === undefined ? undefined : plot.data[0][idx];
    this.#pointed = this.#points.find((point) => point.time / 1000 === time);
    this.#showRates();
  }

  #showRates(): void {
    const { time, entries, bytes } = this.#pointed ?? this.#latest;
    setText(byId("rate-entries"), formatCount(entries));
    setText(byId("rate-bytes"), formatBytes(bytes));
    setText(byId("rate-when"), this.#pointed === undefined ? WHOLE : formatTime(time));
  }
}
