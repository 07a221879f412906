/**
 * `ouroboros save`: live logs saved into a file, or a folder.
 *
 * @module
 */

import { createWriteStream, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { pipeline } from "node:stream/promises";
import { type Command, InvalidArgumentError } from "commander";
import { PartialFile } from "../../ffi/mod.ts";
import {
  checkCompression,
  type Compression,
  compressionFor,
  endingOf,
} from "../compression/kinds.ts";
import { OuroborosError, SegmentExistsError } from "../errors.ts";
import { saveLog } from "../log/native/save.ts";
import { STANDARD_INPUT } from "../log/native/unpacked_file.ts";
import { checkHoldsNoEvents } from "./files/event_entries.ts";
import { sayCutOff } from "./files/cut_off.ts";
import { keepStandardInput } from "./files/source_bytes.ts";
import { withTemporaryFolder } from "./files/temporary_folder.ts";
import { packed, writeWhole } from "./files/whole_file.ts";
import { type LogTarget, openMemory } from "../log/native/target.ts";
import type { CopyProgress } from "../log/snapshot.ts";
import { collectLogs } from "../ship/collect.ts";
import { durationArgument, sourceArgument } from "./options/arguments.ts";
import { filesIn } from "./options/each_log.ts";
import { addOutputOptions, compressOption } from "./options/common.ts";
import { NamedLogs, nameOf, PATTERN_HELP } from "./options/named_logs.ts";
import { addTimeOptions, type Criteria, Selection, whereOption } from "./options/selection.ts";
import { usageError } from "./options/subcommand.ts";
import { jsonLines, sourceLabel } from "./output/harmless.ts";
import { Output } from "./output/output.ts";
import { Progress } from "./output/progress.ts";
import { isReceived } from "./output/received_log.ts";
import { formatSize } from "../base/sizes.ts";
import { counted, entryCount, warn } from "./output/warn.ts";
import { ExitError, explain } from "./process/exit.ts";
import { Interrupt } from "./process/interrupt.ts";

const EXAMPLES = `
The file is a log, as it is at this moment; it appears when it is complete. All
commands that read a log read it. Of one log it has the same sequence numbers.
Entries of several logs are in it by time, with numbers from 1 on; "ouroboros
tail" prints which log each is from, and with -o json its number there. So are
those of a log that was received from other machines.

A <file> that ends in a slash, or is a folder, gets a file for each log.
A line in several entries, as "ouroboros run" makes them above 64 KiB, is one for
--where: all of them are saved, or none. Entries are counted, not lines.
--last counts from the last entry of each log, not from now. Of a log in which
nothing has a time, all is saved. Where a clock was put back in one log, entries
of other times may be between those asked for, as numbers have no gap: a line on
standard error counts them.

${PATTERN_HELP}

Examples:
  ouroboros save /app app.log
  ouroboros save /app app.log --last 30s     the last 30 s before it ended
  ouroboros save '/app.*' incident.log       all workers in one file
  ouroboros save '/app.*' incident/          incident/app.0.log, incident/app.1.log, …
  ouroboros save /app app.log --compact      no larger than its entries
  ouroboros save /app app.log.gz             compressed: all that read a log read it
  ouroboros save /app - | ssh host 'cat > app.log'
  ouroboros save /app app.log --json | jq .entries
  ouroboros tail ./app.log`;

/** From which part of its size on a log is called full. */
const FULL = 0.9;

interface SaveCommandOptions extends Criteria {
  force?: true;
  compact?: true;
  last?: number;
  output: "text" | "json";
  /** Of which `output` knows. */
  json?: true;
  compress?: Compression;
}

/** Adds the command. */
export function addTo(program: Command): void {
  const command = program.command("save")
    .description("Save logs to a file, as they are now. Their writers may be at work.")
    .summary("save logs to a file, as they are now")
    .usage("[options] <name...> <file>")
    .argument(
      "<name...>",
      "the logs, and the file to make of them; in the place of the file a folder, or - for standard output",
    )
    .option("--last <time>", "save only the last part of each log: 30s, 5m", durationArgument);
  addTimeOptions(command, "save entries")
    .addOption(whereOption("save entries that match a question: 'status:>=500'"))
    .option("--force", "replace the file if it exists")
    .option(
      "--compact",
      "make the file of a whole log no larger than its entries, which a writer that continues it overwrites",
    )
    .addOption(compressOption());
  addOutputOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(save);
}

function fileArgument(text: string): string {
  if (text === "") throw new InvalidArgumentError("A path is expected.");
  if (text === "-" && process.stdout.isTTY) {
    throw new InvalidArgumentError(
      "A log is not text for a terminal: give a path, or a pipe.",
    );
  }
  return text;
}

/** What is saved, of which logs. */
export interface Job {
  names: NamedLogs;
  targets: LogTarget[];
  options: Omit<SaveCommandOptions, keyof Criteria | "output" | "json">;
  criteria: Criteria;
  /** Says what was saved. */
  report: (path: string, saved: Saved) => Promise<void> | void;
  signal: AbortSignal;
  /** How the file is compressed, if it is. */
  compression?: Compression;
  /** Whether one of the logs could not be read. */
  isIncomplete?: boolean;
}

async function save(
  words: string[],
  { force, compact, last, compress, output, json: _json, ...criteria }: SaveCommandOptions,
  command: Command,
): Promise<void> {
  if (words.length < 2) usageError(command, "missing required argument 'file'");
  const parsed = <T>(parse: (text: string) => T, text: string): T => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
      usageError(command, `argument '${text}' is invalid. ${error.message}`);
    }
  };
  const path = parsed(fileArgument, words[words.length - 1]);
  if (path === "-" && output === "json") {
    usageError(command, "--json is printed where the log goes: give a file in place of -");
  }
  if (words.slice(0, -1).includes(STANDARD_INPUT)) await keepStandardInput();
  const names = new NamedLogs(words.slice(0, -1).map((word) => parsed(sourceArgument, word)));
  const targets = names.existing();
  targets.forEach(checkHoldsNoEvents);
  sayCutOff(targets);
  using interrupt = new Interrupt({ output: path === "-" });
  const { signal } = interrupt;
  const options = {
    ...force && { force },
    ...compact && { compact },
    ...last !== undefined && { last },
  };
  const report = output === "json" ? writeJson : sayWords;
  const compression = compress ?? compressionFor(path);
  if (compression !== undefined) checkCompression(compression);
  const job: Job = {
    names,
    targets,
    options,
    criteria,
    signal,
    report,
    ...compression !== undefined && { compression },
  };
  if (path === "-") await saveToOutput(job);
  else if (!isFolder(path)) await saveInto(job, path);
  else {
    const pathOf = filesIn(path, `.log${compression === undefined ? "" : endingOf(compression)}`);
    for (const target of targets) {
      const one = { ...job, names: new NamedLogs([target]), targets: [target] };
      try {
        await saveInto(one, pathOf(target));
      } catch (error) {
        // As into one file: one of many must not keep the others from being saved.
        if (targets.length === 1 || !(error instanceof OuroborosError)) throw error;
        job.isIncomplete = true;
        warn(`${nameOf(target)}: ${explain(error)}`);
      }
    }
  }
  if (job.isIncomplete) throw new ExitError(1);
}

