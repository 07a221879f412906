/**
 * How a recorder works.
 *
 * @module
 */

import { mustBe } from "../base/arguments.ts";
import { durationCheck } from "../base/durations.ts";
import { type Check, type Checks, integer, text } from "../base/options.ts";
import type { LogTarget } from "../log/native/target.ts";
import type { ShmLogWriterOptions } from "../log/native/writer_options.ts";
import { LEVELS, type LogLevel } from "../records/level.ts";
import { type EntrySinkOptions, sinkChecks } from "../sinks/sink_options.ts";

/** When a recorder saves: a level (or a higher one), an uncaught error, an end with an error, a signal. */
export type RecorderTrigger = LogLevel | "uncaught" | "exit" | `SIG${string}`;

/** How a recorder works: the options of all sinks with a `target`, and these. */
export type RecorderOptions = EntrySinkOptions & ShmLogWriterOptions & {
  /** The log. */
  target: LogTarget;
  /** The folder for the files. It is made when the first one is saved, if it does not exist. */
  dir: string;
  /**
   * When to save: `"error"` and other levels mean a record of at least that level; `"uncaught"` an uncaught
   * error; `"exit"` an end of the process with another exit code than 0; `"SIGUSR2"` and others a signal, which
   * does not end the process then, as with any listener; SIGINT and SIGTERM do with `handleSignals`. Default
   * `["error", "uncaught", "exit"]`.
   */
  saveOn?: readonly RecorderTrigger[];
  /** How much of the log before that is saved. Default `"30s"`. */
  last?: string;
  /** How long to wait after a record, so that the file has what came of it. Default `"2s"`. */
  after?: string;
  /** How many files of this log are kept in the folder: the newest. Default 10. */
  keep?: number;
  /**
   * How long after a record that was a reason to save those with the same reason wait: they are saved in one
   * file when it ends, or before, with what else is saved or when the recorder is closed. Default `"30s"`.
   * Uncaught errors, the end of the process and signals save at any time.
   */
  minInterval?: string;
};

const triggerCheck: Check = (name, value) => {
  const wanted = `a list of levels (${LEVELS.join(", ")}), "uncaught", "exit", or signals`;
  if (!Array.isArray(value)) throw new TypeError(mustBe(name, value, wanted));
  for (const one of value) {
    const isKnown = LEVELS.includes(one) || one === "uncaught" || one === "exit" ||
      /^SIG[A-Z0-9]+$/.test(one);
    if (!isKnown) throw new TypeError(mustBe(name, one, wanted));
  }
};

/** What {@linkcode RecorderOptions} may be. */
export const recorderChecks: Checks<
  Omit<RecorderOptions, keyof EntrySinkOptions | keyof ShmLogWriterOptions>
> = {
  target: sinkChecks.target,
  dir: text,
  saveOn: triggerCheck,
  last: durationCheck(1, '"30s" or "5m"'),
  after: durationCheck(0, '"2s"'),
  keep: integer(1),
  minInterval: durationCheck(0, '"30s"'),
};
