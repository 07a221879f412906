/** Commands on logs of strangers, who cut them off and restore them meanwhile. */

import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import process from "node:process";
import test from "node:test";
import { ShmLogWriter } from "../../mod.ts";
import { runCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { NOBODY } from "../support/nobody.ts";
import { needsModes, needsOtherUsers } from "../support/platform.ts";
import { startChild, uniqueName } from "../support/runtime.ts";

const lookers = new URL("children/lookers.ts", import.meta.url);
const TIME = Number(process.env.STRANGERS_MS ?? 1500);
const folder = testFolder("strangers");

/** The bytes of a log of 16 full chunks. */
function makeImage(): Uint8Array {
  const path = `${folder}/image`;
  using writer = ShmLogWriter.create({ path }, {
    chunkSize: 16384,
    chunkCount: 16,
    unlinkOnClose: true,
  });
  for (let i = 0; i < 4000; i++) writer.write(`an entry of some length, number ${i}`);
  return readFileSync(path);
}

test("what a stranger cuts off and restores all the time kills no command that looks at it", {
  skip: needsOtherUsers,
}, async (t) => {
  if (process.geteuid?.() !== 0) return t.skip("only root can give things away");
  const image = makeImage();
  const name = uniqueName();
  const path = `/dev/shm${name}`;
  writeFileSync(path, image);
  chownSync(path, NOBODY, NOBODY);
  chmodSync(path, 0o666);
  const child = startChild(lookers, [name, folder]);
  try {
    assert.equal(await child.nextLine(), "ready");
    let last = "";
    const reading = (async () => {
      while (!last.startsWith("all done:")) last = await child.nextLine();
    })().catch((error) => last = String(error));
    const end = performance.now() + TIME;
    for (let round = 0; performance.now() < end && child.process.exitCode === null; round++) {
      truncateSync(path, [0, 20, 4096, 100_000][round % 4]);
      truncateSync(path, image.length);
      // As it was, or else there is nothing to be seen in it.
      if (round % 3 === 0) writeFileSync(path, image);
      if (round % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    writeFileSync(path, image);
    await child.say("stop");
    // Its last words come after all that it has printed, and may be read after its end.
    await reading;
    assert.equal(await child.ended(), 0, last);
    assert.match(last, /^all done: [1-9]/);
  } finally {
    await child.kill();
    rmSync(path, { force: true });
  }
});

test("list and top pass over what is too large for any log", { skip: needsOtherUsers }, () => {
  const name = uniqueName();
  writeFileSync(`/dev/shm${name}`, makeImage());
  truncateSync(`/dev/shm${name}`, 2 ** 40);
  try {
    for (const command of [["list", "-o", "json"], ["top", "--once", "-d", "0.1", "-o", "json"]]) {
      const { code, stdout, stderr } = runCli(command);
      assert.deepEqual([code, stderr], [0, ""]);
      assert.equal(JSON.parse(stdout).some((log: { name: string }) => log.name === name), false);
    }
  } finally {
    rmSync(`/dev/shm${name}`);
  }
});

test("what dump and generate write nobody else may read", { skip: needsModes }, () => {
  const path = `${folder}/modes.log`;
  ShmLogWriter.create({ path }, { chunkSize: 4096, chunkCount: 2 }).close();
  assert.equal(runCli(["dump", "--name", path, "--output", `${folder}/dumped.txt`]).code, 0);
  assert.equal(statSync(`${folder}/dumped.txt`).mode & 0o777, 0o600);
  const sizes = ["--size", 65536, "--count", 3, "--min-size", 8, "--max-size", 9, "--interval", 0];
  const json = `${folder}/records.json`;
  const { code, stderr } = runCli([
    "generate",
    "--name",
    uniqueName(),
    ...sizes,
    "--json-out",
    json,
  ]);
  assert.equal(code, 0, stderr);
  assert.equal(statSync(json).mode & 0o777, 0o600);
});
