/** The library as Deno takes it from JSR: modules on a server, and no file of it on this machine. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import process from "node:process";
import test from "node:test";
import { isWindows } from "../support/platform.ts";
import { runtimeName, slowness, thisRuntime, uniqueName } from "../support/runtime.ts";

const root = new URL("../../", import.meta.url);
const LIMIT = 60_000 * Math.min(slowness, 5);

/** Reads an entry, and sleeps until a bell rings in a thread, whose module is on the server, too. */
function program(host: string): string {
  return `import { ShmLogReader, ShmLogWriter } from "${host}/mod.ts";
import { Doorbell, SharedMemory } from "${host}/ffi/mod.ts";
const name = "${uniqueName("server")}";
using log = ShmLogWriter.create(name, { chunkSize: 65536, unlinkOnClose: true });
log.write("entry");
using reader = ShmLogReader.open(name);
console.log(reader.read()?.text);

using memory = SharedMemory.create(name + "-bell", 5000);
using bell = Doorbell.of(memory);
SharedMemory.unlink(name + "-bell");
if (bell === undefined) Deno.exit(0);
for (const end = performance.now() + 1000; performance.now() < end;) {
  bell.arm();
  await bell.sleep(1);
}
console.log(bell.canSleep);
bell.arm();
setTimeout(() => bell.ring(), 100);
await bell.sleep(${10 * LIMIT});
`;
}

test("Deno: modules from a server open logs, and sleep in threads", async (t) => {
  if (runtimeName !== "deno") return t.skip("Deno only");
  const server = createServer(({ url = "" }, response) => {
    response.setHeader("content-type", "application/typescript");
    response.end(readFileSync(new URL(`.${url}`, root)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const folder = mkdtempSync(`${tmpdir()}/ouroboros-server-`);
  try {
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const file = `${folder}/program.ts`;
    writeFileSync(file, program(`http://${host}`));
    const args = ["run", "--quiet", "--no-check", "--allow-ffi", `--allow-import=${host}`, file];
    const child = spawn(thisRuntime.path, args, {
      env: { ...process.env, NO_COLOR: "1", DENO_DIR: `${folder}/cache` },
      timeout: LIMIT,
      killSignal: "SIGKILL",
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => output += text);
    }
    const code = await new Promise((resolve) => child.once("close", resolve));
    // There are no bells between the processes of Windows.
    assert.equal(output, isWindows ? "entry\n" : "entry\ntrue\n");
    assert.equal(code, 0);
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
});
