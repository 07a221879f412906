/** A file system that has no room for a log, and one that gets full while a log is written. */

import assert from "node:assert/strict";
import test from "node:test";
import { testFolder } from "../support/folder.ts";
import { needsNamespaces } from "../support/platform.ts";
import { runScript } from "../support/runtime.ts";

const folder = testFolder("full");

const full = new URL("children/full.ts", import.meta.url);
const holes = new URL("children/holes.ts", import.meta.url);

// A file system of its own, in a namespace of its own, and in a process of its own: a store that finds
// no room would kill it.
const MOUNT = 'mount -t tmpfs -o size=1m tmpfs "$0" && exec "$@"';

for (
  const [title, place, kind] of [
    ["shared memory", "/dev/shm", "name"],
    ["a file", folder, "file"],
  ]
) {
  test(
    `${title}: no room is a NoSpaceError that leaves nothing; a log that is there still works when all is full`,
    { skip: needsNamespaces },
    (t) => {
      const before = ["unshare", "--mount", "sh", "-c", MOUNT, place];
      const { stdout, stderr, signal } = runScript(full, [place, kind], { before });
      if (/^(unshare|mount):/m.test(stderr)) {
        return t.skip(`no namespace to be had: ${stderr.trim()}`);
      }
      assert.equal(signal, null, stderr);
      assert.equal(
        stdout.trim(),
        "full NO_SPACE names: 0 free: 0 laps: 20 wrong: 0 lost: 0 then: created",
        stderr,
      );
    },
  );

  test(
    `${title}: what has holes and is taken over on a full disk is a NoSpaceError, and stays`,
    { skip: needsNamespaces },
    (t) => {
      const before = ["unshare", "--mount", "sh", "-c", MOUNT, place];
      const { stdout, stderr, signal } = runScript(holes, [place, kind], { before });
      if (/^(unshare|mount):/m.test(stderr)) {
        return t.skip(`no namespace to be had: ${stderr.trim()}`);
      }
      assert.equal(signal, null, stderr);
      const names = kind === "name" ? ["log", "circular"] : ["log", "ring", "events"];
      const said = [
        "read 1 of 1",
        ...names.map((name) => `${name} NO_SPACE`),
        ...names.map((name) => `then ${name} written`),
        "entries 16",
      ];
      assert.equal(stdout.trim(), said.join(", "), stderr);
    },
  );
}