function isFolder(path: string): boolean {
  return /[\\/]$/.test(path) || Boolean(statSync(path, { throwIfNoEntry: false })?.isDirectory());
}

/** Saves by a file, for it may be larger than the memory: it is complete before its first byte goes. */
async function saveToOutput(job: Job): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    const copy = join(folder, "log");
    const { compression: _, ...plain } = job;
    const copying: Job = { ...plain, report: (_path, saved) => sayWords("", saved) };
    await saveInto(copying, copy);
    if (copying.isIncomplete) job.isIncomplete = true;
    const output = Output.standard(job.signal);
    for await (const piece of packed(copy, job.compression)) {
      output.write(piece);
      await output.flush();
    }
  });
}

/** Saves into a compressed file, which appears when it is complete; gives what to print. */
async function saveCompressed(job: Job, path: string, onProgress: OnProgress): Promise<Saved> {
  const { force = false } = job.options;
  // Whether it can be made is known before the work; its size only after it.
  PartialFile.create(path, 1, { force }).close();
  return await withTemporaryFolder(async (folder) => {
    const copy = join(folder, "log");
    const saved = await saveWhole(job, copy, onProgress);
    const packedCopy = join(folder, "packed");
    await pipeline(
      packed(copy, job.compression),
      createWriteStream(packedCopy, { mode: 0o600 }),
      { signal: job.signal },
    );
    const { size } = statSync(packedCopy);
    await writeWhole(path, size, packed(packedCopy), force);
    return { ...saved, compressedSize: size };
  });
}

function saveWhole(job: Job, path: string, onProgress: OnProgress): Promise<Saved> {
  return isPlain(job) ? saveOne(job, path, onProgress) : saveAll(job, path, onProgress);
}

/** Saves into a file, and reports what it has saved. */
export async function saveInto(job: Job, path: string): Promise<void> {
  const { signal } = job;
  let progress: Progress | undefined;
  const onProgress = ({ done, total }: CopyProgress) => {
    progress ??= new Progress(total, "entries");
    progress.update(done);
  };
  try {
    const save = job.compression === undefined ? saveWhole : saveCompressed;
    const saved = await save(job, path, onProgress);
    progress?.[Symbol.dispose]();
    await job.report(path, saved);
  } catch (error) {
    if (error instanceof SegmentExistsError) error.message += ": use --force to replace it";
    if (!signal.aborted) throw error;
    warn("interrupted: nothing was saved");
    throw new ExitError(1);
  } finally {
    progress?.[Symbol.dispose]();
  }
}

