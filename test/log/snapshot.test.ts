/** Copies of logs whose writer goes on, stopped between any two of its stores. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";
import {
  inspect,
  Reader,
  type ReaderOptions,
  segmentSize,
  type Snapshot,
  snapshot,
  UnsupportedLogError,
  verify,
  Writer,
} from "../../mod.ts";
import { Journal, Replay } from "../support/journal.ts";
import { baseSeed, payloadOf, Random, sameBytes } from "../support/random.ts";
import { Raw } from "../support/segment.ts";

/** Checks a copy with nothing but the format: no reader of ours, no survey. Gives its entries. */
function entriesOf(memory: ArrayBuffer): { number: number; bytes: Uint8Array }[] {
  const raw = new Raw(memory);
  assert.equal(raw.view.getBigUint64(0, true), 0x4f55524f424c4f47n);
  assert.equal(raw.u32(8), 1);
  const chunkCount = raw.u32(12);
  const entries: { number: number; bytes: Uint8Array }[] = [];
  let offset = 16 + 16 * chunkCount;
  let total = raw.row(0).token;
  for (let index = 0; index < chunkCount; index++) {
    const row = raw.row(index);
    if (!row.committed) {
      for (let i = index; i < chunkCount; i++) {
        assert.deepEqual(raw.row(i), { committed: false, offset: 0, token: 0 }, "rows end at once");
      }
      break;
    }
    assert.deepEqual([row.offset, row.token], [offset, total], `row ${index} goes on`);
    const next = index + 1 < chunkCount ? raw.row(index + 1) : undefined;
    const limit = next?.committed ? next.offset : memory.byteLength;
    while (offset + 4 <= limit) {
      const header = raw.u32(offset);
      if (header === 0) break;
      assert.ok(header >>> 31 === 1, "all headers are committed");
      const length = (header & 0x7fffffff) - 4;
      assert.ok(length >= 0 && offset + 4 + length <= memory.byteLength);
      entries.push({ number: ++total, bytes: new Uint8Array(memory, offset + 4, length) });
      offset += (length + 7) & ~3;
    }
    if (next?.committed) assert.equal(offset, next.offset, `chunk ${index} is full`);
  }
  return entries;
}

/** Checks what must hold of every copy. */
function checkCopy(copy: Snapshot, lengths: number[]): void {
  const entries = entriesOf(copy.memory);
  assert.equal(entries.length, copy.entries);
  entries.forEach(({ number, bytes }, i) => {
    assert.equal(number, copy.firstSequenceNumber + i);
    assert.ok(sameBytes(bytes, payloadOf(number, lengths[number - 1])), `entry ${number}`);
  });
  if (entries.length === 0) assert.equal(copy.firstSequenceNumber, 0);
  else assert.equal(copy.lastSequenceNumber, copy.firstSequenceNumber + copy.entries - 1);
  const found = verify(copy.memory);
  assert.ok(found.isIntact, JSON.stringify([found.damage, found.gaps]));
  assert.deepEqual(
    [found.entries, found.firstSequenceNumber, found.lastSequenceNumber],
    [copy.entries, copy.firstSequenceNumber, copy.lastSequenceNumber],
  );
  assert.deepEqual(inspect(copy.memory).damage, []);
  assert.equal(Writer.resume(copy.memory.slice()).totalEntriesWritten, copy.lastSequenceNumber);
}

/** The number of the newest entry that a reader finds. */
function lastNumber(memory: ArrayBuffer): number | undefined {
  return [...new Reader(memory, { strategy: "oldest" })].at(-1)?.sequenceNumber;
}

interface History {
  size: number;
  image: Int32Array;
  stores: Journal["stores"];
  lengths: number[];
}

function makeHistory(random: Random, chunkCount: number, chunkSize: number, most: number): History {
  const size = segmentSize(chunkCount, chunkSize);
  const memory = new ArrayBuffer(size);
  const writer = Writer.create(memory, { chunkCount, chunkSize });
  const journal = new Journal(memory);
  const lengths: number[] = [];
  for (let i = 0; i < 30; i++) {
    const length = random.below(Math.min(most, writer.maxEntrySize) + 1);
    lengths.push(length);
    journal.record(() => writer.write(payloadOf(lengths.length, length)));
  }
  return { size, image: journal.image, stores: journal.stores, lengths };
}

