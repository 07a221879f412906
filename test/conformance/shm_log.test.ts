/** ShmLogWriter and ShmLogReader: who creates, who waits, who is locked out, who cleans up. */

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import test, { after } from "node:test";
import {
  ClosedError,
  CorruptLogError,
  type LogTarget,
  SegmentExistsError,
  SegmentNotFoundError,
  SegmentTruncatedError,
  ShmLogReader,
  ShmLogWriter,
  type ShmLogWriterOptions,
  UnsupportedLogError,
  WriterLockedError,
} from "../../mod.ts";
import { SharedMemory } from "../../ffi/mod.ts";
import {
  pressCtrlC,
  runScript,
  runtimeName,
  startChild,
  thisRuntime,
  uniqueName,
} from "../support/runtime.ts";
import {
  isWindows,
  needsConsole,
  needsPaths,
  needsRemoval,
  needsSignals,
  needsTruncation,
  notOnWindows,
} from "../support/platform.ts";

const folder = mkdtempSync(`${tmpdir()}/ouroboros-test-`);
after(() => rmSync(folder, { recursive: true }));

const SMALL = { chunkSize: 4096, chunkCount: 4 };
const reopener = new URL("children/reopener.ts", import.meta.url);
const signalled = new URL("children/signalled.ts", import.meta.url);
const texts = (reader: ShmLogReader) => [...reader].map((entry) => entry.text);

interface Place {
  title: string;
  target: () => LogTarget;
  path: (target: LogTarget) => string;
}

const places: Place[] = [
  { title: "shared memory", target: uniqueName, path: (name) => `/dev/shm${name}` },
  {
    title: "a file",
    target: () => ({ path: folder + uniqueName() }),
    path: (target) => (target as { path: string }).path,
  },
];

