/** One writer and its readers as processes, stopped, killed and replaced at random; all is checked. */

import assert from "node:assert/strict";
import process from "node:process";
import { SharedMemory } from "../../ffi/mod.ts";
import { segmentSize } from "../../mod.ts";
import type { Runtime } from "../../scripts/runtimes.ts";
import type { Random } from "../support/random.ts";
import { type Child, startChild, uniqueName } from "../support/runtime.ts";

/** What came out. */
export interface Tally {
  rounds: number;
  /** Entries written. */
  written: number;
  /** Entries that readers got and checked. */
  read: number;
  lost: number;
  overruns: number;
  /** Entries whose bytes were not those of their number. */
  wrong: number;
  /** Entries whose number had been there before. */
  twice: number;
  killedWriters: number;
  killedReaders: number;
  stops: number;
}

/** A tally of nothing. */
export function emptyTally(): Tally {
  return {
    rounds: 0,
    written: 0,
    read: 0,
    lost: 0,
    overruns: 0,
    wrong: 0,
    twice: 0,
    killedWriters: 0,
    killedReaders: 0,
    stops: 0,
  };
}

// Small ones, where every corner is near, and large ones, where many entries pass.
const SHAPES = [
  [1, 4096],
  [1, 1 << 20],
  [2, 2048],
  [3, 512],
  [4, 1 << 18],
  [8, 1 << 17],
  [16, 1024],
  [16, 1 << 16],
  [64, 256],
  [64, 1 << 14],
];
const writerFile = new URL("writer.ts", import.meta.url);
const readerFile = new URL("reader.ts", import.meta.url);

/** One log, for `milliseconds`; adds to `tally`, and throws if entries are unaccounted for. */
export async function round(
  writerRuntime: Runtime,
  readerRuntimes: readonly Runtime[],
  random: Random,
  milliseconds: number,
  tally: Tally,
): Promise<void> {
  const [chunkCount, chunkSize] = SHAPES[random.below(SHAPES.length)];
  const largest = segmentSize(chunkCount, chunkSize) - 16 - 16 * chunkCount - 4;
  const most = [largest, Math.min(2 * chunkSize, largest), Math.min(100, largest)][random.below(3)];
  const name = uniqueName();
  const pick = <T>(values: readonly T[]): T => values[random.below(values.length)];
  const startWriter = async () => {
    const args = [name, most, chunkSize, chunkCount, random.below(1e9)];
    const child = startChild(writerFile, args, writerRuntime);
    return { child, total: Number(await child.nextLine()) };
  };
  const startReader = async (strategy: string) => {
    const args = [name, most, strategy, pick(["oldest", "latest"]), random.below(1e9)];
    const child = startChild(readerFile, args, pick(readerRuntimes));
    await child.nextLine();
    return child;
  };
  let { child: writer } = await startWriter();
  const readers: Child[] = [];
  try {
    for (let n = 1 + random.below(3); n > 0; n--) readers.push(await startReader("auto"));
    const end = performance.now() + milliseconds;
    while (performance.now() < end) {
      await pause(20 + random.below(200));
      const victim = random.below(readers.length);
      const event = random.below(6);
      if (event === 0) {
        await writer.kill();
        tally.killedWriters++;
        ({ child: writer } = await startWriter());
      } else if (event === 1) {
        await readers[victim].kill();
        tally.killedReaders++;
        readers[victim] = await startReader(pick(["auto", "latest", "lowest"]));
      } else if (event <= 3) {
        const { pid } = event === 2 ? writer : readers[victim];
        process.kill(pid, "SIGSTOP");
        await pause(random.below(100));
        process.kill(pid, "SIGCONT");
        tally.stops++;
      }
    }
    await writer.say("stop");
    const total = Number(await writer.nextLine());
    for (const reader of readers) {
      await reader.say(String(total));
      const seen = JSON.parse(await reader.nextLine());
      tally.read += seen.read;
      tally.lost += seen.lost;
      tally.overruns += seen.overruns;
      tally.wrong += seen.wrong;
      tally.twice += seen.twice;
      // One that read nothing does not know where it began.
      if (seen.read > 0) {
        assert.equal(seen.start + seen.read + seen.lost, total, JSON.stringify(seen));
      }
    }
    tally.written += total;
    tally.rounds++;
    await writer.say("end");
    await writer.ended();
  } finally {
    for (const child of [writer, ...readers]) await child.kill();
    SharedMemory.unlink(name);
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
