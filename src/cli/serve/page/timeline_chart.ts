/// <reference lib="dom" />
/** Entries over time, as bars by level, from which a span can be chosen: by dragging, or by keys. */

import uPlot from "uplot";
import type { Timeline } from "../timeline.ts";
import { byId, setText } from "./dom.ts";
import { entryCount, formatCount, formatMoment, formatPeriod, formatSpan } from "./format.ts";
import type { Span } from "./source.ts";
import { currentColors, onColorsChange } from "./theme.ts";

/** Closer to an edge there is no room for a time, in pixels. */
const EDGE = 30;
/** What is one color, the most important one at the bottom. */
const STACK = [
  { names: ["fatal", "error"], color: "danger", titles: ["error", "errors"] },
  { names: ["warn"], color: "warn", titles: ["warning", "warnings"] },
  { names: ["info"], color: "accent", titles: ["info", "info"] },
  { names: ["debug", "trace", "none"], color: "old", titles: ["other", "others"] },
] as const;
/** How small a level may be drawn, of the highest bar: one error among thousands of others is seen, too. */
const LEAST = 1 / 12;
/** A mouse that moves less, in pixels, has chosen one bar. */
const CLICK = 4;

/** The chart. */
export class TimelineChart {
  readonly #box = byId("timeline");
  readonly #section = byId("over-time");
  readonly #note = byId("timeline-note");
  readonly #clear = byId("span-clear");
  readonly #onSpan: (span: Span | undefined) => void;
  #timeline: Timeline | undefined;
  #plot: uPlot | undefined;
  #span: Span | undefined;
  /** The bars that keys have come to, from the first to the last one. */
  #cursor = { anchor: -1, bar: -1 };

  /** Calls `onSpan` when a span is chosen, or none any more. */
  constructor(onSpan: (span: Span | undefined) => void) {
    this.#onSpan = onSpan;
    onColorsChange(() => this.#build());
    new ResizeObserver(() => {
      const { clientWidth: width, clientHeight: height } = this.#box;
      if (width === 0 || height === 0) return;
      this.#plot?.setSize({ width, height });
      this.#mark();
    }).observe(this.#box);
    this.#clear.addEventListener("click", () => this.choose(undefined));
    this.#box.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !this.#isHandled(event)) return;
      event.preventDefault();
      // The list has other uses for these keys.
      event.stopPropagation();
    });
  }

  /** The span that is chosen. */
  get span(): Span | undefined {
    return this.#span;
  }

  /** Shows these entries; nothing if none has a time. */
  show(timeline: Timeline | undefined): void {
    const bars = this.#bars;
    if (timeline !== undefined && Object.keys(timeline.levels).length === 0 && bars > 0) {
      // Nothing matches: the axis stays where it was.
      const { from, step } = this.#timeline!;
      timeline = { ...timeline, from, step, levels: { none: new Array(bars).fill(0) } };
    }
    const isSame = timeline?.from === this.#timeline?.from &&
      timeline?.step === this.#timeline?.step;
    this.#timeline = timeline;
    if (!isSame) this.#cursor = { anchor: -1, bar: -1 };
    const isEmpty = timeline === undefined || this.#bars === 0;
    this.#section.hidden = isEmpty && this.#span === undefined;
    if (isEmpty) return;
    if (this.#plot === undefined) this.#build();
    else this.#plot.setData(this.#data());
    this.#mark();
    // What keys have come to is still marked. For a mouse the plot asks again.
    const { bar } = this.#cursor;
    this.#describe(this.#hasFocus && bar >= 0 ? bar : undefined);
  }

  /** Chooses a span. */
  choose(span: Span | undefined): void {
    this.#span = span;
    this.#mark();
    this.#describe();
    this.#onSpan(span);
  }

  /** Chooses none, without a word to anybody. */
  reset(): void {
    this.#span = undefined;
    this.show(undefined);
  }

  get #hasFocus(): boolean {
    return document.activeElement === this.#box;
  }

