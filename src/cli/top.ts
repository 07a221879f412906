/**
 * `ouroboros top`: the logs of this machine, live.
 *
 * @module
 */

import process from "node:process";
import { type Command, Option } from "commander";
import { delay } from "../async.ts";
import type { LogTarget } from "../log/native/target.ts";
import { secondsArgument, sourcesArgument } from "./options/arguments.ts";
import { harmlessJson } from "./output/harmless.ts";
import { Output } from "./output/output.ts";
import { Interrupt } from "./process/interrupt.ts";
import { type LogLook, Watch } from "./top/watch.ts";
import { lookTable, SORT_KEYS, sorted, type SortKey } from "./top/words.ts";

const EXAMPLES = `
Examples:
  ouroboros top
  ouroboros top /app ./app.log   these only
  ouroboros top --once -o json   one look, after a second; also without a terminal

Keys: q quit, arrows select, enter or → detail, esc or ← back, s sort. Where the packages ink and
react are not installed, it shows a table only, and q ends it.

REACHES BACK is how long ago the oldest entry was written: measured if top has seen that, else (~)
computed from the present speed, or ? if nothing is written. BYTES/S is computed from the mean size
of the entries that are there. The writer's process is known on Linux, of writers of this library.
How far readers are nobody knows but they: they leave no trace. The detail says which processes have
the log open.`;

interface TopOptions {
  interval: number;
  sort: SortKey;
  once?: true;
  output: "text" | "json";
}

/** Adds the command. */
export function addTop(program: Command): void {
  program.command("top")
    .description("show the logs of this machine live: speed, chunks, how far they reach back")
    .argument("[names...]", "these logs only", sourcesArgument)
    .option("-d, --interval <seconds>", "time between two looks", secondsArgument(0.1, 3600), 1)
    .addOption(new Option("--sort <key>", "what comes first").choices(SORT_KEYS).default("rate"))
    .option("--once", "print a table and end; the same without a terminal")
    .addOption(
      new Option("-o, --output <format>", "how to print it").choices(["text", "json"])
        .default("text"),
    )
    .addHelpText("after", EXAMPLES)
    .action(top);
}

async function top(targets: LogTarget[], options: TopOptions): Promise<void> {
  using interrupt = new Interrupt({ output: true });
  const { signal } = interrupt;
  const watch = new Watch(targets.length > 0 ? targets : undefined);
  const interval = options.interval * 1000;
  const isLive = process.stdout.isTTY && process.stdin.isTTY && !options.once &&
    options.output === "text";
  if (isLive) {
    // Before React is loaded: it looks once, and its other build is several times slower.
    process.env.NODE_ENV ??= "production";
    const { showScreen } = await import("./top/screen.ts").catch(plainScreen);
    return showScreen({ watch, interval, sort: options.sort, signal });
  }
  await watch.look(signal);
  await delay(interval, { signal }).catch(() => {});
  await print(sorted(await watch.look(signal), options.sort), options.output);
}

/** What to show where Ink and React are missing: the npm package does not bring them. */
async function plainScreen(
  error: Error & { code?: string },
): Promise<Pick<typeof import("./top/screen.ts"), "showScreen">> {
  // The second is what Yarn's Plug'n'Play says.
  if (!["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND"].includes(error.code ?? "")) throw error;
  const { showPlainScreen } = await import("./top/plain_screen.ts");
  return { showScreen: showPlainScreen };
}

async function print(looks: LogLook[], format: "text" | "json"): Promise<void> {
  const output = Output.standard();
  if (format === "json") {
    output.write(`${harmlessJson(JSON.stringify(looks.map(plain), null, 2))}\n`);
  } else {
    output.write(lookTable(looks));
  }
  await output.close();
}

/** What JSON says of a log. */
function plain(look: LogLook): object {
  const { name, error, outline, isAlive, writerPid, rate, byteRate, reach } = look;
  if (outline === undefined) return { name, error };
  return {
    name,
    size: outline.segmentSize,
    writerAlive: isAlive,
    writerPid,
    entriesPerSecond: rate,
    bytesPerSecond: byteRate,
    reachesBackMs: reach?.age,
    reachIsMeasured: reach?.isExact,
    lastSequenceNumber: outline.total,
    entries: outline.entries,
    chunks: Array.from(outline.chunkBytes),
  };
}
