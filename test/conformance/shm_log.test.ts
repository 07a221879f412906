/** ShmLogWriter and ShmLogReader: who creates, who is locked out, who cleans up. */

import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import test from "node:test";
import {
  ClosedError,
  SegmentExistsError,
  ShmLogReader,
  ShmLogWriter,
  WriterLockedError,
} from "../../mod.ts";
import { SharedMemory } from "../../ffi/mod.ts";
import { testFolder } from "../support/folder.ts";
import { runScript, runtimeName, uniqueName } from "../support/runtime.ts";
import { isWindows, needsRemoval, notOnWindows } from "../support/platform.ts";
import { logPlaces } from "../support/log_places.ts";

const folder = testFolder("shm-log");

const SMALL = { chunkSize: 4096, chunkCount: 4 };
const reopener = new URL("children/reopener.ts", import.meta.url);
const texts = (reader: ShmLogReader) => [...reader].map((entry) => entry.text);

for (const { title, target: newTarget, path, create, isThere } of logPlaces(folder)) {
  test(`${title}: what is written is read, by text and bytes, one and many`, () => {
    const target = newTarget();
    using writer = create(target);
    using reader = ShmLogReader.open(target);
    assert.equal(writer.write("one"), 1);
    assert.equal(writer.writeMany(["two", new Uint8Array([51])]), 3);
    const claim = writer.claim(4);
    claim.bytes.set([102, 111, 117, 114]);
    claim.commit();
    assert.deepEqual(texts(reader), ["one", "two", "3", "four"]);
    // Windows gives whole pages, which the chunks share.
    const isRounded = isWindows && title === "shared memory";
    const [chunkSize, size] = isRounded ? [5100, 20480] : [4096, 16464];
    assert.deepEqual([writer.chunkCount, writer.chunkSize, writer.segmentSize], [
      4,
      chunkSize,
      size,
    ]);
    assert.equal(writer.name, reader.name);
    assert.equal(reader.inspect().entries, 4);
    writer.flush();
  });

  test(
    `${title}: ifExists fail, resume and replace do what they say`,
    { skip: needsRemoval },
    () => {
      const target = newTarget();
      create(target, { unlinkOnClose: false }).close();
      assert.throws(() => create(target, { ifExists: "fail" }), SegmentExistsError);
      {
        using writer = create(target, { ifExists: "resume", unlinkOnClose: false });
        assert.equal(writer.write("kept"), 1);
      }
      {
        using writer = ShmLogWriter.create(target, { ifExists: "resume", unlinkOnClose: false });
        assert.equal(writer.chunkSize, 4096, "a resumed log keeps its shape");
        assert.equal(writer.write("kept, too"), 2);
      }
      using old = ShmLogReader.open(target);
      using writer = create(target, { ifExists: "replace" });
      assert.equal(writer.write("new"), 1);
      assert.deepEqual(texts(old), ["kept", "kept, too"]);
      assert.equal(old.isReplaced(), true);
      assert.equal(old.reopen(), true);
      assert.deepEqual(texts(old), ["new"]);
      assert.deepEqual([old.isReplaced(), old.reopen()], [false, false]);
      assert.throws(() => create(target, { ifExists: "keep" as never }), TypeError);
    },
  );

  test(`${title}: resume and replace create what is not there`, () => {
    for (const ifExists of ["resume", "replace"] as const) {
      const target = newTarget();
      using writer = create(target, { ifExists });
      assert.equal(writer.write("x"), 1);
    }
  });

  test(`${title}: a second writer is locked out until the first is closed`, () => {
    const target = newTarget();
    const first = create(target, { unlinkOnClose: false });
    for (const ifExists of ["resume", "replace"] as const) {
      assert.throws(() => create(target, { ifExists }), WriterLockedError);
    }
    assert.equal(isThere(target), true);
    const reader = ShmLogReader.open(target);
    assert.equal(reader.isWriterAlive(), true);
    first.close();
    assert.equal(reader.isWriterAlive(), false);
    const second = create(target, { ifExists: "resume", unlinkOnClose: true });
    reader.close();
    second.close();
    assert.equal(isThere(target), false);
  });

  test(`${title}: close() removes only what is its own`, { skip: needsRemoval }, () => {
    const target = newTarget();
    const first = create(target);
    rmSync(path(target));
    using second = create(target);
    first.close();
    assert.equal(existsSync(path(target)), true);
    second.close();
    assert.equal(existsSync(path(target)), false);
    second.close();
  });

  test(`${title}: after close() uses are a ClosedError, and what was read stays good`, () => {
    const target = newTarget();
    const writer = create(target);
    const reader = ShmLogReader.open(target);
    writer.writeMany(["a", "b"]);
    const entry = reader.read();
    writer.close();
    reader.close();
    assert.equal(entry?.text, "a");
    for (
      const use of [
        () => writer.write("x"),
        () => writer.write(new Uint8Array(2)),
        () => writer.writeMany(["x"]),
        () => writer.claim(1),
        () => writer.flush(),
        () => reader.inspect(),
        () => reader.isWriterAlive(),
        () => reader.readBatch() && reader.readBatch(),
        () => reader.forEach(() => {}),
      ]
    ) assert.throws(use, ClosedError);
  });

  test(`${title}: a claim that is still open at close() reaches nothing afterwards`, () => {
    const target = newTarget();
    const writer = create(target);
    const claim = writer.claim(100);
    const { bytes } = claim;
    writer.close();
    bytes[0] = 1;
    assert.equal(bytes.length, 0);
    assert.throws(() => claim.commit(), ClosedError);
  });
}

test("unlinkOnClose is true for shared memory and false for a file by default", () => {
  const name = uniqueName();
  ShmLogWriter.create(name, { unlinkOnClose: true, ...SMALL }).close();
  assert.equal(SharedMemory.exists(name), false);
  const path = `${folder}/stays`;
  ShmLogWriter.create({ path }, SMALL).close();
  assert.equal(existsSync(path), true);
});

test("a name with or without its slash is the same log", {
  skip: notOnWindows("there they are two: see windows.test.ts"),
}, () => {
  const name = uniqueName();
  using writer = ShmLogWriter.create(name.slice(1), { unlinkOnClose: true, ...SMALL });
  using reader = ShmLogReader.open(name);
  writer.write("x");
  assert.equal(writer.name, name);
  assert.deepEqual(texts(reader), ["x"]);
  assert.throws(() => ShmLogReader.open("/a/b"), RangeError);
  assert.throws(() => ShmLogWriter.create("", { unlinkOnClose: true, ...SMALL }), RangeError);
});

test("Deno: a log in shared memory needs no permission but --allow-ffi", (t) => {
  if (runtimeName !== "deno") return t.skip("Deno only");
  const flags = ["--no-prompt", "--allow-ffi"];
  const { stdout, stderr } = runScript(reopener, [uniqueName()], { flags });
  // On Windows nothing is left between two that have it open.
  const count = isWindows ? 0 : 2;
  assert.equal(stdout.trim(), `entries: ${count}, by a pattern: ${count}`, stderr);
});
