/**
 * `ouroboros replay`: what was recorded, written to a log once more.
 *
 * @module
 */

import { type Command, InvalidArgumentError, Option } from "commander";
import { isSameFile, SharedMemory } from "../../ffi/mod.ts";
import { delay } from "../async.ts";
import { decodeText } from "../decode_text.ts";
import { Turns } from "../following.ts";
import { recognizeRecord } from "../records/recognize.ts";
import { describeTarget, type LogTarget } from "../log/native/target.ts";
import { ShmLogWriter } from "../log/native/shm_log_writer.ts";
import { openRecorded, type RecordedFormat } from "./files/recorded.ts";
import {
  durationWithin,
  positiveArgument,
  sourceArgument,
  targetArgument,
} from "./options/arguments.ts";
import { addLogOptions, type LogOptions, writerOptions } from "./options/common.ts";
import { Progress } from "./output/progress.ts";
import { entryCount, warn } from "./output/warn.ts";
import { Interrupt } from "./process/interrupt.ts";
import { Pace } from "./process/pace.ts";
import { isStandardInput, warnIfShortLived } from "./options/log_targets.ts";

const EXAMPLES = `
<file> is a log that "ouroboros save" made, or lines as record and tail print
them, with --json or without. Lines are taken for --json if all of them look
exactly like it; --format says which. Both may be compressed (gzip, zstd), and -
is standard input.

The pace is that of the times in the entries, which must be JSON records (pino,
winston, LogTape, OpenTelemetry). An entry without a time follows the one before
it at once. So does an entry that is a day or more later, unless --max-gap is
given. The new log numbers its entries from 1.

Examples:
  ouroboros replay app.log /test               at the pace at which it was written
  ouroboros replay app.jsonl /test --speed 10  ten times as fast
  ouroboros replay app.txt /test --speed max   as fast as possible
  ouroboros replay app.txt /test --rate 1000 --loop`;

interface ReplayOptions extends LogOptions {
  speed: number;
  rate?: number;
  maxGap?: number;
  loop?: true;
  remove: boolean;
  format?: RecordedFormat;
}

/** A gap between the times of two entries that is no pause, in milliseconds: a day. */
const LEAP = 86400e3;

/** Adds the command. */
export function addTo(program: Command): void {
  const command = program.command("replay")
    .description("Write a saved log or a recording to a new log, at its own pace or another.")
    .summary("write a saved log or a recording to a new log, at its own pace")
    .argument("<file>", "a saved log, or a file of lines", sourceArgument)
    .argument("<name>", "the log to make", targetArgument)
    .addOption(
      new Option(
        "--speed <factor>",
        "times as fast as it was written: 10, 0.5, or max for no pauses",
      )
        .argParser(speedArgument).default(1),
    )
    .addOption(
      new Option("--rate <count>", "entries a second, in place of --speed")
        .argParser(positiveArgument).conflicts(["speed", "maxGap"]),
    )
    .option("--max-gap <time>", "make no pause longer than this: 5s", durationWithin(0))
    .option("--loop", "begin again at the end, until Ctrl-C")
    .addOption(
      new Option("--format <format>", "format of the lines in the file").choices(["text", "json"]),
    )
    .option("--remove", "remove the log at the end", false);
  addLogOptions(command, "fail")
    .addHelpText("after", EXAMPLES)
    .action(replay);
}

function speedArgument(text: string): number {
  const speed = text === "max" ? Infinity : Number(text);
  if (!(speed > 0)) throw new InvalidArgumentError('A number above 0 or "max" is expected.');
  return speed;
}

