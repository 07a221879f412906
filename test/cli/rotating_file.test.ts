/** The files that `ouroboros record` writes: rotated by size, whole lines in each. */

import assert from "node:assert/strict";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import test from "node:test";
import { RotatingFile } from "../../src/cli/files/rotating_file.ts";
import { testFolder } from "../support/folder.ts";
import { needsLinks } from "../support/platform.ts";

const folder = testFolder("rotating");

const bytes = (text: string) => new TextEncoder().encode(text);
/** What is in a file; nothing where there is none. */
const read = (path: string) => existsSync(path) ? readFileSync(path, "utf8") : "";

test("a rotating file splits between lines only, whatever their size", () => {
  const path = `${folder}/split`;
  const file = new RotatingFile(path, { maxSize: 100, keep: 2 });
  const expected: string[] = [];
  for (let i = 0; i < 40; i++) {
    const line = `${i}:`.padEnd((i * 37) % 260, "x");
    expected.push(line);
    file.line(bytes(line));
    if (i % 3 === 0) file.flush();
  }
  file.close();
  file.close();
  const text = [`${path}.2`, `${path}.1`, path].map(read).join("");
  const kept = text.slice(0, -1).split("\n");
  assert.deepEqual(kept, expected.slice(-kept.length));
  for (const name of [`${path}.2`, `${path}.1`, path]) {
    const content = read(name);
    assert.ok(content.length <= 100 || content.indexOf("\n") === content.length - 1, name);
  }
});

test("a rotating file takes lines that are larger than its buffer", () => {
  const path = `${folder}/large`;
  {
    using file = new RotatingFile(path, { keep: 0 });
    file.line(bytes("a"));
    file.line(new Uint8Array(300_000).fill(98));
    file.line(bytes("c"));
  }
  assert.equal(read(path), `a\n${"b".repeat(300_000)}\nc\n`);
});

test("a file that is missing between others is filled before the last one goes", () => {
  const path = `${folder}/hole`;
  // As after a kill between two renames.
  for (const number of [2, 3]) writeFileSync(`${path}.${number}`, `${number}\n`);
  writeFileSync(path, "0\n");
  using file = new RotatingFile(path, { maxSize: 2, keep: 3 });
  file.line(bytes("1"));
  assert.deepEqual(["", ".1", ".2", ".3"].map((end) => read(path + end)), [
    "",
    "0\n",
    "2\n",
    "3\n",
  ]);
  file.flush();
  file.line(bytes("2"));
  assert.deepEqual([".1", ".2", ".3"].map((end) => read(path + end)), ["1\n", "0\n", "2\n"]);
});

test("a rotating file leaves a link in its place, and rotates what it leads to", {
  skip: needsLinks,
}, () => {
  mkdirSync(`${folder}/disk`);
  const link = `${folder}/link.txt`;
  symlinkSync(`${folder}/disk/real.txt`, link);
  {
    using file = new RotatingFile(link, { maxSize: 10, keep: 2 });
    for (const text of ["first", "second", "third"]) file.line(bytes(text));
  }
  assert.ok(lstatSync(link).isSymbolicLink());
  const real = `${folder}/disk/real.txt`;
  assert.deepEqual([link, real, `${real}.1`, `${real}.2`].map(read), [
    "third\n",
    "third\n",
    "second\n",
    "first\n",
  ]);
  assert.ok(!existsSync(`${link}.1`));
});
