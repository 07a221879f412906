/** What somebody put in the place of a log: a link, a folder, a pipe. Not followed, not touched. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import test from "node:test";
import {
  type LogTarget,
  type OuroborosError,
  SegmentExistsError,
  ShmLogReader,
  ShmLogWriter,
  type ShmLogWriterOptions,
  SystemCallError,
} from "../../mod.ts";
import { SharedMemory } from "../../ffi/mod.ts";
import { testFolder } from "../support/folder.ts";
import { logPlaces } from "../support/log_places.ts";
import { uniqueName } from "../support/runtime.ts";
import { needsLinks, needsPaths, notOnMac, notOnWindows } from "../support/platform.ts";

const folder = testFolder("in-the-way");

const SMALL = { chunkSize: 4096, chunkCount: 4 };
const create = (target: LogTarget, options: ShmLogWriterOptions) =>
  ShmLogWriter.create(target, { ...SMALL, unlinkOnClose: true, ...options });

/** A log of ours that somebody would like us to write to, or to remove, by another name. */
function makeVictim(path: string): Uint8Array {
  using writer = ShmLogWriter.create({ path }, SMALL);
  writer.writeMany(["one", "two"]);
  return readFileSync(path);
}

for (const { title, target: newTarget, path: pathOf } of logPlaces(folder)) {
  test(`${title}: a writer does not follow a link, even to a log of its own user`, {
    skip: needsLinks,
  }, () => {
    const target = newTarget();
    const path = pathOf(target);
    const victim = `${folder}/victim`;
    const content = makeVictim(victim);
    symlinkSync(victim, path);
    try {
      assert.throws(() => create(target, { ifExists: "fail" }), SegmentExistsError);
      for (const ifExists of ["resume", "replace"] as const) {
        assert.throws(
          () => create(target, { ifExists }),
          (error: OuroborosError) =>
            error instanceof SystemCallError && /ELOOP/.test(error.message),
        );
      }
      assert.deepEqual(readFileSync(victim), content);
      assert.equal(lstatSync(path).isSymbolicLink(), true);
    } finally {
      rmSync(path);
      rmSync(victim);
    }
  });

  test(`${title}: a writer does not create where a broken link leads`, { skip: needsLinks }, () => {
    const target = newTarget();
    const path = pathOf(target);
    symlinkSync(`${folder}/nowhere`, path);
    try {
      assert.throws(() => create(target, { ifExists: "fail" }), SegmentExistsError);
      assert.throws(() => create(target, { ifExists: "resume" }), SystemCallError);
      assert.throws(() => create(target, { ifExists: "replace" }), SystemCallError);
      assert.equal(existsSync(`${folder}/nowhere`), false);
      assert.equal(lstatSync(path).isSymbolicLink(), true);
    } finally {
      rmSync(path);
    }
  });

  const others: [what: string, make: (path: string) => void][] = [
    ["a folder", (path) => mkdirSync(path)],
    ["a pipe", (path) => spawnSync("mkfifo", [path])],
  ];
  for (const [what, make] of others) {
    test(`${title}: ${what} is refused, without waiting for anybody, and left there`, {
      skip: notOnWindows("a segment has no path, and pipes are none there") ||
        notOnMac("a segment has no path"),
    }, () => {
      const target = newTarget();
      make(pathOf(target));
      try {
        assert.throws(() => ShmLogReader.open(target), SystemCallError);
        assert.throws(() => create(target, { ifExists: "fail" }), SegmentExistsError);
        assert.throws(() => create(target, { ifExists: "resume" }), SystemCallError);
        assert.throws(() => create(target, { ifExists: "replace" }), SystemCallError);
        assert.equal(existsSync(pathOf(target)), true);
      } finally {
        rmSync(pathOf(target), { recursive: true });
      }
    });
  }

  test(`${title}: close() does not remove a link that somebody put in the log's place`, {
    skip: needsLinks,
  }, () => {
    const target = newTarget();
    const path = pathOf(target);
    const writer = create(target, {});
    const reader = ShmLogReader.open(target);
    renameSync(path, `${path}-away`);
    symlinkSync(`${path}-away`, path);
    try {
      writer.write("still ours");
      assert.equal(reader.read()?.text, "still ours");
      writer.close();
      assert.deepEqual([existsSync(`${path}-away`), lstatSync(path).isSymbolicLink()], [
        true,
        true,
      ]);
    } finally {
      reader.close();
      rmSync(path);
      rmSync(`${path}-away`);
    }
  });
}

test(
  "shared memory: a reader does not follow a link; of a file it does",
  { skip: needsLinks },
  () => {
    const victim = `${folder}/followed`;
    makeVictim(victim);
    const name = uniqueName();
    symlinkSync(victim, `/dev/shm${name}`);
    symlinkSync(victim, folder + name);
    try {
      assert.throws(() => ShmLogReader.open(name), SystemCallError);
      using reader = ShmLogReader.open({ path: folder + name });
      assert.deepEqual([...reader].map((entry) => entry.text), ["one", "two"]);
      assert.equal(reader.isReplaced(), false);
    } finally {
      rmSync(`/dev/shm${name}`);
    }
  },
);

test(
  "SharedMemory: what is in the way is known to exists(), not to list(), and unlink() takes a link only",
  { skip: needsPaths },
  () => {
    const victim = `${folder}/unlinked`;
    makeVictim(victim);
    const [link, place, pipe] = [uniqueName(), uniqueName(), uniqueName()];
    symlinkSync(victim, `/dev/shm${link}`);
    mkdirSync(`/dev/shm${place}`);
    spawnSync("mkfifo", [`/dev/shm${pipe}`]);
    try {
      assert.deepEqual([link, place, pipe].map((name) => SharedMemory.exists(name)), [
        true,
        true,
        true,
      ]);
      const listed = SharedMemory.list();
      assert.deepEqual([link, place, pipe].filter((name) => listed.includes(name)), []);
      assert.throws(() => SharedMemory.unlink(place), SystemCallError);
      assert.equal(SharedMemory.unlink(link), true);
      assert.equal(existsSync(victim), true);
    } finally {
      for (const name of [link, place, pipe]) {
        rmSync(`/dev/shm${name}`, { recursive: true, force: true });
      }
    }
  },
);
