/**
 * `ouroboros stat`: what is in a log.
 *
 * @module
 */

import process from "node:process";
import { type Command, Option } from "commander";
import pc from "picocolors";
import type { ChunkInfo, LogInfo } from "../log/inspect.ts";
import { ShmLogReader } from "../shm_log/reader.ts";
import type { LogTarget } from "../shm_log/target.ts";
import { sourcesArgument } from "./options/arguments.ts";
import { harmlessJson, oneLine } from "./output/harmless.ts";
import { explain } from "./output/explain.ts";
import { ClosedPipeError, Output } from "./output/output.ts";
import { mayHaveColors } from "./output/output_colors.ts";
import { formatSize } from "./output/sizes.ts";
import { entryCount, warn } from "./output/warn.ts";
import { ExitError } from "./process/exit.ts";

const EXAMPLES = `
Examples:
  ouroboros stat /app
  ouroboros stat /app /worker               one after the other, with -o json an object each
  ouroboros stat /app -o json | jq .lastSequenceNumber`;

/** Adds the command. */
export function addStat(program: Command): void {
  program.command("stat")
    .description("show the chunks of a log, its numbers, damage, and whether its writer is alive")
    .argument("<name...>", "the logs", sourcesArgument)
    .addOption(
      new Option("-o, --output <format>", "how").choices(["text", "json"]).default("text"),
    )
    .addHelpText("after", EXAMPLES)
    .action(stat);
}

async function stat(targets: LogTarget[], options: { output: "text" | "json" }): Promise<void> {
  const output = Output.standard();
  let hasFailed = false;
  for (const [i, target] of targets.entries()) {
    try {
      if (i > 0 && options.output === "text") output.write("\n");
      await show(target, options, output);
    } catch (error) {
      if (targets.length === 1 || error instanceof ClosedPipeError) throw error;
      // After what came before it.
      await output.flush();
      warn(explain(error));
      hasFailed = true;
    }
  }
  await output.close();
  if (hasFailed) throw new ExitError(1);
}

async function show(
  target: LogTarget,
  options: { output: "text" | "json" },
  output: Output,
): Promise<void> {
  using reader = ShmLogReader.open(target, { onDamage: "skip", copyMode: "auto" });
  const info = reader.inspect();
  const isAlive = reader.isWriterAlive();
  const { name } = reader;
  if (options.output === "json") await writeJson(output, { name, writerAlive: isAlive, ...info });
  else await writeText(output, oneLine(name), isAlive, info);
}

/** What JSON says of a log. */
interface Stat extends LogInfo {
  name: string;
  writerAlive: boolean;
}

/** Writes it chunk by chunk: as one text, that of a million chunks would take 300 MB. */
async function writeJson(output: Output, { chunks, ...about }: Stat): Promise<void> {
  const text = harmlessJson(JSON.stringify({ ...about, chunks: [] }, null, 2));
  output.write(text.slice(0, -"]\n}".length));
  for (let i = 0; i < chunks.length; i++) {
    const chunk = JSON.stringify(chunks[i], null, 2).replaceAll("\n", "\n    ");
    output.write(`${i > 0 ? "," : ""}\n    ${chunk}`);
    if (output.isFull) await output.flush();
  }
  output.write("\n  ]\n}\n");
}

const HEADS = ["chunk", "state", "offset", "token", "entries", "bytes"];

function cellsOf({ index, state, offset, token, entries, bytesUsed }: ChunkInfo): string[] {
  return [index, state, offset, token, entries, bytesUsed].map(String);
}

async function writeText(
  output: Output,
  name: string,
  isAlive: boolean,
  info: LogInfo,
): Promise<void> {
  const colors = pc.createColors(mayHaveColors && Boolean(process.stdout.isTTY));
  const gone = info.lastSequenceNumber - info.entries;
  const range = info.entries > 0
    ? `, ${info.firstSequenceNumber} to ${info.lastSequenceNumber}`
    : "";
  const facts = [
    [
      "segment",
      `${formatSize(info.segmentSize)} in ${info.chunkCount} chunks, version ${info.version}`,
    ],
    ["writer", isAlive ? colors.green("alive") : "none, or one of another library"],
    ["written", entryCount(info.lastSequenceNumber)],
    ["there", `${entryCount(info.entries)}${range}, ${formatSize(info.bytesUsed)}`],
    ["gone", entryCount(gone)],
    ["largest", `${info.maxEntrySize} bytes an entry at most`],
  ];
  output.write(
    `${colors.bold(name)}\n` +
      facts.map(([what, value]) => `  ${what.padEnd(8)} ${value}\n`).join("") + "\n",
  );
  const widths = HEADS.map((head) => head.length);
  for (const chunk of info.chunks) {
    cellsOf(chunk).forEach((cell, i) => widths[i] = Math.max(widths[i], cell.length));
  }
  const line = (cells: string[]) =>
    cells.map((cell, i) => HEADS[i] === "state" ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))
      .join("  ") + "\n";
  output.write(line(HEADS));
  for (const chunk of info.chunks) {
    output.write(line(cellsOf(chunk)));
    if (output.isFull) await output.flush();
  }
  for (const what of info.damage) output.write(colors.red(`damage: ${what}\n`));
  const more = info.damageCount - info.damage.length;
  if (more > 0) output.write(colors.red(`damage: ${more} more\n`));
}
