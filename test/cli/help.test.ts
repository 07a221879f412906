/** `ouroboros help`. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import test from "node:test";
import { runCli } from "../support/cli.ts";
import { scriptCommand } from "../support/runtime.ts";

test("help has a page for the program and for every command, in lines that fit", () => {
  const { code, stdout } = runCli(["help"]);
  assert.equal(code, 0);
  for (
    const title of [
      "NAME",
      "SYNOPSIS",
      "COMMANDS",
      "OPTIONS",
      "EXIT STATUS",
      "FILES",
      "ENVIRONMENT",
    ]
  ) {
    assert.match(stdout, new RegExp(`^${title}$`, "m"));
  }
  const [, commands] = /^COMMANDS\n([^]*?)\n\n/m.exec(stdout) ?? [];
  const names = commands.split("\n").filter((line) => /^ {7}\w/.test(line)).map((line) =>
    line.trim()
  );
  assert.ok(names.includes("tail") && names.includes("help"));
  // A few: each takes a process.
  for (const name of ["tail", "record", "generate"]) {
    const page = runCli(["help", name]);
    assert.equal(page.code, 0, name);
    assert.match(
      page.stdout,
      new RegExp(`^NAME\n {7}ouroboros-${name} - [^]*^SYNOPSIS\n {7}ouroboros ${name}\\b`, "m"),
    );
    assert.match(
      page.stdout,
      new RegExp(`^EXAMPLES\n( {7}.*\n)* {7}.*ouroboros ${name}\\b`, "m"),
      name,
    );
    for (const line of page.stdout.split("\n")) assert.ok(line.length <= 110, line);
  }
  assert.match(runCli(["help", "record"]).stdout, /--keep <count>\n {11}how many .*\(default 5\)/);
  const wrong = runCli(["help", "bogus"]);
  assert.deepEqual([wrong.code, wrong.stdout], [2, ""]);
  assert.match(wrong.stderr, /unknown command 'bogus'/);
});

const noTerminal = spawnSync("script", ["-qec", "true", "/dev/null"]).status === 0
  ? false
  : "there is no program `script` of util-linux";

test("help is paged in a terminal, unless there is no pager", { skip: noTerminal }, () => {
  const file = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
  const [command, fixed] = scriptCommand(file);
  const line = [command, ...fixed, "help", "stat"].map((word) => `'${word}'`).join(" ");
  const shown = (pager: string) =>
    spawnSync("script", ["-qec", line, "/dev/null"], {
      env: { ...process.env, PAGER: pager, TERM: "xterm" },
      encoding: "utf8",
    }).stdout;
  assert.match(shown("sed s/^/PAGED:/"), /^PAGED:[^]*NAME[^]*ouroboros-stat/);
  for (const pager of ["", "no-such-pager-at-all"]) assert.match(shown(pager), /ouroboros-stat - /);
});
