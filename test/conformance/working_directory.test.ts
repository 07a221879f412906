/** Files that were opened by a relative path, and a process that changes its working directory. */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { isWindows } from "../support/platform.ts";
import { runScript } from "../support/runtime.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "ouroboros-directory-")));
after(() => rmSync(folder, { recursive: true }));

test("what was opened by a relative path stays where it was when the process goes elsewhere", () => {
  const [here, elsewhere] = ["here", "elsewhere"].map((name) => join(folder, name));
  mkdirSync(here);
  mkdirSync(elsewhere);
  const child = new URL("children/wanderer.ts", import.meta.url);
  const { stdout, stderr } = runScript(child, [here, elsewhere]);
  assert.notEqual(stdout, "", stderr);
  assert.deepEqual(JSON.parse(stdout), {
    isReplaced: false,
    name: join(here, "log"),
    current: true,
    paths: ["events", "events", "ring", "mapped", "partial"].map((name) => join(here, name)),
    isGone: !isWindows,
    reopened: !isWindows,
    later: join(here, "later"),
  });
  const all = ["cursor", "events", "later", "log", "mapped", "partial", "ring", "state"];
  assert.deepEqual(readdirSync(here).sort(), all);
  assert.deepEqual(readdirSync(elsewhere), []);
});
