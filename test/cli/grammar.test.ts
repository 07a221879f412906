/** One grammar for all commands: the table of flags in ARCHITECTURE.md, spellings of others and of before. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import process from "node:process";
import test from "node:test";
import type { Command } from "commander";
import { createProgram } from "../../src/cli/program.ts";

const program = await createProgram();
const visible = program.createHelp().visibleCommands(program)
  .filter((command) => command.name() !== "help");

/** What a row of the table says: the flag as the help has it, and the commands that have it. */
function rows(): [flags: string, commands: string][] {
  const path = new URL("../../.github/ARCHITECTURE.md", import.meta.url);
  const [, section] = readFileSync(path, "utf8").split(/^### Flags$/m);
  const lines = section.split(/^##/m)[0].split("\n").filter((line) => line.startsWith("| `-"));
  return lines.map((line) => {
    const [flags, , commands] = line.split("|").slice(1).map((cell) => cell.trim());
    return [flags.replaceAll("`", ""), commands];
  });
}

/** The same, of the commands themselves. */
function flagsOf(commands: readonly Command[]): [flags: string, commands: string][] {
  const found = new Map<string, string[]>();
  for (const command of commands) {
    for (const { flags, hidden } of command.options) {
      if (!hidden) found.set(flags, [...found.get(flags) ?? [], command.name()]);
    }
  }
  return [...found].map(([flags, names]) => [flags, names.sort().join(", ")]);
}

const sorted = <T>(values: T[]) => [...values].sort((a, b) => `${a}` < `${b}` ? -1 : 1);

test("each flag of each command is one of the table, with the same value and short form", () => {
  assert.deepEqual(sorted(flagsOf(visible)), sorted(rows()));
});

test("no flag stands in the table twice", () => {
  const names = rows().flatMap(([flags]) => flags.split(/[ ,]+/)).filter((word) => word[0] === "-");
  assert.deepEqual(names.filter((name, i) => names.indexOf(name) < i), []);
});

test("a command that is named is loaded alone, and is the same as among all", async () => {
  for (const command of program.commands) {
    for (const only of [command.name(), ...command.aliases()]) {
      const { commands } = await createProgram({ only });
      assert.deepEqual(commands.map((one) => one.name()), [command.name()]);
      assert.equal(commands[0].helpInformation(), command.helpInformation());
    }
  }
  assert.deepEqual((await createProgram({ only: "--version" })).commands, []);
});

test("the commands of the reference's tools are not in the list", () => {
  const names = program.commands.map((command) => command.name());
  for (const name of ["dump", "generate"]) {
    assert.ok(names.includes(name), name);
    assert.ok(!visible.some((command) => command.name() === name), name);
  }
});

/** What a command makes of words. */
async function parsed(name: string, ...words: string[]): Promise<Record<string, unknown>> {
  const [command] = (await createProgram({ only: name })).commands;
  command.configureOutput({ writeErr: () => {} });
  const { operands, unknown } = command.exitOverride().parseOptions(words);
  return { ...command.opts(), rest: [...operands, ...unknown] };
}

/** The error of a command for words, in one line. */
async function refused(name: string, ...words: string[]): Promise<string> {
  let text = "";
  const [command] = (await createProgram({ only: name })).commands;
  command.exitOverride().configureOutput({
    writeErr: (part) => text += part,
    outputError: (part) => text += part,
  });
  assert.throws(() => command.parseOptions(words));
  return text;
}

test("tail takes what users of tail, journalctl, grep and docker logs type", async () => {
  const count = (lines: number) => ({ lines: { count: lines } });
  const cases: [words: string[], options: object][] = [
    [["-n", "20", "/a"], count(20)],
    [["-n20", "/a"], count(20)],
    [["-n", "-20", "/a"], count(20)],
    [["-20", "/a"], count(20)],
    [["-f", "-20", "/a"], { ...count(20), follow: true }],
    [["-20f", "/a"], { ...count(20), follow: true }],
    [["-fn", "20", "/a"], { ...count(20), follow: true }],
    [["-fn20", "/a"], { ...count(20), follow: true }],
    [["--lines=20", "/a"], count(20)],
    [["--tail", "20", "/a"], count(20)],
    [["--tail=20", "/a"], count(20)],
    [["-n", "+3", "/a"], { lines: { from: 3 } }],
    [["-n", "all", "/a"], { lines: { from: "oldest" } }],
    [["--no-tail", "/a"], { all: true }],
    [["--follow=name", "/a"], { followName: true }],
    [["--follow=descriptor", "/a"], { follow: true }],
    [["--follow", "--retry", "/a"], { follow: true }],
    [["-r", "/a"], { reverse: true }],
    [["-g", "x", "-i", "-v", "/a"], { grep: ["x"], ignoreCase: true, invertMatch: true }],
    [["-iv", "--grep=a", "-e", "b", "/a"], {
      grep: ["a", "b"],
      ignoreCase: true,
      invertMatch: true,
    }],
    [["-E", "a|b", "/a"], { grep: ["a|b"] }],
    [["-C", "3", "/a"], { context: 3 }],
    [["-C3", "-m", "2", "/a"], { context: 3, head: 2 }],
    [["--before-context", "1", "--max-count=2", "/a"], { B: 1, head: 2 }],
    [["-g", "-20", "/a"], { grep: ["-20"] }],
    [["-p", "err", "/a"], { level: { least: "error", most: "fatal" } }],
    [["-p", "3", "/a"], { level: { least: "error", most: "fatal" } }],
    [["--priority=warning..err", "/a"], { level: { least: "warn", most: "error" } }],
    [["-p", "err..warning", "/a"], { level: { least: "warn", most: "error" } }],
    [["-o", "json", "/a"], { output: "json" }],
    [["-o", "cat", "/a"], { output: "text" }],
    [["-o", "short", "/a"], { output: "pretty" }],
    [["--json", "/a"], { output: "json", json: true }],
    [["--format=json", "/a"], { output: "json" }],
    [["--format", "json", "/a"], { output: "json" }],
    [["--color=never", "/a"], { color: false }],
    [["--color=always", "/a"], { color: true }],
    [["--color=auto", "--no-pager", "/a"], {}],
  ];
  for (const [words, options] of cases) {
    assert.deepEqual(
      await parsed("tail", ...words),
      { ...options, rest: ["/a"] },
      words.join(" "),
    );
  }
  assert.deepEqual((await parsed("tail", "--", "-20")).rest, ["-20"]);
});

test("tail says what to type in place of what it has not", async () => {
  assert.match(await refused("tail", "-c", "100", "/a"), /-n <count> prints the last entries/);
  assert.match(await refused("tail", "-u", "nginx"), /name the log: ouroboros tail \/NAME/);
  assert.match(await refused("tail", "-b", "/a"), /--since today/);
  assert.match(await refused("tail", "--pid=4", "/a"), /Ctrl-C/);
  assert.match(await refused("tail", "-n", "ten", "/a"), /"all", or "\+K"/);
  assert.match(await refused("tail", "-p", "loud", "/a"), /a range like warn\.\.error/);
  assert.match(await refused("tail", "-g", "(?P<a>b)", "/a"), /a named group is \(\?<name>…\)/);
});

test("spellings of before work, and say what to type", async (t) => {
  const said: string[] = [];
  t.mock.method(process.stderr, "write", (text: string) => said.push(text) > 0);
  assert.equal((await parsed("tail", "--cursor-file", "at", "/a")).state, "at");
  assert.equal((await parsed("record", "--cursor-file=at", "/a", "b")).state, "at");
  assert.equal((await parsed("record", "--reopen", "/a", "b")).followName, true);
  assert.equal((await parsed("write", "--keep", "/a")).remove, false);
  assert.equal((await parsed("serve", "-p", "8080")).port, 8080);
  assert.equal((await parsed("record", "--fsync", "200", "/a", "b")).fsync, 200);
  assert.equal((await parsed("top", "-d", "0.5")).interval, 500);
  t.mock.restoreAll();
  assert.deepEqual(said.map((line) => line.replace(/^ouroboros: /, "").trimEnd()), [
    "--cursor-file is now --state",
    "--cursor-file is now --state",
    "--reopen is now --follow-name",
    "--keep is now --no-remove",
    "-p is now --port",
    "--fsync 200 is now --fsync 200ms",
  ]);
});

test("all spellings of before lead to flags that are there", () => {
  for (const command of program.commands) {
    const { oldOptions } = command as unknown as { oldOptions?: Map<string, string> };
    for (const now of oldOptions?.values() ?? []) {
      assert.ok(command.options.some(({ short, long }) => now === short || now === long), now);
    }
  }
});
