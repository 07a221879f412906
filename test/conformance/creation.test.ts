/** What somebody makes is complete when others find it, and nothing is left of what was not finished. */

import assert from "node:assert/strict";
import { readdirSync, rmSync } from "node:fs";
import process from "node:process";
import test from "node:test";
import { SegmentNotFoundError, ShmLogReader } from "../../mod.ts";
import { EventLogReader } from "../../src/events/mod.ts";
import { MappedFile, SharedMemory } from "../../ffi/mod.ts";
import { testFolder } from "../support/folder.ts";
import { startChild, uniqueName } from "../support/runtime.ts";
import { mapLines } from "../support/usage.ts";

const folder = testFolder("creation");

const creator = new URL("children/creator.ts", import.meta.url);
const ROUNDS = Number(process.env.CREATION_ROUNDS ?? 40);
const skip = process.platform === "linux" ? false : "only Linux makes what has no name yet";

const kinds: [kind: string, base: () => string, open: (place: string) => Disposable][] = [
  ["shared memory", uniqueName, (place) => ShmLogReader.open(place)],
  ["file", () => folder + uniqueName(), (path) => ShmLogReader.open({ path })],
  ["events", () => folder + uniqueName(), (path) => EventLogReader.open(path)],
];

for (const [kind, newBase, open] of kinds) {
  test(`${kind}: a reader that opens it as soon as its name is there finds all of it`, {
    skip,
  }, async () => {
    const base = newBase();
    const child = startChild(creator, [kind, base]);
    try {
      assert.equal(await child.nextLine(), "ready");
      for (let round = 0; round < ROUNDS; round++) {
        await child.say(String(round));
        const deadline = Date.now() + 30_000;
        for (let look = 1;; look++) {
          // One runtime writes what was said when it has its turn.
          if (look % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
          try {
            open(`${base}-${round}`)[Symbol.dispose]();
            break;
          } catch (error) {
            // Anything else says that it was there, and not a log.
            if (!(error instanceof SegmentNotFoundError) || Date.now() > deadline) throw error;
          }
        }
        assert.equal(await child.nextLine(), "made");
      }
      child.process.stdin?.end();
      assert.equal(await child.ended(), 0);
    } finally {
      await child.kill();
      for (let round = 0; round < ROUNDS; round++) {
        rmSync(`${kind === "shared memory" ? "/dev/shm" : ""}${base}-${round}`, { force: true });
      }
    }
  });
}

test("create() of a process that is killed within leaves nothing", { skip }, async () => {
  const base = uniqueName();
  const child = startChild(creator, ["victim", base]);
  assert.equal(await child.nextLine(), "ready");
  await child.say("1");
  assert.equal(await child.ended(), "SIGKILL");
  assert.deepEqual(readdirSync("/dev/shm").filter((name) => name.includes(base.slice(1))), []);
});

test(
  "create() calls prepare with memory that has its size, its lock and no name yet",
  { skip },
  () => {
    const name = uniqueName();
    const path = `${folder}/prepared`;
    const options = (exists: () => boolean) => ({
      lock: true,
      prepare: (memory: SharedMemory | MappedFile) => {
        assert.equal(exists(), false);
        assert.equal(memory.currentSize(), 8192);
        new Uint8Array(memory.buffer)[8191] = 7;
      },
    });
    using memory = SharedMemory.create(name, 8192, options(() => SharedMemory.exists(name)));
    using file = MappedFile.create(
      path,
      8192,
      options(() => readdirSync(folder).includes("prepared")),
    );
    try {
      for (const made of [memory, file]) {
        assert.deepEqual([made.isCurrent(), made.tryLock(), made.isLocked()], [true, true, false]);
        assert.equal(new Uint8Array(made.buffer)[8191], 7);
      }
      using other = SharedMemory.open(name);
      assert.deepEqual([other.isLocked(), other.tryLock()], [true, false]);
      // Whoever looks which processes have it open finds this one.
      assert.deepEqual([mapLines(name).length, mapLines(path).length], [2, 1]);
      memory.close();
      assert.equal(other.tryLock(), true);
    } finally {
      SharedMemory.unlink(name);
      MappedFile.unlink(path);
    }
  },
);

test("create() whose prepare throws leaves nothing, and no lock", () => {
  const name = uniqueName();
  const path = `${folder}/thrown`;
  const failure = new Error("not today");
  const options = {
    lock: true,
    prepare: () => {
      throw failure;
    },
  };
  assert.throws(() => SharedMemory.create(name, 4096, options), failure);
  assert.throws(() => MappedFile.create(path, 4096, options), failure);
  assert.deepEqual([SharedMemory.exists(name), readdirSync(folder).includes("thrown")], [
    false,
    false,
  ]);
});
