/** Help, wrong usage, exit codes. */

import assert from "node:assert/strict";
import { spawnSync, type StdioOptions } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import process from "node:process";
import test from "node:test";
import { ShmLogWriter } from "../../mod.ts";
import { cliCommand, runCli } from "../support/cli.ts";
import { uniqueName } from "../support/runtime.ts";

const commands = [
  "write",
  "tail",
  "dump",
  "record",
  "replay",
  "save",
  "verify",
  "stat",
  "list",
  "top",
  "serve",
  "forward",
  "receive",
  "remove",
  "generate",
  "completions",
  "help",
];

test("--help of the program names every command, and each command has examples", () => {
  const { code, stdout } = runCli(["--help"]);
  assert.equal(code, 0);
  for (const command of commands) {
    assert.match(stdout, new RegExp(`^  ${command} `, "m"));
    const help = runCli([command, "--help"]);
    assert.equal(help.code, 0);
    assert.match(help.stdout, new RegExp(`Examples:\n.*ouroboros ${command}\\b`), command);
  }
});

test("no command says a password that stands in an address", () => {
  const password = "s3cr et%'/@4";
  const [address, bare] = [`nats://joe:${password}@127.0.0.1:1`, `joe:${password}@127.0.0.1:x y`];
  const cases: [args: string[], code: number][] = [
    [["tail", address], 1],
    [["tail", `${address}/S`, "--cursor-file", "x"], 2],
    [["tail", `${address}/S`, "/other"], 2],
    [["tail", `nats:/joe:${password}@host/S`], 1],
    [["receive", "--stream", "S", "--from", `${address} `], 2],
    [["receive", "--stream", "S", "--from", bare], 2],
    [["receive", "--from", address], 2],
    [["forward", "/x", "--stream", "S", "--to", bare], 2],
    [["stat", `${address}/S`], 1],
    [["stat", "/x", address], 1],
    [["replay", `${address}/S`, "/x"], 1],
  ];
  for (const [args, expected] of cases) {
    const { code, stdout, stderr } = runCli(args);
    assert.equal(code, expected, `${args.join(" ")}: ${stderr}`);
    assert.doesNotMatch(stdout + stderr, /s3cr|et%|4@/, args.join(" "));
    assert.notEqual(stderr, "");
  }
});

test("serve takes no empty host for every address", () => {
  const { code, stdout, stderr } = runCli(["serve", "--host", ""]);
  assert.deepEqual([code, stdout], [2, ""]);
  assert.match(stderr, /0\.0\.0\.0 is every address/);
});

test("wrong usage gives exit code 2 and a line that says what is wrong", () => {
  const cases: [args: string[], pattern: RegExp][] = [
    [["bogus"], /unknown command 'bogus'/],
    [["cat", "/x"], /unknown command 'cat'\n\(Did you mean tail\?\)\n$/],
    [["head"], /\(Did you mean tail\?\)/],
    [["tial"], /\(Did you mean tail\?\)/],
    [["record", "/x", "-"], /"ouroboros tail -F" prints what passes/],
    [["save", "/x", ""], /A path is expected/],
    [["tail"], /missing required argument 'name'/],
    [["tail", "/x", "--bogus"], /unknown option '--bogus'/],
    [["tail", "/x", "-n", "many"], /An integer from 0 on is expected/],
    [["tail", "/x", "--from", "start"], /"latest", "oldest" or a sequence number/],
    [["tail", "/x", "--from", "99999999999999999999"], /a sequence number/],
    [["tail", "/x", "--all", "-n", "3"], /cannot be used with/],
    [["tail", "/x", "--grep", "("], /Invalid regular expression|unterminated|missing/i],
    [["tail", "/x", "-o", "xml"], /Allowed choices are text, json, hex, raw/],
    [["tail", ""], /name/],
    [["tail", "/x", "--since", "soon"], /A time like "10m"/],
    [["tail", "/x", "--level", "high"], /trace, debug, info, warn, error or fatal/],
    [["tail", "/x", "-f", "--until", "12:00"], /--until/],
    [["stat", "n".repeat(300)], /300 (bytes|characters)/],
    [["write", "/x", "--chunk-size", "much"], /A size like 65536/],
    [["write", "/x", "--chunks", "0"], /An integer from 1 on is expected/],
    [["generate", "--name", "/x"], /required option '--size <bytes>' not specified/],
  ];
  for (const [args, pattern] of cases) {
    const { code, stdout, stderr } = runCli(args);
    assert.deepEqual([code, stdout], [2, ""], args.join(" "));
    assert.match(stderr, pattern);
  }
});

test("what fails gives exit code 1 and one line", () => {
  const name = uniqueName();
  for (
    const args of [
      ["tail", name],
      ["stat", name],
      ["remove", name],
      ["dump", "--name", name, "--output", "-"],
      ["stat", `./no-such-folder${name}`],
    ]
  ) {
    const { code, stdout, stderr } = runCli(args);
    assert.deepEqual([code, stdout], [1, ""], args.join(" "));
    assert.match(stderr, /^ouroboros: .*not found\n$/);
  }
});

test("dump makes no file for a log that is not there", () => {
  const path = `./no-such-dump-${uniqueName().slice(1)}`;
  assert.equal(runCli(["dump", "--name", uniqueName(), "--output", path]).code, 1);
  assert.ok(!existsSync(path));
});

test("what a full disk did not take is said, however little it is", {
  skip: process.platform === "linux" ? false : "only Linux has a device that is full",
}, () => {
  using log = ShmLogWriter.create(uniqueName(), { chunkSize: 4096, chunkCount: 4 });
  log.write("the only one");
  for (
    const args of [
      ["dump", "--name", log.name, "--output", "/dev/full"],
      ["record", log.name, "/dev/full"],
    ]
  ) {
    const { code, stderr } = runCli(args);
    assert.equal(code, 1, args.join(" "));
    assert.match(stderr, /^ouroboros: .*no space left on device.*\n$/i);
  }
  const full = openSync("/dev/full", "w");
  const [command, args] = cliCommand(["tail", log.name]);
  const stdio = ["ignore", full, "pipe"] satisfies StdioOptions;
  const { status, stderr } = spawnSync(command, args, { stdio, timeout: 180_000 });
  closeSync(full);
  assert.equal(status, 1);
  assert.match(String(stderr), /no space left on device/i);
});
