/**
 * `ouroboros export`: what is in logs, as a file for other programs than these commands.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { basename, join } from "node:path";
import type { Command } from "commander";
import { PartialFile } from "../../ffi/mod.ts";
import { formatSize } from "../base/sizes.ts";
import { SegmentExistsError } from "../errors.ts";
import { describeTarget, type LogTarget } from "../log/native/target.ts";
import { durationArgument, sourcesArgument } from "./options/arguments.ts";
import { missingOf } from "./files/cut_off.ts";
import { isEventLog } from "./files/event_entries.ts";
import { TracePieces } from "./files/trace_pieces.ts";
import { withTemporaryFolder } from "./files/temporary_folder.ts";
import { packed, writeWhole } from "./files/whole_file.ts";
import { NamedLogs, nameOf, PATTERN_HELP } from "./options/named_logs.ts";
import {
  addTimeOptions,
  type Criteria,
  levelOption,
  SELECTION_HELP,
  whereOption,
} from "./options/selection.ts";
import { usageError } from "./options/subcommand.ts";
import { oneLine } from "./output/harmless.ts";
import { Output } from "./output/output.ts";
import { warn } from "./output/warn.ts";
import { ExitError } from "./process/exit.ts";
import { Interrupt } from "./process/interrupt.ts";
import { type Job, saveInto, sayWords } from "./save.ts";

const EXAMPLES = `
--html makes one file of the entries and the page of "ouroboros serve". A browser
opens it from the disk, without a server and without a network: it searches,
shows entries over time, and what processes were doing. Send it as it is. Nothing
that stands in an entry can run in it.

--trace makes the JSON of Chrome's traces, which https://ui.perfetto.dev opens:
spans (log.span() of our logger) as bars, vitals as curves, all other entries as
moments. Files of events (/events) can be exported so, too.

Text, JSON, CSV, logfmt and OTLP: "ouroboros tail --all -o csv", see "ouroboros
tail --help".

${SELECTION_HELP}

${PATTERN_HELP}

Examples:
  ouroboros export /app --html report.html
  ouroboros export '/app.*' --html report.html --last 5m
  ouroboros export ./saved.log --html report.html --where 'status:>=500'
  ouroboros export /app --trace trace.json`;

/** How many bytes are encoded at once: a multiple of 3, so that Base64 needs no filling in between. */
const PIECE = 3 << 16;
/** From how many bytes on browsers may not open a report. */
const LARGE = 256 << 20;

interface ExportOptions extends Criteria {
  html?: string;
  trace?: string;
  force?: boolean;
  last?: number;
}

/** Adds the command. */
export function addTo(program: Command): void {
  const command = program.command("export")
    .description(
      "Make a file of logs that others can open: a page with search and charts, or a trace.",
    )
    .summary("make a page, or a trace, of logs, as a file to send")
    .argument("<name...>", "the logs", sourcesArgument)
    .option("--html <file>", "the page to make; - is standard output")
    .option("--trace <file>", "the trace to make, for Perfetto's viewer; - is standard output")
    .option("--last <time>", "only the last part of each log: 30s, 5m", durationArgument);
  addTimeOptions(command, "entries")
    .addOption(levelOption("records"))
    .addOption(whereOption("entries that match a question: 'status:>=500'"))
    .option("--force", "replace the file if it exists")
    .addHelpText("after", EXAMPLES)
    .action(exportLogs);
}

