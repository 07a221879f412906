/**
 * `ouroboros stat`: what is in a log.
 *
 * @module
 */

import process from "node:process";
import { type Command, Option } from "commander";
import pc from "picocolors";
import type { LogInfo } from "../log/inspect.ts";
import { ShmLogReader } from "../shm_log/reader.ts";
import type { LogTarget } from "../shm_log/target.ts";
import { sourceArgument } from "./options/arguments.ts";
import { harmlessJson, oneLine } from "./output/harmless.ts";
import { Output } from "./output/output.ts";
import { formatSize } from "./output/sizes.ts";
import { table } from "./output/table.ts";
import { entryCount } from "./output/warn.ts";

const EXAMPLES = `
Examples:
  ouroboros stat /app
  ouroboros stat /app -o json | jq .lastSequenceNumber`;

/** Adds the command. */
export function addStat(program: Command): void {
  program.command("stat")
    .description("show the chunks of a log, its numbers, damage, and whether its writer is alive")
    .argument("<name>", "the log", sourceArgument)
    .addOption(
      new Option("-o, --output <format>", "how").choices(["text", "json"]).default("text"),
    )
    .addHelpText("after", EXAMPLES)
    .action(stat);
}

async function stat(target: LogTarget, options: { output: "text" | "json" }): Promise<void> {
  using reader = ShmLogReader.open(target, { onDamage: "skip", copyMode: "auto" });
  const info = reader.inspect();
  const isAlive = reader.isWriterAlive();
  const output = Output.standard();
  const { name } = reader;
  output.write(
    options.output === "json"
      ? `${harmlessJson(JSON.stringify({ name, writerAlive: isAlive, ...info }, null, 2))}\n`
      : describe(oneLine(name), isAlive, info),
  );
  await output.close();
}

function describe(name: string, isAlive: boolean, info: LogInfo): string {
  const colors = pc.createColors(pc.isColorSupported && Boolean(process.stdout.isTTY));
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
  const chunks = info.chunks.map((chunk) =>
    [chunk.index, chunk.state, chunk.offset, chunk.token, chunk.entries, chunk.bytesUsed] as const
  );
  return `${colors.bold(name)}\n` +
    facts.map(([what, value]) => `  ${what.padEnd(8)} ${value}\n`).join("") +
    `\n${
      table([
        ["chunk", "state", "offset", "token", "entries", "bytes"],
        ...chunks.map((row) => [...row]),
      ])
    }` +
    info.damage.map((line) => colors.red(`damage: ${line}\n`)).join("");
}
