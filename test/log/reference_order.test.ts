/**
 * Our readers beside a writer that stores in the reference's order, interrupted anywhere: a log that is
 * merely overtaken is never called damaged, and no entry is wrong that the writer has not forged itself.
 */

import assert from "node:assert/strict";
import test from "node:test";
import { CorruptLogError, inspect, Reader, segmentSize, verify } from "../../mod.ts";
import { Segment } from "../../src/log/segment.ts";
import { CheckedReader } from "../support/checked_reader.ts";
import { fromHex, loadFixtures } from "../support/fixtures.ts";
import { replayOf } from "../support/history.ts";
import { checkInterruptions, checkRandomly, checkStarts } from "../support/interleavings.ts";
import { Journal, Replay } from "../support/journal.ts";
import { baseSeed, forEachSeed, payloadOf, Random } from "../support/random.ts";
import {
  makeReferenceHistory,
  type ReferenceHistory,
  type Sizes,
} from "../support/reference_history.ts";
import { ReferenceOrderWriter } from "../support/reference_order.ts";

/** Up to this many bytes may differ: a word that the reference was about to copy, and we copy at once. */
const HALF_WORD = 3;

function differences(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((count, byte, i) => count + (byte === b[i] ? 0 : 1), 0);
}

for (const { name, chunkCount, chunkSize, written, interrupted, image } of loadFixtures()) {
  test(`the writer that is played leaves what the reference does: ${name}`, () => {
    const expected = new Uint8Array(image());
    const memory = new ArrayBuffer(expected.length);
    const writer = new ReferenceOrderWriter(memory, chunkCount, chunkSize);
    for (const hex of written) writer.write(fromHex(hex));
    if (interrupted === undefined) {
      assert.equal(differences(new Uint8Array(memory), expected), 0);
      return;
    }
    const journal = new Journal(memory, writer.total);
    journal.record(() => writer.write(fromHex(interrupted)));
    const replay = new Replay(journal.image, expected.length, journal.stores);
    let least = Infinity;
    for (; replay.position < journal.stores.length; replay.step()) {
      least = Math.min(least, differences(new Uint8Array(replay.memory), expected));
    }
    assert.ok(least <= HALF_WORD, "the image is a state within the last write");
  });
}

const SIZES: Sizes[] = ["exact", "often exact", "any"];
/** Shapes where every corner is near: chunks, their size, the largest entry, and how many writes. */
const SHAPES = [
  [2, 32, 28, 16],
  [3, 24, 20, 20],
  [4, 24, 30, 24],
  [6, 16, 24, 30],
] as const;
const RUNS = Number(process.env.INTERLEAVING_RUNS ?? 40);

for (const [chunkCount, chunkSize, most, writes] of SHAPES) {
  for (const sizes of SIZES) {
    const seed = baseSeed + chunkCount;
    const shape = `${chunkCount} chunks of ${chunkSize} bytes, ${sizes} sizes (seed ${seed})`;
    const make = () => {
      return makeReferenceHistory(new Random(seed), chunkCount, chunkSize, most, writes, sizes);
    };

    test(`readers that start between any two stores: ${shape}`, () => checkStarts(make()));
    test(`readers interrupted at any fence: ${shape}`, () => {
      checkInterruptions(make(), new Random(seed), 1);
    });
  }
}

