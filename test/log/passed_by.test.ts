/**
 * A reader whose way on is damaged: it must not wait for what will never come while the writer continues
 * elsewhere.
 */

import assert from "node:assert/strict";
import test from "node:test";
import {
  CorruptLogError,
  OverrunError,
  Reader,
  type ReaderOptions,
  segmentSize,
  Writer,
} from "../../mod.ts";
import { Journal, Replay } from "../support/journal.ts";

const VERSIONS = [1, 2] as const;
const CHUNKS = 4;
const WRAP = 0x80000001;

/** A log in its third lap: entry N says `entry N`. */
function makeLog(version: 1 | 2, chunkSize = 256, count = 120) {
  const memory = new ArrayBuffer(segmentSize(CHUNKS, chunkSize, version));
  const writer = Writer.create(memory, { chunkCount: CHUNKS, version });
  write(writer, count);
  const table = (version === 1 ? 16 : 24) / 4;
  return { memory, writer, words: new Uint32Array(memory), table, data: table + 4 * CHUNKS };
}

function write(writer: Writer, count: number): void {
  for (let n = 0; n < count; n++) writer.write(`entry ${writer.totalEntriesWritten + 1}`);
}

/** A reader of what is in a memory, in it or in a copy. */
function readers(memory: ArrayBuffer, options: ReaderOptions): Reader[] {
  const copy = new ArrayBuffer(memory.byteLength);
  const load = (from: number, to: number) => {
    const end = Math.min(to, memory.byteLength);
    if (from < end) new Uint8Array(copy).set(new Uint8Array(memory, from, end - from), from);
  };
  return [new Reader(memory, options), new Reader(copy, { ...options, load })];
}

/** Reads all; each entry must be that of its number. */
function drain(reader: Reader): number[] {
  return [...reader].map(({ sequenceNumber, text }) => {
    assert.equal(text, `entry ${sequenceNumber}`);
    return sequenceNumber;
  });
}

