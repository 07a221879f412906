/** Every command that ends by itself does its work, on every runtime: what it prints is tested elsewhere. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import test, { after } from "node:test";
import { SharedMemory } from "../../ffi/mod.ts";
import { runCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { lastingLog } from "../support/lasting.ts";
import { needsRemovedFolder } from "../support/platform.ts";

const folder = testFolder("every");
const log = lastingLog("every");
const copy = lastingLog("every");
const made = lastingLog("every");
after(() => {
  for (const place of [log, copy, made]) place[Symbol.dispose]();
});
const saved = `${folder}/saved.log`;
const records = `${folder}/records.json`;

const sizes = "--size 9999 --count 3 --min-size 1 --max-size 9 --interval 0 --no-unlink-at-exit"
  .split(" ");

/** In this order: each finds what those before it have left. */
const commands: [args: string[], printed: RegExp, input?: string][] = [
  [["write", log.name], /^$/, "one\ntwo\n"],
  [["tail", log.name, "--all"], /^one\ntwo\n$/],
  [["dump", "--name", log.name, "--output", "-"], /^one\ntwo\n$/],
  [["list"], new RegExp(SharedMemory.persists ? log.name : "")],
  [["stat", log.name, "-o", "json"], /"entries": ?2\b/],
  [["top", "--once", log.name], /\b2\b/],
  [["save", log.name, saved], /^/],
  [["save", log.name, `${saved}.zst`], /^/],
  [["tail", `${saved}.zst`, "--all"], /^one\ntwo\n$/],
  [["verify", saved], /^/],
  [["replay", saved, copy.name, "--speed", "max"], /^$/],
  [["tail", copy.name, "-n", "1"], /^two\n$/],
  [["generate", "--name", made.name, "--json-out", records, ...sizes], /"shm_name"/],
  [["remove", log.name, made.name], /^/],
  [["completions", "bash"], /ouroboros/],
  [["doctor"], /^ok +runtime /m],
  [["tail", "--help"], /Examples:/],
];

for (const [args, printed, input] of commands) {
  const skip = args.includes(`${saved}.zst`) && needsRemovedFolder;
  test(`ouroboros ${args[0]} does its work`, { skip }, () => {
    const { code, stdout, stderr } = runCli(args, input);
    assert.equal(code, 0, stderr);
    assert.match(stdout, printed);
  });
}

test("the commands have left what they were to leave", () => {
  assert.deepEqual([log.exists(), made.exists(), copy.exists()], [false, false, true]);
  assert.ok(existsSync(saved));
  assert.equal(JSON.parse(readFileSync(records, "utf8")).records.length, 3);
});
