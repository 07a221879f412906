/**
 * `ouroboros tail`: prints the entries of logs, and those to come.
 *
 * @module
 */

import process from "node:process";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Cursor } from "../log/native/cursor.ts";
import type { LogTarget } from "../log/native/target.ts";
import { CursorFile } from "./files/cursor_file.ts";
import {
  isStreamAddress,
  streamArgument,
  type StreamTarget,
  tailStream,
} from "./nats/tail_stream.ts";
import { countArgument, cursorArgument, sourceArgument } from "./options/arguments.ts";
import { addSelectionOptions, type Criteria, SELECTION_HELP } from "./options/selection.ts";
import { ENTRY_FORMATS, type EntryFormat, entryPrinter, FORMAT_HELP } from "./output/format.ts";
import { Output } from "./output/output.ts";
import { outputColors } from "./output/output_colors.ts";
import { warn } from "./output/warn.ts";
import { Interrupt } from "./process/interrupt.ts";
import { ItemPrinter } from "./tail/item_printer.ts";
import { HOLD, LiveMerge, merged } from "./tail/merge.ts";
import { type Item, TailedLog, type TailedLogOptions } from "./tail/tailed_log.ts";

const EXAMPLES = `
Examples:
  ouroboros tail /app                       the last 10 entries
  ouroboros tail -f /app                    and those to come; waits for the log if there is none
  ouroboros tail /app --all -o json         everything that is there, {"seq":1,"text":"…"} a line
  ouroboros tail /app --from 5000           from entry 5000 on
  ouroboros tail -f -n 0 /app --grep ERROR  only what is new, and matches
  ouroboros tail /app --since 10m -p warn   what was at least a warning in the last ten minutes
  ouroboros tail -f /app /worker /db        several logs, merged by time
  ouroboros tail -F /app --cursor-file at   all, also across restarts of app and of this command
  ouroboros tail -f nats://10.0.0.7/LOGS    what "ouroboros forward" puts into a stream

${SELECTION_HELP}
What comes to a log that is followed has, without a time of its own, that moment. Several logs are
merged by these times, those that are followed only within ${HOLD} ms; the order within a log is never
changed. "-o pretty" leaves out pid and hostname.

A cursor file is written after each piece of output: after a crash the last entries may be printed
again, but none is left out. Without that file, --cursor-file starts with the oldest entry.

What was overwritten before it could be printed is counted on standard error.

A stream is nats://HOST:PORT/STREAM, or only one of its subjects: nats://HOST:PORT/STREAM/logs.web.*
(who we are is said as for "receive", in the environment or in the address). It is looked at alone; -n
counts its messages before any are left out, and --from takes a number of the stream.`;

interface TailOptions extends Criteria {
  follow?: true;
  followName?: true;
  lines?: number;
  all?: true;
  from?: "latest" | "oldest" | number;
  output?: EntryFormat;
  cursorFile?: string;
  afterCursor?: Cursor;
  showCursor?: true;
  prefix: boolean;
  color?: boolean;
}

const LINES = 10;

/** Adds the command. */
export function addTail(program: Command): void {
  const command = program.command("tail")
    .description("print the last entries of logs, and follow them")
    .argument("<name...>", "the logs", collectTargets)
    .option("-f, --follow", "go on with what comes, until the log is removed or replaced")
    .option("-F, --follow-name", "go on with whichever log has the name: after a restart, too")
    .option(
      "-n, --lines <count>",
      `the last so many of each log, of those that are wanted (default: ${LINES})`,
      countArgument,
    )
    .addOption(
      new Option("--all", "all entries, the same as --from oldest").conflicts(["lines", "from"]),
    )
    .addOption(
      new Option("--from <where>", "latest: the newest chunk; oldest; or a sequence number")
        .argParser(fromArgument).conflicts("lines"),
    );
  addSelectionOptions(command)
    .addOption(
      new Option(
        "-o, --output <format>",
        `${FORMAT_HELP} (default: pretty on a terminal, else text)`,
      ).choices(ENTRY_FORMATS),
    )
    .option("--cursor-file <file>", "start after the cursor in it, if there is one, and keep it up")
    .addOption(
      new Option("--after-cursor <json>", "start after that place").argParser(cursorArgument)
        .conflicts(["cursorFile", "from", "all"]),
    )
    .option("--show-cursor", "print in the end the cursor after the last entry")
    .option("--no-prefix", "with several logs, don't begin lines with their names")
    .option("--color", "colours even if it is no terminal")
    .option("--no-color", "no colours")
    .addHelpText("after", EXAMPLES)
    .action(tail);
}

/** A log, or a stream of them. */
type TailTarget = LogTarget | StreamTarget;

function collectTargets(text: string, previous: TailTarget[] = []): TailTarget[] {
  return [...previous, isStreamAddress(text) ? streamArgument(text) : sourceArgument(text)];
}

function isStream(target: TailTarget): target is StreamTarget {
  return typeof target === "object" && "stream" in target;
}

function fromArgument(text: string): "latest" | "oldest" | number {
  if (text === "latest" || text === "oldest") return text;
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw new InvalidArgumentError('"latest", "oldest" or a sequence number is expected.');
}

