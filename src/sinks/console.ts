/**
 * `console.log` and its like, into a log as well.
 *
 * @example
 * ```ts
 * import { ShmLogReader } from "@ouroboros/log";
 * import { captureConsole } from "@ouroboros/log/console";
 *
 * const capture = captureConsole({ target: "/doc-console-module", unlinkOnClose: true });
 * console.error("disk is full");
 * using reader = ShmLogReader.open("/doc-console-module");
 * const isThere = reader.read()?.text.includes("disk is full");
 * capture.restore();
 * console.log(isThere); // true
 * ```
 *
 * @module
 */

import { type ConsoleMethod, consoleText, leaveGroups } from "./console_text.ts";
import { EntrySink, type SinkCounts } from "./entry_sink.ts";
import { checkSinkOptions, type EntryWriter, type SinkOptions } from "./sink_options.ts";
import { errorText } from "./error_fields.ts";
import type { UncaughtError } from "./uncaught.ts";
import { showableJson } from "./showable.ts";
import { mustBe } from "../base/arguments.ts";
import { anything } from "../base/options.ts";

export type { SinkCounts } from "./entry_sink.ts";
export type { EntrySinkOptions, EntryWriter, SinkOptions, SinkTarget } from "./sink_options.ts";
export type { ConsoleMethod } from "./console_text.ts";

/** How severe a call of a console method is. */
export type ConsoleLevel = "trace" | "debug" | "info" | "warn" | "error";

/** A call of a console method. */
export interface ConsoleCall {
  /** When, in milliseconds since 1970. */
  time: number;
  /** How severe: `console.log` is `"info"`. */
  level: ConsoleLevel;
  /** Which method was called; `"uncaught"` for an uncaught error. */
  method: ConsoleMethod | "uncaught";
  /** What the runtime prints, without colors and the last newline. */
  text: string;
}

/** How {@linkcode captureConsole} writes calls, and where. */
export type ConsoleCaptureOptions = SinkOptions & {
  /**
   * How a call becomes a line. `"text"`: `2026-01-01T00:00:00.000Z [info] the text`; `"json"`:
   * `{"time":"2026-01-01T00:00:00.000Z","level":"info","text":"the text"}`; or a function, which
   * leaves a call out by giving `undefined`, but no uncaught error: that is text then. Default `"text"`.
   */
  format?: "text" | "json" | ((call: ConsoleCall) => string | undefined);
};

/** A capture, from its start to `restore()`. */
export interface ConsoleCapture extends Disposable {
  /** Counts of lines and errors so far. */
  readonly counts: SinkCounts;
  /** What it writes to; undefined while the log can't be opened. */
  readonly writer: EntryWriter | undefined;
  /** Ends the capture. May be called twice, and in any order with other captures. */
  restore(): void;
}

const LEVELS: Record<ConsoleMethod, ConsoleLevel> = {
  log: "info",
  info: "info",
  debug: "debug",
  warn: "warn",
  error: "error",
  trace: "trace",
  dir: "info",
  dirxml: "info",
  table: "info",
  assert: "error",
  count: "info",
  countReset: "warn",
  time: "warn",
  timeLog: "info",
  timeEnd: "info",
  group: "info",
  groupCollapsed: "info",
  groupEnd: "info",
};
const METHODS = Object.keys(LEVELS) as ConsoleMethod[];

/** Those that runtimes print by themselves; the others may call these. */
const PLAIN: ReadonlySet<ConsoleMethod> = new Set(["log", "info", "debug", "warn", "error", "dir"]);

type Method = (...args: unknown[]) => unknown;

/** What takes the calls, in the order of their beginning. */
const captures = new Set<{ take(call: ConsoleCall): void; sink: EntrySink }>();
let patches = new Map<ConsoleMethod, { original: Method; patched: Method }>();
let generation = 0;
// What a value's own inspection prints while we render it, it prints again when the runtime does.
let isRendering = false;
// What a formatter or onError prints is printed, and not captured: it would never end.
let isPassing = false;
let printing = 0;

/**
 * Whether the runtime prints what was captured: what it writes then to standard output is known already.
 *
 * @internal
 */
export function isConsolePrinting(): boolean {
  return printing > 0;
}

