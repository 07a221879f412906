/**
 * `ouroboros tail`: prints the entries of a log, and those to come.
 *
 * @module
 */

import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Entry } from "../log/entry.ts";
import { ShmLogReader, type ShmLogReaderOptions } from "../shm_log/reader.ts";
import type { LogTarget } from "../shm_log/target.ts";
import { countArgument, patternArgument, sourceArgument } from "./arguments.ts";
import { ENTRY_FORMATS, type EntryFormat, entryPrinter, FORMAT_HELP } from "./format.ts";
import { Interrupt } from "./interrupt.ts";
import { Output } from "./output.ts";
import { entryCount, warn } from "./warn.ts";

const EXAMPLES = `
Examples:
  ouroboros tail /app                       the last 10 entries
  ouroboros tail -f /app                    and those to come; waits for the log if there is none
  ouroboros tail /app --all -o json         everything that is there, {"seq":1,"text":"…"} a line
  ouroboros tail /app --from 5000           from entry 5000 on
  ouroboros tail -f -n 0 /app --grep ERROR  only what is new, and matches

What was overwritten before it could be printed is counted on standard error.`;

interface TailOptions {
  follow?: true;
  lines: number;
  all?: true;
  from?: "latest" | "oldest" | number;
  output: EntryFormat;
  grep?: RegExp;
}

/** How long a follower sleeps when there is nothing new, in milliseconds. */
const INTERVAL = 10;
/** How many such sleeps pass before it looks whether the log is still there. */
const LOOK_EVERY = 25;

/** Adds the command. */
export function addTail(program: Command): void {
  program.command("tail")
    .description("print the last entries of a log, and follow it")
    .argument("<name>", "the log", sourceArgument)
    .option("-f, --follow", "go on with what comes, until the log is removed or replaced")
    .option("-n, --lines <count>", "the last so many; with --grep, that match", countArgument, 10)
    .addOption(
      new Option("--all", "all entries, the same as --from oldest").conflicts(["lines", "from"]),
    )
    .addOption(
      new Option("--from <where>", "latest: the newest chunk; oldest; or a sequence number")
        .argParser(fromArgument).conflicts("lines"),
    )
    .addOption(
      new Option("-o, --output <format>", FORMAT_HELP).choices(ENTRY_FORMATS).default("text"),
    )
    .option("--grep <regexp>", "only entries whose text matches", patternArgument)
    .addHelpText("after", EXAMPLES)
    .action(tail);
}

function fromArgument(text: string): "latest" | "oldest" | number {
  if (text === "latest" || text === "oldest") return text;
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError('"latest", "oldest" or a sequence number is expected.');
}

async function tail(target: LogTarget, options: TailOptions): Promise<void> {
  using interrupt = new Interrupt();
  const { signal } = interrupt;
  const output = Output.standard();
  const print = entryPrinter(options.output, output, process.stdout.isTTY);
  const from = options.all ? "oldest" : options.from;
  const opened = await open(target, options, signal, {
    strategy: from === "latest" ? "latest" : "lowest",
    onDamage: "skip",
  });
  if (opened === undefined) return;
  using reader = opened.reader;
  const last = reader.inspect().lastSequenceNumber;
  const matches = (entry: Entry) => options.grep?.test(entry.text) ?? true;
  // What did not exist when we began is new from its first entry on.
  let expected = typeof from === "number" ? from : 0;
  if (from === undefined && !opened.waited) {
    for (const entry of lastEntries(reader, last, options.lines, matches)) print(entry);
    expected = last + 1;
  }

  /** Prints what is there, up to a number; gives how many that were. */
  async function printUpTo(most: number): Promise<number> {
    let count = 0;
    while (reader.lastSequenceNumber < most && !signal.aborted) {
      const entry = reader.read();
      if (entry === undefined) break;
      count++;
      const { sequenceNumber } = entry;
      if (sequenceNumber < expected) continue;
      if (expected > 0 && sequenceNumber > expected) {
        await output.flush();
        warn(`${entryCount(sequenceNumber - expected)} lost`);
      }
      expected = sequenceNumber + 1;
      if (matches(entry)) print(entry);
      if (output.isFull) await output.flush();
    }
    await output.flush();
    return count;
  }

  await printUpTo(last);
  for (let idle = 0; options.follow && !signal.aborted;) {
    if (await printUpTo(Infinity) > 0) idle = 0;
    else if (++idle % LOOK_EVERY === 0 && isAbandoned(reader)) {
      // What was written between the last read and the end of the writer.
      await printUpTo(Infinity);
      return;
    } else await sleep(INTERVAL, undefined, { signal }).catch(() => {});
  }
}

/** Opens the log; when following, waits for one that is not there yet. */
async function open(
  target: LogTarget,
  { follow }: TailOptions,
  signal: AbortSignal,
  options: ShmLogReaderOptions,
): Promise<{ reader: ShmLogReader; waited: boolean } | undefined> {
  try {
    if (!follow) return { reader: ShmLogReader.open(target, options), waited: false };
    let waited = false;
    const opening = ShmLogReader.waitFor(target, { ...options, signal, interval: INTERVAL });
    const reader = await Promise.race([opening, sleep(0)]) ?? (waited = true, await opening);
    return { reader, waited };
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

/** The last entries up to number `last` that match, in order. */
function lastEntries(
  reader: ShmLogReader,
  last: number,
  count: number,
  matches: (entry: Entry) => boolean,
): Entry[] {
  const ring: Entry[] = [];
  let taken = 0;
  while (reader.lastSequenceNumber < last) {
    const entry = reader.read();
    if (entry === undefined) break;
    if (count > 0 && matches(entry)) ring[taken++ % count] = entry;
  }
  if (taken <= count) return ring;
  return [...ring.slice(taken % count), ...ring.slice(0, taken % count)];
}

/** Whether nobody can write to this segment any more. */
function isAbandoned(reader: ShmLogReader): boolean {
  return reader.isReplaced() && !reader.isWriterAlive();
}