for (const { title, target: newTarget, path } of places) {
  const noPath = title === "shared memory" && needsPaths;
  // Windows can't remove a file while a reader has it mapped.
  const unlinkOnClose = !isWindows || title === "shared memory";
  const create = (target: LogTarget, options: ShmLogWriterOptions = {}) =>
    ShmLogWriter.create(target, { ...SMALL, unlinkOnClose, ...options });
  const isThere = (target: LogTarget) =>
    typeof target === "string" ? SharedMemory.exists(target) : existsSync(target.path);

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
      assert.throws(() => create(target), SegmentExistsError);
      {
        using writer = create(target, { ifExists: "resume", unlinkOnClose: false });
        assert.equal(writer.write("kept"), 1);
      }
      {
        using writer = create(target, {
          ifExists: "resume",
          unlinkOnClose: false,
          chunkSize: 9999,
        });
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

  test(`${title}: a truncated log is a SegmentTruncatedError, not the end of the process`, {
    skip: needsTruncation,
  }, () => {
    const target = newTarget();
    using writer = create(target);
    for (let i = 0; i < 100; i++) writer.write("x".repeat(100));
    using reader = ShmLogReader.open(target);
    truncateSync(path(target), 4096);
    assert.throws(() => reader.read(), SegmentTruncatedError);
    assert.throws(() => reader.inspect(), SegmentTruncatedError);
  });

  test(`${title}: what is no log is refused, and left as it was`, { skip: noPath }, () => {
    const target = newTarget();
    writeFileSync(path(target), "not a log at all, but somebody's text");
    assert.throws(() => ShmLogReader.open(target), UnsupportedLogError);
    assert.throws(() => create(target, { ifExists: "resume" }), UnsupportedLogError);
    assert.equal(existsSync(path(target)), true);
    writeFileSync(path(target), new Uint8Array(64).fill(1, 40));
    assert.throws(() => create(target, { ifExists: "resume" }), UnsupportedLogError);
    rmSync(path(target));
  });

  test(`${title}: a log whose creator died before the magic is made anew`, { skip: noPath }, () => {
    const target = newTarget();
    writeFileSync(path(target), new Uint8Array(8192));
    using writer = create(target, { ifExists: "resume" });
    assert.equal(writer.write("x"), 1);
    assert.equal(writer.segmentSize, 16464);
  });

  test(`${title}: a damaged header is a CorruptLogError`, { skip: noPath }, () => {
    const target = newTarget();
    create(target, { unlinkOnClose: false }).close();
    truncateSync(path(target), 60);
    assert.throws(() => ShmLogReader.open(target), CorruptLogError);
    assert.throws(() => create(target, { ifExists: "resume" }), CorruptLogError);
    rmSync(path(target));
  });

  test(
    `${title}: waitFor() waits for the log, and for its creator to be done`,
    { skip: noPath },
    async () => {
      const target = newTarget();
      assert.throws(() => ShmLogReader.open(target), SegmentNotFoundError);
      const waiting = ShmLogReader.waitFor(target, { interval: 1 });
      writeFileSync(path(target), new Uint8Array(8192)); // created, without the magic
      await new Promise((resolve) => setTimeout(resolve, 20));
      using writer = create(target, { ifExists: "resume" });
      using reader = await waiting;
      writer.write("x");
      assert.deepEqual(texts(reader), ["x"]);
    },
  );

  test(`${title}: waitFor() ends with the signal's reason`, async () => {
    const target = newTarget();
    const controller = new AbortController();
    const waiting = ShmLogReader.waitFor(target, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 10);
    await assert.rejects(waiting, /enough/);
    await assert.rejects(ShmLogReader.waitFor(target, { signal: AbortSignal.abort() }));
  });

  test(`${title}: follow() gives what is there and what comes, and ends with the signal`, async () => {
    const target = newTarget();
    using writer = create(target);
    using reader = ShmLogReader.open(target);
    writer.write("before");
    const controller = new AbortController();
    const got: string[] = [];
    setTimeout(() => writer.write("later"), 10);
    for await (const entry of reader.follow({ signal: controller.signal })) {
      got.push(entry.text);
      if (got.length === 2) setTimeout(() => controller.abort(), 10);
    }
    assert.deepEqual(got, ["before", "later"]);
  });

  for (const how of ["SIGINT", "SIGTERM", "exit", "end"] as const) {
    test(`${title}: handleSignals closes and removes the log on ${how}`, {
      skip: how === "SIGTERM" && needsSignals || how === "SIGINT" && needsConsole,
    }, async () => {
      const target = newTarget();
      const kind = typeof target === "string" ? target : target.path;
      const args = [kind, typeof target === "string" ? "name" : "path", how];
      const child = startChild(signalled, args, thisRuntime, how === "SIGINT");
      assert.equal(await child.nextLine(), "written");
      assert.equal(isThere(target), true);
      if (how === "exit" || how === "end") await child.say("go");
      else if (isWindows) pressCtrlC(child.pid);
      else child.process.kill(how);
      const expected = { exit: 3, end: 0, SIGINT: isWindows ? 1 : how, SIGTERM: how };
      assert.equal(await child.ended(), expected[how]);
      assert.equal(isThere(target), false);
    });
  }
}

test("unlinkOnClose is true for shared memory and false for a file when nothing is said", () => {
  const name = uniqueName();
  ShmLogWriter.create(name, SMALL).close();
  assert.equal(SharedMemory.exists(name), false);
  const path = `${folder}/stays`;
  ShmLogWriter.create({ path }, SMALL).close();
  assert.equal(existsSync(path), true);
});

test("a name with or without its slash is the same log", {
  skip: notOnWindows("there they are two: see windows.test.ts"),
}, () => {
  const name = uniqueName();
  using writer = ShmLogWriter.create(name.slice(1), SMALL);
  using reader = ShmLogReader.open(name);
  writer.write("x");
  assert.equal(writer.name, name);
  assert.deepEqual(texts(reader), ["x"]);
  assert.throws(() => ShmLogReader.open("/a/b"), RangeError);
  assert.throws(() => ShmLogWriter.create("", SMALL), RangeError);
});

test("Deno: a log in shared memory needs no permission but --allow-ffi", (t) => {
  if (runtimeName !== "deno") return t.skip("Deno only");
  const flags = ["--no-prompt", "--allow-ffi"];
  const { stdout, stderr } = runScript(reopener, [uniqueName()], { flags });
  // On Windows nothing is left between two that have it open.
  assert.equal(stdout.trim(), `entries: ${isWindows ? 0 : 2}`, stderr);
});