test("what a reader saw in one lap does not hold in the next that looks the same", () => {
  // Entry 20 ends where entry 18 began, as entry 17 did: when row 0 has its token, and then its flag again,
  // all else is as it was.
  const memory = new ArrayBuffer(segmentSize(3, 24));
  const writer = new ReferenceOrderWriter(memory, 3, 24);
  const journal = new Journal(memory);
  const lengths = [20, 14, 2, 1, 20, 10, 16, 17, 20, 20, 14, 1, 20, 20, 20, 20, 20, 6, 20, 20];
  for (const length of lengths) journal.record(() => writer.write(new Uint8Array(length), true));
  const { image, stores } = journal;
  for (let begun = 0; begun < stores.length; begun++) {
    for (let interrupted = 0; interrupted < 16; interrupted++) {
      const replay = new Replay(image, memory.byteLength, stores);
      replay.step(begun);
      let fences = 0;
      const fence = () => {
        if (fences++ === interrupted) replay.finish();
      };
      const reader = new Reader(replay.memory, { strategy: "latest", fence });
      while (reader.read() !== undefined);
      replay.finish();
      while (reader.read() !== undefined);
      assert.equal(reader.lastSequenceNumber, lengths.length, `after ${begun}, ${interrupted}`);
    }
  }
});

/** What was wrong once: a row two laps old, where the lap in between has ended, and left no row. */
const FOUND = [64698924];

/** Runs `check` on histories of larger shapes, made with payloads of any kind or harmless ones. */
function forEachHistory(
  check: (history: ReferenceHistory, random: Random) => void,
  payload?: typeof payloadOf,
): void {
  forEachSeed(RUNS, "INTERLEAVING_RUNS", (random) => {
    const chunkCount = 2 + random.below(8);
    const chunkSize = 4 * (4 + random.below(20));
    const most = [8, chunkSize - 4, chunkSize - 4, 2 * chunkSize][random.below(4)];
    const sizes = SIZES[random.below(3)];
    const writes = 20 + random.below(60);
    check(
      makeReferenceHistory(random, chunkCount, chunkSize, most, writes, sizes, payload),
      random,
    );
  }, FOUND);
}

const runs = `(seed ${baseSeed}, ${RUNS} histories)`;

test(`readers interrupted at any fence, larger shapes at random ${runs}`, () => {
  let forging = 0;
  forEachHistory((history, random) => {
    if (history.forged.size > 0) forging++;
    for (let n = 0; n < 10; n++) checkRandomly(history, random);
    checkInterruptions(history, random, 1 + Math.floor(history.stores.length / 3));
  });
  if (RUNS > 1) assert.ok(forging < RUNS / 2, `${forging} of ${RUNS} writers forge entries`);
});

test(`verify and inspect find no damage in what is merely overtaken ${runs}`, () => {
  forEachHistory((history, random) => {
    if (history.forged.size > 0) return;
    for (let point = random.below(7); point < history.stores.length; point += 7) {
      const at = `store ${point}`;
      const still = replayOf(history);
      still.step(point);
      assert.deepEqual(inspect(still.memory).damage, [], at);
      assert.deepEqual(verify(still.memory).damage, [], at);
      for (const look of [inspect, verify]) {
        const replay = replayOf(history);
        replay.step(point);
        const fence = () => {
          if (random.below(2) === 0) replay.step(random.below(20));
        };
        assert.deepEqual(look(replay.memory, { fence }).damage, [], `${at}, at work`);
      }
    }
  });
});

test(`an entry that the writer destroys by looking past its table is damage, or skipped ${runs}`, () => {
  let destroying = 0;
  forEachHistory((history) => {
    if (history.destroyed === 0) return;
    destroying++;
    for (const onDamage of ["throw", "skip"] as const) {
      const replay = replayOf(history);
      const reader = new CheckedReader(replay.memory, history, { strategy: "oldest", onDamage });
      const { dataStart } = new Segment(replay.memory);
      try {
        while (replay.position < history.stores.length) {
          replay.step();
          const entry = reader.reader.read();
          if (entry !== undefined) reader.take(entry.sequenceNumber, entry.bytes);
        }
        reader.finish(history.lengths.length);
      } catch (error) {
        assert.ok(error instanceof CorruptLogError && onDamage === "throw", String(error));
        assert.equal(error.offset, dataStart);
      }
    }
  }, payloadOf);
  if (RUNS > 10) assert.ok(destroying > 0, "some destroy entries");
});
