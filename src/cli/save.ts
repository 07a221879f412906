/**
 * `ouroboros save`: a live log saved into a file.
 *
 * @module
 */

import { createReadStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { type Command, InvalidArgumentError } from "commander";
import { SegmentExistsError } from "../errors.ts";
import { saveLog } from "../log/native/save.ts";
import type { LogTarget } from "../log/native/target.ts";
import { sourceArgument } from "./options/arguments.ts";
import { filesIn } from "./options/each_log.ts";
import { NamedLogs, PATTERN_HELP } from "./options/named_logs.ts";
import { Output } from "./output/output.ts";
import { Progress } from "./output/progress.ts";
import { formatSize } from "../base/sizes.ts";
import { entryCount, warn } from "./output/warn.ts";
import { ExitError } from "./process/exit.ts";
import { Interrupt } from "./process/interrupt.ts";

const EXAMPLES = `
The file is a log of its own with the same sequence numbers: the log as it is at
this moment. It appears when it is complete. All commands that read a log read
the file, too.

${PATTERN_HELP}
Then <file> is a folder with a file for each log: app.0.log, …

Examples:
  ouroboros save /app app.log
  ouroboros save '/app.*' incident           incident/app.0.log, incident/app.1.log, …
  ouroboros save /app app.log --compact      no larger than its entries
  ouroboros save /app - | ssh host 'cat > app.log'
  ouroboros tail ./app.log`;

/** How many bytes are written at once. */
const PIECE = 1 << 18;

interface SaveCommandOptions {
  force?: true;
  compact?: true;
}

/** Adds the command. */
export function addSave(program: Command): void {
  program.command("save")
    .description("Save a log to a file, as it is now. Its writer may be at work.")
    .summary("save a log to a file, as it is now")
    .argument("<name>", "the log", sourceArgument)
    .argument(
      "<file>",
      "the file to make, of several logs a folder; - is standard output",
      fileArgument,
    )
    .option("--force", "replace the file if it exists")
    .option("--compact", "make the file no larger than its entries: it can be read, not written")
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

async function save(
  name: LogTarget,
  path: string,
  options: SaveCommandOptions,
  command: Command,
): Promise<void> {
  const names = new NamedLogs([name]);
  const targets = names.existing();
  if (path === "-" && !names.isOne) {
    command.error("error: several logs do not go into one output: name a folder", { exitCode: 2 });
  }
  using interrupt = new Interrupt({ output: path === "-" });
  const { signal } = interrupt;
  if (!names.isOne) {
    const pathOf = filesIn(path, ".log");
    for (const target of targets) await saveInto(target, pathOf(target), options, signal);
    return;
  }
  const [target] = targets;
  if (path !== "-") return await saveInto(target, path, options, signal);
  // By a file, for the log may be larger than the memory: it is complete before its first byte goes.
  const folder = mkdtempSync(join(tmpdir(), "ouroboros-save-"));
  try {
    const copy = join(folder, "log");
    await saveInto(target, copy, options, signal, false);
    const output = Output.standard(signal);
    for await (const piece of createReadStream(copy, { highWaterMark: PIECE })) {
      output.write(piece);
      await output.flush();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function saveInto(
  target: LogTarget,
  path: string,
  options: SaveCommandOptions,
  signal: AbortSignal,
  isFile: boolean = true,
): Promise<void> {
  let progress: Progress | undefined;
  try {
    const saved = await saveLog(target, path, {
      ...options,
      copyMode: "auto",
      signal,
      onProgress({ done, total }) {
        progress ??= new Progress(total, "entries");
        progress.update(done);
      },
    });
    progress?.[Symbol.dispose]();
    const { firstSequenceNumber: first, lastSequenceNumber: last, entries } = saved;
    const range = entries > 0 ? `, ${first} to ${last}` : "";
    warn(`${entryCount(entries)}${range}, ${formatSize(saved.size)}${isFile ? ` in ${path}` : ""}`);
    if (saved.leftOut > 0) {
      warn(`${entryCount(saved.leftOut)} left out: they are damaged or overwritten`);
    }
  } catch (error) {
    if (error instanceof SegmentExistsError) error.message += ": use --force to replace it";
    if (!signal.aborted) throw error;
    warn("interrupted: nothing was saved");
    throw new ExitError(1);
  } finally {
    progress?.[Symbol.dispose]();
  }
}