/**
 * Writes what is printed by `console.log`, `error`, `table` and so on to a log as well, before the
 * runtime prints it. A value with a custom inspection is inspected twice. Groups, timers and
 * counts that began before are not known to the log.
 *
 * With `uncaughtException: true` an uncaught error is a last line of level `error`.
 *
 * @throws {TypeError} if an option has the wrong type
 * @throws {RangeError} if a size is not usable
 * @throws {OuroborosError} with `required: true`, what `ShmLogWriter.create` throws
 *
 * @example
 * ```ts
 * import { ShmLogReader } from "@ouroboros/log";
 * import { captureConsole } from "@ouroboros/log/console";
 *
 * const capture = captureConsole({ target: "/doc-console", format: "json", unlinkOnClose: true });
 * console.warn("user %d logged in", 7);
 *
 * using reader = ShmLogReader.open("/doc-console");
 * const { level, text } = JSON.parse(reader.read()?.text ?? "");
 * capture.restore();
 * console.log(level, text); // warn user 7 logged in
 * ```
 */
export function captureConsole(options: ConsoleCaptureOptions): ConsoleCapture {
  const own = checkSinkOptions("captureConsole()", options, { format: anything });
  const format = formatOf(options.format);
  const sink = new EntrySink(own, (error) => {
    const call = callOf(error);
    return format(call) ?? textLine(call);
  });
  const capture = {
    sink,
    take(call: ConsoleCall): void {
      let line: string | undefined;
      try {
        line = format(call);
      } catch (error) {
        sink.report(error);
        return;
      }
      if (line !== undefined) sink.write(line);
    },
  };
  if (captures.size === 0) patch();
  captures.add(capture);
  const restore = (): void => {
    if (!captures.delete(capture)) return;
    if (captures.size === 0) unpatch();
    sink.close();
  };
  return {
    counts: sink.counts,
    get writer(): EntryWriter | undefined {
      return sink.writer;
    },
    restore,
    [Symbol.dispose]: restore,
  };
}

/** Puts ours in the place of the console's methods. */
function patch(): void {
  const mine = ++generation;
  const target = console as unknown as Record<ConsoleMethod, Method>;
  patches = new Map();
  for (const method of METHODS) {
    const original = target[method];
    if (typeof original !== "function") continue;
    const patched: Method = (...args) => {
      // One of ours that somebody wrapped stays in the way when the capture is over.
      if (mine !== generation || captures.size === 0) return original.apply(console, args);
      if (isRendering) return undefined;
      if (!isPassing) record(method, args, patched);
      return pass(method, original, args);
    };
    target[method] = patched;
    patches.set(method, { original, patched });
  }
}

/** Removes ours, unless another function was put over it. */
function unpatch(): void {
  const target = console as unknown as Record<ConsoleMethod, Method>;
  for (const [method, { original, patched }] of patches) {
    if (target[method] === patched) target[method] = original;
  }
  patches.clear();
  leaveGroups();
}

/** Lets the runtime print. */
function pass(method: ConsoleMethod, original: Method, args: unknown[]): unknown {
  const wasPassing = isPassing;
  isPassing ||= !PLAIN.has(method);
  printing++;
  try {
    return original.apply(console, args);
  } finally {
    printing--;
    isPassing = wasPassing;
  }
}

function record(method: ConsoleMethod, args: unknown[], patched: Method): void {
  let text: string | undefined;
  isRendering = true;
  try {
    text = consoleText(method, args, patched);
  } catch {
    // The runtime, too, will throw into the call.
    text = args.map((arg) => typeof arg === "string" ? arg : showableJson(arg)).join(" ");
  } finally {
    isRendering = false;
  }
  if (text === undefined) return;
  isPassing = true;
  try {
    const call = { time: Date.now(), level: LEVELS[method], method, text };
    for (const capture of captures) capture.take(call);
  } finally {
    isPassing = false;
  }
}

function formatOf(
  format: ConsoleCaptureOptions["format"] = "text",
): (call: ConsoleCall) => string | undefined {
  if (typeof format === "function") return format;
  if (format === "text") return textLine;
  if (format === "json") return jsonLine;
  throw new TypeError(mustBe("format", format, `"text", "json", or a function`));
}

function textLine({ time, level, text }: ConsoleCall): string {
  return `${isoTime(time)} [${level}] ${text}`;
}

function jsonLine({ time, level, text }: ConsoleCall): string {
  return `{"time":"${isoTime(time)}","level":"${level}","text":${JSON.stringify(text)}}`;
}

let lastTime = NaN;
let lastIsoTime = "";

/** Many calls share a millisecond, and a date costs more than the entry. */
function isoTime(time: number): string {
  if (time !== lastTime) {
    lastIsoTime = new Date(time).toISOString();
    lastTime = time;
  }
  return lastIsoTime;
}

function callOf({ fields, time }: UncaughtError): ConsoleCall {
  const text = `Uncaught ${errorText(fields)}`;
  return { time, level: "error", method: "uncaught", text };
}