/** Whether it is a part of one log that has its numbers: entries that follow each other. */
function isPlain({ names, targets: [target], criteria }: Job): boolean {
  const { since: _since, until: _until, ...others } = criteria;
  return names.isOne && Object.keys(others).length === 0 && !isReceived(target);
}

/** What was saved into a file. */
export interface Saved {
  entries: number;
  /** How many logs these are of; undefined if it is one, whose numbers they keep. */
  logs?: number;
  /** Of one log, if it has entries. */
  firstSequenceNumber?: number;
  lastSequenceNumber?: number;
  /** The size of the file in bytes, before it was compressed; and after that. */
  size: number;
  compressedSize?: number;
  /** Whether the log is full, so that a compact file of it is hardly smaller. */
  isFull?: true;
  /** How many entries are missing: damaged, or overwritten meanwhile. */
  leftOut: number;
  /** Logs of which all was saved where a part was asked for, for nothing in them has a time. */
  untimed: string[];
  /** Of one log, how many entries of other times are between those that were asked for, if there are. */
  otherTimes?: number;
}
type OnProgress = (progress: CopyProgress) => void;

async function saveOne(
  { targets: [target], options: { last, ...options }, criteria: { since, until }, signal }: Job,
  path: string,
  onProgress: OnProgress,
): Promise<Saved> {
  const saved = await saveLog(target, path, {
    ...options,
    ...last !== undefined && { last: `${last}ms` },
    ...since !== undefined && { since },
    ...until !== undefined && { until },
    copyMode: "auto",
    signal,
    onProgress,
  });
  const { entries, firstSequenceNumber, lastSequenceNumber, size, leftOut, isUntimed, otherTimes } =
    saved;
  const isPart = [last, since, until].some((one) => one !== undefined);
  return {
    entries,
    ...entries > 0 && { firstSequenceNumber, lastSequenceNumber },
    size,
    ...options.compact && !isPart && size > FULL * sizeOf(target) && { isFull: true },
    leftOut,
    untimed: isUntimed ? [nameOf(target)] : [],
    ...otherTimes > 0 && { otherTimes },
  };
}

function sizeOf(target: LogTarget): number {
  using memory = openMemory(target, "read");
  return memory.byteLength;
}

async function saveAll(job: Job, path: string, onProgress: OnProgress): Promise<Saved> {
  const { targets, options: { force, last }, criteria, signal } = job;
  const { since, until, ...others } = criteria;
  const { entries, logs, size, lost, untimed } = await collectLogs(targets, path, {
    force,
    last,
    since,
    until,
    ...Object.keys(others).length > 0 && {
      selector: (log) =>
        new Selection({ ...others, vitals: true }, true, (entry) => {
          const source = log.sourceOf(entry);
          return source === undefined ? log.name : sourceLabel(source);
        }),
    },
    signal,
    onProgress,
    onError: (error, name) => {
      job.isIncomplete = true;
      warn(`${name}: ${explain(error)}`);
    },
  });
  const isPart = [last, since, until].some((one) => one !== undefined);
  return { entries, logs, size, leftOut: lost, untimed: isPart ? untimed : [] };
}

/** In words on standard error; an empty path is that of standard output. */
export function sayWords(path: string, saved: Saved): void {
  const { entries, logs, firstSequenceNumber: first, lastSequenceNumber: last, size } = saved;
  const { compressedSize: less, isFull, leftOut, untimed, otherTimes = 0 } = saved;
  const packed = less === undefined ? "" : `, ${formatSize(less)} compressed`;
  const isOne = logs === undefined;
  const of = isOne ? "" : ` of ${counted(logs, "log")}`;
  const range = first === undefined ? "" : `, ${first} to ${last}`;
  warn(`${entryCount(entries)}${of}${range}, ${formatSize(size)}${packed}${path && ` in ${path}`}`);
  for (const name of untimed) {
    const which = isOne ? "" : `${name}: `;
    warn(`${which}nothing in the log has a time: all of it is saved`);
  }
  if (otherTimes > 0) {
    warn(
      `a clock was put back in the log: ${entryCount(otherTimes)} of another time ` +
        `${otherTimes === 1 ? "is" : "are"} between those asked for, as the numbers have no gap`,
    );
  }
  if (isFull && path && less === undefined) {
    warn("the log is full, so --compact makes no smaller file: one that ends in .gz is compressed");
  }
  if (leftOut === 0) return;
  const why = isOne ? "damaged or overwritten" : "overwritten meanwhile";
  warn(`${entryCount(leftOut)} lost: ${why}`);
}

/** As JSON on standard output. */
async function writeJson(path: string, saved: Saved): Promise<void> {
  const output = Output.standard();
  output.write(jsonLines({ file: path, ...saved }));
  await output.close();
}
