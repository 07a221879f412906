/**
 * `ouroboros tail`: prints the entries of logs, and those to come.
 *
 * @module
 */

import process from "node:process";
import { type Command, Option } from "commander";
import type { LogTarget } from "../log/native/target.ts";
import { CursorFile } from "./files/cursor_file.ts";
import { type EventTarget, isEventLog } from "./files/event_entries.ts";
import { isStreamAddress, streamArgument, type StreamTarget } from "./nats/stream_address.ts";
import {
  countArgument,
  cursorArgument,
  durationArgument,
  linesArgument,
  sourceArgument,
} from "./options/arguments.ts";
import { addColorOptions, addOutputOptions, fromOption } from "./options/common.ts";
import { fieldArgument, fieldsArgument, fieldsOption } from "./options/question_arguments.ts";
import { oldOption } from "./options/subcommand.ts";
import { addSelectionOptions, Selection, SELECTION_HELP } from "./options/selection.ts";
import { cellOf } from "./output/cells.ts";
import { BatchPrinter } from "./output/batch_printer.ts";
import { ENTRY_FORMATS, type EntryPrinter, entryPrinter } from "./output/format.ts";
import { Output } from "./output/output.ts";
import { outputColors } from "./output/output_colors.ts";
import { warn } from "./output/warn.ts";
import { Interrupt } from "./process/interrupt.ts";
import { Context } from "./tail/context.ts";
import { ItemPrinter } from "./tail/item_printer.ts";
import { merged } from "../merge.ts";
import { NamedLogs, nameOf, PATTERN_HELP } from "./options/named_logs.ts";
import { finerTimeOf, type Item } from "./tail/items.ts";
import {
  sayMissingFields,
  sayMissingVitals,
  sayNoneMatches,
  sayUnknownFields,
  sayWithoutLevel,
} from "./tail/hints.ts";
import {
  checkEventOptions,
  checkOptions,
  checkStreamOptions,
  contextOf,
  type PlainOptions,
  type TailOptions,
  type TailTarget,
} from "./tail/tail_options.ts";
import type { TailedLogOptions } from "./tail/tailed_log.ts";
import { TailedLogs } from "./tail/tailed_logs.ts";

const EXAMPLES = `
A name like /app is shared memory. A path like ./app.log is a file that
"ouroboros save" made, or a log in a file. nats://HOST:PORT/STREAM is a stream
of "ouroboros forward", read alone; add /SUBJECT for a part of it.
${PATTERN_HELP}
Logs that begin to match later are followed, too; -f is -F there.

A <place> is oldest, latest (the newest chunk), new (what comes), or a number.

${SELECTION_HELP}

Entries of several logs are merged by their times; a line of a container has the
time of the record in it. -n counts in each log, --head in all of them together.
What was overwritten before it could be printed is counted on standard error, and
--state leaves nothing out, but may print entries twice after a crash. With -n
both are true of the last <count> only.

Examples:
  ouroboros tail /app                        the last 10 entries
  ouroboros tail -f -n 20 /app               the last 20, and those to come
  ouroboros tail -F '/app.*'                 all workers, also those that start later
  ouroboros tail /app --last 5s              the last 5 s before it ended
  ouroboros tail /app --since 10m -p warn    warnings and errors of the last ten minutes
  ouroboros tail --all -g timeout -i /app    all that match, upper or lower case
  ouroboros tail /app --all --where 'status:>=500' --count-by req.url
  ouroboros tail /app -p error --every 1m    how many errors in each minute: is it getting worse?
  ouroboros tail /app --all --json | jq .    one object a line: {"seq":1,"text":"…"}
  ouroboros tail -F /app --state app.state   continue after restarts of app and of this command`;

const LINES = 10;

