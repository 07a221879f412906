/** What is left when the system refuses: each call of each structure fails once, in turn. */

import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import os from "node:os";
import process from "node:process";
import test from "node:test";
import { OuroborosError, ShmLogReader, ShmLogWriter, SystemCallError } from "../../mod.ts";
import { MappedFile, SharedMemory } from "../../ffi/mod.ts";
import { CircularBufferReader, CircularBufferWriter } from "../../src/circular/mod.ts";
import { EventLogReader, EventLogWriter } from "../../src/events/mod.ts";
import { MemMapRingBuffer } from "../../src/ring/mod.ts";
import { FailingSystem } from "../support/failing_system.ts";
import { testFolder } from "../support/folder.ts";
import { runAsNobody } from "../support/nobody.ts";
import { uniqueName } from "../support/runtime.ts";
import { descriptorsOf, mapLines } from "../support/usage.ts";

const options = { skip: process.platform !== "linux" && "the calls are those of Linux" };
const { errno: ERRNO } = os.constants;

const folder = testFolder("refused");

/** What can be opened and closed at a place that nobody else has. */
interface Structure {
  title: string;
  /** Makes what must be there before, which stays. */
  prepare?: (name: string) => void;
  /** Whether its file stays when it is closed. */
  stays?: boolean;
  open(name: string): { close(): void };
}

const shape = { chunkSize: 4000, chunkCount: 2 };
const specOf = (name: string) => ({
  indexName: `${name}-index`,
  dataName: `${name}-data`,
  capacity: 5000,
});
const pathOf = (name: string) => folder + name;
const kept = { ...shape, unlinkOnClose: false };

const structures: Structure[] = [
  {
    title: "a new log",
    open: (name) => ShmLogWriter.create(name, { unlinkOnClose: true, ...shape, notify: true }),
  },
  {
    title: "a log that is resumed",
    prepare: (name) => ShmLogWriter.create(name, { ...kept }).close(),
    open: (name) => ShmLogWriter.create(name, { ...kept, ifExists: "resume" }),
  },
  {
    title: "a new log in a file",
    open: (name) => ShmLogWriter.create({ path: pathOf(name) }, { ...shape, unlinkOnClose: true }),
  },
  {
    title: "a log in a file that is resumed",
    prepare: (name) => ShmLogWriter.create({ path: pathOf(name) }, shape).close(),
    open: (name) => ShmLogWriter.create({ path: pathOf(name) }, { ...shape, ifExists: "resume" }),
  },
  {
    title: "the reader of a log",
    prepare: (name) => ShmLogWriter.create(name, { ...kept }).close(),
    open: (name) => ShmLogReader.open(name),
  },
  {
    title: "a new event log",
    stays: true,
    open: (name) => EventLogWriter.create(pathOf(name), { capacity: 4096 }),
  },
  {
    title: "an event log that is opened",
    prepare: (name) => EventLogWriter.create(pathOf(name), { capacity: 4096 }).close(),
    open: (name) => EventLogWriter.open(pathOf(name)),
  },
  {
    title: "the reader of an event log",
    prepare: (name) => EventLogWriter.create(pathOf(name), { capacity: 4096 }).close(),
    open: (name) => EventLogReader.open(pathOf(name)),
  },
  {
    title: "a new ring",
    stays: true,
    open: (name) => MemMapRingBuffer.open(pathOf(name), 1024),
  },
  {
    title: "a ring that is opened",
    prepare: (name) => MemMapRingBuffer.open(pathOf(name), 1024).close(),
    open: (name) => MemMapRingBuffer.open(pathOf(name)),
  },
  {
    title: "a new circular buffer",
    open: (name) => CircularBufferWriter.open(specOf(name)),
  },
  {
    title: "a new circular buffer of the original's size",
    open: (name) => CircularBufferWriter.open(specOf(name), { originalSize: true }),
  },
  ...[true, false].map((counted) => ({
    title: `the reader of a circular buffer, counted: ${counted}`,
    open(name: string) {
      const spec = specOf(name);
      const writer = quietly(() => CircularBufferWriter.open(spec));
      let reader: CircularBufferReader | undefined;
      try {
        reader = CircularBufferReader.open(spec, { counted });
      } finally {
        if (reader === undefined) quietly(() => writer.close());
      }
      return {
        close() {
          quietly(() => writer.close());
          reader.close();
        },
      };
    },
  })),
];

let failing: FailingSystem | undefined;

/** Does something with a system that refuses nothing, and counts none of it. */
function quietly<T>(action: () => T): T {
  const { onCall } = failing!;
  failing!.heal();
  try {
    return action();
  } finally {
    failing!.onCall = onCall;
  }
}

/** All that there is of a name. */
function leftOf(name: string): unknown {
  const part = name.slice(1);
  const names = [...readdirSync("/dev/shm"), ...readdirSync(folder)];
  return {
    names: names.filter((found) => found.replace(/^sem\./, "").startsWith(part)).sort(),
    descriptors: descriptorsOf(`${part}`).length,
    maps: mapLines(part).map((line) => line.split(/\s+/).slice(5)),
  };
}

/** The calls without which a name can't be removed. */
const FOR_REMOVAL = /unlink|^flock$|^fstat$|^lstat$|^file identify$/;

function namesOf(name: string): string[] {
  return (leftOf(name) as { names: string[] }).names;
}

function removeAll(name: string): void {
  CircularBufferWriter.remove(specOf(name));
  SharedMemory.unlink(name);
  MappedFile.unlink(pathOf(name));
}

