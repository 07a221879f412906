/**
 * `ouroboros export`: what is in logs, as a file for other programs than these commands.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createReadStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { type Command, Option } from "commander";
import { PartialFile } from "../../ffi/mod.ts";
import { formatSize } from "../base/sizes.ts";
import { SegmentExistsError } from "../errors.ts";
import type { LogTarget } from "../log/native/target.ts";
import { LEVELS } from "../records/level.ts";
import {
  durationArgument,
  levelsArgument,
  momentArgument,
  sourcesArgument,
} from "./options/arguments.ts";
import { NamedLogs, nameOf, PATTERN_HELP } from "./options/named_logs.ts";
import { type Criteria, SELECTION_HELP, whereOption } from "./options/selection.ts";
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

Text, JSON, CSV, logfmt and OTLP: "ouroboros tail --all -o" and "ouroboros dump".

${SELECTION_HELP}

${PATTERN_HELP}

Examples:
  ouroboros export /app --html report.html
  ouroboros export '/app.*' --html report.html --last 5m
  ouroboros export ./saved.log --html report.html --where 'status:>=500'`;

/** How many bytes are encoded at once: a multiple of 3, so that Base64 needs no filling in between. */
const PIECE = 3 << 16;
/** From how many bytes on browsers may not open a report. */
const LARGE = 256 << 20;

interface ExportOptions extends Criteria {
  html: string;
  force?: true;
  last?: number;
}

/** Adds the command. */
export function addExport(program: Command): void {
  program.command("export")
    .description("Make a file of logs that others can open: a page with search and charts.")
    .summary("make a page of logs, as a file to send")
    .argument("<name...>", "the logs", sourcesArgument)
    .requiredOption("--html <file>", "the page to make; - is standard output")
    .option("--last <time>", "only the last part of each log: 30s, 5m", durationArgument)
    .option("-S, --since <time>", "entries from this time on", momentArgument)
    .option("-U, --until <time>", "entries up to this time", momentArgument)
    .addOption(
      new Option(
        "-p, --level <level>",
        "records of at least this level (warn), or of a range (warn..error)",
      ).choices(LEVELS).argParser(levelsArgument),
    )
    .addOption(whereOption("entries that match a question: 'status:>=500'"))
    .option("--force", "replace the file if it exists")
    .addHelpText("after", EXAMPLES)
    .action(exportLogs);
}

async function exportLogs(
  targets: LogTarget[],
  { html: path, force, last, ...criteria }: ExportOptions,
): Promise<void> {
  const names = new NamedLogs(targets);
  using interrupt = new Interrupt({ output: path === "-" });
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
  const folder = mkdtempSync(join(tmpdir(), "ouroboros-export-"));
  try {
    const saved = join(folder, "log");
    await saveInto(job, saved);
    const packed = await packedFile(saved, signal);
    const size = await writeReport(path, titleOf(job.targets), packed, force ?? false, signal);
    warn(`${formatSize(size)}${path === "-" ? "" : ` in ${path}`}`);
    if (size > LARGE) {
      warn("a browser may have no memory for that much: choose with --last, --since or --where");
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (job.isIncomplete) throw new ExitError(1);
}

/** The name of a report. */
function titleOf(targets: readonly LogTarget[]): string {
  const [first] = targets;
  if (targets.length > 1) return `${targets.length} logs`;
  return oneLine(typeof first === "string" ? nameOf(first) : basename(first.path));
}

async function packedFile(path: string, signal: AbortSignal): Promise<Buffer> {
  const pieces: Buffer[] = [];
  await pipeline(
    createReadStream(path, { highWaterMark: 1 << 20 }),
    createGzip(),
    async (packed: AsyncIterable<Buffer>) => {
      for await (const piece of packed) pieces.push(piece);
    },
    { signal },
  );
  return Buffer.concat(pieces);
}

/** Writes the report, and returns its size in bytes. */
async function writeReport(
  path: string,
  name: string,
  packed: Buffer,
  force: boolean,
  signal: AbortSignal,
): Promise<number> {
  // Only here: the page is large, and unpacked where it is imported.
  const { reportHead, reportTail } = await import("./serve/report.ts");
  const [head, tail] = [reportHead(name), reportTail()].map((text) => Buffer.from(text));
  const size = head.length + 4 * Math.ceil(packed.length / 3) + tail.length;
  const pieces = function* (): Generator<Buffer> {
    yield head;
    for (let at = 0; at < packed.length; at += PIECE) {
      yield Buffer.from(packed.toString("base64", at, at + PIECE), "latin1");
    }
    yield tail;
  };
  if (path === "-") {
    const output = Output.standard(signal);
    for (const piece of pieces()) {
      output.write(piece);
      await output.flush();
    }
    await output.close();
    return size;
  }
  try {
    using file = PartialFile.create(path, size, { force });
    const bytes = new Uint8Array(file.buffer);
    let at = 0;
    for (const piece of pieces()) {
      bytes.set(piece, at);
      at += piece.length;
    }
    await file.flush();
    file.finish();
  } catch (error) {
    if (error instanceof SegmentExistsError) error.message += ": use --force to replace it";
    throw error;
  }
  return size;
}
