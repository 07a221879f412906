/** Cursors: a reader goes on exactly where another was, or says what is in between. */

import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import test, { after as afterAll } from "node:test";
import { type Cursor, type LogTarget, ShmLogReader, ShmLogWriter } from "../../mod.ts";
import { wineChangesCreation } from "../support/platform.ts";
import { uniqueName } from "../support/runtime.ts";

const SMALL = { chunkSize: 1024, chunkCount: 4, unlinkOnClose: true };
const folder = mkdtempSync(`${tmpdir()}/ouroboros-cursor-`);
afterAll(() => rmSync(folder, { recursive: true }));
const texts = (reader: ShmLogReader) => [...reader].map((entry) => entry.text);
const stored = (cursor: Cursor): Cursor => JSON.parse(JSON.stringify(cursor));

const places: [title: string, target: () => LogTarget][] = [
  ["shared memory", () => uniqueName("cursor")],
  ["a file", () => ({ path: folder + uniqueName("cursor") })],
];

for (const [title, newTarget] of places) {
  test(`${title}: after a cursor comes the next entry, wherever it was taken`, () => {
    const target = newTarget();
    using writer = ShmLogWriter.create(target, SMALL);
    using reader = ShmLogReader.open(target);
    const cursors = [stored(reader.position)];
    for (let number = 1; number <= 20; number++) {
      writer.write(`${number}`);
      assert.equal(reader.read()?.sequenceNumber, number);
      cursors.push(stored(reader.position));
    }
    cursors.forEach((after, number) => {
      using second = ShmLogReader.open(target, { after });
      assert.deepEqual(second.continuation, { isSameSegment: true, lostEntries: 0 });
      assert.deepEqual(second.position, after);
      assert.equal(second.read()?.sequenceNumber, number < 20 ? number + 1 : undefined);
    });
    assert.equal(reader.continuation, undefined);
  });

  test(`${title}: what was overwritten since is counted`, () => {
    const target = newTarget();
    using writer = ShmLogWriter.create(target, SMALL);
    using reader = ShmLogReader.open(target);
    writer.write("1");
    reader.read();
    const after = stored(reader.position);
    for (let number = 2; number <= 1000; number++) writer.write(`entry ${number}`);
    for (const copyMode of ["map", "pread"] as const) {
      using second = ShmLogReader.open(target, { after, onOverrun: "throw", copyMode });
      const { firstSequenceNumber } = second.inspect();
      const lostEntries = firstSequenceNumber - 2;
      assert.ok(lostEntries > 0);
      assert.deepEqual(second.continuation, { isSameSegment: true, lostEntries });
      const rest = [...second];
      assert.equal(rest[0].sequenceNumber, firstSequenceNumber);
      assert.equal(1 + lostEntries + rest.length, 1000);
      assert.equal(second.lostEntries, lostEntries);
    }
  });

  test(`${title}: another log of the name is not taken for the one of the cursor, and read from its start`, () => {
    const target = newTarget();
    const old = ShmLogWriter.create(target, SMALL);
    old.writeMany(["a", "b"]);
    const reader = ShmLogReader.open(target);
    texts(reader);
    const after = stored(reader.position);
    reader.close();
    old.close();
    // Files get the same inode again: only the time of creation tells, to some milliseconds.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30);
    using writer = ShmLogWriter.create(target, SMALL);
    writer.writeMany(["c", "d", "e"]);
    using second = ShmLogReader.open(target, { after, strategy: "latest" });
    assert.deepEqual(second.continuation, { isSameSegment: false, lostEntries: 0 });
    assert.deepEqual(texts(second), ["c", "d", "e"]);
  });

  test(`${title}: a resumed log is the one of the cursor`, {
    skip: title === "a file" && wineChangesCreation,
  }, () => {
    const target = newTarget();
    const first = ShmLogWriter.create(target, { ...SMALL, unlinkOnClose: false });
    first.write("1");
    using reader = ShmLogReader.open(target);
    reader.read();
    first.close();
    using writer = ShmLogWriter.create(target, { ...SMALL, ifExists: "resume" });
    writer.write("2");
    using second = ShmLogReader.open(target, { after: stored(reader.position) });
    assert.deepEqual(second.continuation, { isSameSegment: true, lostEntries: 0 });
    assert.deepEqual(texts(second), ["2"]);
  });
}

test("a cursor beyond the end of a log is not of that log", () => {
  const name = uniqueName("cursor");
  using writer = ShmLogWriter.create(name, { ...SMALL });
  writer.write("1");
  using reader = ShmLogReader.open(name);
  const after = { ...reader.position, sequenceNumber: 2 };
  using second = ShmLogReader.open(name, { after });
  assert.deepEqual(second.continuation, { isSameSegment: false, lostEntries: 0 });
  assert.deepEqual(texts(second), ["1"]);
});

test("a copy of a file is not the file of the cursor", () => {
  const path = folder + uniqueName("cursor");
  using writer = ShmLogWriter.create({ path }, SMALL);
  writer.write("1");
  using reader = ShmLogReader.open({ path });
  texts(reader);
  copyFileSync(path, `${path}.copy`);
  using copy = ShmLogReader.open({ path: `${path}.copy` }, { after: stored(reader.position) });
  assert.equal(copy.continuation?.isSameSegment, false);
});

test("what is no cursor is a TypeError that says why", () => {
  const name = uniqueName("cursor");
  using _writer = ShmLogWriter.create(name, { ...SMALL });
  using reader = ShmLogReader.open(name);
  const good = reader.position;
  const bad = [
    null,
    {},
    "cursor",
    { ...good, inode: "1" },
    { ...good, sequenceNumber: -1 },
    { ...good, sequenceNumber: 0.5 },
    { ...good, device: undefined },
  ];
  for (const after of bad) {
    assert.throws(() => ShmLogReader.open(name, { after: after as Cursor }), TypeError);
  }
});
