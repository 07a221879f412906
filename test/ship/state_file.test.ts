/** A file with two slots: torn, empty, taken, of somebody else. */

import assert from "node:assert/strict";
import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import { CorruptStateError, StateLockedError } from "../../src/errors.ts";
import { StateFile } from "../../src/ship/state_file.ts";
import { testFolder } from "../support/folder.ts";
import { needsLinks } from "../support/platform.ts";
import { baseSeed, Random } from "../support/random.ts";
import { startChild } from "../support/runtime.ts";

const folder = testFolder("state");
let count = 0;
const newPath = () => join(folder, `state-${count++}`);

function valueIn(path: string): unknown {
  using file = StateFile.open(path);
  return file.value;
}

/** A file that was saved to so many times; the last one says so. */
function savedTimes(times: number): string {
  const path = newPath();
  StateFile.open(path).close();
  for (let i = 1; i <= times; i++) saved(i, path);
  return path;
}

/** The file, saved to once more. */
function saved(i: number, path: string): string {
  using file = StateFile.open(path);
  file.saveNow({ i });
  return path;
}

test("what was saved last is there after opening again", () => {
  const path = newPath();
  assert.equal(valueIn(path), undefined);
  for (let times = 1; times <= 5; times++) {
    saved(times, path);
    assert.deepEqual(valueIn(path), { i: times });
  }
  assert.equal(readFileSync(path).length, 1024);
});

test("save() does not wait for the disk, and is in the file for others at once", () => {
  const path = newPath();
  {
    using file = StateFile.open(path);
    assert.equal(file.save({ a: 1 }), true);
    file.saveNow({ a: 2 });
  }
  assert.deepEqual(valueIn(path), { a: 2 });
});

test("an empty file is one without a value", () => {
  const path = newPath();
  writeFileSync(path, "");
  assert.equal(valueIn(path), undefined);
  writeFileSync(path, new Uint8Array(1024));
  assert.equal(valueIn(path), undefined);
});

test(`after a torn write the value before it counts (SEED=${baseSeed})`, () => {
  const random = new Random(baseSeed);
  for (let run = 0; run < 100; run++) {
    const times = random.below(5);
    const path = savedTimes(times);
    const before = readFileSync(path);
    const written = readFileSync(saved(times + 1, path));
    // Any part of the slot that was written arrived: from the front, from the back, or by sectors.
    const torn = Uint8Array.from(before);
    const cut = random.below(1025);
    const way = random.below(3);
    for (let i = 0; i < 1024; i++) {
      const has = way === 0 ? i < cut : way === 1 ? i >= cut : (cut >> (i >> 7) & 1) === 1;
      if (has) torn[i] = written[i];
    }
    writeFileSync(path, torn);
    const value = valueIn(path) as { i: number } | undefined;
    assert.ok([times, times + 1].includes(value?.i ?? 0), `${value?.i} after ${times} saves`);
    // And it continues from there.
    saved(-1, path);
    assert.deepEqual(valueIn(path), { i: -1 });
  }
});

test(`any bit that is not as it was makes its slot count no more (SEED=${baseSeed})`, () => {
  const random = new Random(baseSeed);
  for (let run = 0; run < 100; run++) {
    const path = savedTimes(2);
    const bytes = readFileSync(path);
    // Save 2 is in slot 0.
    bytes[random.below(512)] ^= 1 << random.below(8);
    writeFileSync(path, bytes);
    assert.deepEqual(valueIn(path), { i: 1 });
    bytes[512 + random.below(512)] ^= 1 << random.below(8);
    writeFileSync(path, bytes);
    assert.throws(() => valueIn(path), CorruptStateError);
    assert.deepEqual(readFileSync(path), bytes, "it is left as it is");
  }
});

test("what is no state file is left as it is", () => {
  for (const content of ["x", "important ".repeat(200), "y".repeat(1024)]) {
    const path = newPath();
    writeFileSync(path, content);
    assert.throws(() => StateFile.open(path), CorruptStateError);
    assert.equal(readFileSync(path, "utf8"), content);
  }
});

test("what is not a file is refused, and left as it is", {
  skip: process.platform === "linux" ? false : "only Linux has this device",
}, () => {
  assert.throws(() => StateFile.open("/dev/full"), {
    name: "CorruptStateError",
    message: "state file /dev/full is not a file: choose another path",
  });
});

test("a link is not followed", { skip: needsLinks }, () => {
  const path = newPath();
  symlinkSync(savedTimes(1), path);
  assert.throws(() => StateFile.open(path), /ELOOP|symbolic link/i);
});

test("what could not be written leaves the value before it, also when the next one is torn", {
  skip: process.platform === "linux" ? false : "only Linux has this device, and says what is open",
}, () => {
  const path = savedTimes(1);
  {
    using file = StateFile.open(path);
    file.saveNow({ i: 2 });
    const real = realpathSync(path);
    const isOfFile = (descriptor: string) => {
      try {
        return readlinkSync(`/proc/self/fd/${descriptor}`) === real;
      } catch {
        return false;
      }
    };
    // The first one is what is written to; the other one has the lock.
    const [descriptor] = readdirSync("/proc/self/fd").filter(isOfFile).map(Number)
      .sort((a, b) => a - b);
    const putThere = (other: string) => {
      closeSync(descriptor);
      assert.equal(openSync(other, "r+"), descriptor);
    };
    putThere("/dev/full");
    assert.throws(() => file.saveNow({ i: 3 }), /ENOSPC|space/i);
    putThere(path);
    file.saveNow({ i: 4 });
  }
  assert.deepEqual(valueIn(path), { i: 4 });
  const bytes = readFileSync(path);
  bytes[bytes.indexOf('{"i":4}')] ^= 1;
  writeFileSync(path, bytes);
  assert.deepEqual(valueIn(path), { i: 2 });
});

test("a second one is refused until the first is closed", () => {
  const path = newPath();
  const first = StateFile.open(path);
  assert.throws(() => StateFile.open(path), StateLockedError);
  first.close();
  first.close();
  assert.equal(valueIn(path), undefined);
});

test("another process is refused until the first is killed", async () => {
  const path = newPath();
  const child = startChild(new URL("children/state_holder.ts", import.meta.url), [path]);
  assert.equal(await child.nextLine(), "saved");
  assert.throws(() => StateFile.open(path), StateLockedError);
  await child.kill();
  assert.deepEqual(valueIn(path), { by: "child" });
});

test("what does not fit into a slot is a RangeError, and the value before it stays", () => {
  const path = newPath();
  {
    using file = StateFile.open(path);
    file.saveNow("x".repeat(482));
    assert.throws(() => file.saveNow("x".repeat(483)), RangeError);
  }
  assert.equal(valueIn(path), "x".repeat(482));
  using large = StateFile.open(newPath(), 4096);
  large.saveNow("x".repeat(4000));
});
