/** Files that get their name when they are complete. */

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import test, { beforeEach } from "node:test";
import { isSameFile, PartialFile } from "../../ffi/mod.ts";
import {
  ClosedError,
  SegmentExistsError,
  SegmentNotFoundError,
  SystemCallError,
} from "../../mod.ts";
import { testFolder } from "../support/folder.ts";
import { isWindows } from "../support/platform.ts";

const folder = testFolder("partial");
const path = `${folder}/file`;
beforeEach(() => rmSync(path, { force: true, recursive: true }));

test("a partial file has its name when it is finished, and all or some of its bytes", () => {
  for (const [size, length] of [[undefined, 8192], [5000, 5000], [9000, 8192]] as const) {
    using file = PartialFile.create(path, 8192);
    new Uint8Array(file.buffer).fill(7);
    assert.deepEqual(readdirSync(folder).filter((name) => name === "file"), []);
    file.finish(size);
    assert.deepEqual(new Uint8Array(readFileSync(path)), new Uint8Array(length).fill(7));
    assert.deepEqual(readdirSync(folder), ["file"]);
    assert.throws(() => file.finish(), ClosedError);
    rmSync(path);
  }
});

test("a partial file that is closed leaves nothing, and may be closed twice", () => {
  const file = PartialFile.create(path, 8192);
  file.close();
  file.close();
  assert.deepEqual(readdirSync(folder), []);
});

test("a file that is there, or appears meanwhile, is replaced by force only", () => {
  const file = PartialFile.create(path, 4096);
  writeFileSync(path, "other");
  assert.throws(() => file.finish(), SegmentExistsError);
  assert.throws(() => PartialFile.create(path, 4096), SegmentExistsError);
  assert.equal(readFileSync(path, "utf8"), "other");
  assert.deepEqual(readdirSync(folder), ["file"]);
  PartialFile.create(path, 4096, { force: true }).finish();
  assert.equal(readFileSync(path).length, 4096);
});

test("what is no file is left alone, even by force", () => {
  mkdirSync(path);
  assert.throws(() => PartialFile.create(path, 4096, { force: true }), SystemCallError);
  rmSync(path, { recursive: true });
  // Where links are for everybody.
  if (!isWindows) {
    writeFileSync(`${folder}/precious`, "precious");
    symlinkSync(`${folder}/precious`, path);
    assert.throws(() => PartialFile.create(path, 4096, { force: true }), SystemCallError);
    assert.ok(isSameFile(path, `${folder}/precious`));
    assert.ok(!isSameFile(path, `${folder}/none`));
    assert.equal(readFileSync(path, "utf8"), "precious");
    rmSync(`${folder}/precious`);
  }
  assert.throws(() => PartialFile.create(`${folder}/no/file`, 4096), SegmentNotFoundError);
});
