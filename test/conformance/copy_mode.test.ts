/** Readers that copy by system calls: they read what others read, and nothing can make them fault. */

import assert from "node:assert/strict";
import { truncateSync, writeFileSync } from "node:fs";
import test from "node:test";
import {
  ClosedError,
  type CopyMode,
  SegmentTruncatedError,
  ShmLogReader,
  ShmLogWriter,
  Writer,
} from "../../mod.ts";
import { SharedMemory } from "../../ffi/mod.ts";
import { testFolder } from "../support/folder.ts";
import { startChild, uniqueName } from "../support/runtime.ts";
import { streamEntry } from "../support/stream.ts";
import { needsTruncation } from "../support/platform.ts";

const folder = testFolder("copy-mode");

const SMALL = { chunkSize: 4096, chunkCount: 4 };
const MOST = 6000;
const truncated = new URL("children/truncated.ts", import.meta.url);
const newTargets = [uniqueName, () => ({ path: folder + uniqueName() })];

for (const newTarget of newTargets) {
  const title = typeof newTarget() === "string" ? "shared memory" : "a file";

  test(`pread of ${title} reads, loses and counts as the map does`, () => {
    const target = newTarget();
    using writer = ShmLogWriter.create(target, { ...SMALL, unlinkOnClose: true });
    const open = (copyMode: CopyMode) => ShmLogReader.open(target, { copyMode });
    using mapped = open("map");
    using copying = open("pread");
    const take = (reader: ShmLogReader, way: number) => {
      const seen: [number, Uint8Array][] = [];
      if (way === 0) { for (const entry of reader) seen.push([entry.sequenceNumber, entry.bytes]); }
      else if (way === 1) {
        for (let batch = reader.readBatch(); batch.length > 0; batch = reader.readBatch()) {
          for (const entry of batch) seen.push([entry.sequenceNumber, entry.bytes]);
        }
      } else {
        while (
          reader.forEach((entry) => seen.push([entry.sequenceNumber, entry.bytes()])) > 0
        );
      }
      return { seen, lost: reader.lostEntries, overruns: reader.overruns };
    };
    for (let n = 1, round = 0; round < 60; round++) {
      // Sometimes more than a lap.
      for (const end = n + (round * 7) % 300; n < end; n++) writer.write(streamEntry(n, MOST));
      const expected = take(mapped, round % 3);
      assert.deepEqual(take(copying, round % 3), expected);
      for (const [number, bytes] of expected.seen) {
        assert.deepEqual(bytes, streamEntry(number, MOST));
      }
    }
    assert.ok(mapped.overruns > 0, "some were lost");
    assert.deepEqual(copying.inspect(), mapped.inspect());
  });
}

// Found by the fuzzer: the padding of the last entry was loaded, too, and taken for a truncation.
test("pread reads an entry whose padding lies beyond the end of the log", () => {
  const path = folder + uniqueName();
  const image = new ArrayBuffer(32 + 4 + 5);
  Writer.create(image, { chunkCount: 1 }).write("12345");
  writeFileSync(path, new Uint8Array(image));
  using reader = ShmLogReader.open({ path }, { copyMode: "pread" });
  assert.equal(reader.read()?.text, "12345");
  assert.equal(reader.read(), undefined);
});

test(
  "pread gives a SegmentTruncatedError where the log was truncated, and continues when it grows",
  {
    skip: needsTruncation,
  },
  () => {
    const path = folder + uniqueName();
    using writer = ShmLogWriter.create({ path }, SMALL);
    using reader = ShmLogReader.open({ path }, { copyMode: "pread" });
    writer.write("one");
    const size = writer.segmentSize;
    truncateSync(path, 20);
    const message = new RegExp(`truncated from ${size} to 20 bytes`);
    assert.throws(() => reader.read(), (error) => {
      assert.ok(error instanceof SegmentTruncatedError);
      assert.match(error.message, message);
      return true;
    });
    assert.throws(() => reader.inspect(), SegmentTruncatedError);
    truncateSync(path, size + 100);
    assert.equal(reader.read(), undefined);
  },
);

test("pread after close gives a ClosedError", () => {
  const target = uniqueName();
  using _writer = ShmLogWriter.create(target, {
    ...SMALL,
    unlinkOnClose: typeof target === "string",
  });
  const reader = ShmLogReader.open(target, { copyMode: "pread" });
  reader.close();
  assert.throws(() => reader.read(), ClosedError);
  assert.throws(() => reader.inspect(), ClosedError);
});

test("a copyMode that there is not is a TypeError", () => {
  const target = uniqueName();
  using _writer = ShmLogWriter.create(target, {
    ...SMALL,
    unlinkOnClose: typeof target === "string",
  });
  const copyMode = "mmap" as CopyMode;
  assert.throws(() => ShmLogReader.open(target, { copyMode }), /copyMode is "mmap"/);
});

/** Copies backwards: what says that something is there comes after it, as from a writer. */
function restore(memory: ArrayBuffer, image: ArrayBuffer): void {
  const [to, from] = [new BigUint64Array(memory), new BigUint64Array(image)];
  for (let i = from.length - 1; i >= 0; i--) to[i] = from[i];
}

test("a log that is truncated and grows all the time does not kill a reader by pread", {
  skip: needsTruncation,
}, async () => {
  const target = uniqueName();
  const writer = ShmLogWriter.create(target, {
    ...SMALL,
    unlinkOnClose: typeof target === "string",
  });
  for (let n = 1; n <= 500; n++) writer.write(streamEntry(n, MOST));
  const image = new Uint8Array(writer.segmentSize);
  using memory = SharedMemory.open(target);
  memory.read(image, 0);
  const { segmentSize } = writer;
  const path = `/dev/shm${target}`;
  const child = startChild(truncated, [target, MOST]);
  try {
    assert.equal(await child.nextLine(), "ready");
    const end = performance.now() + 1000;
    // It says so when it has read entries, and found the log too short; on a busy machine that takes longer.
    let said: string | Error | undefined;
    child.nextLine().then((line) => said = line, (error) => said = error);
    for (let round = 0; performance.now() < end || said === undefined; round++) {
      truncateSync(path, [0, 20, 4096, 10_000][round % 4]);
      truncateSync(path, segmentSize + 100 * (round % 2));
      if (round % 3 > 0) continue;
      truncateSync(path, segmentSize);
      using whole = SharedMemory.open(target, { access: "read-write" });
      restore(whole.buffer, image.buffer);
      // Now and then long enough for many looks at what is whole.
      await new Promise((resolve) => setTimeout(resolve, round % 30 === 0 ? 3 : 0));
    }
    assert.equal(said, "seen");
    await child.say("stop");
    assert.equal(await child.ended(), 0);
  } finally {
    await child.kill();
    truncateSync(path, segmentSize);
    writer.close();
  }
});
