/**
 * `ouroboros save`: live logs saved into a file, or a folder.
 *
 * @module
 */

import { createReadStream, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { type Command, InvalidArgumentError } from "commander";
import { SegmentExistsError } from "../errors.ts";
import { saveLog } from "../log/native/save.ts";
import type { LogTarget } from "../log/native/target.ts";
import type { CopyProgress } from "../log/snapshot.ts";
import { collectLogs } from "../ship/collect.ts";
import { readCollection } from "../ship/collection.ts";
import { durationArgument, momentArgument, sourceArgument } from "./options/arguments.ts";
import { filesIn } from "./options/each_log.ts";
import { NamedLogs, PATTERN_HELP } from "./options/named_logs.ts";
import { type Criteria, Selection, whereOption } from "./options/selection.ts";
import { Output } from "./output/output.ts";
import { Progress } from "./output/progress.ts";
import { formatSize } from "../base/sizes.ts";
import { entryCount, warn } from "./output/warn.ts";
import { ExitError, explain } from "./process/exit.ts";
import { Interrupt } from "./process/interrupt.ts";

const EXAMPLES = `
The file is a log, as it is at this moment; it appears when it is complete. All
commands that read a log read it. Of one log it has the same sequence numbers.
Entries of several logs are in it by time, with numbers from 1 on; "ouroboros
tail" prints which log each is from, and with -o json its number there.

A <file> that ends in a slash, or is a folder, gets a file for each log.
--last counts from the last entry of each log, not from now. Of a log in which
nothing has a time, all is saved.

${PATTERN_HELP}

Examples:
  ouroboros save /app app.log
  ouroboros save /app app.log --last 30s     the last 30 s before it ended
  ouroboros save '/app.*' incident.log       all workers in one file
  ouroboros save '/app.*' incident/          incident/app.0.log, incident/app.1.log, …
  ouroboros save /app app.log --compact      no larger than its entries
  ouroboros save /app - | ssh host 'cat > app.log'
  ouroboros tail ./app.log`;

/** How many bytes are written at once. */
const PIECE = 1 << 18;

interface SaveCommandOptions extends Criteria {
  force?: true;
  compact?: true;
  last?: number;
}

/** Adds the command. */
export function addSave(program: Command): void {
  program.command("save")
    .description("Save logs to a file, as they are now. Their writers may be at work.")
    .summary("save logs to a file, as they are now")
    .usage("[options] <name...> <file>")
    .argument(
      "<name...>",
      "the logs, and the file to make of them; in the place of the file a folder, or - for standard output",
    )
    .option("--last <time>", "save only the last part of each log: 30s, 5m", durationArgument)
    .option("-S, --since <time>", "save entries from this time on", momentArgument)
    .option("-U, --until <time>", "save entries up to this time", momentArgument)
    .addOption(whereOption("save entries that match a question: 'status:>=500'"))
    .option("--force", "replace the file if it exists")
    .option(
      "--compact",
      "make the file of a whole log no larger than its entries: it can be read, not written",
    )
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
interface Job {
  names: NamedLogs;
  targets: LogTarget[];
  options: Omit<SaveCommandOptions, keyof Criteria>;
  criteria: Criteria;
  signal: AbortSignal;
  /** Whether one of the logs could not be read. */
  isIncomplete?: boolean;
}

async function save(
  words: string[],
  { force, compact, last, ...criteria }: SaveCommandOptions,
  command: Command,
): Promise<void> {
  if (words.length < 2) {
    command.error("error: missing required argument 'file'", { exitCode: 2 });
  }
  const parsed = <T>(parse: (text: string) => T, text: string): T => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
      command.error(`error: argument '${text}' is invalid. ${error.message}`, { exitCode: 2 });
    }
  };
  const path = parsed(fileArgument, words[words.length - 1]);
  const names = new NamedLogs(words.slice(0, -1).map((word) => parsed(sourceArgument, word)));
  const targets = names.existing();
  using interrupt = new Interrupt({ output: path === "-" });
  const { signal } = interrupt;
  const options = {
    ...force && { force },
    ...compact && { compact },
    ...last !== undefined && { last },
  };
  const job: Job = { names, targets, options, criteria, signal };
  if (path === "-") await saveToOutput(job);
  else if (!isFolder(path)) await saveInto(job, path);
  else {
    const pathOf = filesIn(path, ".log");
    for (const target of targets) {
      await saveInto({ ...job, names: new NamedLogs([target]), targets: [target] }, pathOf(target));
    }
  }
  if (job.isIncomplete) throw new ExitError(1);
}

