/** The file that remembers how far a log was printed. */

import assert from "node:assert/strict";
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import { testFolder } from "../support/folder.ts";
import { needsLinks } from "../support/platform.ts";
import { CursorFile } from "../../src/cli/files/cursor_file.ts";

const cursor = { device: 27, inode: 530925, created: 1795270456386913, sequenceNumber: 7 };

const parent = testFolder("cursor-file");
/** A folder for one test. */
const newFolder = () => mkdtempSync(join(parent, "test-"));

test("load() gives what save() saved last, and nothing before", () => {
  const folder = newFolder();
  const path = join(folder, "at");
  const file = new CursorFile(path);
  assert.equal(file.load(), undefined);
  file.save(cursor);
  assert.deepEqual(new CursorFile(path).load(), cursor);
  file.save({ ...cursor, sequenceNumber: 2 ** 53 - 1 });
  assert.equal(file.load()?.sequenceNumber, 2 ** 53 - 1);
  assert.deepEqual(readdirSync(folder), ["at"]);
});

test("load() refuses what is damaged, and leaves it", () => {
  const folder = newFolder();
  const path = join(folder, "at");
  const whole = JSON.stringify(cursor);
  const damaged = ["", "\n", "null", "7", "[]", "{}", "{", "not JSON", whole.slice(0, -1)];
  for (const [key, value] of Object.entries(cursor)) {
    damaged.push(JSON.stringify({ ...cursor, [key]: undefined }));
    damaged.push(JSON.stringify({ ...cursor, [key]: String(value) }));
    damaged.push(JSON.stringify({ ...cursor, [key]: value + 0.5 }).replace(/\.5|e\d+/, ".25"));
  }
  damaged.push(JSON.stringify({ ...cursor, sequenceNumber: -1 }));
  for (const text of damaged) {
    writeFileSync(path, text);
    assert.throws(() => new CursorFile(path).load(), {
      name: "CorruptStateError",
      message: /^state file .*at is damaged \(.+\): remove it to start again$/,
    }, text);
    assert.equal(readFileSync(path, "utf8"), text);
  }
});

test("save() that fails leaves no draft behind", () => {
  const folder = newFolder();
  assert.throws(() => new CursorFile(join(folder, "no", "at")).save(cursor), { code: "ENOENT" });
  // A folder can't be replaced by a file.
  const path = join(folder, "at");
  writeFileSync(join(mkdtempSync(`${path}-`), "x"), "");
  const [taken] = readdirSync(folder);
  assert.throws(() => new CursorFile(join(folder, taken)).save(cursor));
  assert.deepEqual(readdirSync(folder), [taken]);
});

test("load() refuses what is not a file, which may have no end", {
  skip: process.platform === "linux" ? false : "only Linux has this device",
}, () => {
  assert.throws(() => new CursorFile("/dev/full").load(), {
    name: "CorruptStateError",
    message: "state file /dev/full is not a file: choose another path",
  });
});

test(
  "save() follows no link that somebody has put in the place of a draft",
  { skip: needsLinks },
  () => {
    const folder = newFolder();
    const path = join(folder, "at");
    const victim = join(folder, "victim");
    writeFileSync(victim, "ours");
    // The name that drafts had, and the file itself.
    symlinkSync(victim, `${path}.${process.pid}.tmp`);
    symlinkSync(victim, path);
    new CursorFile(path).save(cursor);
    assert.equal(readFileSync(victim, "utf8"), "ours");
    assert.deepEqual(new CursorFile(path).load(), cursor);
    assert.equal(lstatSync(path).isSymbolicLink(), false);
    assert.equal(lstatSync(path).mode & 0o777, 0o600);
  },
);
