/** Where a reader lands after an overrun: the rule alone, and reader and writer at their speeds. */

import assert from "node:assert/strict";
import test from "node:test";
import { Landing } from "../../src/log/landing.ts";
import { pursue, type Pursuit } from "../support/pursuit.ts";

/** How many entries are in a chunk here. */
const CHUNK = 100;

/** A reader that is overtaken, reads some entries where it landed, and is overtaken again. */
function pursuit(landing: Landing, chunks: number = 16) {
  let number = 0;
  let oldest = 0;
  /** Reads so many entries more; gives how many of the oldest chunks are left out after that. */
  return (read: number) => {
    number += read;
    oldest = Math.max(oldest, number) + CHUNK;
    const tokenOf = (age: number) => oldest + CHUNK * age;
    const leftOut = landing.choose(chunks, tokenOf, number);
    landing.confirm();
    number = tokenOf(leftOut);
    return leftOut;
  };
}

test("a single overrun leaves out nothing, however late it comes", () => {
  for (const read of [0, 1, 1e3, 1e6]) assert.equal(pursuit(new Landing())(read), 0);
});

test("overruns that follow each other leave out twice as many chunks each, up to all but one", () => {
  const overrun = pursuit(new Landing());
  const left = [0, 10, CHUNK, 5 * CHUNK, 0, 10 * CHUNK].map(overrun);
  assert.deepEqual(left, [0, 1, 3, 7, 15, 15]);
  const small = pursuit(new Landing(), 3);
  assert.deepEqual([0, 0, 0, 0].map(small), [0, 1, 2, 2]);
  const one = pursuit(new Landing(), 1);
  assert.deepEqual([0, 0, 0].map(one), [0, 0, 0]);
});

test("after laps without an overrun fewer chunks are left out, after a few as many", () => {
  const overrun = pursuit(new Landing());
  const lap = 15 * CHUNK;
  const left = [0, 0, 0, 0, 20 * lap, 70 * lap, 70 * lap, 20 * lap, 70 * lap, 70 * lap].map(
    overrun,
  );
  assert.deepEqual(left, [0, 1, 3, 7, 7, 3, 1, 1, 0, 0]);
});

test("a reader that came to the end of the log lands nearer again, and in no row of bursts farther", () => {
  const landing = new Landing();
  const overrun = pursuit(landing);
  assert.deepEqual([0, 0, 0, 0].map(overrun), [0, 1, 3, 7]);
  const left: number[] = [];
  for (let burst = 0; burst < 6; burst++) {
    landing.caughtUp();
    left.push(overrun(CHUNK));
  }
  assert.deepEqual(left, [3, 1, 0, 0, 0, 0]);
});

test("where the writer has come to no other chunk since, nothing more is left out", () => {
  const landing = new Landing();
  const left = [3, 4, 5, 6].map((oldest) => {
    const leftOut = landing.choose(
      16 - oldest,
      (age) => CHUNK * (oldest + age),
      CHUNK * oldest - 1,
    );
    landing.confirm();
    return leftOut;
  });
  assert.deepEqual(left, [0, 0, 0, 0]);
});

test("a choice that is made again, for the table moved meanwhile, is no overrun", () => {
  const landing = new Landing();
  const tokenOf = (age: number) => CHUNK * age;
  for (let chunks = 1; chunks < 5; chunks++) {
    assert.equal(landing.choose(chunks, tokenOf, 0), 0);
    landing.discard();
  }
  landing.confirm();
  assert.equal(landing.choose(6, tokenOf, 0), 0);
});

/** What an Epyc of 2026 does, about: per entry 40 ns and a tenth of its bytes; a line from another core. */
const SIZES: readonly Pick<Pursuit, "size" | "write" | "look">[] = [
  { size: 60, write: 50, look: 20 },
  { size: 252, write: 40, look: 20 },
  { size: 1020, write: 90, look: 60 },
  { size: 4092, write: 300, look: 100 },
];
const CHUNK_SIZE = 1 << 18;
const LAP = 16 * CHUNK_SIZE;

/** The share of entries that a reader gets, and how many overruns it counts. */
function shareOf(options: Omit<Pursuit, "entries" | "chunkSize">, laps: number = 60) {
  const entries = Math.ceil(laps * LAP / (options.size + 4));
  const { read, lost, overruns } = pursue({ ...options, entries, chunkSize: CHUNK_SIZE });
  assert.equal(read + lost, entries, "each entry is read or lost");
  return { share: read / entries, overruns };
}

for (const one of SIZES) {
  test(`the oldest as the latest: a slower reader of ${one.size} bytes gets as many entries`, () => {
    for (const slower of [1.1, 1.5, 3]) {
      const all = { ...one, read: one.write * slower };
      const oldest = shareOf({ ...all, onOverrun: "oldest" });
      const latest = shareOf({ ...all, onOverrun: "latest" });
      assert.ok(
        oldest.share >= 0.95 * latest.share,
        `${slower} times slower: ${oldest.share} against ${latest.share}`,
      );
      // A few more until it has found its distance, no more after that.
      assert.ok(oldest.overruns <= latest.overruns + 6, `${oldest.overruns}, ${latest.overruns}`);
    }
  });
}

test("a reader that does not run for more than a lap now and then gets more from the oldest", () => {
  const [, one] = SIZES;
  const lapTime = LAP / (one.size + 4) * one.write;
  const stalls = { every: 3 * lapTime, last: 1.5 * lapTime };
  const all = { ...one, read: one.write / 2, stalls };
  const oldest = shareOf({ ...all, onOverrun: "oldest" });
  const latest = shareOf({ ...all, onOverrun: "latest" });
  assert.ok(oldest.share > latest.share, `${oldest.share} against ${latest.share}`);
});

test("of each burst that is larger than the log all is read that is there", () => {
  const [, one] = SIZES;
  const burst = Math.ceil(1.5 * LAP / (one.size + 4));
  // Of a writer that is done before the reader has begun.
  const { share, overruns } = shareOf(
    { ...one, write: 0.001, read: one.write, burst, onOverrun: "oldest" },
    60,
  );
  assert.equal(overruns, 40);
  assert.ok(share > 0.6 && share <= 2 / 3, `${share}`);
});
