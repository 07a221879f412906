/**
 * `ouroboros tail`: prints the entries of logs, and those to come.
 *
 * @module
 */

import process from "node:process";
import { type Command, Option } from "commander";
import type { Cursor } from "../log/native/cursor.ts";
import type { LogTarget } from "../log/native/target.ts";
import type { CriStream } from "../records/cri.ts";
import { CursorFile } from "./files/cursor_file.ts";
import {
  isStreamAddress,
  streamArgument,
  type StreamTarget,
  tailStream,
} from "./nats/tail_stream.ts";
import {
  cursorArgument,
  type Lines,
  linesArgument,
  type Place,
  sourceArgument,
} from "./options/arguments.ts";
import { addColorOptions, addOutputOptions, fromOption } from "./options/common.ts";
import { oldOption } from "./options/subcommand.ts";
import { addSelectionOptions, type Criteria, SELECTION_HELP } from "./options/selection.ts";
import { ENTRY_FORMATS, type EntryFormat, entryPrinter } from "./output/format.ts";
import { Output } from "./output/output.ts";
import { outputColors } from "./output/output_colors.ts";

import { Interrupt } from "./process/interrupt.ts";
import { ItemPrinter } from "./tail/item_printer.ts";
import { merged } from "../merge.ts";
import { NamedLogs, PATTERN_HELP } from "./options/named_logs.ts";
import type { Item } from "./tail/items.ts";
import type { TailedLogOptions } from "./tail/tailed_log.ts";
import { TailedLogs } from "./tail/tailed_logs.ts";

const EXAMPLES = `
A name like /app is shared memory. A path like ./app.log is a file that
"ouroboros save" made, or a log in a file. nats://HOST:PORT/STREAM is a stream
of "ouroboros forward", read alone; add /SUBJECT for a part of it.
${PATTERN_HELP}
Logs that begin to match later are followed, too; -f is -F there.

A <place> is oldest, latest (the newest chunk), new (only what comes), or a
sequence number.

${SELECTION_HELP}

Entries of several logs are merged by time. Entries that were overwritten before
they could be printed are counted on standard error. The place in --state is
written after each piece of output: after a crash entries may be printed twice,
and none is left out.

Examples:
  ouroboros tail /app                        the last 10 entries
  ouroboros tail -f -n 20 /app               the last 20, and those to come
  ouroboros tail -f /app /worker             two logs, merged by time
  ouroboros tail -F '/app.*'                 all workers, also those that start later
  ouroboros tail /app --since 10m -p warn    warnings and errors of the last ten minutes
  ouroboros tail --all -g timeout -i /app    all that match, upper or lower case
  ouroboros tail /app --all --json | jq .    one object a line: {"seq":1,"text":"…"}
  ouroboros tail -F /app --state app.place   continue after restarts of app and of this command`;

interface TailOptions extends Criteria {
  stream?: CriStream;
  follow?: true;
  followName?: true;
  lines?: Lines;
  all?: true;
  from?: Place;
  output?: EntryFormat;
  reverse?: true;
  state?: string;
  afterCursor?: Cursor;
  showCursor?: true;
  prefix: boolean;
  color?: boolean;
}

const LINES = 10;

/** Adds the command. */
export function addTail(program: Command): void {
  const command = program.command("tail")
    .description("Print the last entries of logs, and follow them.")
    .summary("print the last entries of logs, and follow them")
    .argument("<name...>", "the logs", collectTargets)
    .option("-f, --follow", "print new entries, too, until the log is removed or replaced")
    .option(
      "-F, --follow-name",
      "print new entries, too, also of the next log of that name: after restarts of the application",
    )
    .option(
      "-n, --lines <count>",
      `print the last <count> matching entries of each log, or all (default: ${LINES})`,
      linesArgument,
    )
    .addOption(
      new Option("--all", "print all entries: --from oldest").conflicts(["lines", "from"]),
    )
    .addOption(
      fromOption("begin at this place", ["oldest", "latest", "new"]).conflicts("lines"),
    )
    .option("--state <path>", "begin after the place in this file, and keep it up to date");
  addSelectionOptions(command).optionsGroup("Filters:")
    .addOption(
      new Option(
        "--stream <stream>",
        "print lines of a program's standard output, or standard error",
      ).choices(["stdout", "stderr"]),
    )
    .optionsGroup("Output:");
  addOutputOptions(command, ENTRY_FORMATS, { words: "pretty on a terminal, else text" })
    .addOption(
      new Option("-r, --reverse", "print the newest entries first")
        .conflicts(["follow", "followName", "state"]),
    )
    .option("--no-prefix", "do not begin lines with the names of several logs");
  addColorOptions(command)
    .optionsGroup("Places, as in journalctl:")
    .option("--show-cursor", "print a cursor after the last entry: its place in the log")
    .addOption(
      new Option("--after-cursor <cursor>", "begin after such a cursor").argParser(cursorArgument)
        .conflicts(["state", "from", "all"]),
    )
    .addHelpText("after", EXAMPLES)
    .action(tail);
  oldOption(command, "--cursor-file", "--state");
}

/** The options, with a number of lines or a place. */
type PlainOptions = Omit<TailOptions, "lines"> & { lines: number | undefined };

/** A log, or a stream of them. */
type TailTarget = LogTarget | StreamTarget;

function collectTargets(text: string, previous: TailTarget[] = []): TailTarget[] {
  return [...previous, isStreamAddress(text) ? streamArgument(text) : sourceArgument(text)];
}

function isStream(target: TailTarget): target is StreamTarget {
  return typeof target === "object" && "stream" in target;
}

