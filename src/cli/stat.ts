/**
 * `ouroboros stat`: what is in a log.
 *
 * @module
 */

import type { Command } from "commander";
import { missingInWords } from "../log/cut_off.ts";
import type { LogInfo } from "../log/inspect.ts";
import { ShmLogReader } from "../log/native/shm_log_reader.ts";
import type { LogTarget } from "../log/native/target.ts";
import { isSavedCopyAt } from "../ship/collection.ts";
import { missingOf } from "./files/cut_off.ts";
import { sourcesArgument } from "./options/arguments.ts";
import { oneByOne } from "./options/each_log.ts";
import { NamedLogs, PATTERN_HELP } from "./options/named_logs.ts";
import { addOutputOptions } from "./options/common.ts";
import { harmlessJson, oneLine } from "./output/harmless.ts";
import { Output } from "./output/output.ts";
import { outputColors } from "./output/output_colors.ts";
import { formatSize } from "../base/sizes.ts";
import { counted, entryCount } from "./output/warn.ts";

const EXAMPLES = `
${PATTERN_HELP}
A writer is alive if it holds the lock of its log; the C++ library takes no lock.
"saved" is a file of several logs, or a compressed one, which no writer can
continue. Any other file is "dead" if it has no writer.

Examples:
  ouroboros stat /app
  ouroboros stat /app /worker                     one after the other; with --json one object each
  ouroboros stat /app --json | jq .lastSequenceNumber`;

/** Adds the command. */
export function addTo(program: Command): void {
  const command = program.command("stat")
    .description(
      "Show the chunks of logs, their sequence numbers, damage, and whether a writer is alive.",
    )
    .summary("show the chunks of a log, its numbers, and whether its writer is alive")
    .argument("<name...>", "the logs", sourcesArgument);
  addOutputOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(stat);
}

async function stat(names: LogTarget[], options: { output: "text" | "json" }): Promise<void> {
  const targets = new NamedLogs(names).existing();
  const output = Output.standard();
  await oneByOne(targets, output, async (target, i) => {
    if (i > 0 && options.output === "text") output.write("\n");
    await show(target, options, output);
  });
}

async function show(
  target: LogTarget,
  options: { output: "text" | "json" },
  output: Output,
): Promise<void> {
  using reader = ShmLogReader.open(target, { onDamage: "skip", copyMode: "auto" });
  // Before the look: one that finishes meanwhile is not dead.
  const isAlive = reader.isWriterAlive();
  const info = reader.inspect();
  const isSaved = isSavedCopyAt(target);
  const { name } = reader;
  const missing = info.cutOff === undefined ? missingOf(target) : missingInWords(info.cutOff);
  if (options.output === "json") {
    await writeJson(output, {
      name,
      writerAlive: isAlive,
      ...isSaved && { isSaved },
      ...info,
    });
  } else await writeText(output, oneLine(name), { isAlive, isSaved, missing }, info);
}

/** How much text is written at a time, in characters. */
const PIECE = 65536;

/** What JSON says of a log. */
interface Stat extends LogInfo {
  name: string;
  writerAlive: boolean;
  isSaved?: boolean;
}

/** Writes it chunk by chunk: as one text, that of a million chunks would take 300 MB. */
async function writeJson(output: Output, { chunks, ...about }: Stat): Promise<void> {
  const head = harmlessJson(JSON.stringify({ ...about, chunks: [] }, null, 2));
  output.write(head.slice(0, -"]\n}".length));
  let comma = "";
  let text = "";
  for (const { index, state, offset, token, entries, bytesUsed } of chunks) {
    text += `${comma}\n    {\n      "index": ${index},\n      "state": "${state}",\n` +
      `      "offset": ${offset},\n      "token": ${token},\n      "entries": ${entries},\n` +
      `      "bytesUsed": ${bytesUsed}\n    }`;
    comma = ",";
    if (text.length < PIECE) continue;
    output.write(text);
    await output.flush();
    text = "";
  }
  output.write(text + "\n  ]\n}\n");
}

