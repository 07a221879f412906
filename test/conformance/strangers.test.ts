/** Logs among several users: who may read, write, replace; and a name that another user took first. */

import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import test, { after } from "node:test";
import {
  type LogTarget,
  PermissionDeniedError,
  SegmentExistsError,
  ShmLogReader,
  ShmLogWriter,
  type ShmLogWriterOptions,
  UnsupportedLogError,
} from "../../mod.ts";
import { SharedMemory } from "../../ffi/mod.ts";
import { SemaphoreLock } from "../../src/circular/mod.ts";
import { logPlaces } from "../support/log_places.ts";
import { NOBODY, runAsNobody } from "../support/nobody.ts";
import { runScript, startChild, uniqueName } from "../support/runtime.ts";
import type { Deed } from "./children/stranger.ts";
import { needsOtherUsers } from "../support/platform.ts";

// Like /tmp and /dev/shm: everybody may create, and remove only what is their own.
const folder = mkdtempSync(`${tmpdir()}/ouroboros-strangers-`);
chmodSync(folder, 0o1777);
after(() => rmSync(folder, { recursive: true }));

const SMALL = { chunkSize: 4096, chunkCount: 4 };
const mappedUsers = new URL("children/mapped_users.ts", import.meta.url);
const taker = new URL("children/taker.ts", import.meta.url);
const stranger = new URL("children/stranger.ts", import.meta.url);

/** What came of each deed when nobody did it. */
function asNobody(...deeds: Deed[]): string[] {
  const { stdout, stderr } = runAsNobody(stranger, [JSON.stringify(deeds)]);
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout);
}

const skip = whyNot();

function whyNot(): string | false {
  if (needsOtherUsers) return needsOtherUsers;
  try {
    asNobody();
    return false;
  } catch (error) {
    return `this runtime can't be run as another user here: ${String(error).slice(0, 200)}`;
  }
}

for (const { title, target: newTarget, path: pathOf, noPath } of logPlaces(folder)) {
  const create = (target: LogTarget, options: ShmLogWriterOptions) =>
    ShmLogWriter.create(target, { ...SMALL, unlinkOnClose: false, ...options });

  /** A log of ours with two entries and no writer. */
  const makeLog = (mode: number | undefined): LogTarget => {
    const target = newTarget();
    using writer = create(target, { mode });
    writer.writeMany(["one", "two"]);
    return target;
  };
  const texts = (target: LogTarget) => {
    using reader = ShmLogReader.open(target);
    return [...reader].map((entry) => entry.text);
  };

  test(`${title}: mode 0o644 lets another user read, and nothing more`, { skip }, () => {
    const target = makeLog(0o644);
    assert.deepEqual(
      asNobody(["read", target], ["fail", target], ["resume", target], ["replace", target]),
      ["one two", "SEGMENT_EXISTS", "PERMISSION_DENIED", "PERMISSION_DENIED"],
    );
    assert.deepEqual(texts(target), ["one", "two"]);
    rmSync(pathOf(target));
  });

  test(`${title}: by default another user may not even read`, { skip }, () => {
    const target = makeLog(undefined);
    assert.deepEqual(
      asNobody(["read", target], ["fail", target], ["resume", target], ["replace", target]),
      ["PERMISSION_DENIED", "SEGMENT_EXISTS", "PERMISSION_DENIED", "PERMISSION_DENIED"],
    );
    assert.deepEqual(texts(target), ["one", "two"]);
    rmSync(pathOf(target));
  });

  test(`${title}: not even mode 0o666 lets another user resume or replace`, { skip }, () => {
    const target = makeLog(0o666);
    assert.deepEqual(
      asNobody(["replace", target], ["resume", target], ["read", target]),
      ["PERMISSION_DENIED", "PERMISSION_DENIED", "one two"],
    );
    assert.deepEqual(texts(target), ["one", "two"]);
    rmSync(pathOf(target));
  });

  test(
    `${title}: a log of another user is never written to or replaced, not even by root`,
    { skip },
    () => {
      const target = newTarget();
      assert.deepEqual(asNobody(["leave", target]), ["written"]);
      assert.throws(() => create(target, { ifExists: "fail" }), SegmentExistsError);
      for (const ifExists of ["replace", "resume"] as const) {
        assert.throws(
          () => create(target, { ifExists }),
          (error: Error) =>
            error instanceof PermissionDeniedError &&
            error.message.includes(`belongs to another user, ${NOBODY}. It was not changed`),
        );
      }
      assert.deepEqual(texts(target), ["stranger"]);
      rmSync(pathOf(target));
    },
  );

  test(`${title}: what is left of another user's creation is not made again`, { skip }, () => {
    const target = newTarget();
    writeFileSync(pathOf(target), new Uint8Array(8192));
    chownSync(pathOf(target), NOBODY, NOBODY);
    for (const ifExists of ["resume", "replace"] as const) {
      assert.throws(() => create(target, { ifExists }), PermissionDeniedError);
    }
    assert.deepEqual(readFileSync(pathOf(target)).length, 8192);
    rmSync(pathOf(target));
  });

  test(
    `${title}: what is no log is neither resumed nor replaced, whosever it is`,
    { skip: noPath },
    () => {
      const target = newTarget();
      for (
        const content of [
          "somebody's text, much longer than a header",
          "short",
          `${"\0".repeat(40)}text`,
        ]
      ) {
        for (const owner of skip === false ? [0, NOBODY] : [undefined]) {
          writeFileSync(pathOf(target), content);
          if (owner !== undefined) chownSync(pathOf(target), owner, owner);
          // Whose it is, is asked before a byte of it is looked at.
          const refusal = owner === NOBODY ? PermissionDeniedError : UnsupportedLogError;
          for (const ifExists of ["resume", "replace"] as const) {
            assert.throws(() => create(target, { ifExists }), refusal, content);
          }
          assert.equal(readFileSync(pathOf(target), "utf8"), content);
          rmSync(pathOf(target));
        }
      }
    },
  );

  test(
    `${title}: a log of a version to come is neither resumed nor replaced`,
    { skip: noPath },
    () => {
      const target = makeLog(undefined);
      const bytes = readFileSync(pathOf(target));
      bytes[8] = 3;
      writeFileSync(pathOf(target), bytes);
      for (const ifExists of ["resume", "replace"] as const) {
        assert.throws(() => create(target, { ifExists }), UnsupportedLogError);
      }
      assert.deepEqual(readFileSync(pathOf(target)), bytes);
      rmSync(pathOf(target));
    },
  );
}