async function tail(all: TailTarget[], given: TailOptions, command: Command): Promise<void> {
  // -n all and -n +K name a place.
  const { lines, from = lines?.from, ...others } = given;
  const options: PlainOptions = { ...others, from, lines: lines?.count };
  if (given.stream !== undefined) options.programStream = given.stream;
  const stream = all.find(isStream);
  if (stream !== undefined) {
    checkStreamOptions(all, options, command);
    const { from, all: isAll, since, until, follow, followName, lines = LINES } = options;
    const isWhole = isAll || ([since, until].some((x) => x !== undefined) && !options.lines);
    const isPlace = from === "oldest" || typeof from === "number";
    return await tailStream(stream, {
      ...options,
      lines: from === "new" ? 0 : lines,
      from: isPlace ? from : isWhole ? "oldest" : undefined,
      follow: Boolean(follow || followName),
    });
  }
  const targets = all.filter((target): target is LogTarget => !isStream(target));
  const names = new NamedLogs(targets);
  checkOptions(names, options, command);
  using interrupt = new Interrupt({ output: true });
  const { signal } = interrupt;
  const colors = outputColors(options.color);
  const isTerminal = Boolean(process.stdout.isTTY);
  const format = options.output ?? (isTerminal ? "pretty" : "text");
  const output = Output.standard(signal);
  const cursorFile = options.state === undefined ? undefined : new CursorFile(options.state);
  const logOptions: Omit<TailedLogOptions, "count"> = {
    follow: options.followName || (options.follow && names.hasPatterns)
      ? "name"
      : options.follow
      ? "segment"
      : "no",
    ...startOf(options),
    after: options.afterCursor ?? cursorFile?.load(),
    criteria: options,
    wantsRecords: format === "pretty" || !names.isOne,
    // A place may be one between two parts.
    joinsLines: format !== "raw" && format !== "hex" && options.state === undefined &&
      options.afterCursor === undefined && !options.showCursor,
  };
  using logs = new TailedLogs(names, logOptions, signal);
  const print = entryPrinter(format, output, { isTerminal, colors });
  const prefixColors = options.prefix ? colors : undefined;
  let printer: ItemPrinter | undefined;
  try {
    await logs.openAll();
    const areNamed = !names.isOne;
    printer = new ItemPrinter({
      output,
      print,
      logs: logs.all,
      areNamed,
      prefixColors,
      cursorFile,
    });
    const past = merged(logs.there.map((log) => log.past()));
    await printer.print(options.reverse ? reversed(past) : past, signal);
    if (logOptions.follow !== "no") {
      for await (const items of logs.live()) await printer.print(items, signal);
    }
  } catch (error) {
    // A log that was waited for in vain.
    if (!signal.aborted) throw error;
  }
  if (options.showCursor && printer?.cursor !== undefined) {
    const cursor = JSON.stringify(printer.cursor);
    output.write(format === "json" ? `{"cursor":${cursor}}\n` : `-- cursor: ${cursor}\n`);
    await output.flush();
  }
  if (printer?.cursor !== undefined) cursorFile?.save(printer.cursor);
}

/** Entries from the last to the first: all of them are in memory meanwhile. */
function* reversed(items: Iterable<Item>): Generator<Item> {
  const all: Item[] = [];
  for (const item of items) {
    if (item.entry !== undefined || item.notice !== undefined) all.push(item);
    // A moment to notice Ctrl-C in.
    else yield item;
  }
  while (all.length > 0) yield all.pop()!;
}

/** Ends the command for options that the parser takes, and that make no sense together. */
function checkOptions(names: NamedLogs, options: PlainOptions, command: Command): void {
  const { state, afterCursor, showCursor, output } = options;
  const wrong = endsAndFollows(options) ??
    (!names.isOne && (state !== undefined || afterCursor || showCursor)
      ? "--state and cursors are of one log: name one log"
      : showCursor && output === "raw"
      ? "--show-cursor does not go with -o raw: choose text or json"
      : undefined);
  if (wrong !== undefined) command.error(`error: ${wrong}`, { exitCode: 2 });
}

/** The same for a stream. */
function checkStreamOptions(all: TailTarget[], options: PlainOptions, command: Command): void {
  const { state, afterCursor, showCursor, from, reverse } = options;
  const wrong = endsAndFollows(options) ??
    (all.length > 1
      ? "a stream is read alone: name no other log"
      : state !== undefined || afterCursor || showCursor
      ? "a stream has no cursor: use ouroboros receive --consumer <name>"
      : from === "latest"
      ? "a stream has no chunks: --from is oldest, new or a number"
      : reverse
      ? "a stream is not read in reverse: leave out -r"
      : undefined);
  if (wrong !== undefined) command.error(`error: ${wrong}`, { exitCode: 2 });
}

function endsAndFollows({ until, follow, followName }: PlainOptions): string | undefined {
  if (until === undefined || !(follow || followName)) return undefined;
  return `--until ends, and ${follow ? "-f" : "-F"} does not: leave out one of them`;
}

/** Where to start: with a time at its moment, else by default some entries ago. */
function startOf(options: PlainOptions): {
  from: "latest" | "oldest" | number;
  lines: number | undefined;
} {
  const { all, from, lines, since, until, state, afterCursor } = options;
  if (from === "new") return { from: "oldest", lines: 0 };
  const isSaid = all || [from, since, until, state, afterCursor].some((x) => x !== undefined);
  return { from: from ?? "oldest", lines: lines ?? (isSaid ? undefined : LINES) };
}
