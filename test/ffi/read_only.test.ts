/** A memory that is opened for reading can't be written to: the kernel says so. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { type LogTarget, ShmLogReader, ShmLogWriter } from "../../mod.ts";
import { MappedFile, type Mapping, SharedMemory } from "../../ffi/mod.ts";
import { testFolder } from "../support/folder.ts";
import { uniqueName } from "../support/runtime.ts";
import { descriptorsOf, hasProc, mapLines } from "../support/usage.ts";

const folder = testFolder("read-only");
const skip = hasProc ? false : "no /proc to look at";

const O_ACCMODE = 3;
const [O_RDONLY, O_RDWR] = [0, 2];

/** The permissions of each map of a path, and the access mode of each descriptor. */
function accessTo(path: string): [permissions: string[], modes: number[]] {
  const modes = descriptorsOf(path).map((descriptor) => {
    const text = readFileSync(`/proc/self/fdinfo/${descriptor}`, "utf8");
    return parseInt(/^flags:\s*(\d+)/m.exec(text)?.[1] ?? "", 8) & O_ACCMODE;
  });
  return [mapLines(path).map((line) => line.split(" ")[1]), modes];
}

const kinds: [title: string, open: (name: string, writable: boolean) => Mapping][] = [
  [
    "SharedMemory",
    (name, writable) => SharedMemory.open(name, { access: writable ? "read-write" : "read" }),
  ],
  [
    "MappedFile",
    (name, writable) =>
      MappedFile.open(folder + name, { access: writable ? "read-write" : "read" }),
  ],
];

for (const [title, open] of kinds) {
  test(`${title}: opened for reading, map and descriptor are read-only`, { skip }, () => {
    const name = `${uniqueName()}-read-only`;
    if (title === "MappedFile") MappedFile.create(folder + name, 4096).close();
    else SharedMemory.create(name, 4096).close();
    try {
      const memory = open(name, false);
      assert.deepEqual(accessTo(name), [["r--s"], [O_RDONLY]]);
      memory.close();
      // If nothing is said, too.
      const plain = title === "MappedFile"
        ? MappedFile.open(folder + name)
        : SharedMemory.open(name);
      assert.deepEqual(accessTo(name), [["r--s"], [O_RDONLY]]);
      plain.close();
      const writable = open(name, true);
      assert.deepEqual(accessTo(name), [["rw-s"], [O_RDWR]]);
      writable.close();
      assert.deepEqual(accessTo(name), [[], []]);
    } finally {
      SharedMemory.unlink(name);
    }
  });

  test(`${title}: a reader of a log maps it read-only, and asking for the lock keeps it so`, {
    skip,
  }, () => {
    const name = `${uniqueName()}-read-only`;
    const target: LogTarget = title === "MappedFile" ? { path: folder + name } : name;
    ShmLogWriter.create(target, { chunkSize: 4096, chunkCount: 4, unlinkOnClose: false }).close();
    try {
      using reader = ShmLogReader.open(target);
      assert.equal(reader.isWriterAlive(), false);
      assert.equal(reader.isReplaced(), false);
      assert.equal(reader.read(), undefined);
      assert.deepEqual(accessTo(name), [["r--s"], [O_RDONLY]]);
    } finally {
      SharedMemory.unlink(name);
    }
  });
}