  get #bars(): number {
    return Object.values(this.#timeline?.levels ?? {})[0]?.length ?? 0;
  }

  #countsOf(bar: number): number[] {
    const { levels = {} } = this.#timeline ?? {};
    return STACK.map(({ names }) =>
      names.reduce((sum, name) => sum + (levels[name]?.[bar] ?? 0), 0)
    );
  }

  /** What is drawn: each level on top of those before it, the last one first. */
  #data(): uPlot.AlignedData {
    const { from = 0, step = 1 } = this.#timeline ?? {};
    const times: number[] = [];
    const sums: number[][] = STACK.map(() => []);
    const bars = Array.from({ length: this.#bars }, (_, bar) => this.#countsOf(bar));
    const least = LEAST * Math.max(...bars.map((counts) => counts.reduce((sum, n) => sum + n, 0)));
    bars.forEach((counts, bar) => {
      times.push((from + bar * step) / 1000);
      let sum = 0;
      counts.forEach((count, i) => sums[i].push(sum += count === 0 ? 0 : Math.max(count, least)));
    });
    return [times, ...sums.reverse()];
  }

  #build(): void {
    if (this.#timeline === undefined) return;
    const colors = currentColors();
    const bars = uPlot.paths.bars?.({ size: [0.9, 60], align: 1 });
    this.#plot?.destroy();
    this.#plot = new uPlot(
      {
        width: Math.max(this.#box.clientWidth, 50),
        height: Math.max(this.#box.clientHeight, 30),
        legend: { show: false },
        padding: [4, 0, 0, 0],
        cursor: {
          y: false,
          points: { show: false },
          drag: { x: true, y: false, setScale: false },
        },
        scales: {
          x: {
            time: true,
            range: () => {
              const { from = 0, step = 1 } = this.#timeline ?? {};
              return [from / 1000, (from + this.#bars * step) / 1000];
            },
          },
          y: { range: (_, __, most) => [0, Math.max(most ?? 0, 1)] },
        },
        axes: [
          {
            stroke: colors.dim,
            font: "11px system-ui, sans-serif",
            ticks: { show: false },
            grid: { show: false },
            size: 18,
            gap: 1,
            space: 110,
            // Half of one at an edge would be cut off.
            filter: (plot, splits) =>
              splits.map((time) => {
                const x = plot.valToPos(time, "x");
                return x < EDGE || x > plot.over.clientWidth - EDGE ? null : time;
              }),
            values: (_, values) =>
              values.map((value) => value === null ? "" : this.#shortTime(value * 1000)),
          },
          { show: false },
        ],
        series: [
          {},
          ...STACK.toReversed().map(({ color }) => ({
            fill: colors[color],
            width: 0,
            points: { show: false },
            ...bars && { paths: bars },
          })),
        ],
        hooks: {
          setSelect: [(plot) => this.#selected(plot)],
          setCursor: [(plot) => {
            const { left = -1 } = plot.cursor;
            this.#describe(left < 0 ? undefined : this.#barAt(plot.posToVal(left, "x") * 1000));
          }],
        },
      },
      this.#data(),
      this.#box,
    );
    this.#mark();
  }

  #barAt(time: number): number {
    const { from = 0, step = 1 } = this.#timeline ?? {};
    return Math.min(Math.max(Math.floor((time - from) / step), 0), this.#bars - 1);
  }

  #shortTime(time: number): string {
    const text = formatMoment(time);
    return (this.#timeline?.step ?? 0) < 1000 ? text : text.slice(0, -4);
  }

  /** The mouse has chosen something. */
  #selected(plot: uPlot): void {
    const { left, width } = plot.select;
    const [first, last] = width < CLICK ? [left, left] : [left, left + width - 1];
    if (first < 0) return;
    const bars = [first, last].map((x) => this.#barAt(plot.posToVal(x, "x") * 1000));
    this.#chooseBars(bars[0], bars[1]);
  }

  #chooseBars(first: number, last: number): void {
    const { from = 0, step = 1 } = this.#timeline ?? {};
    // Up to the moment before the next bar.
    this.choose({ from: from + first * step, to: from + (last + 1) * step - 1 });
  }

  #isHandled({ key, shiftKey }: KeyboardEvent): boolean {
    const { anchor, bar } = this.#cursor;
    switch (key) {
      case "ArrowLeft":
      case "ArrowRight": {
        const start = bar < 0 ? this.#bars - (key === "ArrowLeft" ? 0 : 1) : bar;
        const next = start + (key === "ArrowLeft" ? -1 : 1);
        const at = Math.min(Math.max(next, 0), this.#bars - 1);
        this.#cursor = { anchor: shiftKey && anchor >= 0 ? anchor : at, bar: at };
        this.#mark();
        this.#describe(at);
        return true;
      }
      case "Enter":
        if (bar < 0) return false;
        this.#chooseBars(Math.min(anchor, bar), Math.max(anchor, bar));
        return true;
      case "Escape":
        if (this.#span === undefined && bar < 0) return false;
        this.#cursor = { anchor: -1, bar: -1 };
        this.choose(undefined);
        return true;
      default:
        return false;
    }
  }

  /** Marks what is chosen, or what keys are about to choose. */
  #mark(): void {
    const plot = this.#plot;
    const { from = 0, step = 1 } = this.#timeline ?? {};
    const { anchor, bar } = this.#cursor;
    if (plot === undefined) return;
    const shown = this.#hasFocus && bar >= 0
      ? { from: from + Math.min(anchor, bar) * step, to: from + (Math.max(anchor, bar) + 1) * step }
      : this.#span;
    const left = shown === undefined ? 0 : Math.max(plot.valToPos(shown.from / 1000, "x"), 0);
    const right = shown === undefined
      ? 0
      : Math.min(plot.valToPos(shown.to / 1000, "x"), plot.over.clientWidth);
    plot.setSelect(
      { left, width: Math.max(right - left, 0), top: 0, height: plot.over.clientHeight },
      false,
    );
  }

  /** From when to when there are entries, with the date, to a bar exactly. */
  #period(): string {
    const { from, step } = this.#timeline!;
    let [first, last] = [-1, -1];
    for (let bar = 0; bar < this.#bars; bar++) {
      if (this.#countsOf(bar).every((count) => count === 0)) continue;
      if (first < 0) first = bar;
      last = bar;
    }
    return first < 0 ? "" : `${formatPeriod(from + first * step, from + (last + 1) * step - 1)} · `;
  }

  /** Says what is in a bar, or in all of them. */
  #describe(bar?: number): void {
    const timeline = this.#timeline;
    if (timeline === undefined) return;
    const { from, step, entries, stride, outside } = timeline;
    const about = stride > 1 ? "about " : "";
    const span = this.#span;
    const chosen = span && `${this.#shortTime(span.from)} – ${this.#shortTime(span.to + 1)}`;
    this.#clear.hidden = span === undefined;
    setText(this.#clear, `${chosen ?? ""} ✕`);
    this.#clear.setAttribute("aria-label", `Show all times again, not ${chosen ?? ""}`);
    if (bar === undefined) {
      const far = outside > 0 ? ` · ${formatCount(outside)} without a time, or far away` : "";
      const each = `${formatSpan(step / 1000)} a bar`;
      const when = this.#period();
      return setText(this.#note, `${when}${entryCount(entries)} · ${each}${far}`);
    }
    const counts = this.#countsOf(bar);
    const parts = STACK.flatMap(({ titles: [one, many] }, i) =>
      counts[i] === 0 ? [] : [`${formatCount(counts[i])} ${counts[i] === 1 ? one : many}`]
    );
    setText(
      this.#note,
      `${this.#shortTime(from + bar * step)}: ${
        parts.length === 0 ? "nothing" : about + parts.join(", ")
      }`,
    );
  }
}