/** Adds the command. */
export function addTo(program: Command): void {
  const command = program.command("tail")
    .description("Print the last entries of logs, and follow them.")
    .summary("print the last entries of logs, and follow them")
    .alias("logs")
    .argument("<name...>", "the logs", collectTargets)
    .option("-f, --follow", "print new entries, too, until the log is removed or replaced")
    .option(
      "-F, --follow-name",
      "print new entries, too, also of the next log of that name: after restarts of the application",
    )
    .option(
      "-n, --lines <count>",
      `print the last <count> matching entries of each log; all; +K: from entry K on (default: ${LINES})`,
      linesArgument,
    )
    .addOption(
      new Option("--all", "print all entries but vitals: --from oldest").conflicts([
        "lines",
        "from",
      ]),
    )
    .addOption(fromOption().conflicts("lines"))
    .addOption(
      new Option("--last <time>", "begin so long before the last entry of each log")
        .argParser(durationArgument).conflicts(["lines", "from", "state", "afterCursor"]),
    )
    .option("--state <path>", "begin after the place in this file, and update it");
  addSelectionOptions(command).optionsGroup("Filters:")
    .addOption(
      new Option(
        "--stream <stream>",
        "print only what a program wrote to",
      ).choices(["stdout", "stderr"]),
    )
    .option(
      "--head <count>",
      "print only the first <count> matches of all logs",
      countArgument,
    )
    .option("-A <count>", "print <count> entries after each match", countArgument)
    .option(
      "-B <count>",
      "print <count> entries before each match",
      countArgument,
    )
    .option("-C, --context <count>", "print <count> entries around each match", countArgument)
    .optionsGroup("Output:");
  addOutputOptions(command, ENTRY_FORMATS, { words: "pretty on a terminal, else text" })
    .addOption(
      new Option("-r, --reverse", "print the newest entries first")
        .conflicts(["follow", "followName", "state"]),
    )
    .addOption(fieldsOption())
    .addOption(
      new Option("--count-by <names>", "count entries by their values in these fields")
        .argParser(fieldsArgument),
    )
    .addOption(
      new Option("--stats <name>", "print count, quantiles and extremes of a field")
        .argParser(fieldArgument),
    )
    .option(
      "--every <time>",
      "print a row of counts for each interval: 10s, 5m",
      durationArgument,
    )
    .option("--no-prefix", "do not begin lines with the names of several logs");
  addColorOptions(command)
    .optionsGroup("Places, as in journalctl:")
    .option("--show-cursor", "print the place after the last entry: a cursor")
    .addOption(
      new Option("--after-cursor <cursor>", "begin after such a cursor").argParser(cursorArgument)
        .conflicts(["state", "from", "all"]),
    )
    .addHelpText("after", EXAMPLES)
    .action(tail);
  oldOption(command, "--cursor-file", "--state");
}

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
  // The intervals are the times.
  if (given.every && given.countBy) {
    options.countBy = given.countBy.filter((x) => x.role !== "time");
  }
  if (given.stream !== undefined) options.programStream = given.stream;
  const stream = all.find(isStream);
  if (stream !== undefined) {
    checkStreamOptions(all, options, command);
    const { from, all: isAll, since, until, follow, followName, lines = LINES } = options;
    const isWhole = isAll || ([since, until].some((x) => x !== undefined) && !options.lines);
    const isPlace = from === "oldest" || typeof from === "number";
    // Here and for events: what few ask for is not loaded for all.
    const { tailStream } = await import("./nats/tail_stream.ts");
    return await tailStream(stream, {
      ...options,
      lines: from === "new" ? 0 : lines,
      from: isPlace ? from : isWhole ? "oldest" : undefined,
      follow: Boolean(follow || followName),
    });
  }
  const targets = all.filter((target): target is LogTarget => !isStream(target));
  const events = targets.find(isEventLog);
  if (events !== undefined) {
    checkEventOptions(targets, options, command);
    return await printEvents(events, options);
  }
  const names = new NamedLogs(targets);
  checkOptions(names, options, command);
  using interrupt = new Interrupt({ output: true });
  const { signal } = interrupt;
  const colors = outputColors(options.color);
  const isTerminal = Boolean(process.stdout.isTTY);
  const format = options.output ?? (isTerminal ? "pretty" : "text");
  const output = Output.standard(signal);
  const cursorFile = options.state === undefined ? undefined : new CursorFile(options.state);
  const { fields, reverse, countBy, stats, every } = options;
  const counting = [countBy, stats, every].some((one) => one !== undefined)
    ? await import("./output/summary_table.ts")
    : undefined;
  const summary = counting?.summaryOf(options);
  const hasContext = contextOf(options) !== undefined;
  const { before, after, head, lastCount } = choiceOf(options);
  // A place may be one between two parts of a line.
  const keepsPlace = options.state !== undefined || options.afterCursor !== undefined ||
    options.showCursor === true;
  const logOptions: Omit<TailedLogOptions, "count"> = {
    follow: options.followName || (options.follow && names.hasPatterns)
      ? "name"
      : options.follow
      ? "segment"
      : "no",
    ...startOf(options),
    last: options.last,
    after: options.afterCursor ?? cursorFile?.load(),
    criteria: { ...options, isCounted: summary !== undefined },
    wantsRecords: format === "pretty" || format === "logfmt" || !names.isOne ||
      fields !== undefined || summary !== undefined,
    joinsLines: format !== "raw" && format !== "hex" && !keepsPlace,
    hasContext,
    // Where lines take the time, and nothing else is asked of single entries.
    inBatches: (["pretty", "json", "raw"].includes(format) || (format === "text" && !isTerminal)) &&
      fields === undefined && summary === undefined && names.isOne && !keepsPlace &&
      !hasContext && !reverse && head === undefined && lastCount === undefined,
  };
  using logs = new TailedLogs(names, logOptions, signal);
  const ownName = names.isOne ? names.plain.map(nameOf)[0] : undefined;
  /** Fields that no printed entry has so far. */
  const unseen = new Set(fields?.filter(({ role }) => role === undefined));
  const print: EntryPrinter = summary !== undefined
    ? (entry, record, origin, text = entry.text, time) =>
      summary.add(record, text, time, origin?.log ?? ownName)
    : entryPrinter(format, output, {
      ...{ isTerminal, colors, fields },
      ...ownName !== undefined && { log: ownName },
    });
  using batches = new BatchPrinter(output, {
    format,
    isTerminal,
    hasColors: colors.isColorSupported,
    vitals: Boolean(options.vitals),
  });
  const prefixColors = options.prefix ? colors : undefined;
  const context = new Context({ before, after, ...head !== undefined && { head } });
  let printer: ItemPrinter | undefined;
  try {
    await logs.openAll();
    const areNamed = !names.isOne;
    printer = new ItemPrinter({
      output,
      print: unseen.size === 0 ? print : (entry, record, origin, text = entry.text, time) => {
        for (const field of unseen) {
          if (cellOf(field, entry, text, record, undefined) !== undefined) unseen.delete(field);
        }
        print(entry, record, origin, text, time);
      },
      batches,
      logs: logs.all,
      areNamed,
      prefixColors,
      cursorFile,
      separator: format === "text" || format === "pretty" ? "--\n" : "",
      isCut: () => context.isDone,
    });
    const all = merged(logs.there.map((log) => log.past()), finerTimeOf);
    const past = lastCount === undefined ? context.chosen(all) : context.last(all, lastCount);
    await printer.print(reverse ? reversed(past) : past, signal);
    if (logOptions.follow !== "no" && !context.isDone) {
      if (summary !== undefined) warn("counting; the counts are printed at the end (Ctrl-C)");
      for await (const items of logs.live()) {
        await printer.print(context.chosen(items), signal);
        if (context.isDone) break;
      }
    }
  } catch (error) {
    // A log that did not come.
    if (!signal.aborted) throw error;
  }
  if (logOptions.follow === "no" && !signal.aborted) {
    if (printer?.count === 0 && looksAtAll(options)) sayNoneMatches(options, names.find());
    if (printer?.count && unseen.size > 0) {
      sayUnknownFields([...unseen].map(({ name }) => name), names.find());
    }
    if (options.level !== undefined && summary === undefined) sayWithoutLevel(printer);
    if (options.vitals) sayMissingVitals(names.existing());
  }
  if (counting !== undefined && summary !== undefined) {
    counting.writeSummary(summary, options, format, output);
    await output.flush();
    sayMissingFields(summary.missing, names.existing());
  }
  if (options.showCursor && printer?.cursor !== undefined) {
    const cursor = JSON.stringify(printer.cursor);
    output.write(format === "json" ? `{"cursor":${cursor}}\n` : `-- cursor: ${cursor}\n`);
    await output.flush();
  }
  if (printer?.cursor !== undefined) cursorFile?.save(printer.cursor);
}

