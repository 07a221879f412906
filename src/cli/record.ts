/**
 * `ouroboros record`: everything that passes through a log, kept in files.
 *
 * @module
 */

import { statSync } from "node:fs";
import { resolve } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { isSameFile } from "../../ffi/mod.ts";
import { abortWith } from "../async.ts";
import { OuroborosError } from "../errors.ts";
import type { Cursor } from "../log/native/cursor.ts";
import { unlessShort } from "../log/native/followed_log.ts";
import { hasMagic } from "../log/native/look.ts";
import { ShmLogReader } from "../log/native/shm_log_reader.ts";
import type { ShmLogReaderOptions } from "../log/native/reader_options.ts";
import { describeTarget, type LogTarget } from "../log/native/target.ts";
import {
  checkCompression,
  type Compression,
  compressionFor,
  endingOf,
} from "../compression/kinds.ts";
import { CursorFile } from "./files/cursor_file.ts";
import { filesIn, forEachLog } from "./options/each_log.ts";
import { batchesUpTo, refuseItself, waitForLog } from "./options/log_targets.ts";
import { NamedLogs, nameOf, PATTERN_HELP } from "./options/named_logs.ts";
import { Recording, skipTo } from "./files/recording.ts";
import { RotatingFile } from "./files/rotating_file.ts";
import {
  countArgument,
  durationArgument,
  type Place,
  sizeArgument,
  sourceArgument,
} from "./options/arguments.ts";
import { addOutputOptions, compressOption, fromOption } from "./options/common.ts";
import { whereOption } from "./options/selection.ts";
import type { Where } from "./grep/where.ts";
import { oldOption } from "./options/subcommand.ts";
import { ReceivedLog } from "./output/received_log.ts";
import { entryCount, warn } from "./output/warn.ts";
import { Interrupt } from "./process/interrupt.ts";

const EXAMPLES = `
A <place> is oldest, latest (the newest chunk), new (only what comes), or a
sequence number.

The command waits for a log that does not exist yet, and ends with the log or at
Ctrl-C; then all that was read is in the file. Entries that were overwritten
before they could be read are counted on standard error and in a line of the
file: "# ouroboros: 3 entries lost after entry 7", or with --json
{"lost":3,"after":7}.

A line in several entries, as "ouroboros run" makes them above 64 KiB, is one for
--where: all of them are recorded, or none.

With --state the next run begins where this one ended. After kill -9 the entries
of up to a second may be in the file twice. SIGHUP opens the file again, for
logrotate. If <file> is a link, files are rotated beside the file that it leads
to, and the link stays.

A <file> that ends in .gz or .zst, or --compress, makes a compressed one: blocks
of 256 KiB of lines, or of 5 s (or of --fsync). Each is whole by itself: after
kill -9 all blocks are read, and the next run appends to them.

${PATTERN_HELP}
Then <file> is a folder with a file for each log, and so is --state; logs that
begin to match later are recorded, too, and -F is set.

Examples:
  ouroboros record /app app.txt                                one line an entry
  ouroboros record /app app.jsonl --json                       {"seq":1,"text":"…"}
  ouroboros record /app app.txt --max-size 100M --keep 5       app.txt, and app.txt.1 to app.txt.5
  ouroboros record /app app.txt.gz --max-size 100M             app.txt.gz, and app.txt.1.gz to …
  ouroboros record -F /app app.txt --state app.state           as a service, for years
  ouroboros record '/app.*' logs --json --state places         logs/app.0.jsonl, …`;

interface RecordOptions {
  output: "text" | "json";
  where?: Where;
  from: Place;
  maxSize?: number;
  keep: number;
  followName?: true;
  fsync?: number;
  state?: string;
  compress?: Compression;
}

/** How often to do what is due after a pause, in milliseconds. */
const KEEP_INTERVAL = 250;
/** How often to look whether a log of a pattern is gone, in milliseconds. */
const LEAVE_INTERVAL = 1000;
/** Of how many logs that are gone the place is kept in memory. */
const MOST_PLACES = 4096;
/** How often the place is remembered, in milliseconds. */
const CURSOR_INTERVAL = 1000;

/** How long the end of a line that is in several entries is waited for, before it is asked, in milliseconds. */
const LONGEST_LINE = 1000;
/** How long lines wait at most until they are a compressed block, in milliseconds. */
const BLOCK_INTERVAL = 5000;

