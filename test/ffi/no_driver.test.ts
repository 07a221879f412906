/** A library without a driver: the sources where there is neither node:ffi nor koffi. */

import assert from "node:assert/strict";
import { cpSync, writeFileSync } from "node:fs";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { testFolder } from "../support/folder.ts";
import { runScript, runtimeName } from "../support/runtime.ts";

const folder = testFolder("no-driver");

test("Node: without node:ffi and koffi the error says what to install", (t) => {
  if (runtimeName !== "node") return t.skip("Node only");
  // A copy of the library that has no node_modules above it.
  const root = fileURLToPath(new URL("../../", import.meta.url));
  for (const part of ["ffi", "src", "test/ffi/children"]) {
    cpSync(`${root}${part}`, `${folder}/copy/${part}`, { recursive: true });
  }
  writeFileSync(`${folder}/copy/package.json`, '{"type":"module"}');
  const copy = new URL(`file://${folder}/copy/test/ffi/children/opener.ts`);
  const { stdout, stderr } = runScript(copy, ["SharedMemory", "/none"], {
    env: { OUROBOROS_FFI: "koffi" },
  });
  assert.match(stdout, /opener NATIVE_UNAVAILABLE .*npm install koffi/, stderr);
});
