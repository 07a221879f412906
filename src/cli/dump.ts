/**
 * `ouroboros dump`: saves what is in a log.
 *
 * @module
 */

import { type Command, Option } from "commander";
import type { ReadStrategy } from "../log/reader_options.ts";
import { ShmLogReader } from "../shm_log/reader.ts";
import type { LogTarget } from "../shm_log/target.ts";
import { sourceArgument } from "./arguments.ts";
import { ENTRY_FORMATS, type EntryFormat, entryPrinter, FORMAT_HELP } from "./format.ts";
import { Interrupt } from "./interrupt.ts";
import { Output } from "./output.ts";
import { Progress } from "./progress.ts";
import { entryCount, warn } from "./warn.ts";

const EXAMPLES = `
Examples:
  ouroboros dump --name /app --output app.txt
  ouroboros dump --name /app --output - --format json   to standard output, numbered`;

interface DumpOptions {
  name: LogTarget;
  output: string;
  strategy: ReadStrategy;
  format: EntryFormat;
}

/** Adds the command. */
export function addDump(program: Command): void {
  program.command("dump")
    .description("save every entry that is still there")
    .requiredOption("--name <name>", "the log", sourceArgument)
    .requiredOption("--output <file>", "where to; - is standard output")
    .addOption(
      new Option(
        "--strategy <where>",
        "where to start: lowest: the oldest entry; latest: the newest chunk",
      )
        .choices(["lowest", "latest", "auto"]).default("lowest"),
    )
    .addOption(
      new Option("--format <format>", FORMAT_HELP).choices(ENTRY_FORMATS).default("text"),
    )
    .addHelpText("after", EXAMPLES)
    .action(dump);
}

async function dump({ name, output: path, strategy, format }: DumpOptions): Promise<void> {
  using interrupt = new Interrupt();
  using reader = ShmLogReader.open(name, { strategy, onDamage: "skip" });
  const info = reader.inspect();
  const output = path === "-" ? Output.standard() : await Output.file(path);
  const print = entryPrinter(format, output);
  using progress = new Progress(info.entries, "entries");
  let count = 0;
  // A writer that is at work adds entries faster than some disks take them: there must be an end.
  while (reader.lastSequenceNumber < info.lastSequenceNumber && !interrupt.signal.aborted) {
    const entry = reader.read();
    if (entry === undefined) break;
    print(entry);
    count++;
    if (output.isFull) {
      await output.flush();
      progress.update(count);
    }
  }
  await output.close();
  const lost = reader.lostEntries > 0 ? `, ${reader.lostEntries} lost` : "";
  warn(`${entryCount(count)}${lost}`);
}