/** Adds the command. */
export function addTo(program: Command): void {
  const command = program.command("record")
    .description("Append all entries of a log to a file, as they come; rotate the file by size.")
    .summary("append all entries to a file, as they come")
    .argument("<name>", "the log", sourceArgument)
    .argument("<file>", "the file to append to; of several logs a folder", fileArgument)
    .option("-F, --follow-name", "record also the next log of that name: after restarts")
    .addOption(fromOption().default("oldest"))
    .addOption(whereOption("record entries that match a question: 'status:>=500'"))
    .option("--state <path>", "begin after the place in this file, and update it")
    .option(
      "--max-size <bytes>",
      "begin a new file at this size: 100M (default: never)",
      sizeArgument,
    )
    .option("--keep <count>", "keep this many old files", countArgument, 5)
    .addOption(compressOption())
    .option(
      "--fsync <time>",
      "write to the disk at least this often: 500ms (default: when the system does)",
      fsyncArgument,
    );
  addOutputOptions(command, undefined, undefined, "write")
    .addHelpText("after", EXAMPLES)
    .action(record);
  oldOption(command, "--reopen", "--follow-name");
  oldOption(command, "--cursor-file", "--state");
}

function fileArgument(text: string): string {
  if (text === "" || text === "-") {
    throw new InvalidArgumentError(
      'A path is expected; "ouroboros tail -F" prints entries as they come.',
    );
  }
  return text;
}

/** How often to write to the disk, in milliseconds: a number without a unit was one of them. */
function fsyncArgument(text: string): number {
  const isBare = /^\d+$/.test(text);
  if (isBare) warn(`--fsync ${text} is now --fsync ${text}ms`);
  return durationArgument(isBare ? `${text}ms` : text);
}

async function record(target: LogTarget, path: string, options: RecordOptions): Promise<void> {
  const reopenings = new Set<() => void>();
  using interrupt = new Interrupt({ onHangUp: () => reopenings.forEach((reopen) => reopen()) });
  const { signal } = interrupt;
  const names = new NamedLogs([target]);
  const compress = options.compress ?? compressionFor(path);
  if (compress !== undefined) checkCompression(compress);
  options = { ...options, ...compress !== undefined && { compress } };
  if (names.isOne) {
    checkFiles(path, options.state);
    await recordLog(target, path, options, { signal, reopenings, prefix: "" });
    return;
  }
  const pathOf = filesIn(
    path,
    (options.output === "json" ? ".jsonl" : ".txt") + (compress ? endingOf(compress) : ""),
  );
  const stateOf = options.state === undefined ? undefined : filesIn(options.state, ".place");
  /** How far logs were recorded that are gone, where no file remembers it. */
  const places = new Map<string, Cursor>();
  await forEachLog(names, { signal }, async (target, signal, { isNew, isGone }) => {
    const name = nameOf(target);
    const state = stateOf?.(target);
    const ofLog = {
      ...options,
      followName: true as const,
      ...state !== undefined && { state },
      // All of it has come since the command began.
      ...isNew && options.from === "new" && { from: "oldest" as const },
    };
    const prefix = `${describeTarget(target)}: `;
    const after = places.get(name);
    places.delete(name);
    const surroundings = { signal, reopenings, prefix, isGone, ...after && { after } };
    const place = await recordLog(target, pathOf(target), ofLog, surroundings);
    if (place === undefined) return;
    if (state === undefined) places.set(name, place);
    for (const oldest of places.keys()) if (places.size > MOST_PLACES) places.delete(oldest);
    return "gone";
  });
}

/** What the recordings of several logs have in common. */
interface Surroundings {
  signal: AbortSignal;
  /** What opens their files again. */
  reopenings: Set<() => void>;
  /** What messages begin with. */
  prefix: string;
  /** Whether the name of the log is gone, and need not be waited for. */
  isGone?: () => boolean;
  /** The place of the last entry that was recorded before. */
  after?: Cursor;
}

