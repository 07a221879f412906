/**
 * `ouroboros record`: everything that passes through a log, kept in files.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { resolve } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { isSameFile } from "../../ffi/mod.ts";
import { abortWith } from "../async.ts";
import { OuroborosError } from "../errors.ts";
import type { EntryBatch } from "../log/batch.ts";
import { ShmLogReader } from "../log/native/shm_log_reader.ts";
import type { ShmLogReaderOptions } from "../log/native/reader_options.ts";
import type { LogTarget } from "../log/native/target.ts";
import { CursorFile } from "./files/cursor_file.ts";
import { refuseItself, waitForLog } from "./options/log_targets.ts";
import { RotatingFile } from "./files/rotating_file.ts";
import {
  countArgument,
  positiveArgument,
  sizeArgument,
  sourceArgument,
} from "./options/arguments.ts";
import { entryObject } from "./output/format.ts";
import { harmlessJson } from "./output/harmless.ts";
import { entryCount, warn } from "./output/warn.ts";
import { Interrupt } from "./process/interrupt.ts";

const EXAMPLES = `
Examples:
  ouroboros record /app app.txt                                  a line an entry
  ouroboros record /app app.jsonl -o json                        {"seq":1,"text":"…"} a line
  ouroboros record /app app.txt --max-size 100M --keep 5         app.txt, app.txt.1 to app.txt.5
  ouroboros record /app app.txt --reopen --cursor-file app.pos   as a service, for years

Begins with the oldest entry that is there, waits for a log that is not there yet, and ends with
the log or at Ctrl-C; then all that was read is in the file. What was overwritten before it could be
read is counted on standard error and in a line of the file: {"lost":3,"after":7} with -o json, else
"# ouroboros: 3 entries lost after entry 7". With -o text an entry of several lines takes several.
With --cursor-file the next one goes on where this one ended; after a kill -9 up to a second of
lines may be there twice. A file that another record writes to is refused. After SIGHUP the file is
opened anew, for logrotate: postrotate kill -HUP. If FILE is a link, files are rotated beside the file
that it leads to, and the link stays.`;

interface RecordOptions {
  output: "text" | "json";
  from: "oldest" | "latest" | "new";
  maxSize?: number;
  keep: number;
  reopen?: true;
  fsync?: number;
  cursorFile?: string;
}

/** How often to do what is due after a pause, in milliseconds. */
const KEEP_INTERVAL = 250;
/** How often the place is remembered, in milliseconds. */
const CURSOR_INTERVAL = 1000;

/** Adds the command. */
export function addRecord(program: Command): void {
  program.command("record")
    .description("append everything that passes to a file, rotated by size")
    .argument("<name>", "the log", sourceArgument)
    .argument("<file>", "the file to append to", fileArgument)
    .addOption(
      new Option("-o, --output <format>", "text: the bytes; json: an object a line")
        .choices(["text", "json"]).default("text"),
    )
    .addOption(
      new Option("--from <where>", "oldest: entry that is there; latest: chunk; new: entries only")
        .choices(["oldest", "latest", "new"]).default("oldest"),
    )
    .option("--max-size <bytes>", "begin a new file at this size", sizeArgument)
    .option("--keep <count>", "how many files of before are kept", countArgument, 5)
    .option("-F, --reopen", "go on with the log that has the name when this one is gone")
    .option("--fsync <ms>", "have the disk write as often as that, at least", positiveArgument)
    .option("--cursor-file <path>", "where to remember how far the log is recorded")
    .addHelpText("after", EXAMPLES)
    .action(record);
}

function fileArgument(text: string): string {
  if (text === "" || text === "-") {
    throw new InvalidArgumentError('A path is expected; "ouroboros tail -F" prints what passes.');
  }
  return text;
}

