/**
 * The options of `tail`, and which of them go together.
 *
 * @module
 */

import type { Command } from "commander";
import type { Cursor } from "../../log/native/cursor.ts";
import type { LogTarget } from "../../log/native/target.ts";
import type { CriStream } from "../../records/cri.ts";
import type { Field } from "../../records/question/field.ts";
import type { StreamTarget } from "../nats/stream_address.ts";
import type { Lines, Place } from "../options/arguments.ts";
import type { NamedLogs } from "../options/named_logs.ts";
import type { Criteria } from "../options/selection.ts";
import { flagOf, usageError } from "../options/subcommand.ts";
import { wrongFields } from "../output/field_printer.ts";
import type { EntryFormat } from "../output/format.ts";
import type { SummaryCommandOptions } from "../output/summary_table.ts";

/** The options as they are given. */
export interface TailOptions extends Criteria, SummaryCommandOptions {
  fields?: Field[];
  head?: number;
  A?: number;
  B?: number;
  context?: number;
  stream?: CriStream;
  follow?: true;
  followName?: true;
  lines?: Lines;
  all?: true;
  from?: Place;
  output?: EntryFormat;
  reverse?: true;
  last?: number;
  state?: string;
  afterCursor?: Cursor;
  showCursor?: true;
  prefix: boolean;
  color?: boolean;
}

/** The options, with a number of lines or a place. */
export type PlainOptions = Omit<TailOptions, "lines"> & { lines: number | undefined };

/** A log, or a stream of them. */
export type TailTarget = LogTarget | StreamTarget;

/** How many entries are printed around those that match; `undefined`: none. */
export function contextOf(
  { context = 0, B: before = context, A: after = context }: PlainOptions,
): { before: number; after: number } | undefined {
  return before + after === 0 ? undefined : { before, after };
}

/** Ends the command for options that the parser takes, and that make no sense together. */
export function checkOptions(names: NamedLogs, options: PlainOptions, command: Command): void {
  const { state, afterCursor, showCursor, output } = options;
  const wrong = endsAndFollows(options) ?? wrongOutput(options) ??
    (!names.isOne && (state !== undefined || afterCursor || showCursor)
      ? "--state and cursors are of one log: name one log"
      : showCursor && output === "raw"
      ? "--show-cursor does not go with -o raw: choose text or json"
      : undefined);
  if (wrong !== undefined) usageError(command, wrong);
}

/** The same for a stream. */
export function checkStreamOptions(
  all: TailTarget[],
  options: PlainOptions,
  command: Command,
): void {
  const { state, afterCursor, showCursor, from, last, reverse } = options;
  const forLogs = FOR_LOGS.find((name) => options[name] !== undefined);
  const wrong = endsAndFollows(options) ?? wrongOutput(options) ??
    (forLogs !== undefined
      ? `${flagOf(forLogs)} is for logs: save the stream with ouroboros receive --to <name>`
      : all.length > 1
      ? "a stream is read alone: name no other log"
      : state !== undefined || afterCursor || showCursor
      ? "a stream has no cursor: use ouroboros receive --consumer <name>"
      : last !== undefined
      ? "--last is of a log: use --since for a stream"
      : from === "latest"
      ? "a stream has no chunks: --from is oldest, new or a number"
      : reverse
      ? "a stream is not read in reverse: leave out -r"
      : undefined);
  if (wrong !== undefined) usageError(command, wrong);
}

/** The same for a file of events. */
export function checkEventOptions(
  targets: readonly LogTarget[],
  options: PlainOptions,
  command: Command,
): void {
  const forLogs = FOR_EVENTS_NOT.find((name) => options[name] !== undefined);
  const wrong = endsAndFollows(options) ?? wrongOutput(options) ??
    (targets.length > 1
      ? "a file of events is read alone: name no other log"
      : forLogs !== undefined
      ? `${flagOf(forLogs)} is for logs, not for files of events`
      : options.from !== undefined && !["oldest", "new"].includes(String(options.from))
      ? "a file of events has no chunks: --from is oldest or new"
      : undefined);
  if (wrong !== undefined) usageError(command, wrong);
}

/** What needs all entries of a log in their order, and has no meaning for a part of a stream. */
const FOR_LOGS = [
  "head",
  "context",
  "A",
  "B",
  "countBy",
  "stats",
  "every",
] as const satisfies readonly (keyof TailOptions)[];

/** What files of events have not. */
const FOR_EVENTS_NOT = [
  ...FOR_LOGS.filter((name) => name !== "head"),
  "reverse",
  "state",
  "afterCursor",
  "showCursor",
  "last",
] as const satisfies readonly (keyof TailOptions)[];

/** What a row of `--stats` has. */
const OF_STATS: readonly string[] = ["field", "count", "min", "p50", "p90", "p99", "max"];

/** What of the output does not go together. */
function wrongOutput(options: PlainOptions): string | undefined {
  const { output, fields, countBy, stats, every, showCursor, reverse } = options;
  const flag = countBy ? "--count-by" : stats ? "--stats" : every ? "--every" : undefined;
  if (flag === undefined) return wrongFields(output, fields);
  if (fields !== undefined) return `${flag} has columns of its own: leave out --fields`;
  if (contextOf(options) !== undefined || reverse) {
    return `${flag} prints no entries: leave out ${reverse ? "-r" : "-A, -B and -C"}`;
  }
  if (showCursor) return `${flag} prints no entries: leave out --show-cursor`;
  // As keys they would be one.
  const own = stats === undefined ? ["count"] : OF_STATS;
  const double = countBy?.find(({ name }) => own.includes(name));
  if (double !== undefined && (output === "json" || output === "logfmt")) {
    return `--count-by ${double.name} has the name of what is counted: choose -o text or csv`;
  }
  return output === "raw" || output === "hex"
    ? `${flag} does not go with -o ${output}: choose text, json, logfmt, csv`
    : undefined;
}

function endsAndFollows({ until, follow, followName }: PlainOptions): string | undefined {
  if (until === undefined || !(follow || followName)) return undefined;
  return `--until ends, and ${follow ? "-f" : "-F"} does not: leave out one of them`;
}
