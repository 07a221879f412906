/** Logs and circular buffers on a simulated macOS. */

import assert from "node:assert/strict";
import { readdirSync, rmSync } from "node:fs";
import { SharedMemory } from "../../ffi/mod.ts";
import {
  SegmentExistsError,
  ShmLogReader,
  ShmLogWriter,
  UnsupportedLogError,
  Writer,
  WriterLockedError,
} from "../../mod.ts";
import { CircularBufferReader, CircularBufferWriter } from "../../src/circular/mod.ts";
import { macTest } from "../support/mac_test.ts";

const SMALL = { chunkSize: 4096, chunkCount: 4 };

macTest("a log is written, read, resumed, replaced, and cleaned up", (mac) => {
  {
    using writer = ShmLogWriter.create("/log", { ...SMALL, unlinkOnClose: false });
    assert.equal(writer.segmentSize, 80 + 4 * 4096);
    assert.throws(
      () => ShmLogWriter.create("/log", { unlinkOnClose: true, ...SMALL, ifExists: "fail" }),
      SegmentExistsError,
    );
    assert.throws(
      () => ShmLogWriter.create("/log", { unlinkOnClose: true, ...SMALL, ifExists: "resume" }),
      WriterLockedError,
    );
    writer.writeMany(["one", "two"]);
    using reader = ShmLogReader.open("/log");
    assert.deepEqual([...reader].map((entry) => entry.text), ["one", "two"]);
    assert.ok(reader.isWriterAlive());
    assert.equal(reader.inspect().segmentSize, 80 + 4 * 4096);
  }
  mac.restart();
  using reader = ShmLogReader.open("/log");
  assert.equal(reader.isWriterAlive(), false);
  {
    using writer = ShmLogWriter.create("/log", { ifExists: "resume", unlinkOnClose: false });
    assert.equal(writer.write("three"), 3);
    assert.equal(reader.isReplaced(), false);
    assert.deepEqual([...reader].map((entry) => entry.text), ["one", "two", "three"]);
  }
  {
    using writer = ShmLogWriter.create("/log", {
      unlinkOnClose: true,
      ...SMALL,
      ifExists: "replace",
    });
    writer.write("anew");
    assert.ok(reader.isReplaced());
    assert.ok(reader.reopen());
    assert.equal(reader.read()?.text, "anew");
  }
  assert.equal(SharedMemory.exists("/log"), false);
  assert.deepEqual(readdirSync(mac.lockFolder), []);
});

macTest("nothing is left of a log whose lock can't be had", (mac) => {
  rmSync(mac.lockFolder, { recursive: true });
  assert.throws(() => ShmLogWriter.create("/log", { unlinkOnClose: true, ...SMALL }), /lock file/);
  assert.equal(SharedMemory.exists("/log"), false);
});

macTest(
  "a writer whose log lost its name keeps nobody from the name, and takes it from nobody",
  (mac) => {
    const first = ShmLogWriter.create("/name", { unlinkOnClose: true, ...SMALL });
    using reader = ShmLogReader.open("/name");
    SharedMemory.unlink("/name");
    using second = ShmLogWriter.create("/name", { unlinkOnClose: true, ...SMALL });
    assert.equal(readdirSync(mac.lockFolder).length, 2);
    assert.ok(reader.isReplaced() && reader.isWriterAlive());
    first.close();
    assert.equal(reader.isWriterAlive(), false);
    assert.equal(readdirSync(mac.lockFolder).length, 1);
    using other = ShmLogReader.open("/name");
    assert.ok(other.isWriterAlive());
    assert.equal(second.write("made anew"), 1);
    assert.equal(other.read()?.text, "made anew");
  },
);

