/** In one file with the program that uses it, or in an executable, there is no file of ours: bells ring there, too. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { testFolder } from "../support/folder.ts";
import { isHosted, runtimeName, scriptCommand, slowness, thisRuntime } from "../support/runtime.ts";

const LIMIT = 60_000 * slowness;
const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = testFolder("bundles");
const skip = process.platform === "linux" ? false : "only Linux has a futex";
// Node needs koffi, which is beside a bundle and not in it.
if (!skip) symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");

/** Sleeps far longer than this test may take, unless the writer wakes it. */
const PROGRAM = `import { Doorbell, SharedMemory } from ${JSON.stringify(join(root, "ffi/mod.ts"))};
import { ShmLogWriter } from ${JSON.stringify(join(root, "mod.ts"))};
async function main() {
  const name = "/ouroboros-bundle-" + process.pid;
  const writer = ShmLogWriter.create(name, { unlinkOnClose: true, chunkSize: 4000, chunkCount: 2, notify: true });
  const memory = SharedMemory.open(name);
  const bell = Doorbell.of(memory);
  for (const end = performance.now() + 1000; performance.now() < end;) {
    bell.arm();
    await bell.sleep(1);
  }
  bell.arm();
  setTimeout(() => writer.write("hello"), 100);
  if (bell.canSleep) await bell.sleep(${10 * LIMIT});
  console.log(bell.canSleep ? "woken" : "has no thread");
  bell.close();
  memory.close();
  writer.close();
}
main();
`;
const source = join(folder, "program.ts");
writeFileSync(source, PROGRAM);

function assertWoken(command: string, args: string[]): void {
  const { stdout, stderr } = spawnSync(command, args, {
    encoding: "utf8",
    timeout: LIMIT,
    killSignal: "SIGKILL",
    env: { ...process.env, NO_COLOR: "1" },
  });
  assert.equal(stdout, "woken\n", stderr.slice(-2000));
}

for (const format of ["cjs", "esm"] as const) {
  test(`a bundle of esbuild, ${format}, minified`, { skip }, () => {
    const outfile = join(folder, `bundle.${format === "cjs" ? "cjs" : "mjs"}`);
    buildSync({
      entryPoints: [source],
      outfile,
      bundle: true,
      minify: true,
      keepNames: true,
      platform: "node",
      format,
      logLevel: "error",
    });
    const [command, args] = scriptCommand(outfile);
    assertWoken(command, args);
  });
}

test("an executable of the runtime's own", { skip: skip || isHosted, timeout: 4 * LIMIT }, (t) => {
  if (runtimeName === "node") return t.skip("Node makes none of several files");
  const outfile = join(folder, "executable");
  const args = runtimeName === "bun"
    ? ["build", "--compile", source, "--outfile", outfile]
    : ["compile", "--no-check", "-A", "--output", outfile, source];
  const { status, stderr } = spawnSync(thisRuntime.path, args, { encoding: "utf8", cwd: folder });
  // `deno compile` takes another build of Deno from its server, once.
  if (status !== 0 && /denort/.test(stderr)) return t.skip("there is no denort here");
  assert.equal(status, 0, stderr);
  assertWoken(outfile, []);
});
