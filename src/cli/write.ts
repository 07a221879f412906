/**
 * `ouroboros write`: lines of standard input become entries.
 *
 * @module
 */

import process from "node:process";
import { type Command, Option } from "commander";
import { abortable } from "../async.ts";
import type { LogTarget } from "../log/native/target.ts";
import { ShmLogWriter } from "../log/native/shm_log_writer.ts";
import type { ShmLogWriterOptions } from "../log/native/writer_options.ts";
import { LineSplitter } from "./files/lines.ts";
import { positiveArgument, sizeArgument, targetArgument } from "./options/arguments.ts";
import { Output } from "./output/output.ts";
import { warn } from "./output/warn.ts";
import { Interrupt } from "./process/interrupt.ts";
import { warnIfShortLived } from "./options/log_targets.ts";

const EXAMPLES = `
Examples:
  app | ouroboros write /app                    16 chunks of 1 MiB, removed when app ends
  app 2>&1 | ouroboros write /app --keep --tee  stays for who looks later; shows the lines, too
  app | ouroboros write ./app.ring --keep       a file, which outlives a reboot

A line may be any bytes, and ends with \\n or \\r\\n; one that is longer than the log is cut. After
Ctrl-C the lines that the application says on its way out are still taken, for a second.`;

interface WriteOptions {
  chunkSize?: number;
  chunks?: number;
  keep?: true;
  ifExists: NonNullable<ShmLogWriterOptions["ifExists"]>;
  tee?: true;
}

/** How long an application may take for its last words, in milliseconds. */
const LAST_WORDS = 1000;
/** How long it may take to hear what was said by then, in milliseconds: this process may have stood still. */
const HEARING = 50;

/** Adds the command. */
export function addWrite(program: Command): void {
  program.command("write")
    .description("make entries of the lines of standard input")
    .argument("<name>", "the log", targetArgument)
    .option(
      "--chunk-size <bytes>",
      "size of a chunk (default: 1 MiB, less if memory is limited)",
      sizeArgument,
    )
    .option("--chunks <count>", "number of chunks (default: 16)", positiveArgument)
    .option("--keep", "leave the segment when the input ends")
    .addOption(
      new Option("--if-exists <what>", "when there is a log of that name")
        .choices(["resume", "replace", "fail"]).default("resume"),
    )
    .option("--tee", "copy the input to standard output")
    .addHelpText("after", EXAMPLES)
    .action(write);
}

async function write(target: LogTarget, options: WriteOptions): Promise<void> {
  using interrupt = new Interrupt();
  using log = ShmLogWriter.create(target, {
    ...options.chunkSize !== undefined && { chunkSize: options.chunkSize },
    ...options.chunks !== undefined && { chunkCount: options.chunks },
    ifExists: options.ifExists,
    unlinkOnClose: !options.keep,
  });
  const output = options.tee ? Output.standard(interrupt.signal) : undefined;
  if (options.keep) warnIfShortLived(target, "--keep");
  let cut = 0;
  const lines = new LineSplitter(log.maxEntrySize, (line, isCut) => {
    if (isCut && cut++ === 0) warn(`a line is cut to the maximum of ${log.maxEntrySize} bytes`);
    log.write(line);
  }, true);
  for await (const piece of input(interrupt.signal)) {
    lines.push(piece);
    output?.write(piece);
    await output?.flush();
  }
  lines.end();
  if (cut > 1) warn(`${cut} lines were cut`);
}

/** The pieces of standard input, until it ends, or some time after the interrupt. */
async function* input(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const pieces = process.stdin[Symbol.asyncIterator]();
  const end = new AbortController();
  signal.addEventListener("abort", () => {
    // At a terminal nobody says last words.
    if (process.stdin.isTTY) end.abort();
    else setTimeout(() => setTimeout(() => end.abort(), HEARING), LAST_WORDS);
  });
  try {
    for (;;) {
      // Not every runtime lets go of a pending read.
      const next = await abortable(pieces.next(), end.signal);
      if (next.done) return;
      yield next.value;
    }
  } catch (error) {
    if (error !== end.signal.reason) throw error;
  }
}