const NUMBERS = ["index", "offset", "token", "entries", "bytesUsed"] as const;

async function writeText(
  output: Output,
  name: string,
  { isAlive, isSaved, missing }: {
    isAlive: boolean;
    isSaved: boolean;
    missing: string | undefined;
  },
  info: LogInfo,
): Promise<void> {
  const colors = outputColors();
  const gone = info.lastSequenceNumber - info.entries;
  const range = info.entries > 0
    ? `, ${info.firstSequenceNumber} to ${info.lastSequenceNumber}`
    : "";
  const { cutOff } = info;
  const written = cutOff === undefined
    ? entryCount(info.lastSequenceNumber)
    : `at least ${entryCount(Math.max(info.lastSequenceNumber, cutOff.to))}`;
  const id = info.bufferId === undefined ? "" : `, id ${info.bufferId}`;
  const writer = info.isFinished
    ? "finished: no entry will come"
    : isSaved
    ? "saved: a copy, which has no writer"
    : isAlive
    ? colors.green("alive")
    : "dead";
  const facts = [
    [
      "segment",
      `${formatSize(info.segmentSize)} in ${
        counted(info.chunkCount, "chunk")
      }, version ${info.version}${id}`,
    ],
    ["writer", writer],
    ["written", written],
    ["there", `${entryCount(info.entries)}${range}, ${formatSize(info.bytesUsed)}`],
    ["gone", entryCount(gone)],
    ...missing === undefined ? [] : [["cut off", colors.red(missing)]],
    ["largest", `${info.maxEntrySize} bytes an entry at most`],
  ];
  output.write(
    `${colors.bold(name)}\n` +
      facts.map(([what, value]) => `  ${what.padEnd(8)} ${value}\n`).join("") + "\n",
  );
  // Numbers, not texts: there may be millions of them.
  const most = { index: 0, offset: 0, token: 0, entries: 0, bytesUsed: 0, state: "state".length };
  for (const chunk of info.chunks) {
    if (chunk.state === "empty") continue;
    for (const key of NUMBERS) if (chunk[key] > most[key]) most[key] = chunk[key];
    if (chunk.state.length > most.state) most.state = chunk.state.length;
  }
  const width = (key: typeof NUMBERS[number], head: string) =>
    Math.max(String(most[key]).length, head.length);
  const widths = {
    index: width("index", "chunk"),
    offset: width("offset", "offset"),
    token: width("token", "token"),
    entries: width("entries", "entries"),
    bytesUsed: width("bytesUsed", "bytes"),
  };
  const line = (
    index: string | number,
    state: string,
    offset: string | number,
    token: string | number,
    entries: string | number,
    bytes: string | number,
  ) =>
    `${String(index).padStart(widths.index)}  ${state.padEnd(most.state)}  ` +
    `${String(offset).padStart(widths.offset)}  ${String(token).padStart(widths.token)}  ` +
    `${String(entries).padStart(widths.entries)}  ${String(bytes).padStart(widths.bytesUsed)}\n`;
  let text = line("chunk", "state", "offset", "token", "entries", "bytes");
  let empty = 0;
  for (const { index, state, offset, token, entries, bytesUsed } of info.chunks) {
    if (state === "empty") {
      empty++;
      continue;
    }
    text += line(index, state, offset, token, entries, bytesUsed);
    if (text.length < PIECE) continue;
    output.write(text);
    await output.flush();
    text = "";
  }
  if (empty > 0) text += `${empty} ${empty === 1 ? "chunk is" : "chunks are"} empty\n`;
  output.write(text);
  for (const what of info.damage) output.write(colors.red(`damage: ${what}\n`));
  const more = info.damageCount - info.damage.length;
  if (more > 0) output.write(colors.red(`damage: ${more} more\n`));
}