for (const version of VERSIONS) {
  for (const onDamage of ["skip", "throw"] as const) {
    test(`version ${version}, ${onDamage}: row 0 without a flag, and a writer that resumed`, () => {
      const { memory, words, table } = makeLog(version);
      words[table] = 0x7fffffff;
      words[table + 1] = 0;
      const waiting = readers(memory, { strategy: "oldest", onDamage });
      const writer = Writer.resume(memory);
      assert.equal(writer.write("entry 121"), 121);
      const all = [...waiting, ...readers(memory, { strategy: "oldest", onDamage })];
      for (const reader of all) {
        const numbers = drain(reader);
        assert.deepEqual([numbers[0], numbers.at(-1)], [67, 121]);
        // Those that were there before have lost the chunk that entry 121 overwrote.
        const lost = waiting.includes(reader) ? 42 : 20;
        assert.deepEqual([numbers.length, reader.lostEntries], [35, lost]);
      }
      write(writer, 1);
      for (const reader of all) assert.deepEqual(drain(reader), [122]);
    });
  }

  test(`version ${version}: row 0 is damaged, and its writer continues`, () => {
    const { memory, writer, words, table } = makeLog(version, 256, 85);
    const [reader] = readers(memory, { strategy: "oldest" });
    assert.equal(drain(reader).at(-1), 85);
    write(writer, 1);
    words[table + 1] = 0;
    assert.deepEqual(drain(reader), [], "chunk 0 is all that is new");
    // Until it begins chunk 1.
    write(writer, 19);
    assert.deepEqual([drain(reader), reader.lostEntries], [[], 0]);
    write(writer, 1);
    assert.deepEqual([drain(reader), reader.lostEntries], [[106], 20]);
    assert.deepEqual([drain(reader), reader.lostEntries], [[], 20]);
  });

  test(`version ${version}: without its wrap mark a lap ends all the same, nothing is lost`, () => {
    // Far from the end of the memory, too.
    for (const [chunkSize, length] of [[256, 50], [100_000, 150_000]]) {
      const { memory, writer, words, data } = makeLog(version, chunkSize, 0);
      const payload = "x".repeat(length);
      while (writer.totalEntriesWritten < 10 || !words.includes(WRAP, data)) writer.write(payload);
      const many = writer.totalEntriesWritten;
      const at = words.indexOf(WRAP, data);
      for (const damage of [0, 1, WRAP & 0x7fffffff, 0x80000000]) {
        words[at] = damage;
        for (const reader of readers(memory, { strategy: "oldest" })) {
          const numbers = [...reader].map(({ sequenceNumber }) => sequenceNumber);
          assert.deepEqual([numbers.at(-1), reader.lostEntries], [many, 0]);
          assert.equal(numbers.length, many - numbers[0] + 1);
        }
      }
    }
  });

  test(`version ${version}: a header that is zero in the last chunk ends it, the rest is lost`, () => {
    for (const isEmpty of [true, false]) {
      const { memory, words, table } = makeLog(version);
      const last = table + 4 * (CHUNKS - 1);
      const first = words[last + 2];
      words[(words[last] >>> 2) + (isEmpty ? 0 : 3)] = 0;
      for (const reader of readers(memory, { strategy: "oldest" })) {
        const numbers = drain(reader);
        assert.equal(numbers.at(-1), 120);
        assert.equal(numbers.includes(first + 1), !isEmpty);
        assert.equal(numbers.length + reader.lostEntries, 120 - numbers[0] + 1);
        assert.ok(reader.lostEntries > 10 && reader.lostEntries < 20);
      }
    }
  });

  test(`version ${version}: whatever word is damaged, a reader comes to the end`, () => {
    const values = [0, 1, 0x40000000, 0x7fffffff, WRAP, 0x80000002, 0x80000008, 0xffffffff];
    const before = makeLog(version);
    let cases = 0;
    for (let at = before.table; at < before.words.length; at++) {
      // A forged token is another number, not a way that ends.
      if (at < before.data && (at - before.table) % 4 > 1) continue;
      for (const value of values) {
        for (const isResumed of [true, false]) {
          const { memory, words, writer: first } = makeLog(version);
          const early = new Reader(memory, { strategy: "oldest", onDamage: "skip" });
          early.readBatch(10);
          words[at] = value;
          let writer = first;
          try {
            if (isResumed) writer = Writer.resume(memory);
          } catch (error) {
            assert.ok(error instanceof CorruptLogError);
            continue;
          }
          // What follows in a chunk whose header is damaged can be found only by the chunk after it.
          write(writer, isResumed ? 5 : 25);
          if (version === 2) writer.finish();
          const late = new Reader(memory, { strategy: "oldest", onDamage: "skip" });
          for (const reader of [early, late]) {
            let last = reader.lastSequenceNumber;
            for (const { sequenceNumber } of reader) last = sequenceNumber;
            const title = `word ${at} is 0x${value.toString(16)}, ${isResumed ? "resumed" : ""}`;
            assert.equal(last, writer.totalEntriesWritten, title);
            assert.equal(reader.isFinished, version === 2, title);
            cases++;
          }
        }
      }
    }
    assert.ok(cases > 5000);
  });
}

test("a reader at the end of a log does not skip to a chunk that comes while it looks", () => {
  // Each look at shared memory may let a writer come along: nothing may be lost.
  for (let step = 1; step < 60; step++) {
    const memory = new ArrayBuffer(segmentSize(CHUNKS, 64));
    const writer = Writer.create(memory, { chunkCount: CHUNKS });
    write(writer, 3);
    let looks = -1;
    const load = () => {
      if (looks >= 0 && ++looks === step) write(writer, 5);
    };
    const reader = new Reader(memory, { strategy: "oldest", onOverrun: "latest", load });
    assert.equal(drain(reader).length, 3);
    looks = 0;
    const numbers = drain(reader);
    while (looks < step) numbers.push(...drain(reader));
    numbers.push(...drain(reader));
    assert.deepEqual([numbers, reader.lostEntries], [[4, 5, 6, 7, 8], 0]);
  }
});

/** What a writer does: an entry of that many bytes, or a claim for them that is aborted. */
type Act = readonly ["write" | "abort", number];