/** Records a log; gives the place of its last entry if the log is gone. */
async function recordLog(
  target: LogTarget,
  path: string,
  options: RecordOptions,
  { signal, reopenings, prefix, isGone, after: before }: Surroundings,
): Promise<Cursor | undefined> {
  const cursorFile = options.state === undefined ? undefined : new CursorFile(options.state);
  const after = cursorFile?.load() ?? before;
  const start: ShmLogReaderOptions = {
    strategy: options.from === "latest" || options.from === "new" ? "latest" : "oldest",
    onDamage: "skip",
    copyMode: "auto",
    ...after && { after },
  };
  const there = options.from === "new" ? openNow(target, start) : undefined;
  // One that is not there yet is new from its first entry on.
  const strategy = options.from === "new" ? "oldest" : start.strategy;
  const reader = there ?? await open(target, signal, { ...start, strategy });
  if (reader === undefined) return;
  using _closed = reader;
  refuseItself(target, reader, path);
  refuseLog(path);
  using file = new RotatingFile(path, options);
  const openReceived = () => options.where && ReceivedLog.open(target);
  let received = openReceived();
  const recording = new Recording(reader, file, {
    ...options,
    log: nameOf(target),
    sourceOf: ({ sequenceNumber }) => received?.of(sequenceNumber).label,
    prefix,
  });
  if (after !== undefined) recording.goOn(after.sequenceNumber);
  else if (typeof options.from === "number") recording.beginWith(options.from);
  else if (there !== undefined) {
    skipTo(reader, reader.newestSequenceNumber());
    recording.goOn(reader.lastSequenceNumber);
  }

  let synced = performance.now();
  let remembered = synced;
  let flushed = synced;
  // Small blocks are compressed less: a compressed file gets what was read only now and then.
  const blockTime = options.compress === undefined
    ? 0
    : Math.min(BLOCK_INTERVAL, options.fsync ?? Infinity);
  const keep = (isEnd: boolean) => {
    const now = performance.now();
    if (!isEnd && now - flushed < blockTime) return;
    flushed = now;
    file.flush();
    if (options.fsync !== undefined && (isEnd || now - synced >= options.fsync)) {
      file.sync();
      synced = now;
    }
    // After the lines: what it says is recorded must be.
    if (isEnd || now - remembered >= CURSOR_INTERVAL) {
      cursorFile?.save({ ...reader.position, sequenceNumber: recording.done });
      remembered = now;
    }
  };
  const end = new AbortController();
  using _linked = abortWith(end, signal);
  let failure: unknown;
  const reopen = () => {
    try {
      file.reopen();
    } catch (error) {
      failure ??= error;
      end.abort();
    }
  };
  reopenings.add(reopen);
  // What the disk, or the cursor, must have of what came last before a pause.
  const isKept = options.fsync !== undefined || cursorFile !== undefined || blockTime > 0 ||
    options.where !== undefined;
  const timer = !isKept ? undefined : setInterval(() => {
    try {
      recording.giveUp(LONGEST_LINE);
      keep(false);
    } catch (error) {
      failure ??= error;
      end.abort();
    }
  }, Math.min(KEEP_INTERVAL, options.fsync ?? KEEP_INTERVAL));
  // Its memory stays as long as it is open.
  const leaving = isGone && setInterval(() => {
    try {
      if (isGone() && unlessShort(() => reader.isAbandoned())) end.abort();
    } catch (error) {
      failure ??= error;
      end.abort();
    }
  }, LEAVE_INTERVAL);
  try {
    keep(false);
    const following = reader.followBatches({
      signal: end.signal,
      onAbandoned: options.followName ? "reopen" : "end",
      onReopen: ({ from, lostEntries, after }) => {
        if (lostEntries === "unknown") {
          warn(`${prefix}the log was restarted: how many of its entries are lost is unknown`);
        }
        // What continues the log in another size has its numbers.
        if (after === 0) recording.beginAnew(from.sequenceNumber);
        received?.[Symbol.dispose]();
        received = openReceived();
        keep(false);
      },
    });
    for await (const batch of following) {
      recording.add(batch);
      keep(false);
    }
    if (failure !== undefined) throw failure;
    // After a signal: all that was there at that moment, and no more.
    const last = reader.newestSequenceNumber();
    for (const batch of batchesUpTo(reader, last)) recording.add(batch);
    recording.finish();
    // Not after an error: then the place that was remembered before is the right one.
    keep(true);
  } finally {
    clearInterval(timer);
    clearInterval(leaving);
    received?.[Symbol.dispose]();
    reopenings.delete(reopen);
  }
  warn(`${prefix}${entryCount(recording.entries)} recorded, ${recording.lost} lost`);
  if (isGone === undefined || signal.aborted) return undefined;
  return { ...reader.position, sequenceNumber: recording.done };
}

/** Lines behind a log would be lost when it is continued, and hide where the entries of a saved one are from. */
function refuseLog(path: string): void {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile() || !hasMagic({ path })) return;
  throw new RangeError(`${path} is a log, and lines would damage it: choose another file`);
}

/** Each place replaces its file: that must not be the file of what is recorded. */
function checkFiles(path: string, state: string | undefined): void {
  if (state === undefined) return;
  if (resolve(path) === resolve(state) || isSameFile(path, state)) {
    throw new RangeError(`${path} is the file to record to: choose another file for --state`);
  }
}

/** Opens the log if it is there, and finished. */
function openNow(target: LogTarget, options: ShmLogReaderOptions): ShmLogReader | undefined {
  try {
    return ShmLogReader.open(target, options);
  } catch (error) {
    if (error instanceof OuroborosError) return undefined;
    throw error;
  }
}

/** Opens the log, or waits for it; undefined if it did not come. */
async function open(
  target: LogTarget,
  signal: AbortSignal,
  options: ShmLogReaderOptions,
): Promise<ShmLogReader | undefined> {
  try {
    return await waitForLog(target, signal, options);
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}
