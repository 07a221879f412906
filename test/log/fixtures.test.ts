/** The images written by the reference: what readers give, what resuming gives, byte equality. */

import assert from "node:assert/strict";
import test from "node:test";
import { CorruptLogError, inspect, Reader, Writer } from "../../mod.ts";
import {
  assertReads,
  type Fixture,
  fromHex,
  liveRows,
  loadFixtures,
  toHex,
} from "../support/fixtures.ts";

// In the words of the fixtures, which are the reference's: "lowest" is "oldest".
const STRATEGIES = ["auto", "latest", "lowest"] as const;
const fixtures = loadFixtures();

/** Images where the reference's own reader is wrong: the right answer follows from the rules. */
const REFERENCE_IS_WRONG = new Set([
  "bug_d1_first_lap_ff",
  "bug_d2_forged_entry",
  "bug_d2_stale_rows_abort",
  "crash_chunk_switch_lap2_step3",
  "crash_wrap_implicit_step1",
  "crash_wrap_marker_step2",
]);

/** For those: the sequence numbers that are to be had for certain, first and last, by strategy. */
const RIGHT: Record<string, Record<(typeof STRATEGIES)[number], [number, number] | "corrupt">> = {
  bug_d1_first_lap_ff: { auto: "corrupt", latest: [13, 16], lowest: "corrupt" },
  bug_d2_forged_entry: { auto: [76, 76], latest: [76, 76], lowest: [65, 76] },
  bug_d2_stale_rows_abort: { auto: [76, 76], latest: [76, 76], lowest: [65, 76] },
  crash_chunk_switch_lap2_step3: { auto: [17, 20], latest: [17, 20], lowest: [13, 20] },
  crash_wrap_implicit_step1: { auto: [13, 16], latest: [13, 16], lowest: [5, 16] },
  crash_wrap_marker_step2: { auto: [16, 16], latest: [16, 16], lowest: [6, 16] },
};

/** Every entry is one that was written, under its own number, and the numbers grow. */
function readChecked(fixture: Fixture, reader: Reader): number[] {
  const numbers: number[] = [];
  for (const entry of reader) {
    const written = fixture.written[entry.sequenceNumber - 1] ?? fixture.interrupted;
    assert.equal(toHex(entry.bytes), written, `payload of entry ${entry.sequenceNumber}`);
    assert.ok(entry.sequenceNumber > (numbers.at(-1) ?? 0), "numbers grow");
    numbers.push(entry.sequenceNumber);
  }
  return numbers;
}

test("there are images to read", () => {
  assert.ok(fixtures.length >= 58, `${fixtures.length} images`);
});

for (const fixture of fixtures.filter(({ name }) => !REFERENCE_IS_WRONG.has(name))) {
  for (const strategy of STRATEGIES) {
    test(`Reader gives what the reference gives: ${fixture.name}, ${strategy}`, () => {
      const reader = new Reader(fixture.image(), { strategy });
      assertReads(reader, fixture.expected[strategy]);
    });
  }
}

for (const fixture of fixtures.filter(({ name }) => REFERENCE_IS_WRONG.has(name))) {
  for (const strategy of STRATEGIES) {
    test(`Reader is right where the reference is wrong: ${fixture.name}, ${strategy}`, () => {
      const reader = new Reader(fixture.image(), { strategy });
      const right = RIGHT[fixture.name][strategy];
      if (right === "corrupt") {
        assert.throws(() => reader.read(), CorruptLogError);
        return;
      }
      const numbers = readChecked(fixture, reader);
      assert.deepEqual([numbers[0], numbers.at(-1)], right);
      assert.equal(numbers.length, right[1] - right[0] + 1);
    });
  }
}

test('Reader skips what the reference destroyed, and counts it, with onDamage: "skip"', () => {
  const fixture = fixtures.find(({ name }) => name === "bug_d1_first_lap_ff")!;
  const reader = new Reader(fixture.image(), { strategy: "oldest", onDamage: "skip" });
  const numbers = readChecked(fixture, reader);
  assert.deepEqual([numbers[0], numbers.at(-1), numbers.length], [5, 16, 12]);
  assert.equal(reader.lostEntries, 4);
});

for (const fixture of fixtures) {
  test(`Writer.resume continues with the next number: ${fixture.name}`, () => {
    const memory = fixture.image();
    const follower = fixture.name.startsWith("bug_d1")
      ? undefined
      : new Reader(memory, { strategy: "oldest" });
    if (follower !== undefined) readChecked(fixture, follower);
    const writer = Writer.resume(memory);
    const { written } = fixture;
    // A published entry stays, even if the write that made it was cut off before its row.
    const total = fixture.name === "crash_chunk_switch_step6" ? written.length + 1 : written.length;
    assert.equal(writer.totalEntriesWritten, total);
    assert.equal(inspect(memory).lastSequenceNumber, total);
    if (!fixture.name.startsWith("bug_d1")) {
      assert.deepEqual(inspect(memory).damage, []);
      readChecked(fixture, new Reader(memory, { strategy: "oldest" }));
    }
    // Two laps more: everything that the crash left behind is overwritten on the way.
    const reader = new Reader(memory, { strategy: "latest" });
    readChecked(fixture, reader);
    const rounds = Math.ceil(2 * memory.byteLength / 16) + 2;
    for (let i = 0; i < rounds; i++) {
      const number = writer.write(`entry ${total + i + 1}`);
      assert.equal(number, total + i + 1);
      for (const each of [reader, follower]) {
        const entry = each?.read();
        if (each === undefined) continue;
        assert.equal(entry?.sequenceNumber, number);
        assert.equal(entry?.text, `entry ${number}`);
      }
    }
    assert.equal(reader.lostEntries, 0);
  });
}

/** Where the reference clears other rows than those whose bytes it destroys, or destroys bytes. */
const OTHER_ROWS = new Set([
  "many_chunks_1024",
  "many_chunks_256",
  "mixed_big_small",
  "target_not_multiple_of_4",
  "wrapped_many",
  "wrapped_many_binary",
]);

for (const fixture of fixtures.filter(({ name }) => !/^(crash|bug)_/.test(name))) {
  const isOther = OTHER_ROWS.has(fixture.name);
  const what = isOther ? "and in entries" : "everywhere";
  test(`Writer writes the reference's bytes, in header ${what}: ${fixture.name}`, () => {
    const memory = new ArrayBuffer(fixture.image().byteLength);
    const { chunkCount, chunkSize } = fixture;
    const writer = Writer.create(memory, { chunkCount, chunkSize });
    assert.equal(writer.maxEntrySize, fixture.maxEntrySize);
    for (const hex of fixture.written) writer.write(fromHex(hex));
    const [ours, theirs] = [new Uint8Array(memory), new Uint8Array(fixture.image())];
    const table = 16 + 16 * fixture.chunkCount;
    assert.equal(toHex(ours.subarray(0, 16)), toHex(theirs.subarray(0, 16)));
    assert.equal(toHex(ours.subarray(table)), toHex(theirs.subarray(table)));
    const [ourRows, theirRows] = [liveRows(memory), liveRows(fixture.image())];
    if (isOther) assert.deepEqual(ourRows, theirRows);
    else assert.equal(toHex(ours), toHex(theirs));
  });
}