/** What it stores. */
function storesOf(chunkCount: number, chunkSize: number, acts: readonly Act[]) {
  const memory = new ArrayBuffer(segmentSize(chunkCount, chunkSize));
  const writer = Writer.create(memory, { chunkCount, chunkSize });
  const journal = new Journal(memory);
  for (const [act, length] of acts) {
    journal.record(() => {
      if (act === "write") return writer.write(new Uint8Array(length));
      writer.claim(length).abort();
      return writer.totalEntriesWritten;
    });
  }
  const { image, stores } = journal;
  const replay = () => new Replay(image, memory.byteLength, stores);
  return { replay, stores, total: writer.totalEntriesWritten };
}

/** A reader that has read all there is: from then on, `at` says how many stores come before which of its looks. */
function caughtUp(replay: Replay, at: ReadonlyMap<number, number>, options: ReaderOptions) {
  let looks = -1;
  const copy = new Uint8Array(replay.memory.byteLength);
  const load = (from: number, to: number) => {
    if (looks >= 0) replay.step(at.get(looks++) ?? 0);
    copy.set(new Uint8Array(replay.memory, from, to - from), from);
  };
  const reader = new Reader(copy.buffer, { strategy: "oldest", ...options, load });
  while (reader.read() !== undefined);
  looks = 0;
  return reader;
}

/** `count` different numbers below `below` each, all there are. */
function* ascending(count: number, below: number, from = 0): Generator<number[]> {
  if (count === 0) yield [];
  else {
    for (let n = from; n < below; n++) {
      for (const rest of ascending(count - 1, below, n + 1)) yield [n, ...rest];
    }
  }
}

test("a chunk that is begun, stays empty and is moved to the front is no way that is lost", () => {
  // The last chunk is begun, and has no room for what comes next: it is invalid again, and the lap ends. A
  // reader may see that it is there, then that it is not, and then that chunk 0 is.
  const shapes: [number, number, Act[]][] = [
    [2, 8, [["write", 4], ["abort", 4], ["abort", 12], ["write", 4], ["write", 4]]],
    // Here the reader's chunk stays as it is.
    [3, 16, [["write", 12], ["write", 24], ["abort", 0], ["abort", 4], ["write", 4]]],
  ];
  for (const [chunkCount, chunkSize, acts] of shapes) {
    const { replay, stores, total } = storesOf(chunkCount, chunkSize, acts);
    const begun = stores.findIndex(({ published }) => published === chunkCount - 1) + 1;
    for (const [first, second, third] of ascending(3, 40)) {
      // The begin of the last chunk is two stores; its end, the mark, and chunk 0 are seven.
      if (first > 8 || third > second + 6) continue;
      for (let n = 0; n < 16; n++) {
        const still = replay();
        still.step(begun);
        const at = new Map([[first, 2], [second, 3 + n % 4], [third, 1 + (n >> 2)]]);
        const reader = caughtUp(still, at, {});
        for (let poll = 0; poll < 5; poll++) reader.read();
        still.finish();
        while (reader.read() !== undefined);
        const { lastSequenceNumber, lostEntries, overruns } = reader;
        assert.deepEqual([lastSequenceNumber, lostEntries, overruns], [total, 0, 0]);
      }
    }
  }
});

test("a reader that is overtaken while it looks whether it was passed by says so", () => {
  // Laps that end early: chunk 2 stays as it is while the writer is one lap ahead, and two.
  const [write, acts]: [Act, Act[]] = [["write", 4], []];
  for (const [writes, length] of [[2, 12], [2, 4], [5, 28], [2, 4]]) {
    acts.push(...new Array(writes).fill(write), ["abort", length]);
  }
  const { replay, stores } = storesOf(3, 16, acts);
  let losses = 0;
  for (const published of [4, 5, 6]) {
    const begun = stores.findIndex((store) => store.published === published) + 1;
    for (const [first, second] of ascending(2, 16)) {
      for (let n = 0; n < 60; n++) {
        const still = replay();
        still.step(begun);
        const at = new Map([[first, 1 + n % 3], [second, 1 + n % 20]]);
        const reader = caughtUp(still, at, { onOverrun: "throw" });
        try {
          reader.read();
          assert.deepEqual([reader.lostEntries, reader.overruns], [0, 0]);
        } catch (error) {
          if (!(error instanceof OverrunError)) throw error;
          assert.equal(reader.lostEntries, error.lostEntries);
          losses++;
        }
      }
    }
  }
  assert.ok(losses > 100);
});
