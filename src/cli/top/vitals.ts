/**
 * What a process was doing, of the entries of its log, as lines of a terminal.
 *
 * @module
 */

import { ShmLogReader } from "../../log/native/shm_log_reader.ts";
import { targetOf } from "../../log/native/target.ts";
import { VITALS_CHARTS, vitalsOf, type VitalsSample } from "../../records/vitals.ts";

/** How long one look may take, in milliseconds: a writer at full speed must not hold the screen. */
const MOST_WORK = 30;
/** How many samples are kept: no terminal is wider. */
const MOST_SAMPLES = 512;
const BLOCKS = "▁▂▃▄▅▆▇█";

/** Reads the vitals of one log as they come, from its newest chunk on. */
export class VitalsWatch implements Disposable {
  readonly #name: string;
  #reader: ShmLogReader | undefined;
  #samples: VitalsSample[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  /** Looks; gives the samples that are known, the oldest first. Throws nothing. */
  look(): readonly VitalsSample[] {
    try {
      this.#read();
    } catch {
      // Gone, or damaged: the rest of the screen says so.
      this[Symbol.dispose]();
    }
    return this.#samples;
  }

  #read(): void {
    if (this.#reader?.isReplaced()) this[Symbol.dispose]();
    const reader = this.#reader ??= ShmLogReader.open(targetOf(this.#name), {
      strategy: "latest",
      onOverrun: "latest",
      onDamage: "skip",
      copyMode: "auto",
    });
    const found: VitalsSample[] = [];
    const end = performance.now() + MOST_WORK;
    for (;;) {
      const batch = reader.readBatch();
      if (batch.length === 0) break;
      for (let i = 0; i < batch.length; i++) {
        const sample = vitalsOf(batch.text(i));
        if (sample !== undefined) found.push(sample);
      }
      if (performance.now() < end) continue;
      // What comes faster than it is read is not waited for.
      this[Symbol.dispose]();
      break;
    }
    const last = this.#samples.at(-1)?.time ?? -Infinity;
    const more = found.filter(({ time }) => time > last);
    if (more.length > 0) this.#samples = [...this.#samples, ...more].slice(-MOST_SAMPLES);
  }

  /** Closes the log; a later look opens it again. */
  [Symbol.dispose](): void {
    this.#reader?.close();
    this.#reader = undefined;
  }
}

/** A line for each of what is known: its name, its last value, and a chart in what is left of the width. */
export function vitalsLines(samples: readonly VitalsSample[], width: number): string[] {
  return VITALS_CHARTS.flatMap(({ key, title, format }) => {
    const values = samples.map((sample) => sample[key]);
    const last = values.findLast((value) => value !== undefined);
    if (last === undefined) return [];
    return `${title.padEnd(9)} ${format(last).padStart(9)}  ${sparkline(values, width - 21)}`;
  });
}

/** Numbers as blocks, from 0 to the largest; the last ones, if there is no room for all. */
export function sparkline(values: readonly (number | undefined)[], width: number): string {
  const shown = width > 0 ? values.slice(-width) : [];
  const most = Math.max(...shown.map((value) => value ?? 0), Number.MIN_VALUE);
  return shown.map((value) =>
    value === undefined ? " " : BLOCKS[Math.min(Math.floor(value / most * 8), 7)] ?? " "
  ).join("");
}
