/** Malicious files under the commands that read. */

import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import { testFolder } from "../support/folder.ts";
import { baseSeed } from "../support/random.ts";
import { startChild } from "../support/runtime.ts";

const RUNS = Number(process.env.HOSTILE_FILES ?? 1000);
const folder = testFolder("hostile");
const commands = new URL("children/commands.ts", import.meta.url);

test(`commands on malicious files end, with an exit code and a line (seed ${baseSeed})`, async () => {
  const runs = Math.max(1, Math.floor(RUNS / 10));
  const child = startChild(commands, [folder, baseSeed, runs]);
  try {
    // The commands print entries, too.
    let line = "";
    while (!line.startsWith("all done:")) line = await child.nextLine();
    assert.equal(line, `all done: ${5 * runs} commands`);
    assert.equal(await child.ended(), 0);
  } finally {
    await child.kill();
  }
});