/** Prints a file of events. */
async function printEvents(target: EventTarget, options: PlainOptions): Promise<void> {
  const { tailEvents } = await import("./files/tail_events.ts");
  using interrupt = new Interrupt({ output: true });
  const { signal } = interrupt;
  const isTerminal = Boolean(process.stdout.isTTY);
  await tailEvents(target, Output.standard(signal), {
    ...options,
    format: options.output ?? (isTerminal ? "pretty" : "text"),
    isStandard: true,
    lines: startOf(options).lines,
    follow: Boolean(options.follow || options.followName),
  }, signal);
}

/** What is chosen of the entries that are merged: the first, or the last so many, and what is around. */
function choiceOf(options: PlainOptions): {
  before: number;
  after: number;
  head: number | undefined;
  lastCount: number | undefined;
} {
  const { head, reverse, lines } = options;
  const context = contextOf(options);
  const { before, after } = context ?? { before: 0, after: 0 };
  // Without entries around them each log gives its last ones itself.
  const last = context === undefined ? undefined : lines;
  if (!reverse) return { before, after, head, lastCount: last };
  // The first ones in reverse are the last ones.
  return { before, after, head: undefined, lastCount: head ?? last };
}

/** Entries from the last to the first: all of them are in memory meanwhile. */
function* reversed(items: Iterable<Item>): Generator<Item> {
  const all: Item[] = [];
  for (const item of items) {
    if (item.entry !== undefined || item.notice !== undefined || item.isBreak) all.push(item);
    // A moment to look at signals.
    else yield item;
  }
  while (all.length > 0) yield all.pop()!;
}

/** Whether entries are selected, and of all that are there. */
function looksAtAll(options: PlainOptions): boolean {
  const { from, state, afterCursor, lines, head } = options;
  return !new Selection(options, false).isOpen && (from === undefined || from === "oldest") &&
    state === undefined && afterCursor === undefined && lines !== 0 && head !== 0;
}

/** Where to start: with a time at its moment, else by default some entries ago. */
function startOf(options: PlainOptions): {
  from: "latest" | "oldest" | number;
  lines: number | undefined;
} {
  const { all, from, last, lines, since, until, state, afterCursor, head } = options;
  const { countBy, stats, every } = options;
  if (from === "new") return { from: "oldest", lines: 0 };
  // What is around an entry, also in other logs, is known only if all are read.
  if (contextOf(options) !== undefined) return { from: from ?? "oldest", lines: undefined };
  const isSaid = all ||
    [from, last, since, until, state, afterCursor, head, countBy, stats, every].some((x) =>
      x !== undefined
    );
  return { from: from ?? "oldest", lines: lines ?? (isSaid ? undefined : LINES) };
}
