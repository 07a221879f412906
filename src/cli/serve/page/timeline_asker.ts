/// <reference lib="dom" />
/** Asks how entries spread over time, again and again while the page is live. */

import type { Shown, Source } from "./source.ts";
import type { TimelineChart } from "./timeline_chart.ts";

/** How long to wait before it is asked again, in milliseconds, */
const AGAIN = 3000;
/** and how many times longer than the answer took. */
const PAUSE = 10;

/** Keeps a chart up to date. */
export class TimelineAsker {
  readonly #chart: TimelineChart;
  readonly #source: () => Source;
  #asked = "";
  #isLive = false;
  #asking: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Shows in `chart` what the source answers that there is by then. */
  constructor(chart: TimelineChart, source: () => Source) {
    this.#chart = chart;
    this.#source = source;
  }

  /** Asks for these entries; while the page is live again and again. */
  ask(shown: Shown, isLive: boolean): void {
    const asked = JSON.stringify(shown);
    const isSame = asked === this.#asked;
    this.#isLive = isLive;
    // An answer is on its way, or comes soon.
    if (isSame && (!isLive || this.#asking !== undefined || this.#timer !== undefined)) return;
    this.stop();
    this.#asked = asked;
    void this.#ask(shown);
  }

  /** Asks for nothing any more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#asking?.abort();
    this.#asking = undefined;
    this.#asked = "";
  }

  async #ask(shown: Shown): Promise<void> {
    const asking = this.#asking = new AbortController();
    const start = performance.now();
    const answer = await this.#source().timeline(shown, asking.signal);
    if (asking.signal.aborted) return;
    this.#asking = undefined;
    if (answer !== undefined) this.#chart.show(answer.found);
    const pause = Math.max(AGAIN, PAUSE * (performance.now() - start));
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#isLive) void this.#ask(shown);
    }, pause);
  }
}
