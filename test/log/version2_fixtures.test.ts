/** The images of version 2, written by the reference: what readers give, resuming, byte equality. */

import assert from "node:assert/strict";
import test from "node:test";
import {
  inspect,
  LogFinishedError,
  Reader,
  type ReaderOptions,
  snapshot,
  verify,
  Writer,
} from "../../mod.ts";
import {
  assertReads,
  type Fixture,
  fromHex,
  liveRows,
  loadFixtures,
  toHex,
} from "../support/fixtures.ts";

const STRATEGIES = ["auto", "latest", "lowest"] as const;
const fixtures = loadFixtures(2);

/** How to look at an image: in its memory, or by copies of what is looked at. */
const WAYS: Record<string, (image: ArrayBuffer) => [ArrayBuffer, ReaderOptions]> = {
  "in memory": (image) => [image, {}],
  "by copies": (image) => {
    const copy = new Uint8Array(image.byteLength);
    const load = (from: number, to: number) =>
      copy.set(new Uint8Array(image, from, to - from), from);
    return [copy.buffer, { load }];
  },
};

test("there are images of version 2 to read", () => {
  assert.ok(fixtures.length >= 11, `${fixtures.length} images`);
});

for (const fixture of fixtures) {
  for (const [way, open] of Object.entries(WAYS)) {
    for (const strategy of STRATEGIES) {
      test(`Reader gives what the reference gives, ${way}: ${fixture.name}, ${strategy}`, () => {
        const [memory, options] = open(fixture.image());
        const reader = new Reader(memory, { ...options, strategy });
        assertReads(reader, fixture.expected[strategy]);
        assert.equal(reader.version, 2);
        assert.equal(reader.bufferId, fixture.bufferId);
        assert.equal(reader.isFinished, fixture.isFinished);
        assert.equal(reader.isRestarted, false);
      });
    }

    test(`inspect() and verify() find it sound, ${way}: ${fixture.name}`, () => {
      const [memory, options] = open(fixture.image());
      const info = inspect(memory, options);
      assert.deepEqual(info.damage, []);
      assert.equal(info.version, 2);
      assert.equal(info.bufferId, `${fixture.bufferId}`);
      assert.equal(info.isFinished, fixture.isFinished);
      assert.equal(info.lastSequenceNumber, fixture.written.length);
      assert.equal(info.chunkSize, fixture.chunkSize);
      assert.equal(JSON.parse(JSON.stringify(info)).bufferId, `${fixture.bufferId}`);
      const found = verify(memory, options);
      assert.equal(found.isIntact, true);
      assert.equal(found.isFinished, fixture.isFinished);
      assert.equal(found.entries, fixture.expected.lowest.length);
    });
  }

  test(`snapshot() keeps version, id, entries and end: ${fixture.name}`, () => {
    const copy = snapshot(fixture.image());
    const reader = new Reader(copy.memory, { strategy: "oldest" });
    const texts = [...reader].map(({ sequenceNumber, bytes }) =>
      `${sequenceNumber} ${toHex(bytes)}`
    );
    const expected = fixture.expected.lowest.map(
      ({ sequence_number, payload_hex }) => `${sequence_number} ${payload_hex}`,
    );
    assert.deepEqual(texts, expected);
    assert.equal(copy.lastSequenceNumber, fixture.written.length);
    assert.equal(reader.bufferId, fixture.bufferId);
    assert.equal(reader.isFinished, fixture.isFinished);
  });

  test(`Writer.resume continues with the next number, unless it is finished: ${fixture.name}`, () => {
    const memory = fixture.image();
    if (fixture.isFinished) {
      assert.throws(() => Writer.resume(memory), LogFinishedError);
      assert.equal(toHex(new Uint8Array(memory)), toHex(new Uint8Array(fixture.image())));
      return;
    }
    const follower = new Reader(memory, { strategy: "oldest" });
    for (const _ of follower);
    const writer = Writer.resume(memory);
    assert.equal(writer.version, 2);
    assert.equal(writer.bufferId, fixture.bufferId);
    const total = fixture.written.length;
    assert.equal(writer.totalEntriesWritten, total);
    const rounds = Math.ceil(2 * memory.byteLength / 16) + 2;
    for (let number = total + 1; number <= total + rounds; number++) {
      assert.equal(writer.write(`entry ${number}`), number);
      const entry = follower.read();
      assert.equal(entry?.sequenceNumber, number);
      assert.equal(entry?.text, `entry ${number}`);
    }
    writer.finish();
    assert.equal(follower.read(), undefined);
    assert.equal(follower.isFinished, true);
    assert.equal(follower.lostEntries, 0);
  });

  test(`Writer.restart starts it again: ${fixture.name}`, () => {
    const memory = fixture.image();
    const reader = new Reader(memory, { strategy: "oldest" });
    const writer = Writer.restart(memory);
    assert.notEqual(writer.bufferId, fixture.bufferId);
    assert.equal(writer.write("anew"), 1);
    assert.equal(reader.read(), undefined);
    assert.equal(reader.isRestarted, true);
    assert.equal(reader.lostEntries, 0);
    const next = new Reader(memory);
    assert.deepEqual([...next].map(({ text }) => text), ["anew"]);
    assert.equal(inspect(memory).chunkCount, fixture.chunkCount);
  });
}

/** Where the reference clears other rows than those whose bytes it destroys. */
const OTHER_ROWS = new Set(["v2_finished_after_laps", "v2_many_chunks", "v2_wrapped"]);

for (const fixture of fixtures) {
  const isOther = OTHER_ROWS.has(fixture.name);
  const what = isOther ? "and in entries" : "everywhere";
  test(`Writer writes the reference's bytes, in header ${what}: ${fixture.name}`, () => {
    const memory = new ArrayBuffer(fixture.image().byteLength);
    const ours = new Uint8Array(memory);
    const theirs = new Uint8Array(fixture.image());
    write(memory, fixture);
    if (fixture.writtenBefore.length > 0) {
      // A random one.
      assert.notEqual(toHex(ours.subarray(16, 24)), toHex(theirs.subarray(16, 24)));
      ours.set(theirs.subarray(16, 24), 16);
    }
    const table = 24 + 16 * fixture.chunkCount;
    assert.equal(toHex(ours.subarray(0, 24)), toHex(theirs.subarray(0, 24)));
    assert.equal(toHex(ours.subarray(table)), toHex(theirs.subarray(table)));
    if (isOther) assert.deepEqual(liveRows(memory), liveRows(fixture.image()));
    else assert.equal(toHex(ours), toHex(theirs));
  });
}

/** Writes what the reference wrote. */
function write(memory: ArrayBuffer, fixture: Fixture): void {
  const { chunkCount, chunkSize, bufferId, writtenBefore, written, isFinished } = fixture;
  let writer = Writer.create(memory, { chunkCount, chunkSize, version: 2, bufferId });
  if (writtenBefore.length > 0) {
    for (const hex of writtenBefore) writer.write(fromHex(hex));
    writer = Writer.restart(memory, { chunkSize });
  }
  for (const hex of written) writer.write(fromHex(hex));
  if (isFinished) writer.finish();
}