/** Calls `attempt` with a system of which the first call fails, then the second, until none does. */
function failEach(attempt: (fails: () => { failed?: string }) => void): string[] {
  const failed: string[] = [];
  using system = new FailingSystem();
  failing = system;
  for (let count = 1; count < 500; count++) {
    let last: { failed?: string } | undefined;
    attempt(() => last = system.failAt(count));
    system.heal();
    if (last?.failed === undefined) return failed;
    failed.push(last.failed);
  }
  throw new Error("it never succeeds");
}

for (const { title, prepare, stays, open } of structures) {
  test(`${title}: whatever call fails when it is opened leaves nothing behind`, options, () => {
    const failed = failEach((fails) => {
      const name = uniqueName("refused");
      try {
        prepare?.(name);
        const before = leftOf(name);
        const last = fails();
        let opened: { close(): void } | undefined;
        try {
          opened = open(name);
        } catch (error) {
          assert.ok(error instanceof OuroborosError || last.failed === "view", `${error}`);
          failing!.heal();
          assert.deepEqual(leftOf(name), before, `${last.failed} failed`);
          opened = open(name);
        }
        failing!.heal();
        opened.close();
      } finally {
        failing!.heal();
        removeAll(name);
      }
      assert.deepEqual(leftOf(name), { names: [], descriptors: 0, maps: [] });
    });
    assert.ok(failed.length > 3, failed.join());
  });

  test(`${title}: whatever call fails when it is closed, it is closed`, options, () => {
    failEach((fails) => {
      const name = uniqueName("refused");
      try {
        prepare?.(name);
        const before = namesOf(name);
        const opened = open(name);
        const during = namesOf(name);
        const last = fails();
        let thrown: unknown;
        try {
          opened.close();
        } catch (error) {
          thrown = error;
        }
        failing!.heal();
        assert.ok(thrown === undefined || thrown instanceof OuroborosError, `${thrown}`);
        const after = namesOf(name);
        // What can't be removed stays, and nothing else.
        const isSame = after.join() === (stays ? during : before).join();
        assert.ok(isSame || FOR_REMOVAL.test(last.failed ?? ""), `${after} after ${last.failed}`);
        assert.deepEqual(leftOf(name), { names: after, descriptors: 0, maps: [] });
        removeAll(name);
        prepare?.(name);
        open(name).close();
      } finally {
        failing!.heal();
        removeAll(name);
      }
    });
  });
}

test(
  "memory that signals never let be reserved is a typed error, after so many attempts",
  options,
  () => {
    using system = new FailingSystem();
    const name = uniqueName("refused");
    let attempts = 0;
    system.onCall = (call) => {
      if (call !== "posix_fallocate") return 0;
      attempts++;
      return ERRNO.EINTR;
    };
    assert.throws(
      () => ShmLogWriter.create(name, { unlinkOnClose: true }),
      (error) => error instanceof SystemCallError && error.errno === ERRNO.EINTR,
    );
    assert.throws(() => EventLogWriter.create(pathOf(name)), SystemCallError);
    assert.ok(attempts > 10 && attempts < 1000, `${attempts}`);
    assert.deepEqual(leftOf(name), { names: [], descriptors: 0, maps: [] });
  },
);

test("memory is reserved in steps where a signal interrupts each long one", options, () => {
  using system = new FailingSystem();
  const name = uniqueName("refused");
  const reserved: [number, number][] = [];
  system.onCall = (call, given) => {
    if (call !== "posix_fallocate") return 0;
    const [offset, size] = given.slice(1).map(Number);
    if (size > 500_000) return ERRNO.EINTR;
    reserved.push([offset, size]);
    return 0;
  };
  using writer = ShmLogWriter.create(name, {
    unlinkOnClose: true,
    chunkSize: 1 << 20,
    chunkCount: 16,
  });
  let end = 0;
  for (const [offset, size] of reserved) {
    assert.equal(offset, end);
    end += size;
  }
  assert.equal(end, writer.segmentSize);
  assert.equal(statSync(`/dev/shm${name}`).blocks * 512, Math.ceil(end / 4096) * 4096);
});

test(
  "a follower that finds no free descriptor when its log is replaced tries again",
  options,
  async () => {
    using system = new FailingSystem();
    const name = uniqueName("refused");
    const first = ShmLogWriter.create(name, { unlinkOnClose: true, ...shape });
    using reader = ShmLogReader.open(name);
    let refused = 0;
    const items = reader.follow({ onAbandoned: "reopen", signal: AbortSignal.timeout(20_000) });
    first.write("old");
    assert.equal((await items.next()).value?.text, "old");
    first.close();
    using second = ShmLogWriter.create(name, { unlinkOnClose: true, ...shape });
    second.write("new");
    system.onCall = (call) => call === "shm_open" && refused++ < 3 ? ERRNO.EMFILE : 0;
    assert.equal((await items.next()).value?.text, "new");
    assert.equal(refused, 4);
    await items.return!();
  },
);

test("a log that its own user may not read can be made, and goes again", {
  skip: options.skip || process.getuid?.() !== 0 && "only root can become another user",
}, () => {
  const name = uniqueName("refused");
  const child = new URL("children/write_only.ts", import.meta.url);
  const { stdout, stderr } = runAsNobody(child, [name]);
  assert.equal(stdout, "written\n", stderr);
  assert.deepEqual(leftOf(name), { names: [], descriptors: 0, maps: [] });
});
