/** Folders as the system call shows them. */

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import process from "node:process";
import test from "node:test";
import { driver } from "../../ffi/drivers/driver.ts";
import { folderReader } from "../../ffi/linux/folder.ts";
import { testFolder } from "../support/folder.ts";

const skip = process.platform === "linux" ? false : "Linux only";

test("a folder that takes many reads has all its regular files, and nothing else", { skip }, () => {
  const folder = testFolder("folder");
  const names = Array.from({ length: 700 }, (_, i) => `${i}-${"ä".repeat(i % 100)}`);
  for (const name of names) writeFileSync(`${folder}/${name}`, "");
  mkdirSync(`${folder}/folder`);
  symlinkSync(`${folder}/1-ä`, `${folder}/link`);
  const read = folderReader(driver(), "libc.so.6", process.arch);
  assert.deepEqual(read(folder)?.sort(), names.sort());
  assert.deepEqual(read(`${folder}/folder`), []);
  assert.equal(read(`${folder}/none`), undefined);
  assert.equal(read(`${folder}/${names[0]}`), undefined);
  const descriptors = () => readdirSync("/proc/self/fd").length;
  const before = descriptors();
  for (let i = 0; i < 10; i++) read(folder);
  // Others of this process come and go meanwhile.
  assert.ok(descriptors() < before + 10);
});