macTest("a log is read by system calls, lap after lap", () => {
  using writer = ShmLogWriter.create("/laps", { unlinkOnClose: true, ...SMALL });
  using reader = ShmLogReader.open("/laps", { copyMode: "pread" });
  using mapped = ShmLogReader.open("/laps");
  let read = 0;
  for (let i = 1; i <= 600; i++) {
    writer.write("x".repeat(i % 97));
    if (i % 7 !== 0) continue;
    for (const entry of reader) {
      assert.deepEqual([entry.sequenceNumber, entry.length], [++read, read % 97]);
    }
  }
  assert.equal([...mapped].length + mapped.lostEntries, 600);
  assert.deepEqual([read, reader.lostEntries], [595, 0]);
});

macTest("a cursor goes on in its segment, and in no other", () => {
  using writer = ShmLogWriter.create("/cursor", { ...SMALL, unlinkOnClose: false });
  writer.writeMany(["one", "two", "three"]);
  using first = ShmLogReader.open("/cursor");
  first.read();
  const after = JSON.parse(JSON.stringify(first.position));
  {
    using second = ShmLogReader.open("/cursor", { after });
    assert.equal(second.continuation?.isSameSegment, true);
    assert.equal(second.read()?.text, "two");
  }
  SharedMemory.unlink("/cursor");
  writer.close();
  using _anew = ShmLogWriter.create("/cursor", { unlinkOnClose: true, ...SMALL });
  _anew.writeMany(["1", "2", "3"]);
  using third = ShmLogReader.open("/cursor", { after });
  assert.equal(third.continuation?.isSameSegment, false);
  assert.equal(third.read()?.text, "1");
});

macTest("the log of another program is read, and resumed, but no cursor is kept in it", (mac) => {
  const bytes = new Uint8Array(80 + 4 * 4096);
  Writer.create(bytes.buffer, SMALL).writeMany(["one", "two"]);
  mac.makeForeign("/cpp", bytes);
  using reader = ShmLogReader.open("/cpp");
  assert.equal(reader.read()?.text, "one");
  using again = ShmLogReader.open("/cpp", { after: reader.position });
  assert.equal(again.continuation?.isSameSegment, false);
  assert.equal(again.read()?.text, "one");
  using writer = ShmLogWriter.create("/cpp", { unlinkOnClose: true, ifExists: "resume" });
  assert.equal(writer.write("three"), 3);
  assert.equal(reader.isReplaced(), false);
  mac.makeForeign("/text", new TextEncoder().encode("no log at all"));
  assert.throws(
    () => ShmLogWriter.create("/text", { unlinkOnClose: true, ifExists: "replace" }),
    UnsupportedLogError,
  );
});

macTest("a follower goes over to the log that took the name", async () => {
  const write = (text: string) => {
    const writer = ShmLogWriter.create("/followed", { ...SMALL, unlinkOnClose: true });
    writer.write(text);
    return writer;
  };
  const first = write("old");
  using reader = ShmLogReader.open("/followed");
  let second: ShmLogWriter | undefined;
  for await (const { text } of reader.follow({ onAbandoned: "reopen", maxSleep: 5 })) {
    if (text === "new") break;
    assert.equal(text, "old");
    first.close();
    second = write("new");
  }
  second?.close();
});

macTest("waitFor() finds a log that is made later", async () => {
  const opening = ShmLogReader.waitFor("/later", { interval: 1 });
  await new Promise((resolve) => setTimeout(resolve, 5));
  using writer = ShmLogWriter.create("/later", { unlinkOnClose: true, ...SMALL });
  writer.write("hello");
  using reader = await opening;
  assert.equal(reader.read()?.text, "hello");
});

macTest("a circular buffer in the original's sizes and in ours", () => {
  for (const originalSize of [false, true]) {
    const spec = { indexName: "/index", dataName: "/data", capacity: 65536 };
    using writer = CircularBufferWriter.open(spec, { originalSize });
    using counted = CircularBufferReader.open(spec);
    using reader = CircularBufferReader.open(spec, { counted: false });
    for (let i = 0; i < 5000; i++) {
      writer.write(new Uint8Array([i, i >> 8, 3]));
      assert.equal(reader.read()?.[0], i & 0xff);
      assert.equal(counted.read()?.[0], i & 0xff);
    }
  }
  assert.equal(SharedMemory.exists("/index"), false);
});