function isFolder(path: string): boolean {
  return /[\\/]$/.test(path) || Boolean(statSync(path, { throwIfNoEntry: false })?.isDirectory());
}

/** Saves by a file, for it may be larger than the memory: it is complete before its first byte goes. */
async function saveToOutput(job: Job): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "ouroboros-save-"));
  try {
    const copy = join(folder, "log");
    await saveInto(job, copy, false);
    const output = Output.standard(job.signal);
    for await (const piece of createReadStream(copy, { highWaterMark: PIECE })) {
      output.write(piece);
      await output.flush();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function saveInto(job: Job, path: string, isNamed: boolean = true): Promise<void> {
  const { signal } = job;
  let progress: Progress | undefined;
  const onProgress = ({ done, total }: CopyProgress) => {
    progress ??= new Progress(total, "entries");
    progress.update(done);
  };
  try {
    const words = isPlain(job)
      ? await saveOne(job, path, onProgress)
      : await saveAll(job, path, onProgress);
    progress?.[Symbol.dispose]();
    warn(`${words[0]}${isNamed ? ` in ${path}` : ""}`);
    words.slice(1).forEach(warn);
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
  return names.isOne && Object.keys(others).length === 0 &&
    (typeof target === "string" || readCollection(target.path) === undefined);
}

/** What to print about it, the line with the file first. */
type Words = [file: string, ...others: string[]];
type OnProgress = (progress: CopyProgress) => void;

async function saveOne(
  { targets: [target], options: { last, ...options }, criteria: { since, until }, signal }: Job,
  path: string,
  onProgress: OnProgress,
): Promise<Words> {
  const saved = await saveLog(target, path, {
    ...options,
    ...last !== undefined && { last: `${last}ms` },
    ...since !== undefined && { since },
    ...until !== undefined && { until },
    copyMode: "auto",
    signal,
    onProgress,
  });
  const { firstSequenceNumber: first, lastSequenceNumber: end, entries, leftOut } = saved;
  const range = entries > 0 ? `, ${first} to ${end}` : "";
  return [
    `${entryCount(entries)}${range}, ${formatSize(saved.size)}`,
    ...saved.isUntimed ? ["nothing in the log has a time: all of it is saved"] : [],
    ...leftOut > 0 ? [`${entryCount(leftOut)} left out: they are damaged or overwritten`] : [],
  ];
}

async function saveAll(job: Job, path: string, onProgress: OnProgress): Promise<Words> {
  const { targets, options: { force, last }, criteria, signal } = job;
  const { since, until, ...others } = criteria;
  const saved = await collectLogs(targets, path, {
    force,
    last,
    since,
    until,
    ...Object.keys(others).length > 0 && {
      selector: () => new Selection({ ...others, vitals: true }, true),
    },
    signal,
    onProgress,
    onError: (error, name) => {
      job.isIncomplete = true;
      warn(`${name}: ${explain(error)}`);
    },
  });
  const { entries, logs, size, lost, untimed } = saved;
  const isPart = [last, since, until].some((one) => one !== undefined);
  return [
    `${entryCount(entries)} of ${logs} ${logs === 1 ? "log" : "logs"}, ${formatSize(size)}`,
    ...isPart
      ? untimed.map((name) => `${name}: nothing in the log has a time: all of it is saved`)
      : [],
    ...lost > 0 ? [`${entryCount(lost)} left out: overwritten meanwhile`] : [],
  ];
}
