/** The library as Deno takes it from JSR: modules on a server, and no file of it on this machine. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import process from "node:process";
import test from "node:test";
import { runtimeName, thisRuntime, uniqueName } from "../support/runtime.ts";

const root = new URL("../../", import.meta.url);
/** Longer than the test may take: only a writer's call can end such a sleep. */
const SLEEP = 100_000;
const LIMIT = 60_000;

/** Writes an entry whenever the one before has come. */
function program(host: string): string {
  return `import { ShmLogReader, ShmLogWriter } from "${host}/mod.ts";
using log = ShmLogWriter.create("${
    uniqueName("server")
  }", { notify: true, chunkSize: 65536, unlinkOnClose: true });
using reader = ShmLogReader.open(log.name);
const next = () => setTimeout(() => log.write("entry"), 300);
next();
let count = 0;
for await (const entry of reader.follow({ maxSleep: ${SLEEP} })) {
  if (++count === 3) break;
  next();
}
console.log(count);
`;
}

test("Deno: a log of modules on a server is followed, and its sleeping reader is woken", async (t) => {
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
    assert.equal(output, "3\n");
    assert.equal(code, 0);
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
});
