/** Logging libraries with our sinks and with their own: what a line of 100 bytes costs. */

import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import { basename } from "node:path";
import { SharedMemory } from "../ffi/mod.ts";
import { ShmLogReader } from "../mod.ts";
import { runSender } from "./peers.ts";
import { LINE_SIZE } from "./peers/lines.ts";
import { linesOf } from "./peers/peers.ts";
import { digits, type Report, runtimeTitle } from "./report.ts";
import { median } from "./timing.ts";

const ROUNDS = 3;

/** Ours, and what a library brings itself. */
const PAIRS: readonly [ours: string, theirs: string][] = [
  ["LogTape, our sink", "LogTape, stream file sink"],
  ["LogTape, our sink", "LogTape, file sink"],
  ["pino, our destination", "pino, sync file"],
  ["pino, our destination", "pino, async file"],
  ["pino, our transport", "pino, async file"],
  ["winston, our transport", "winston, file"],
  // Ours does both.
  ["console.log to a file, captured", "console.log to a file"],
];

interface Cost {
  /** What the caller waits, in ns a line, on average. */
  caller: number;
  /** From the first line to the last one's arrival, in ns. */
  elapsed: number;
}

/** Runs every library both ways, in rounds one after the other. */
export async function benchSinks(_: unknown, onCase: () => void): Promise<Report> {
  const folder = mkdtempSync(`${os.tmpdir()}/ouroboros-bench-`);
  const names = [...new Set(PAIRS.flat())];
  const costs = new Map(names.map((name): [string, Cost[]] => [name, []]));
  try {
    for (let round = 0; round < ROUNDS; round++) {
      for (const name of names) {
        costs.get(name)?.push(await runLogger(name, folder));
        onCase();
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
    SharedMemory.unlink(segmentOf(folder));
  }
  const data = PAIRS.map(([ours, theirs]) => {
    const of = (name: string, key: keyof Cost) =>
      median((costs.get(name) ?? []).map((cost) => cost[key]));
    const whole = (name: string) => of(name, "elapsed") / linesOf(name);
    return {
      ours,
      theirs,
      caller: of(ours, "caller"),
      theirCaller: of(theirs, "caller"),
      arrived: whole(ours),
      theirArrived: whole(theirs),
    };
  });
  return {
    name: "sinks",
    tables: [{
      title: `${runtimeTitle()}: a line of ${LINE_SIZE} bytes (median of ${ROUNDS} runs)`,
      head: ["", "ns in the call", "theirs", "ratio", "ns to arrive", "theirs", "ratio"],
      rows: data.map(({ ours, theirs, caller, theirCaller, arrived, theirArrived }) => [
        `${ours} / ${theirs}`,
        digits(caller),
        digits(theirCaller),
        `${digits(theirCaller / caller)}×`,
        digits(arrived),
        digits(theirArrived),
        `${digits(theirArrived / arrived)}×`,
      ]),
    }],
    notes: [
      "Both format the same line in the same way; bursts of 500 lines, then the event loop turns.",
    ],
    data,
  };
}

/** Runs one, and looks whether all of it has arrived. */
async function runLogger(name: string, folder: string): Promise<Cost> {
  const path = `${folder}/lines`;
  const resultPath = `${folder}/result.json`;
  const output = openSync(path, "w");
  try {
    await runSender([name, path, resultPath, String(linesOf(name))], output);
    if (PAIRS.some(([ours]) => ours === name)) checkLog(name, segmentOf(folder));
    return JSON.parse(readFileSync(resultPath, "utf8"));
  } finally {
    closeSync(output);
    rmSync(path, { force: true });
  }
}

function segmentOf(folder: string): string {
  return `/${basename(folder)}`;
}

/** Every line must be in the log. */
function checkLog(name: string, segment: string): void {
  using reader = ShmLogReader.open(segment);
  const { lastSequenceNumber } = reader.inspect();
  SharedMemory.unlink(segment);
  if (lastSequenceNumber < linesOf(name)) {
    throw new Error(`${name}: only ${lastSequenceNumber} lines are in the log`);
  }
}
