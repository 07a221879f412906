/** How large a log is: what was asked for, what there is room for, and another size than it had. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { SharedMemory } from "../../ffi/mod.ts";
import {
  type LogTarget,
  type ReopenEvent,
  segmentSize,
  ShmLogReader,
  ShmLogWriter,
  type ShmLogWriterOptions,
} from "../../mod.ts";
import {
  needsNamespaces,
  notOnMac,
  notOnWindows,
  wineChangesCreation,
} from "../support/platform.ts";
import { runScript, uniqueName } from "../support/runtime.ts";
import { warningsOf } from "../support/warnings.ts";

const KIB = 2 ** 10;
const MIB = 2 ** 20;
const needsReplacing = notOnWindows("a segment of Windows keeps its size") ||
  notOnMac("a segment of macOS gets its size once");

/** A log, in shared memory and in a file, that is gone in the end. */
async function inEach(work: (target: LogTarget) => void | Promise<void>): Promise<void> {
  const name = uniqueName("size");
  const folder = mkdtempSync(join(tmpdir(), "ouroboros-size-"));
  try {
    await work(name);
    await work({ path: join(folder, "log") });
  } finally {
    SharedMemory.unlink(name);
    rmSync(folder, { recursive: true, maxRetries: 5 });
  }
}

function open(target: LogTarget, options: ShmLogWriterOptions): ShmLogWriter {
  return ShmLogWriter.create(target, { ifExists: "resume", unlinkOnClose: false, ...options });
}

function entriesOf(target: LogTarget): [number, string][] {
  using reader = ShmLogReader.open(target, { strategy: "oldest" });
  return [...reader].map(({ sequenceNumber, text }) => [sequenceNumber, text]);
}

test("size is what the log takes, as bytes or as text", async () => {
  await inEach((target) => {
    for (
      const [size, bytes] of [["256KiB", 256 * KIB], [100_000, 100_000], ["1MB", 1e6]] as const
    ) {
      using log = ShmLogWriter.create(target, { size, ifExists: "replace", unlinkOnClose: true });
      const page = SharedMemory.persists ? 0 : 4096;
      assert.ok(
        log.segmentSize <= bytes + page && log.segmentSize > bytes - 128,
        `${log.segmentSize}`,
      );
      assert.equal(log.chunkCount, 16);
    }
    using log = ShmLogWriter.create(target, { size: "64KiB", chunkCount: 4, unlinkOnClose: true });
    assert.equal(log.chunkCount, 4);
  });
});

test("a size that makes no sense is refused, with the option's name", () => {
  const wrong: [ShmLogWriterOptions, ErrorConstructor][] = [
    [{ size: "64 apples" }, RangeError],
    [{ size: "" }, RangeError],
    [{ size: 0 }, RangeError],
    [{ size: 1.5 }, RangeError],
    [{ size: 100 }, RangeError],
    [{ size: "8GiB" }, RangeError],
    [{ size: true as never }, TypeError],
    [{ size: "1MiB", chunkSize: 4096 }, RangeError],
  ];
  const name = uniqueName("size");
  for (const [options, kind] of wrong) {
    assert.throws(
      () => ShmLogWriter.create(name, options),
      (error) => error instanceof kind && /size|bytes/i.test(error.message),
    );
  }
  assert.equal(SharedMemory.exists(name), false);
});

test("a log that is resumed in another size keeps entries and numbers", {
  skip: needsReplacing,
}, async () => {
  await inEach((target) => {
    const first = open(target, { size: "64KiB" });
    for (let i = 1; i <= 5000; i++) first.write(`entry ${i}`);
    first.close();
    const before = entriesOf(target);
    assert.ok(before[0][0] > 1, "it has lapped");

    const larger = open(target, { size: "1MiB" });
    assert.ok(larger.segmentSize > MIB - 128);
    assert.equal(larger.totalEntriesWritten, 5000);
    assert.deepEqual(entriesOf(target), before);
    assert.equal(larger.write("entry 5001"), 5001);
    larger.close();

    const smaller = open(target, { size: "16KiB" });
    const left = entriesOf(target);
    assert.equal(smaller.write("entry 5002"), 5002);
    assert.deepEqual(left, [...before, [5001, "entry 5001"]].slice(-left.length));
    assert.ok(left.length > 500 && left.length < before.length);
    smaller.close();
  });
});

test("what fits no more is left out, with all before it", { skip: needsReplacing }, async () => {
  await inEach((target) => {
    const first = open(target, { size: "256KiB" });
    first.write("before");
    first.write("x".repeat(20_000));
    first.write("after");
    first.close();
    using _small = open(target, { size: "8KiB" });
    assert.deepEqual(entriesOf(target), [[3, "after"]]);
  });
});

test("an empty log, and one that is asked for as it is, are resumed in their places", async () => {
  await inEach(async (target) => {
    const first = open(target, { size: "64KiB", chunkCount: 4 });
    // For Windows, where a segment lives as long as somebody has it open.
    using _kept = ShmLogReader.open(target);
    first.close();
    const identity = () => {
      using reader = ShmLogReader.open(target);
      const { device, inode, created } = reader.position;
      return [device, inode, wineChangesCreation || created];
    };
    const before = identity();
    const same: ShmLogWriterOptions[] = [{}, { size: "64KiB" }, { chunkCount: 4 }, {
      size: 64 * KIB,
      chunkCount: 4,
    }];
    for (const options of same) open(target, options).close();
    assert.deepEqual(identity(), before);
    if (needsReplacing) return;
    const warnings = await warningsOf(() => {
      using log = open(target, { chunkCount: 8 });
      assert.equal(log.chunkCount, 8);
    });
    assert.deepEqual(warnings, []);
    assert.notDeepEqual(identity(), before);
  });
});

