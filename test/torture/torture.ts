/** One writer and its readers as processes, stopped, killed and replaced at random; all is checked. */

import assert from "node:assert/strict";
import process from "node:process";
import { SharedMemory } from "../../ffi/mod.ts";
import { segmentSize } from "../../mod.ts";
import type { Runtime } from "../../scripts/runtimes.ts";
import type { Random } from "../support/random.ts";
import { type Child, startChild, uniqueName } from "../support/runtime.ts";
import { type Counts, Scores } from "./scores.ts";

/** Our writer as fast as it can, or at changing speed; or one that stores in the reference's order. */
export const PACES = ["fast", "changing", "reference"] as const;
/** One of them. */
export type Pace = (typeof PACES)[number];

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
  /** How often readers went over to a log that was restarted in place. */
  lives: number;
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
    lives: 0,
    killedWriters: 0,
    killedReaders: 0,
    stops: 0,
  };
}

// Where every corner is near.
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
// Where many entries pass.
const FAST_SHAPES = [[1, 1 << 22], [4, 1 << 20], [16, 1 << 18], [16, 1 << 20]];
const FAST_MOST = 24;
// Where chunks end exactly at their size, and more than one is there at each moment.
const REFERENCE_SHAPES = [[4, 1024], [16, 1024], [64, 256], [4, 1 << 16], [16, 1 << 16], [
  16,
  1 << 18,
]];
const writerFile = new URL("writer.ts", import.meta.url);
const referenceFile = new URL("reference_writer.ts", import.meta.url);
const readerFile = new URL("reader.ts", import.meta.url);

/** A reader with what it has seen. */
interface Watched {
  child: Child;
  scores: Scores;
}

/** One log, for `milliseconds`; adds to `tally`, and throws if entries are unaccounted for. */
export async function round(
  writerRuntime: Runtime,
  readerRuntimes: readonly Runtime[],
  random: Random,
  milliseconds: number,
  tally: Tally,
  paces: readonly Pace[] = PACES,
): Promise<void> {
  const pick = <T>(values: readonly T[]): T => values[random.below(values.length)];
  const pace = pick(paces);
  const shapes = { fast: FAST_SHAPES, changing: SHAPES, reference: REFERENCE_SHAPES };
  const [chunkCount, chunkSize] = pick(shapes[pace]);
  const largest = segmentSize(chunkCount, chunkSize) - 16 - 16 * chunkCount - 4;
  const most = pace === "fast"
    ? FAST_MOST
    : pace === "reference"
    ? pick([32, 64, 128]) - 4
    : pick([largest, Math.min(2 * chunkSize, largest), Math.min(100, largest)]);
  const name = uniqueName();
  const version = pick([1, 2]);
  const restarts = version === 2 ? pick(["restarts", "stays"]) : "stays";
  const startWriter = async () => {
    const args = [name, most, chunkSize, chunkCount, pace, random.below(1e9), version, restarts];
    const file = pace === "reference" ? referenceFile : writerFile;
    const child = startChild(file, args, writerRuntime);
    return { child, total: Number(await child.nextLine()) };
  };
  const startReader = async (strategy: string): Promise<Watched> => {
    const scores = Scores.create(uniqueName());
    try {
      const policy = pick(["oldest", "latest"]);
      const mode = pick(["map", "map", "map", "pread"]);
      const args = [name, scores.name, most, pace, strategy, policy, mode, random.below(1e9)];
      const child = startChild(readerFile, args, pick(readerRuntimes));
      await child.nextLine();
      return { child, scores };
    } catch (error) {
      scores[Symbol.dispose]();
      throw error;
    }
  };
  let { child: writer } = await startWriter();
  const readers: Watched[] = [];
  try {
    for (let n = 1 + random.below(3); n > 0; n--) readers.push(await startReader("auto"));
    const end = performance.now() + milliseconds;
    while (performance.now() < end) {
      await pause(pace === "changing" ? 20 + random.below(200) : 100 + random.below(1000));
      const victim = random.below(readers.length);
      // The reference does not resume a log: its writer is stopped, but not killed.
      const event = pace === "reference" ? 1 + random.below(5) : random.below(6);
      if (event === 0) {
        await writer.kill();
        tally.killedWriters++;
        ({ child: writer } = await startWriter());
      } else if (event === 1) {
        await readers[victim].child.kill();
        tally.killedReaders++;
        // In the list until there is another, which may fail to start.
        const { scores } = readers[victim];
        add(scores.get(), tally);
        readers[victim] = await startReader(pick(["auto", "latest", "oldest"]));
        scores[Symbol.dispose]();
      } else if (event <= 3) {
        const { pid } = event === 2 ? writer : readers[victim].child;
        process.kill(pid, "SIGSTOP");
        await pause(random.below(100));
        process.kill(pid, "SIGCONT");
        tally.stops++;
      }
    }
    await writer.say("stop");
    const total = Number(await writer.nextLine());
    for (const { child, scores } of readers) {
      await child.say(String(total));
      await child.nextLine();
      const seen = scores.get();
      add(seen, tally);
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
    await writer.kill();
    for (const { child, scores } of readers) {
      await child.kill();
      scores[Symbol.dispose]();
    }
    SharedMemory.unlink(name);
  }
}

function add(seen: Counts, tally: Tally): void {
  tally.read += seen.read + seen.readBefore;
  tally.lives += seen.lives;
  tally.lost += seen.lost;
  tally.overruns += seen.overruns;
  tally.wrong += seen.wrong;
  tally.twice += seen.twice;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