async function replay(
  source: LogTarget,
  target: LogTarget,
  options: ReplayOptions,
  command: Command,
): Promise<void> {
  if (isSame(source, target)) {
    throw new RangeError(
      `log ${describeTarget(source)} can't be replayed into itself: name another`,
    );
  }
  if (options.loop && isStandardInput(source)) {
    throw new RangeError("standard input can be read once: leave out --loop, or name a file");
  }
  using interrupt = new Interrupt();
  const { signal } = interrupt;
  const recorded = await openRecorded(source, options.format);
  if (options.format === undefined && recorded.format === "json") {
    warn("the lines look like --json; --format text takes each line as an entry");
  }
  using log = ShmLogWriter.create(target, {
    ...writerOptions(options, command),
    unlinkOnClose: options.remove,
  });
  if (!options.remove) warnIfShortLived(target, "replay");
  const before = log.totalEntriesWritten;
  const pace = options.rate === undefined
    ? new RecordedPace(options, signal)
    : new Pace(1e6 / options.rate, signal);
  const turns = new Turns();
  let tooLarge = 0;
  using progress = options.loop ? undefined : new Progress(recorded.total, recorded.unit);
  do {
    const written = log.totalEntriesWritten;
    for await (const entries of recorded.entries()) {
      for (const { bytes, done } of entries) {
        await (pace instanceof Pace ? pace.next() : pace.next(bytes));
        if (signal.aborted) break;
        if (bytes.length > log.maxEntrySize) tooLarge++;
        else log.write(bytes);
        progress?.update(done);
      }
      if (signal.aborted) break;
    }
    if (pace instanceof RecordedPace) pace.restart();
    // An empty recording would go round without a pause.
    if (log.totalEntriesWritten === written) break;
    await turns.take();
  } while (options.loop && !signal.aborted);
  if (tooLarge > 0) {
    warn(
      `${entryCount(tooLarge)} left out: larger than ${log.maxEntrySize} bytes; see --chunk-size`,
    );
  }
  const count = log.totalEntriesWritten - before;
  if (pace instanceof RecordedPace && pace.isTimeless && count > 1) {
    warn("no entry has a time: they were written without pauses; see --rate");
  }
  warn(`${entryCount(count)} written to ${describeTarget(target)}`);
}

function isSame(source: LogTarget, target: LogTarget): boolean {
  if (typeof source !== "string" && typeof target !== "string") {
    return isSameFile(source.path, target.path);
  }
  return typeof source === "string" && typeof target === "string" &&
    SharedMemory.normalizeName(source) === SharedMemory.normalizeName(target);
}

/** Waits as long between two entries as their times say. */
class RecordedPace {
  /** Whether no entry had a time yet. */
  isTimeless = true;
  readonly #speed: number;
  readonly #maxGap: number;
  readonly #signal: AbortSignal;
  // The time of the newest entry so far, and when it was due.
  #time = -Infinity;
  #due = 0;
  #leaps = 0;
  readonly #turns = new Turns();

  constructor({ speed, maxGap }: ReplayOptions, signal: AbortSignal) {
    this.#speed = speed;
    this.#maxGap = maxGap === undefined ? Infinity : maxGap;
    this.#signal = signal;
    if (speed === Infinity) this.isTimeless = false;
  }

  /** Begins with the first entry again. */
  restart(): void {
    this.#time = -Infinity;
  }

  /** Waits until it is time for an entry. */
  async next(bytes: Uint8Array): Promise<void> {
    const now = performance.now();
    if (this.#speed < Infinity) this.#plan(bytes, now);
    if (this.#due - now >= 1) {
      await delay(this.#due - now, { signal: this.#signal }).catch(() => {});
      this.#turns.sleeps(performance.now());
    } else {
      const turn = this.#turns.due(now);
      if (turn !== undefined) await turn;
    }
  }

  #plan(bytes: Uint8Array, now: number): void {
    const time = recognizeRecord(decodeText(bytes))?.time;
    if (time === undefined) return;
    this.isTimeless = false;
    const gap = time - this.#time;
    // Entries that are out of order come at once, but for those after a clock that was wrong.
    if (gap <= 0 && gap >= -LEAP) return;
    this.#time = time;
    if (gap === Infinity) this.#due = now;
    else if (gap > LEAP && this.#maxGap === Infinity) this.#leaveOut(gap);
    else if (gap > 0) this.#due += Math.min(gap / this.#speed, this.#maxGap);
  }

  /** Leaves out a pause of days: of a clock that was set, or a wrong time. */
  #leaveOut(gap: number): void {
    if (this.#leaps++ > 0) return;
    const days = Math.floor(gap / LEAP);
    warn(`a pause of ${days} days is left out, as are all of more than a day: see --max-gap`);
  }
}