/** Snapshot options under which `interrupt` happens at each fence, and in the middle of each copy. */
function interfered(replay: Replay, copies: boolean, random: Random, interrupt: () => void): {
  memory: ArrayBuffer;
  options: ReaderOptions;
} {
  if (!copies) return { memory: replay.memory, options: { fence: interrupt } };
  const there = new Uint8Array(replay.memory);
  const copy = new Uint8Array(replay.memory.byteLength);
  const load = (from: number, to: number) => {
    const middle = from + 4 * random.below((to - from + 3) >> 2);
    copy.set(there.subarray(middle, to), middle);
    interrupt();
    copy.set(there.subarray(from, middle), from);
  };
  return { memory: copy.buffer, options: { fence: interrupt, load } };
}

/** Seeds that found a fault, by the number of chunks. */
const KNOWN = new Map([[4, [71021299]]]);
const SHAPES = [[1, 40, 12], [2, 24, 12], [3, 20, 16], [4, 16, 30], [6, 12, 60]];

for (const [chunkCount, chunkSize, most] of SHAPES) {
  const shape = `${chunkCount} chunks of ${chunkSize} bytes, entries of up to ${most}`;

  test(`a writer that stopped anywhere: all that a reader finds is copied: ${shape} (seed ${baseSeed})`, () => {
    const history = makeHistory(new Random(baseSeed), chunkCount, chunkSize, most);
    const replay = new Replay(history.image, history.size, history.stores);
    for (let point = 0; point <= history.stores.length; point++) {
      const copy = snapshot(replay.memory);
      checkCopy(copy, history.lengths);
      const numbers = [...new Reader(replay.memory, { strategy: "oldest" })]
        .map((entry) => entry.sequenceNumber);
      // Large entries make short laps: then a lap may be gone, and the end of the one before not.
      const gap = numbers.findLastIndex((number, i) => i > 0 && number !== numbers[i - 1] + 1);
      const run = numbers.slice(Math.max(gap, 0));
      assert.deepEqual(entriesOf(copy.memory).map(({ number }) => number), run);
      assert.equal(copy.leftOut, numbers.length - run.length);
      // Between two laps the newest chunk may be gone already, with the older ones still there.
      assert.equal(copy.lastSequenceNumber, run.at(-1) ?? replay.published);
      replay.step();
    }
  });

  for (const seed of [baseSeed, ...KNOWN.get(chunkCount) ?? []]) {
    test(`a writer that continues at any one look: ${shape} (seed ${seed})`, () => {
      const random = new Random(seed + 1);
      const history = makeHistory(random, chunkCount, chunkSize, most);
      for (let point = random.below(9); point <= history.stores.length; point += 9) {
        for (let interrupted = 0, looks = 1; interrupted < looks; interrupted++) {
          for (const stores of [1, 9, 40, Infinity]) {
            const replay = new Replay(history.image, history.size, history.stores);
            replay.step(point);
            const before = lastNumber(replay.memory) ?? replay.published;
            let count = 0;
            const { memory, options } = interfered(replay, stores === 9, random, () => {
              if (count++ === interrupted) replay.step(stores);
            });
            // In turn: what is copied, and what the first look at the table says.
            const isCopied = (point + interrupted) % 3 > 0;
            const copy = isCopied ? snapshot(memory, options) : inspect(memory, options);
            looks = Math.max(looks, Math.min(count, 25));
            if ("memory" in copy) checkCopy(copy, history.lengths);
            // As new as what was there when it began, unless that is gone by now and nothing newer there.
            const newest = Math.min(before, lastNumber(replay.memory) ?? replay.published);
            assert.ok(
              copy.lastSequenceNumber >= newest && copy.lastSequenceNumber <= replay.published,
              `${copy.lastSequenceNumber} of ${before} to ${replay.published} at store ${point}, ` +
                `look ${interrupted}, ${stores} stores, ${isCopied ? "copied" : "inspected"}`,
            );
          }
        }
      }
    });
  }

  test(`a writer that continues at every look: ${shape} (seed ${baseSeed})`, () => {
    const random = new Random(baseSeed + 2);
    for (let run = 0; run < 60; run++) {
      const history = makeHistory(random, chunkCount, chunkSize, most);
      const replay = new Replay(history.image, history.size, history.stores);
      replay.step(random.below(history.stores.length));
      const pace = 1 + random.below(30);
      const { memory, options } = interfered(replay, run % 3 === 0, random, () => {
        if (random.below(2) === 0) replay.step(random.below(pace));
      });
      checkCopy(snapshot(memory, options), history.lengths);
    }
  });
}

