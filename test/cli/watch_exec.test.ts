/** `ouroboros watch --exec`: commands that run when something was saved. */

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ShmLogWriter } from "../../mod.ts";
import { Commands, splitWords } from "../../src/cli/watch/commands.ts";
import { testFolder } from "../support/folder.ts";
import { isWindows } from "../support/platform.ts";
import { runtimeName, uniqueName } from "../support/runtime.ts";
import { endWatch, savedIn, startWatch } from "../support/watching.ts";

const skip = (process.platform === "darwin" && "this system does not list shared memory") ||
  (isWindows && "shared memory goes with its writer");
const folder = testFolder("watch-exec");

test("--exec runs a command without a shell: what is in a name stays there", { skip }, async () => {
  const evil = `${uniqueName("exec")}-$(touch ${folder.slice(1).replaceAll("/", "_")})-;&'"-{file}`;
  using log = ShmLogWriter.create(evil, { size: "256KiB", unlinkOnClose: true });
  const shown = join(folder, "shown.mjs");
  const out = join(folder, "shown.json");
  writeFileSync(
    shown,
    `import { writeFileSync } from "node:fs";
     writeFileSync(${JSON.stringify(out)}, JSON.stringify(
       [process.argv.slice(2), process.env.OUROBOROS_SAVED_LOG, process.env.OUROBOROS_TRIGGERS]));
     process.exit(3);`,
  );
  const dir = join(folder, "exec");
  const watch = await startWatch(
    evil,
    "--when",
    "error",
    "--when",
    "one",
    "--save",
    dir,
    "--after",
    "1s",
    "--exec",
    `node ${shown} {reason} '{log} and more' {file}`,
  );
  const line = (level: number, msg: string) => JSON.stringify({ level, time: Date.now(), msg });
  log.writeMany([line(50, "$(touch no) `touch no`"), line(30, "one"), line(30, "one")]);
  await watch.untilStderr((stderr) => stderr.includes("exit code 3"));
  await endWatch(watch);
  const [words, logName, triggers] = JSON.parse(readFileSync(out, "utf8"));
  assert.deepEqual(words, ["error", `${evil} and more`, join(dir, savedIn(dir)[0])]);
  assert.equal(logName, evil);
  assert.equal(triggers, `error 1 ${evil}\nmatch 2 ${evil}`);
  assert.match(savedIn(dir)[0], /^[\w.-]+$/);
});

/** A program that hangs, unless it did so before. */
function hangOnce(first: string, second: string): string {
  return `const fs = require("fs"), first = ${JSON.stringify(first)};
    if (fs.existsSync(first)) fs.writeFileSync(${JSON.stringify(second)}, "");
    else fs.writeFileSync(first, ""), setInterval(() => {}, 1000);`;
}

test("a command that hangs is ended, and the next one runs", async (t) => {
  const said: string[] = [];
  t.mock.method(process.stderr, "write", (text: string) => said.push(text) > 0);
  const [first, out] = [join(folder, "first"), join(folder, "second")];
  // Of the shell, which is there soon on a busy machine, too: the limit is for all of it.
  const command = isWindows
    ? [runtimeName === "deno" ? "node" : process.execPath, "-e", hangOnce(first, out)]
    : ["sh", "-c", `test -e '${first}' && : > '${out}' || { : > '${first}'; exec sleep 60; }`];
  const commands = new Commands(command, new AbortController().signal, 2000);
  for (let i = 0; i < 12; i++) {
    commands.run({ file: `f${i}`, log: "", reason: "error", triggers: "" });
  }
  await commands.idle();
  const none = new Commands(["no-such-command"], new AbortController().signal);
  none.run({ file: "", log: "", reason: "", triggers: "" });
  await none.idle();
  t.mock.restoreAll();
  assert.ok(existsSync(out));
  assert.match(said.join(""), /(sh|node|\.exe) was ended: it took longer than 2 s/);
  assert.match(said.join(""), /too slow, and was not run for f10/);
  assert.match(said.join(""), /no-such-command can't be run/);
});

test("a command that ignores the end is killed after Ctrl-C, too", { skip }, async () => {
  const ready = join(folder, "stubborn");
  const interrupt = new AbortController();
  const script =
    `trap "" TERM; : > '${ready}'; i=0; while [ $i -lt 60 ]; do i=$((i + 1)); sleep 1; done`;
  const commands = new Commands(["sh", "-c", script], interrupt.signal);
  const start = performance.now();
  commands.run({ file: "", log: "", reason: "error", triggers: "" });
  while (!existsSync(ready)) await sleep(20);
  interrupt.abort();
  await commands.idle();
  // 5 s until it is asked to end, and 5 s more.
  assert.ok(performance.now() - start < 40_000);
});

test("splitWords() knows quotes, and nothing else of a shell", () => {
  assert.deepEqual(splitWords("notify {file}"), ["notify", "{file}"]);
  assert.deepEqual(splitWords(` a  "b c" 'd "e"' f"g h"i "" `), ["a", "b c", 'd "e"', "fg hi", ""]);
  assert.deepEqual(splitWords("a $B `c` | d; \\e"), ["a", "$B", "`c`", "|", "d;", "\\e"]);
  assert.equal(splitWords("it's"), undefined);
  assert.equal(splitWords("  "), undefined);
  assert.equal(splitWords("'' a"), undefined);
});
