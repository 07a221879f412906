/** What a runtime must be allowed before it maps memory, and what it says if it is not. */

import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import { runScript, runtimeName } from "../support/runtime.ts";

const opener = new URL("children/opener.ts", import.meta.url);

test("Deno: without --allow-ffi the error names the flag", (t) => {
  if (runtimeName !== "deno") return t.skip("Deno only");
  for (const flags of [["--allow-env"], ["--allow-ffi=/nowhere"]]) {
    const { stdout } = runScript(opener, ["SharedMemory", "/none"], { flags });
    assert.match(stdout, /opener NATIVE_UNAVAILABLE .*--allow-ffi/);
  }
  const { stdout } = runScript(opener, ["SharedMemory", "/none"], { flags: ["--allow-ffi"] });
  assert.match(stdout, /opener SEGMENT_NOT_FOUND/);
});

test("Node: what is missing or forbidden is reported, and koffi works where node:ffi is", (t) => {
  if (runtimeName !== "node") return t.skip("Node only");
  const version = Number(process.versions.node.split(".")[0]);
  const isOwn = version >= 26 ||
    process.getBuiltinModule("node:module").builtinModules.includes("node:ffi");
  const flag = isOwn ? "--allow-ffi" : "--allow-addons";
  const flags = ["--permission", "--allow-fs-read=*"];
  // The compiler that lowers the sources for it has a thread and a process.
  if (version === 22) flags.push("--allow-worker", "--allow-child-process");
  const refused = runScript(opener, ["SharedMemory", "/none"], { flags });
  assert.match(refused.stdout, new RegExp(`opener NATIVE_UNAVAILABLE .*${flag}`), refused.stderr);
  const allowed = runScript(opener, ["SharedMemory", "/none"], { flags: [...flags, flag] });
  assert.match(allowed.stdout, /opener SEGMENT_NOT_FOUND/, allowed.stderr);
  const env = { OUROBOROS_FFI: "koffi" };
  const koffi = runScript(opener, ["SharedMemory", "/none"], { env });
  assert.match(koffi.stdout, /opener SEGMENT_NOT_FOUND/, koffi.stderr);
  assert.equal(koffi.stderr, "");
});
