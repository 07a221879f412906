/**
 * `ouroboros write`: lines of standard input become entries.
 *
 * @module
 */

import process from "node:process";
import { type Command, Option } from "commander";
import { abortable } from "../async.ts";
import { UnsupportedLogError } from "../errors.ts";
import { describeTarget, type LogTarget } from "../log/native/target.ts";
import { ShmLogReader } from "../log/native/shm_log_reader.ts";
import { ShmLogWriter } from "../log/native/shm_log_writer.ts";
import { CriLines } from "../recorder/cri_lines.ts";
import { LineSplitter } from "./files/lines.ts";
import { targetArgument } from "./options/arguments.ts";
import { addLogOptions, type LogOptions, writerOptions } from "./options/common.ts";
import { oldOption } from "./options/subcommand.ts";
import { Output } from "./output/output.ts";
import { warn } from "./output/warn.ts";
import { Interrupt } from "./process/interrupt.ts";
import { warnIfShortLived } from "./options/log_targets.ts";

const EXAMPLES = `
The log stays when the input ends, and the next run continues it. A line may
hold any bytes and ends with \\n or \\r\\n; a line that is longer than the log
allows is cut, or with --stamp written in parts. After Ctrl-C the last lines of
the application are still written, for up to a second. A file that "ouroboros
save" made is left as it is, unless --if-exists says what to do with it.

--finish makes a new log in format version 2, and "ouroboros tail -f" ends after
its last line. A finished log takes no more lines: let the next run restart it.

Examples:
  app | ouroboros write /app                          16 chunks of 1 MiB
  app | ouroboros write /app --size 64MiB             a larger log
  app 2>&1 | ouroboros write /app --tee               show the lines, too
  app | ouroboros write ./app.log                     a file, which survives a reboot
  job | ouroboros write /job --finish --if-exists restart   followers end with the job`;

interface WriteOptions extends LogOptions {
  remove: boolean;
  tee?: true;
  stamp?: true;
}

/** How long an application may take for its last words, in milliseconds. */
const LAST_WORDS = 1000;
/** How long to wait for input that was written before, in milliseconds: this process may have been paused. */
const LATE_INPUT = 50;

/** Adds the command. */
export function addTo(program: Command): void {
  const command = program.command("write")
    .description("Write the lines of standard input to a log, one entry a line.")
    .summary("write the lines of standard input to a log")
    .argument("<name>", "the log", targetArgument);
  addLogOptions(command, "resume")
    .option("--remove", "remove the log when the input ends", false)
    .addOption(new Option("--no-remove", "keep it, as is usual").hideHelp())
    .option("--finish", "finish the log when the input ends, so that followers end")
    .option(
      "--stamp",
      "put a time before each line, as ouroboros run does, and write long lines in parts, which readers join",
    )
    .option("--tee", "copy the input to standard output")
    .addHelpText("after", EXAMPLES)
    .action(write);
  oldOption(command, "--keep", "--no-remove");
}

async function write(
  target: LogTarget,
  options: WriteOptions,
  command: Command,
): Promise<void> {
  using interrupt = new Interrupt();
  const logOptions = writerOptions(options, command);
  if (options.finish && options.ifExists === "resume") checkVersion(target);
  using log = ShmLogWriter.create(target, {
    ...logOptions,
    unlinkOnClose: options.remove,
  });
  const output = options.tee ? Output.standard(interrupt.signal) : undefined;
  if (!options.remove) warnIfShortLived(target, "write");
  let cut = 0;
  const lines = options.stamp
    ? new CriLines(log, "stdout")
    : new LineSplitter(log.maxEntrySize, (line, isCut) => {
      if (isCut && cut++ === 0) warn(`a line is cut to the maximum of ${log.maxEntrySize} bytes`);
      log.write(line);
    }, true);
  for await (const piece of input(interrupt.signal)) {
    lines.push(piece);
    output?.write(piece);
    await output?.flush();
  }
  lines.end();
  if (options.finish) log.finish();
  if (cut > 1) warn(`${cut} lines were cut`);
}

/** Throws if there is a log that can't be finished, before anything is done to it. */
function checkVersion(target: LogTarget): void {
  try {
    using reader = ShmLogReader.open(target, { copyMode: "auto" });
    if (reader.version === 2) return;
  } catch {
    // Whether it is a log, or there is one, is found when it is opened to be written.
    return;
  }
  throw new UnsupportedLogError(
    `log ${describeTarget(target)} has format version 1, which can't be finished: ` +
      "replace it with --if-exists replace",
    1,
  );
}

/** The pieces of standard input, until it ends, or some time after the interrupt. */
async function* input(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const pieces = process.stdin[Symbol.asyncIterator]();
  const end = new AbortController();
  signal.addEventListener("abort", () => {
    // At a terminal nobody says last words.
    if (process.stdin.isTTY) end.abort();
    else setTimeout(() => setTimeout(() => end.abort(), LATE_INPUT), LAST_WORDS);
  });
  try {
    for (;;) {
      // Not every runtime ends a pending read.
      const next = await abortable(pieces.next(), end.signal);
      if (next.done) return;
      yield next.value;
    }
  } catch (error) {
    if (error !== end.signal.reason) throw error;
  }
}
