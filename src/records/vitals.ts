/**
 * Entries that say what a process is doing: what charts are drawn from. Runs in a browser, too.
 *
 * @module
 */

/** The `logger` of these entries. */
export const VITALS_LOGGER = "ouroboros.vitals";

/** What they have after their time, which has always the same length. */
const MARK = `,"level":"debug","logger":"${VITALS_LOGGER}",`;
const MARK_BYTES = new TextEncoder().encode(MARK);
const MARK_AT = '{"time":"2026-11-30T00:00:00.000Z"'.length;
/** Nothing of this may stand before it: so it is at the same place in text and in bytes. */
const MORE_THAN_ASCII = /[^\0-\x7f]/;

/** What a process was doing at a time; what its runtime does not know is missing. */
export interface VitalsSample {
  /** When, in milliseconds since 1970. */
  time: number;
  /** CPU, in percent of one core. */
  cpu?: number;
  /** How late the event loop was at most, in milliseconds. */
  late?: number;
  /** The memory of the process in bytes. */
  rss?: number;
  /** The objects of JavaScript in bytes. */
  heap?: number;
  /** The time of garbage collections, in milliseconds. */
  gc?: number;
}

/** What of a sample is drawn, in this order. */
export const VITALS_CHARTS: readonly {
  key: Exclude<keyof VitalsSample, "time">;
  title: string;
  /** The value in words. */
  format(value: number): string;
}[] = [
  { key: "cpu", title: "CPU", format: (value) => `${short(value)} %` },
  { key: "late", title: "Loop late", format: (value) => `${short(value)} ms` },
  { key: "heap", title: "Heap", format: (value) => `${short(value / 2 ** 20)} MiB` },
  { key: "rss", title: "Memory", format: (value) => `${short(value / 2 ** 20)} MiB` },
  { key: "gc", title: "GC", format: (value) => `${short(value)} ms` },
];

/** Whether a text is such an entry. */
export function isVitals(text: string): boolean {
  return text.startsWith(MARK, MARK_AT) && !MORE_THAN_ASCII.test(text.slice(0, MARK_AT));
}

/** The same of the entry at a place in bytes. */
export function isVitalsAt(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < MARK_AT + MARK_BYTES.length) return false;
  for (let i = 0; i < MARK_BYTES.length; i++) {
    if (bytes[start + MARK_AT + i] !== MARK_BYTES[i]) return false;
  }
  for (let i = 0; i < MARK_AT; i++) if (bytes[start + i] > 0x7f) return false;
  return true;
}

/** What such an entry says; undefined of another text. Never throws. */
export function vitalsOf(text: string): VitalsSample | undefined {
  if (!isVitals(text)) return undefined;
  let entry: Record<string, unknown>;
  try {
    entry = Object(JSON.parse(text));
  } catch {
    return undefined;
  }
  const time = Date.parse(String(entry.time));
  if (entry.logger !== VITALS_LOGGER || Number.isNaN(time)) return undefined;
  const sample: VitalsSample = { time };
  const put = (key: Exclude<keyof VitalsSample, "time">, value: unknown): void => {
    if (typeof value === "number" && Number.isFinite(value)) sample[key] = value;
  };
  put("cpu", entry.cpuPercent);
  put("late", (Object(entry.loopDelayMs) as { max?: unknown }).max);
  put("rss", entry.rss);
  put("heap", entry.heapUsed);
  put("gc", (Object(entry.gc) as { ms?: unknown }).ms);
  return sample;
}

function short(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Math.round(value * 10) / 10);
}