test("a writer that laps at every look never stops: the copy ends, and is right", () => {
  const chunkCount = 3;
  const memory = new ArrayBuffer(segmentSize(chunkCount, 64));
  const writer = Writer.create(memory, { chunkCount, chunkSize: 64 });
  const lengths: number[] = [];
  const write = () => {
    lengths.push(lengths.length % 20);
    writer.write(payloadOf(lengths.length, lengths[lengths.length - 1]));
  };
  for (let i = 0; i < 100; i++) write();
  const copy = snapshot(memory, {
    fence: () => {
      for (let i = 0; i < 40; i++) write();
    },
  });
  checkCopy(copy, lengths);
});

test("a copy of an empty log is empty, and its numbers begin with 1", () => {
  const memory = new ArrayBuffer(segmentSize(4, 64));
  Writer.create(memory, { chunkCount: 4 });
  const copy = snapshot(memory);
  checkCopy(copy, []);
  assert.equal(Writer.resume(copy.memory).write("first"), 1);
});

test("a copy of a damaged log has no damage, begins behind it, and says what was left out", () => {
  const memory = new ArrayBuffer(segmentSize(4, 64));
  const writer = Writer.create(memory, { chunkCount: 4, chunkSize: 64 });
  const lengths: number[] = [];
  while (inspect(memory).chunks[3].state === "empty") {
    lengths.push(8);
    writer.write(payloadOf(lengths.length, 8));
  }
  const damaged = inspect(memory).chunks[1];
  new Raw(memory).setU32(damaged.offset + 12, 0x80000002);
  const copy = snapshot(memory);
  checkCopy(copy, lengths);
  assert.equal(copy.firstSequenceNumber, inspect(memory).chunks[2].token + 1);
  assert.equal(copy.lastSequenceNumber, lengths.length);
  assert.equal(copy.leftOut, damaged.token + 1);
});

test("a log without damage is copied to the brim, whatever its size", () => {
  for (let extra = 0; extra < 8; extra++) {
    const memory = new ArrayBuffer(segmentSize(2, 64) + extra);
    const writer = Writer.create(memory, { chunkCount: 2 });
    const lengths: number[] = [];
    for (let i = 0; i < 200; i++) {
      lengths.push((i * 7) % 23);
      writer.write(payloadOf(lengths.length, lengths[i]));
      const copy = snapshot(memory);
      checkCopy(copy, lengths);
      assert.equal(copy.entries, [...new Reader(memory, { strategy: "oldest" })].length);
    }
  }
});

test("every image of the reference's writer gives a copy without damage, with what was written", () => {
  const folder = new URL("../fixtures/ouroboros/", import.meta.url);
  const names = readdirSync(folder).filter((name) => name.endsWith(".bin"));
  assert.ok(names.length > 10);
  for (const name of names) {
    const file = readFileSync(new URL(name, folder));
    const memory = new Uint8Array(file).buffer;
    const { written_hex: written } = JSON.parse(
      readFileSync(new URL(name.replace(".bin", ".json"), folder), "utf8"),
    );
    const copy = snapshot(memory);
    assert.ok(verify(copy.memory).isIntact, name);
    // Where the reference itself left forged entries, there are forged entries.
    if (name.startsWith("bug_")) continue;
    for (const { number, bytes } of entriesOf(copy.memory)) {
      if (number <= written.length) {
        assert.equal(Buffer.from(bytes).toString("hex"), written[number - 1], `${name} ${number}`);
      }
    }
  }
});

test("what is no log is refused", () => {
  assert.throws(() => snapshot(new ArrayBuffer(4096)), UnsupportedLogError);
});