async function exportLogs(
  targets: LogTarget[],
  { html, trace, force = false, last, ...criteria }: ExportOptions,
  command: Command,
): Promise<void> {
  const path = html ?? trace;
  const events = targets.filter(isEventLog);
  if (path === undefined) {
    usageError(command, "name the file to make: --html <file>, or --trace <file>");
  }
  const wrong = html !== undefined && trace !== undefined
    ? "--html and --trace are two files: make one after the other"
    : html !== undefined && events.length > 0
    ? "a file of events is exported by --trace"
    : events.length > 0 && last !== undefined
    ? "--last is of logs, not of files of events: use --since"
    : undefined;
  if (wrong !== undefined) usageError(command, wrong);
  checkPlace(path, force);
  using interrupt = new Interrupt({ output: path === "-" });
  const pieces = new TracePieces();
  for (const target of events) pieces.addEvents(target, criteria);
  if (events.length === targets.length) {
    await writePieces(path, pieces.end(), force, interrupt.signal);
    return warn(pieces.words);
  }
  const names = new NamedLogs(targets.filter((target) => !isEventLog(target)));
  const { signal } = interrupt;
  const job: Job = {
    names,
    targets: names.existing(),
    // Smaller, and nobody will write to it.
    options: { compact: true, ...last !== undefined && { last } },
    criteria,
    report: (_path, saved) => sayWords("", saved),
    signal,
  };
  await withTemporaryFolder(async (folder) => {
    const saved = join(folder, "log");
    await saveInto(job, saved);
    const title = titleOf(job.targets);
    if (trace !== undefined) {
      pieces.addLog(saved, title);
      await writePieces(path, pieces.end(), force, signal);
      warn(pieces.words);
    } else await writeReport(path, title, missingIn(job.targets), saved, force, signal);
  });
  if (job.isIncomplete) throw new ExitError(1);
}

/** The name of a report. */
function titleOf(targets: readonly LogTarget[]): string {
  const [first] = targets;
  if (targets.length > 1) return "all logs";
  return oneLine(typeof first === "string" ? nameOf(first) : basename(first.path));
}

/** What is missing of files that were cut off; `undefined` if nothing is. */
function missingIn(targets: readonly LogTarget[]): string | undefined {
  const found = targets.map((target) => [describeTarget(target), missingOf(target)] as const)
    .filter(([, missing]) => missing !== undefined)
    .map(([name, missing]) => targets.length > 1 ? `${name}: ${missing}` : missing);
  return found.length > 0 ? found.join(" · ") : undefined;
}

/** Writes a report of a saved log. */
async function writeReport(
  path: string,
  name: string,
  missing: string | undefined,
  saved: string,
  force: boolean,
  signal: AbortSignal,
): Promise<void> {
  // Only here: the page is large, and unpacked where it is imported.
  const { reportHead, reportTail } = await import("./serve/report.ts");
  const parts: Buffer[] = [];
  for await (const part of packed(saved, "gzip")) {
    signal.throwIfAborted();
    parts.push(part);
  }
  const entries = Buffer.concat(parts);
  const pieces = [Buffer.from(reportHead(name, missing))];
  for (let at = 0; at < entries.length; at += PIECE) {
    pieces.push(Buffer.from(entries.toString("base64", at, at + PIECE), "latin1"));
  }
  pieces.push(Buffer.from(reportTail()));
  const size = await writePieces(path, pieces, force, signal);
  warn(`${formatSize(size)}${path === "-" ? "" : ` in ${path}`}`);
  if (size > LARGE) {
    warn("a browser may have no memory for that much: choose with --last, --since or --where");
  }
}

/** Writes a file, whole or not at all, or to standard output; returns its size in bytes. */
async function writePieces(
  path: string,
  pieces: readonly Buffer[],
  force: boolean,
  signal: AbortSignal,
): Promise<number> {
  const size = pieces.reduce((sum, { length }) => sum + length, 0);
  if (path === "-") {
    const output = Output.standard(signal);
    for (const piece of pieces) {
      output.write(piece);
      await output.flush();
    }
    await output.close();
    return size;
  }
  try {
    await writeWhole(path, size, pieces, force);
  } catch (error) {
    throw withForce(error);
  }
  return size;
}

/** Throws if a file can't be made at `path`, before anything is read for it. */
function checkPlace(path: string, force: boolean): void {
  if (path === "-") return;
  try {
    PartialFile.create(path, 1, { force }).close();
  } catch (error) {
    throw withForce(error);
  }
}

/** The same error with what to do about a file that is there. */
function withForce(error: unknown): unknown {
  if (error instanceof SegmentExistsError) error.message += ": use --force to replace it";
  return error;
}
