/** Standard output that takes less than is written. */

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ShmLogWriter } from "../../mod.ts";
import { cliCommand } from "../support/cli.ts";
import { notOnWindows } from "../support/platform.ts";
import { uniqueName } from "../support/runtime.ts";

/** Many times what a pipe takes. */
const LINES = 10_000;

/** What can be read from a pipe until all who write to it are gone. */
async function readAll(pipe: number): Promise<string> {
  // Slower than it is written.
  const piece = new Uint8Array(8192);
  const decoder = new TextDecoder();
  for (let text = "";;) {
    try {
      const count = readSync(pipe, piece);
      if (count === 0 && text !== "") return text;
      text += decoder.decode(piece.subarray(0, count));
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, "EAGAIN");
    }
    await sleep(1);
  }
}

test("tail writes all into a pipe that somebody made non-blocking, at its reader's pace", {
  skip: notOnWindows("Windows has no such pipes"),
}, async () => {
  using log = ShmLogWriter.create(uniqueName("pipe"), { chunkSize: 1 << 20, chunkCount: 4 });
  const line = (i: number) => `line ${i} ${"x".repeat(80)}`;
  for (let i = 0; i < LINES; i++) log.write(line(i));
  const folder = mkdtempSync(`${tmpdir()}/ouroboros-pipe-`);
  const path = `${folder}/pipe`;
  assert.equal(spawnSync("mkfifo", [path]).status, 0);
  const pipe = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const end = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  const child = spawn(...cliCommand(["tail", "--all", log.name]), {
    stdio: ["ignore", end, "inherit"],
  });
  closeSync(end);
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const text = await readAll(pipe);
  assert.equal(await ended, 0);
  assert.ok(text === Array.from({ length: LINES }, (_, i) => `${line(i)}\n`).join(""));
  closeSync(pipe);
  rmSync(folder, { recursive: true });
});
