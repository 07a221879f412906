/**
 * Records as events of a trace, in the JSON that Chrome writes and Perfetto's viewer opens.
 *
 * @module
 */

import type { LogRecord } from "./record.ts";
import { VITALS_CHARTS, vitalsOf } from "./vitals.ts";

/** An event of a trace: of what the format has, what is used here. */
export interface TraceEvent {
  name: string;
  /** `b` and `e`: begin and end of a span, `i`: a moment, `C`: a number, `M`: a name. */
  ph: "b" | "e" | "i" | "C" | "M";
  /** In microseconds. */
  ts: number;
  /** The number of the log. */
  pid: number;
  tid: number;
  cat?: string;
  /** Of a span: the same at its begin and its end. */
  id?: string;
  /** Of a moment: how high its mark is. */
  s?: "t";
  args: Record<string, unknown>;
}

/** How long a name may be: no viewer shows more. */
const LONGEST_NAME = 200;

/** Makes the events of one trace, of several logs. */
export class ChromeTrace {
  readonly #logs = new Map<string, number>();
  readonly #tracks = new Map<string, number>();

  /** The events of a record, and of names that are new; none if it has no time. */
  *eventsOf(log: string, record: LogRecord, text: string): Generator<TraceEvent> {
    const { time, nanoseconds, level, message = "", logger = "", fields } = record;
    if (time === undefined) return;
    const ts = nanoseconds === undefined
      ? Math.round(1000 * time)
      : 1000 * Math.floor(time) + nanoseconds / 1000;
    const pid = yield* this.#numberOf(this.#logs, log, "process_name", log, 0);
    const sample = vitalsOf(text);
    if (sample !== undefined) {
      for (const { key, title } of VITALS_CHARTS) {
        const value = sample[key];
        if (value === undefined) continue;
        yield { name: title, ph: "C", ts, pid, tid: 0, args: { [key]: value } };
      }
      return;
    }
    const tid = yield* this.#numberOf(this.#tracks, `${pid} ${logger}`, "thread_name", logger, pid);
    const { span, span_id: id, ...args } = fields;
    const name = message.slice(0, LONGEST_NAME) || "(no message)";
    const event = { name, ts, pid, tid, cat: level ?? "none" };
    if (typeof id === "string" && (span === "begin" || span === "end")) {
      // The category is a part of what tells spans apart.
      yield { ...event, cat: "span", ph: span === "begin" ? "b" : "e", id, args };
    } else yield { ...event, ph: "i", s: "t", args: fields };
  }

  *#numberOf(
    numbers: Map<string, number>,
    key: string,
    what: "process_name" | "thread_name",
    name: string,
    pid: number,
  ): Generator<TraceEvent, number> {
    let number = numbers.get(key);
    if (number === undefined) {
      numbers.set(key, number = numbers.size + 1);
      const own = what === "process_name" ? { pid: number, tid: 0 } : { pid, tid: number };
      if (name !== "") yield { name: what, ph: "M", ts: 0, ...own, args: { name } };
    }
    return number;
  }
}