async function tail(all: TailTarget[], options: TailOptions, command: Command): Promise<void> {
  const stream = all.find(isStream);
  if (stream !== undefined) {
    checkStreamOptions(all, options, command);
    const { from, all: isAll, since, until, follow, followName, lines = LINES } = options;
    const isWhole = isAll || ([since, until].some((x) => x !== undefined) && !options.lines);
    const start = from === "latest" ? undefined : from ?? (isWhole ? "oldest" : undefined);
    return await tailStream(stream, {
      ...options,
      lines,
      from: start,
      follow: Boolean(follow || followName),
    });
  }
  const targets = all.filter((target): target is LogTarget => !isStream(target));
  checkOptions(targets, options, command);
  using interrupt = new Interrupt({ output: true });
  const { signal } = interrupt;
  const colors = outputColors(options.color);
  const isTerminal = Boolean(process.stdout.isTTY);
  const format = options.output ?? (isTerminal ? "pretty" : "text");
  const output = Output.standard(signal);
  const cursorFile = options.cursorFile === undefined
    ? undefined
    : new CursorFile(options.cursorFile);
  const logOptions: TailedLogOptions = {
    follow: options.followName ? "name" : options.follow ? "segment" : "no",
    ...startOf(options),
    after: options.afterCursor ?? cursorFile?.load(),
    criteria: options,
    wantsRecords: format === "pretty" || targets.length > 1,
    count: targets.length,
  };
  const logs = targets.map((target) => new TailedLog(target, logOptions));
  const print = entryPrinter(format, output, { isTerminal, colors });
  const prefixColors = options.prefix ? colors : undefined;
  const printer = new ItemPrinter({ output, print, logs, prefixColors, cursorFile });
  try {
    const areOpen = await Promise.all(logs.map((log) => log.open(signal)));
    // Lest a mistyped name looks like a silent log.
    logs.filter((_, i) => !areOpen[i]).forEach(({ name }) => warn(`waiting for ${name}`));
    await printer.print(merged(logs.filter((_, i) => areOpen[i]).map((log) => log.past())), signal);
    if (logOptions.follow !== "no") await follow(logs, printer, areOpen, signal);
  } catch (error) {
    // A log that was waited for in vain.
    if (!signal.aborted) throw error;
  } finally {
    for (const log of logs) log.close();
  }
  if (options.showCursor && printer.cursor !== undefined) {
    const cursor = JSON.stringify(printer.cursor);
    output.write(format === "json" ? `{"cursor":${cursor}}\n` : `-- cursor: ${cursor}\n`);
    await output.flush();
  }
  if (printer.cursor !== undefined) cursorFile?.save(printer.cursor);
}

/** Ends the command for options that the parser takes, and that make no sense together. */
function checkOptions(targets: LogTarget[], options: TailOptions, command: Command): void {
  const { cursorFile, afterCursor, showCursor, output, follow, followName, until } = options;
  if (until !== undefined && (follow || followName)) {
    command.error("error: --until says where to end, and a follower does not", { exitCode: 2 });
  }
  if (targets.length > 1 && (cursorFile !== undefined || afterCursor || showCursor)) {
    command.error("error: a cursor is a place in one log, not in several", { exitCode: 2 });
  }
  if (showCursor && output === "raw") {
    command.error("error: --show-cursor would be a part of the raw bytes", { exitCode: 2 });
  }
}

/** The same for a stream. */
function checkStreamOptions(all: TailTarget[], options: TailOptions, command: Command): void {
  const { cursorFile, afterCursor, showCursor, from, until, follow, followName } = options;
  const wrong = all.length > 1
    ? "a stream is looked at alone, not beside others"
    : cursorFile !== undefined || afterCursor || showCursor
    ? "a stream has no cursor: ouroboros receive --consumer goes on where it was"
    : from === "latest"
    ? "a stream has no chunks: --from is oldest, or a number"
    : until !== undefined && (follow || followName)
    ? "--until says where to end, and a follower does not"
    : undefined;
  if (wrong !== undefined) command.error(`error: ${wrong}`, { exitCode: 2 });
}

/** Prints what comes. */
async function follow(
  logs: TailedLog[],
  printer: ItemPrinter,
  wereOpen: boolean[],
  signal: AbortSignal,
): Promise<void> {
  const sources = logs.map((log, i) => ({
    live: toCome(log, wereOpen[i], signal),
    more: () => log.more(),
  }));
  const merge = new LiveMerge<Item>();
  for await (const items of sources.length === 1 ? sources[0].live : merge.merged(sources)) {
    await printer.print(items, signal);
  }
}

/** What comes to a log; all of it, if the log itself is yet to come. */
async function* toCome(
  log: TailedLog,
  wasOpen: boolean,
  signal: AbortSignal,
): AsyncGenerator<Item[]> {
  if (!wasOpen) {
    if (!await log.wait(signal)) return;
    // In pieces, for there may be many.
    let items: Item[] = [];
    for (const item of log.past()) {
      items.push(item);
      if (item.entry !== undefined || item.notice !== undefined) continue;
      yield items;
      items = [];
    }
    yield items;
  }
  yield* log.live(signal);
}

/** Where to start: with a time at its moment, else, if nothing is said, some entries ago. */
function startOf(options: TailOptions): {
  from: "latest" | "oldest" | number;
  lines: number | undefined;
} {
  const { all, from, lines, since, until, cursorFile, afterCursor } = options;
  const isSaid = all || [from, since, until, cursorFile, afterCursor].some((x) => x !== undefined);
  return { from: from ?? "oldest", lines: lines ?? (isSaid ? undefined : LINES) };
}