async function record(target: LogTarget, path: string, options: RecordOptions): Promise<void> {
  checkFiles(path, options.cursorFile);
  let reopen = () => {};
  using interrupt = new Interrupt({ onHangUp: () => reopen() });
  const { signal } = interrupt;
  const cursorFile = options.cursorFile === undefined
    ? undefined
    : new CursorFile(options.cursorFile);
  const after = cursorFile?.load();
  const start: ShmLogReaderOptions = {
    strategy: options.from === "oldest" ? "oldest" : "latest",
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
  using file = new RotatingFile(path, options);
  const recording = new Recording(reader, file, options.output);
  if (after !== undefined) recording.goOn(after.sequenceNumber);
  else if (there !== undefined) {
    skipTo(reader, reader.newestSequenceNumber());
    recording.goOn(reader.lastSequenceNumber);
  }

  let synced = performance.now();
  let remembered = synced;
  const keep = (isEnd: boolean) => {
    file.flush();
    const now = performance.now();
    if (options.fsync !== undefined && (isEnd || now - synced >= options.fsync)) {
      file.sync();
      synced = now;
    }
    // After the lines: what it says is recorded must be.
    if (isEnd || now - remembered >= CURSOR_INTERVAL) {
      cursorFile?.save(reader.position);
      remembered = now;
    }
  };
  const end = new AbortController();
  using _linked = abortWith(end, signal);
  let failure: unknown;
  reopen = () => {
    try {
      file.reopen();
    } catch (error) {
      failure ??= error;
      end.abort();
    }
  };
  // What the disk, or the cursor, must have of what came last before a pause.
  const isKept = options.fsync !== undefined || cursorFile !== undefined;
  const timer = !isKept ? undefined : setInterval(() => {
    try {
      keep(false);
    } catch (error) {
      failure ??= error;
      end.abort();
    }
  }, Math.min(KEEP_INTERVAL, options.fsync ?? KEEP_INTERVAL));
  try {
    keep(false);
    const following = reader.followBatches({
      signal: end.signal,
      onAbandoned: options.reopen ? "reopen" : "end",
      onReopen: ({ from }) => {
        recording.beginAnew(from.sequenceNumber);
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
    while (reader.lastSequenceNumber < last) {
      const batch = reader.readBatch();
      if (batch.length === 0) break;
      recording.add(batch);
    }
    recording.finish();
    // Not after an error: then the place that was remembered before is the right one.
    keep(true);
  } finally {
    clearInterval(timer);
  }
  warn(`${entryCount(recording.entries)} recorded, ${recording.lost} lost`);
}

/** Each cursor takes the place of the file: it must not be that of what is recorded. */
function checkFiles(path: string, cursorFile: string | undefined): void {
  if (cursorFile === undefined) return;
  if (resolve(path) === resolve(cursorFile) || isSameFile(path, cursorFile)) {
    throw new RangeError(`${path} can't be the cursor file, too`);
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

/** Opens the log, or waits for it; undefined if that was in vain. */
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

/** Passes over the entries up to number `last`. */
function skipTo(reader: ShmLogReader, last: number): void {
  while (reader.lastSequenceNumber < last) {
    if (reader.readBatch(last - reader.lastSequenceNumber).length === 0) return;
  }
}

/** Entries as lines of a file, with a word where some are missing. */
class Recording {
  /** How many were recorded. */
  entries = 0;
  /** How many were lost. */
  lost = 0;
  readonly #reader: ShmLogReader;
  readonly #file: RotatingFile;
  readonly #format: "text" | "json";
  /** The number of the last entry that was recorded or said to be lost; -1: none is expected. */
  #last = -1;

  constructor(reader: ShmLogReader, file: RotatingFile, format: "text" | "json") {
    this.#reader = reader;
    this.#file = file;
    this.#format = format;
  }

  /** Goes on after an entry that another recorder wrote last. */
  goOn(sequenceNumber: number): void {
    const { continuation } = this.#reader;
    if (continuation?.isSameSegment === false) this.beginAnew(sequenceNumber);
    else this.#last = sequenceNumber;
  }

  /** Begins with another log of the same name. */
  beginAnew(last: number): void {
    this.#missed(last);
    const json = { reopened: true, after: last };
    this.#note(json, `another log of this name begins after entry ${last}`);
    this.#last = 0;
  }

  /** Adds entries. */
  add(batch: EntryBatch): void {
    this.#missed(batch.sequenceNumber(0) - 1);
    for (let i = 0; i < batch.length; i++) {
      const bytes = this.#format === "text"
        ? batch.bytes(i)
        : Buffer.from(harmlessJson(JSON.stringify(entryObject(batch.entry(i)))));
      this.#file.line(bytes);
    }
    this.entries += batch.length;
    this.#last = batch.sequenceNumber(batch.length - 1);
  }

  /** Ends: says what was lost at the very end. */
  finish(): void {
    this.#missed(this.#reader.lastSequenceNumber);
  }

  /** All up to `last` was recorded, or is lost. */
  #missed(last: number): void {
    const lost = this.#last < 0 ? 0 : last - this.#last;
    if (lost <= 0) return;
    this.lost += lost;
    const what = `${entryCount(lost)} lost after entry ${this.#last}`;
    this.#note({ lost, after: this.#last }, what);
    this.#last = last;
  }

  #note(json: object, text: string): void {
    this.#file.line(
      Buffer.from(this.#format === "json" ? JSON.stringify(json) : `# ouroboros: ${text}`),
    );
    warn(text);
  }
}