test("a follower continues in the log of another size, and gets nothing twice", {
  skip: needsReplacing,
}, async () => {
  const name = uniqueName("size");
  const first = open(name, { size: "64KiB" });
  for (let i = 1; i <= 3; i++) first.write(String(i));
  using reader = ShmLogReader.open(name);
  const seen: string[] = [];
  first.close();
  using second = open(name, { size: "128KiB", unlinkOnClose: true });
  second.write("4");
  for await (const { text } of reader.follow({ onAbandoned: "reopen" })) {
    if (seen.push(text) === 4) break;
  }
  assert.deepEqual([seen, reader.lostEntries], [["1", "2", "3", "4"], 0]);
  assert.equal(reader.lastSequenceNumber, 4);
});

test("a reader starts at entry 1 where the log of another size was replaced meanwhile", {
  skip: needsReplacing,
}, async () => {
  for (const version of [1, 2] as const) {
    await inEach((target) => {
      const first = open(target, { size: "64KiB", version });
      first.writeMany(["old 1", "old 2"]);
      using reader = ShmLogReader.open(target);
      assert.equal([...reader].length, 2);
      first.close();
      open(target, { size: "128KiB" }).close();
      using other = open(target, { size: "64KiB", version, ifExists: "replace" });
      other.writeMany(["new 1", "new 2", "new 3"]);
      assert.equal(reader.reopen(), true);
      assert.deepEqual([...reader].map(({ text }) => text), ["new 1", "new 2", "new 3"]);
    });
  }
});

test("a reader continues where its last entry is gone from the log of another size", {
  skip: needsReplacing,
}, async () => {
  for (const version of [1, 2] as const) {
    await inEach((target) => {
      const first = open(target, { size: "64KiB", version });
      first.writeMany(["1", "2"]);
      using reader = ShmLogReader.open(target);
      assert.equal([...reader].length, 2);
      first.close();
      using second = open(target, { size: 4096 });
      for (let i = 3; i <= 1000; i++) second.write(String(i));
      assert.equal(reader.reopen(), true);
      const entries = [...reader];
      assert.equal(entries.at(-1)?.text, "1000");
      assert.equal(reader.lostEntries + entries.length, 998);
    });
  }
});

test(
  "a follower gets what is left, and how much is lost, where the log of another size has lapped, writers as processes",
  {
    skip: needsReplacing,
  },
  async () => {
    for (const version of [1, 2] as const) {
      const name = uniqueName("size");
      const write = (size: string, from: number, to: number) => {
        const { status, stderr } = runScript(
          new URL("children/resized.ts", import.meta.url),
          [name, size, version, from, to],
        );
        assert.equal(status, 0, stderr);
      };
      try {
        write("64KiB", 1, 10);
        using reader = ShmLogReader.open(name);
        const numbers: number[] = [];
        const events: [number | "unknown", number, number][] = [];
        let last = 0;
        const options = {
          onAbandoned: "reopen",
          onReopen: ({ lostEntries, after }: ReopenEvent) =>
            void events.push([lostEntries, last, after]),
        } as const;
        for await (const { sequenceNumber } of reader.follow(options)) {
          numbers.push(last = sequenceNumber);
          if (sequenceNumber === 10) write("4KiB", 11, 1000);
          if (sequenceNumber === 1000) break;
        }
        assert.deepEqual(events, [[0, 10, 10]]);
        assert.deepEqual(numbers.slice(0, 10), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        assert.equal(numbers.length + reader.lostEntries, 1000);
        assert.ok(reader.lostEntries > 500);
      } finally {
        SharedMemory.unlink(name);
      }
    }
  },
);

// A file system of its own, in a namespace of its own.
const MOUNT = 'mount -t tmpfs -o size=64m tmpfs /dev/shm && exec "$@"';

test("in a small /dev/shm workers share what there is, and a log stays as it is for lack of room", {
  skip: needsNamespaces,
}, (t) => {
  const before = ["unshare", "--mount", "sh", "-c", MOUNT, "sh"];
  const small = new URL("children/small_shm.ts", import.meta.url);
  const { stdout, stderr, signal } = runScript(small, [], { before });
  if (/^(unshare|mount):/m.test(stderr)) return t.skip(`no namespace to be had: ${stderr.trim()}`);
  assert.equal(signal, null, stderr);
  const [sizes, kept] = stdout.trim().split("\n");
  const found: number[] = JSON.parse(sizes);
  assert.equal(found[0], segmentSize(16, MIB));
  assert.ok(found.length >= 8, `${found.length} workers`);
  for (const size of found) assert.ok(size >= segmentSize(16, 16 * KIB));
  assert.match(kept, /^"kept" log "\/app\.0" keeps its size of 16 MiB, 64 MiB can't be reserved: /);
});
