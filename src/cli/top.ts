/**
 * `ouroboros top`: the logs of this machine, live.
 *
 * @module
 */

import process from "node:process";
import { type Command, Option } from "commander";
import { delay } from "../async.ts";
import type { LogTarget } from "../log/native/target.ts";
import { durationWithin, sourcesArgument } from "./options/arguments.ts";
import { NamedLogs, PATTERN_HELP } from "./options/named_logs.ts";
import { addOutputOptions } from "./options/common.ts";
import { jsonLines } from "./output/harmless.ts";
import { Output } from "./output/output.ts";
import { sayMissing } from "./list.ts";
import { Interrupt } from "./process/interrupt.ts";
import { type LogLook, Watch } from "./top/watch.ts";
import { grouped, lookTable, SORT_KEYS, sorted, type SortKey } from "./top/words.ts";

const EXAMPLES = `
Keys: q quit, arrows select, enter or → details, esc or ← back, s sort, g slots of
a name as one line or each. Without the packages ink and react it shows the table
only.

${PATTERN_HELP}

REACHES BACK is the age of the oldest entry: measured, or (~) computed from the
present rate, or ? if nothing is written. BYTES/S is computed from the mean size
of the entries. The pid of the writer is known on Linux, for writers of this
library. How far readers are is not known: they leave no trace in the log. The
details say which processes have it open.

Examples:
  ouroboros top
  ouroboros top /app ./app.log     only these
  ouroboros top '/app.*'           all workers, also those that start later
  ouroboros top --once --json      measure for a second, print, and end`;

interface TopOptions {
  interval: number;
  sort: SortKey;
  once?: true;
  long?: true;
  output: "text" | "json";
}

/** Adds the command. */
export function addTo(program: Command): void {
  const command = program.command("top")
    .description("Show the logs of this machine live: rates, chunks, how far they reach back.")
    .summary("show logs live: rates, chunks, how far they reach back")
    .argument("[name...]", "the logs; all of this machine by default", sourcesArgument)
    .addOption(
      new Option("-d, --interval <time>", "time between two updates: 500ms, 2s")
        .argParser(durationWithin(100, 3_600_000)).default(1000, "1s"),
    )
    .addOption(new Option("--sort <key>", "sort by").choices(SORT_KEYS).default("rate"))
    .option("-l, --long", "print a line for each slot of a name")
    .option("--once", "print a table and end; the default without a terminal");
  addOutputOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(top);
}

async function top(targets: LogTarget[], options: TopOptions): Promise<void> {
  using interrupt = new Interrupt({ output: true });
  const { signal } = interrupt;
  const named = targets.length > 0 ? new NamedLogs(targets) : undefined;
  const watch = new Watch(named);
  const { interval, long: isLong = false } = options;
  const isLive = process.stdout.isTTY && process.stdin.isTTY && !options.once &&
    options.output === "text";
  if (isLive) {
    // Before React is loaded: it looks once, and its other build is several times slower.
    process.env.NODE_ENV ??= "production";
    const { showScreen } = await import("./top/screen.ts").catch(plainScreen);
    return showScreen({ watch, interval, sort: options.sort, isLong, signal });
  }
  // What does not look again waits for no log.
  named?.existing();
  await watch.look(signal);
  await delay(interval, { signal }).catch(() => {});
  const looks = await watch.look(signal);
  const isEach = isLong || options.output === "json";
  await print(sorted(isEach ? looks : grouped(looks), options.sort), options.output);
  if (named !== undefined && !signal.aborted) sayMissing(named, looks);
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
  output.write(format === "json" ? jsonLines(looks.map(plain)) : lookTable(looks));
  await output.close();
}

/** What JSON says of a log. */
function plain(look: LogLook): object {
  const { name, error, outline, isAlive, isSaved, writerPid, lastWrite, rate, byteRate, reach } =
    look;
  if (outline === undefined) return { name, error };
  return {
    name,
    size: outline.segmentSize,
    writerAlive: isAlive,
    writerPid,
    ...outline.isFinished && { isFinished: true },
    ...isSaved && { isSaved },
    lastWrite,
    entriesPerSecond: rate,
    bytesPerSecond: byteRate,
    reachesBackMs: reach?.age,
    reachIsMeasured: reach?.isExact,
    lastSequenceNumber: outline.total,
    entries: outline.entries,
    chunks: Array.from(outline.chunkBytes),
  };
}
