/** Logs where a segment lives by its handles, and a file that is mapped stays: on Windows. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import test from "node:test";
import {
  SegmentExistsError,
  SegmentNotFoundError,
  ShmLogReader,
  ShmLogWriter,
  WriterLockedError,
} from "../../mod.ts";
import { testFolder } from "../support/folder.ts";
import { isWindows } from "../support/platform.ts";
import { startChild, uniqueName } from "../support/runtime.ts";
import { StreamCheck, streamEntry } from "../support/stream.ts";

const skip = isWindows ? false : "only on Windows";
const folder = testFolder("windows");

const SMALL = { chunkSize: 4096, chunkCount: 4 };
const writerFile = new URL("children/writer.ts", import.meta.url);
const texts = (reader: ShmLogReader) => [...reader].map((entry) => entry.text);

test(
  "a log goes when writer and readers have closed it, whatever unlinkOnClose says",
  { skip },
  () => {
    for (const unlinkOnClose of [true, false]) {
      const name = uniqueName("windows");
      const writer = ShmLogWriter.create(name, { ...SMALL, unlinkOnClose });
      writer.write("one");
      const reader = ShmLogReader.open(name);
      writer.close();
      assert.deepEqual(texts(reader), ["one"]);
      assert.deepEqual([reader.isReplaced(), reader.isWriterAlive()], [false, false]);
      reader.close();
      assert.throws(() => ShmLogReader.open(name), SegmentNotFoundError);
    }
  },
);

test(
  "a log that a reader keeps is resumed: the same reader continues, and the numbers do",
  { skip },
  () => {
    const name = uniqueName("windows");
    const first = ShmLogWriter.create(name, { unlinkOnClose: true, ...SMALL });
    first.write("one");
    using reader = ShmLogReader.open(name);
    first.close();
    assert.throws(
      () => ShmLogWriter.create(name, { unlinkOnClose: true, ...SMALL, ifExists: "fail" }),
      SegmentExistsError,
    );
    using second = ShmLogWriter.create(name, { unlinkOnClose: true, ...SMALL, ifExists: "resume" });
    assert.deepEqual([second.chunkSize, second.write("two")], [first.chunkSize, 2]);
    assert.deepEqual(texts(reader), ["one", "two"]);
    assert.throws(
      () => ShmLogWriter.create(name, { unlinkOnClose: true, ifExists: "resume" }),
      WriterLockedError,
    );
  },
);

test("a log that a reader keeps is not replaced, but one that nobody has open is", { skip }, () => {
  const name = uniqueName("windows");
  const first = ShmLogWriter.create(name, { unlinkOnClose: true, ...SMALL });
  first.write("one");
  const reader = ShmLogReader.open(name);
  const replace = () =>
    ShmLogWriter.create(name, { unlinkOnClose: true, ...SMALL, ifExists: "replace" });
  assert.throws(replace, WriterLockedError);
  first.close();
  assert.throws(
    replace,
    (error: Error) => error instanceof SegmentExistsError && /has readers/.test(error.message),
  );
  assert.deepEqual(texts(reader), ["one"]);
  reader.close();
  using second = replace();
  assert.equal(second.write("new"), 1);
});

test(
  "a writer that was killed leaves its mutex and its log to the next one",
  { skip },
  async () => {
    const name = uniqueName("windows");
    const check = new StreamCheck(300);
    const killed = startChild(writerFile, [name, 1e9, 300, 4096, 4]);
    assert.equal(await killed.nextLine(), "0");
    using reader = ShmLogReader.open(name);
    await killed.say("go");
    while (check.read < 1000) {
      for (const entry of reader) {
        check.take(entry.sequenceNumber, entry.bytes);
        if (check.read >= 1000) break;
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    assert.equal(reader.isWriterAlive(), true);
    await killed.kill();
    assert.equal(reader.isWriterAlive(), false);
    const last = reader.inspect().lastSequenceNumber;
    using writer = ShmLogWriter.create(name, { unlinkOnClose: true, ifExists: "resume" });
    assert.equal(writer.totalEntriesWritten, last);
    writer.write(streamEntry(last + 1, 300));
    for (const entry of reader) check.take(entry.sequenceNumber, entry.bytes);
    assert.deepEqual([check.wrong, check.notGrowing, check.last], [0, 0, last + 1]);
  },
);

test("chunks share what a segment has more than was asked for, up to its end", { skip }, () => {
  for (const [chunkSize, chunkCount] of [[4096, 4], [100, 3], [1024, 63], [5000, 1]]) {
    const name = uniqueName("windows");
    using writer = ShmLogWriter.create(name, { unlinkOnClose: true, chunkSize, chunkCount });
    using reader = ShmLogReader.open(name);
    const data = 16 + 16 * chunkCount;
    assert.equal(writer.segmentSize % 4096, 0);
    assert.ok(writer.segmentSize - (data + chunkSize * chunkCount) < 4096);
    assert.equal(writer.chunkSize, Math.floor((writer.segmentSize - data) / chunkCount));
    assert.equal(writer.maxEntrySize, writer.segmentSize - data - 4);
    const largest = new Uint8Array(writer.maxEntrySize).fill(7);
    for (let lap = 1; lap <= 3; lap++) {
      writer.write("small");
      writer.write(largest);
      const [entry, ...others] = [...reader].slice(-1);
      assert.deepEqual([entry.sequenceNumber, others], [2 * lap, []]);
      assert.deepEqual(entry.bytes, largest);
    }
  }
});

test("a log in a file is resumed, replaced and removed when nobody has it mapped", { skip }, () => {
  const path = `${folder}/ä log`;
  const create = (ifExists: "fail" | "resume" | "replace", unlinkOnClose = false) =>
    ShmLogWriter.create({ path }, { ...SMALL, ifExists, unlinkOnClose });
  const write = (writer: ShmLogWriter) => {
    const number = writer.write("entry");
    writer.flush();
    writer.close();
    return number;
  };
  assert.equal(write(create("fail")), 1);
  assert.throws(() => create("fail"), SegmentExistsError);
  assert.equal(write(create("resume")), 2);
  assert.equal(write(create("replace")), 1);
  assert.equal(write(create("resume", true)), 2);
  assert.equal(existsSync(path), false);
});