test(
  "in a user namespace a log of a user that it does not know is not resumed",
  { skip: needsOtherUsers },
  (t) => {
    const [theirs, ours] = [uniqueName(), uniqueName()];
    ShmLogWriter.create(theirs, { ...SMALL, mode: 0o666, unlinkOnClose: false }).close();
    try {
      if (process.geteuid?.() !== 0) return t.skip("only root can give things away");
      chownSync(`/dev/shm${theirs}`, 1000, 1000);
      // Without a map all users look like the overflow user there, this one, too.
      const before = ["unshare", "--user"];
      const { stdout, stderr } = runScript(mappedUsers, [theirs, ours], { before });
      if (/^unshare:/m.test(stderr)) return t.skip(`no namespace to be had: ${stderr.trim()}`);
      // What it has made itself it may remove, though it can't be told from what others made.
      assert.equal(stdout.trim(), `${NOBODY},PERMISSION_DENIED,false`, stderr);
    } finally {
      rmSync(`/dev/shm${theirs}`);
      rmSync(`/dev/shm${ours}`, { force: true });
    }
  },
);

test(
  "a stranger who cuts off and restores what is in the place of ours kills nobody who takes over",
  { skip },
  async (t) => {
    if (process.geteuid?.() !== 0) return t.skip("only root can give things away");
    const name = uniqueName();
    const path = folder + name;
    const size = 4 << 20;
    const places = [`/dev/shm${name}`, path];
    for (const place of places) {
      writeFileSync(place, new Uint8Array(size));
      chownSync(place, NOBODY, NOBODY);
      chmodSync(place, 0o666);
    }
    const child = startChild(taker, [name, path, size]);
    try {
      assert.equal(await child.nextLine(), "ready");
      const end = performance.now() + 1000;
      while (performance.now() < end && child.process.exitCode === null) {
        for (let i = 0; i < 200; i++) {
          for (const place of places) {
            truncateSync(place, 0);
            truncateSync(place, size);
          }
        }
        // To hear of its end.
        await new Promise((resolve) => setImmediate(resolve));
      }
      await child.say("stop");
      // While it has no size there is nothing to take over, and nothing can be made there.
      const said = new Set((await child.nextLine()).split(","));
      said.delete("SEGMENT_EXISTS");
      said.delete("SEGMENT_NOT_FOUND");
      assert.deepEqual([...said], ["PERMISSION_DENIED"]);
      assert.equal(await child.ended(), 0);
    } finally {
      await child.kill();
      rmSync(places[0]);
      SharedMemory.unlink(`${name}-data`);
      // The lock that the child made before it saw whose segment that is.
      SemaphoreLock.unlink(name);
    }
  },
);
