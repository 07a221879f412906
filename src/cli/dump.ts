/**
 * `ouroboros dump`: saves what is in a log.
 *
 * @module
 */

import process from "node:process";
import { type Command, Option } from "commander";
import type { Entry } from "../log/entry.ts";
import { entryParts } from "../log/native/entry_lines.ts";
import type { ReadStrategy } from "../log/reader_options.ts";
import { ShmLogReader } from "../log/native/shm_log_reader.ts";
import type { LogTarget } from "../log/native/target.ts";
import { isSameFile } from "../../ffi/mod.ts";
import { WholeLines } from "../records/whole_lines.ts";
import { type EventTarget, isEventLog } from "./files/event_entries.ts";
import { tailEvents } from "./files/tail_events.ts";
import { refuseItself } from "./options/log_targets.ts";
import { nameOf } from "./options/named_logs.ts";
import { sourceArgument } from "./options/arguments.ts";
import {
  addSelectionOptions,
  type Criteria,
  Selection,
  SELECTION_HELP,
} from "./options/selection.ts";
import { ENTRY_FORMATS, type EntryFormat, entryPrinter } from "./output/format.ts";
import { Output } from "./output/output.ts";
import { outputColors } from "./output/output_colors.ts";
import { Progress } from "./output/progress.ts";
import { entryCount, warn } from "./output/warn.ts";
import { Interrupt, SignalPoll } from "./process/interrupt.ts";
import { sayNoneMatches } from "./tail/hints.ts";

const EXAMPLES = `
"ouroboros tail --all" and "ouroboros save" do the same with the flags of the
other commands.

${SELECTION_HELP}

Examples:
  ouroboros dump --name /app --output app.txt
  ouroboros dump --name /app --output - --format json
  ouroboros dump --name /app --output app.txt --since 1h --level warn`;

/** After how many entries signals are looked at. */
const SILENCE = 64;

interface DumpOptions extends Criteria {
  name: LogTarget;
  output: string;
  strategy: ReadStrategy;
  format: EntryFormat;
}

/** Adds the command. */
export function addTo(program: Command): void {
  const command = program.command("dump", { hidden: true })
    .description("Write all entries of a log to a file, with the flags of the reference's tool.")
    .requiredOption("--name <name>", "the log", sourceArgument)
    .requiredOption("--output <file>", "the file to write; - is standard output")
    .addOption(
      new Option(
        "--strategy <place>",
        "begin at the oldest entry (lowest is the same), or at the latest chunk; auto: at " +
          "entry 1, or if that is gone at the latest chunk",
      )
        .choices(["oldest", "lowest", "latest", "auto"]).default("oldest"),
    );
  addSelectionOptions(command)
    .addOption(
      new Option("--format <format>", "print as").choices(ENTRY_FORMATS).default("text"),
    )
    .addHelpText("after", EXAMPLES)
    .action(dump);
}

async function dump(options: DumpOptions): Promise<void> {
  const { name, output: path, strategy, format } = options;
  using interrupt = new Interrupt();
  if (isEventLog(name)) return await dumpEvents(name, options, interrupt.signal);
  using reader = ShmLogReader.open(name, { strategy, onDamage: "skip", copyMode: "auto" });
  const info = reader.inspect();
  if (path !== "-") refuseItself(name, reader, path);
  const output = path === "-" ? Output.standard(interrupt.signal) : await Output.file(path);
  const isStandard = path === "-";
  const isTerminal = isStandard && Boolean(process.stdout.isTTY);
  const print = entryPrinter(format, output, {
    isTerminal,
    log: nameOf(name),
    ...isStandard && { colors: outputColors() },
  });
  const selection = new Selection(options, format === "pretty", () => nameOf(name));
  // On the same terminal it would stand in the middle of entries.
  using progress = isTerminal ? undefined : new Progress(info.entries, "entries");
  const signals = new SignalPoll();
  const lines = format === "raw" || format === "hex" ? undefined : new WholeLines(entryParts());
  let seen = 0;
  let count = 0;
  const add = (line: Entry) => {
    if (!selection.wants(line, false)) return;
    print(line, selection.record);
    count++;
  };
  // A writer that is at work adds entries faster than some disks take them: there must be an end.
  while (reader.lastSequenceNumber < info.lastSequenceNumber && !interrupt.signal.aborted) {
    const entry = reader.read();
    if (entry === undefined) break;
    seen++;
    const line = lines === undefined ? entry : lines.take(entry);
    if (line !== undefined) add(line);
    if (output.isFull) {
      await output.flush();
      progress?.update(seen);
    }
    if ((seen % SILENCE === 0 || selection.isSlow) && signals.isDue) await signals.poll();
  }
  for (const line of lines?.rest() ?? []) add(line);
  await output.close();
  const lost = reader.lostEntries > 0 ? `, ${reader.lostEntries} lost` : "";
  const { untimed } = selection;
  const untold = untimed > 0 ? `, ${untimed} left out because they have no time` : "";
  warn(`${entryCount(count)}${lost}${untold}`);
  const isCut = strategy === "latest" || interrupt.signal.aborted;
  if (count === 0 && !selection.isOpen && !isCut) sayNoneMatches(options, [name]);
}

async function dumpEvents(
  name: EventTarget,
  options: DumpOptions,
  signal: AbortSignal,
): Promise<void> {
  const { output: path } = options;
  if (path !== "-" && isSameFile(name.path, path)) {
    throw new RangeError(`${path} is the file of events itself: choose another file`);
  }
  const isStandard = path === "-";
  const output = isStandard ? Output.standard(signal) : await Output.file(path);
  const count = await tailEvents(name, output, { ...options, isStandard, follow: false }, signal);
  await output.close();
  warn(entryCount(count));
}
