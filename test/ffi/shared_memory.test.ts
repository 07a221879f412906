/** Shared memory: its names, what is there, and a system that has no room. */

import assert from "node:assert/strict";
import test from "node:test";
import { SharedMemory } from "../../ffi/mod.ts";
import { runScript, uniqueName } from "../support/runtime.ts";
import { needsLastingNames, needsNamespaces, notOnMac, notOnWindows } from "../support/platform.ts";

const opener = new URL("children/opener.ts", import.meta.url);

test("SharedMemory: names with or without the slash are the same; others are refused", {
  skip: notOnWindows("names are passed on as they are: see windows.test.ts"),
}, () => {
  assert.equal(SharedMemory.normalizeName("app"), "/app");
  assert.equal(SharedMemory.normalizeName("/app"), "/app");
  assert.equal(SharedMemory.normalizeName("/" + "é".repeat(127)).length, 128);
  const wrong: [string, RegExp][] = [
    ["", /empty/],
    ["/", /empty/],
    ["//app", /slash/],
    ["/a/b", /slash/],
    ["a/", /slash/],
    ["a\0b", /NUL/],
    [".", /reserved/],
    ["/..", /reserved/],
    ["x".repeat(256), /name of 256 bytes exceeds the maximum of 255/],
    ["é".repeat(128), /name of 256 bytes/],
  ];
  for (const [name, message] of wrong) {
    for (
      const use of [
        SharedMemory.normalizeName,
        SharedMemory.open,
        SharedMemory.unlink,
        SharedMemory.exists,
        (name: string) => SharedMemory.create(name, 100),
      ]
    ) {
      assert.throws(
        () => use(name),
        (error: Error) => error instanceof RangeError && message.test(error.message),
      );
    }
  }
  for (const name of [undefined, 5, null]) {
    assert.throws(() => SharedMemory.open(name as never), TypeError);
  }
});

test("SharedMemory: the longest name works", { skip: needsLastingNames }, () => {
  const name = `/${uniqueName().slice(1)}`.padEnd(256, "x");
  SharedMemory.create(name, 100).close();
  assert.equal(SharedMemory.exists(name), true);
  assert.equal(SharedMemory.unlink(name), true);
});

test("SharedMemory: list() and exists() know what is there", {
  skip: notOnWindows("a name lives as long as a segment is open: see windows.test.ts") ||
    notOnMac("there is no list of segments"),
}, () => {
  const [a, b] = [uniqueName(), uniqueName()];
  using _first = SharedMemory.create(b, 100);
  using _second = SharedMemory.create(a, 100);
  const listed = SharedMemory.list().filter((name) => name === a || name === b);
  assert.deepEqual(listed, [a, b].sort());
  assert.deepEqual([SharedMemory.exists(a), SharedMemory.exists(b.slice(1))], [true, true]);
  SharedMemory.unlink(a);
  SharedMemory.unlink(b);
  assert.deepEqual([SharedMemory.exists(a), SharedMemory.list().includes(b)], [false, false]);
});

test("SharedMemory: a full /dev/shm is a NoSpaceError, and leaves no name behind", {
  skip: needsNamespaces,
}, (t) => {
  // A /dev/shm of its own, of 1 MiB, in a namespace of its own: to fill up the real one, which may
  // be larger than what memory is free, calls the kernel's OOM killer.
  const script = 'mount -t tmpfs -o size=1m tmpfs /dev/shm && exec "$@"';
  const before = ["unshare", "--mount", "sh", "-c", script, "sh"];
  const { stdout, stderr } = runScript(opener, ["full", uniqueName()], { before });
  if (!stdout.includes("opener")) return t.skip(`no namespace to be had: ${stderr.trim()}`);
  assert.match(
    stdout,
    /opener NO_SPACE reserving .* failed: 1048576 bytes are free in .*, and it takes 2097152; .* names: 0 then: created/,
  );
});
