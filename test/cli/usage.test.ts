/** Help, wrong usage, exit codes. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import test from "node:test";
import { createProgram } from "../../src/cli/program.ts";
import { withoutPasswords } from "../../src/cli/output/warn.ts";
import { runCli, runHere } from "../support/cli.ts";
import { uniqueName } from "../support/runtime.ts";

test("--help of the program names every command of the list, and each has examples", async () => {
  const { code, stdout } = await runHere("--help");
  assert.equal(code, 0);
  for (const command of (await createProgram()).commands) {
    const name = command.name();
    const isListed = new RegExp(`^  ${name}( |$)`, "m").test(stdout);
    assert.equal(isListed, name !== "dump" && name !== "generate", name);
    const help = await runHere(name, "--help");
    assert.equal(help.code, 0);
    assert.match(help.stdout, new RegExp(`\nExamples:\n.*ouroboros ${name}\\b`), name);
    assert.deepEqual(await runHere("help", name), help, name);
  }
  assert.deepEqual(await runHere("help"), { code: 0, stdout, stderr: "" });
  const unknown = await runHere("help", "tial");
  assert.deepEqual([unknown.code, unknown.stdout], [2, ""]);
  assert.equal(unknown.stderr, "error: unknown command 'tial'\n(Did you mean tail?)\n");
  assert.deepEqual(await runHere("help", "ls"), await runHere("list", "--help"));
  assert.deepEqual(runCli(["--help"]), { code: 0, stdout, stderr: "" });
});

test("save names what selects by level", async () => {
  for (const flag of ["-p", "--level", "--level=warn"]) {
    const { code, stderr } = await runHere("save", "/app", "app.log", flag, "warn");
    assert.equal(code, 2);
    assert.match(stderr, /unknown option '[^']+'\n\(--where 'level:>=warn' selects by level\)/);
  }
});

test("help is short, and fits a terminal", async () => {
  for (const command of (await createProgram()).commands) {
    const lines = (await runHere(command.name(), "--help")).stdout.split("\n");
    assert.ok(lines.length < 95, `${command.name()}: ${lines.length} lines`);
    // But for examples, which are copied.
    const prose = lines.slice(0, lines.indexOf("Examples:"));
    assert.deepEqual(prose.filter((line) => line.length > 82), [], command.name());
  }
});

test("no command says a password that stands in an address", async () => {
  const password = "s3cr et%'/@4";
  const [address, bare] = [`nats://joe:${password}@127.0.0.1:1`, `joe:${password}@127.0.0.1:x y`];
  const cases: [args: string[], code: number][] = [
    [["tail", address], 1],
    [["tail", `${address}/S`, "--state", "x"], 2],
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
    const { code, stdout, stderr } = await runHere(...args);
    assert.equal(code, expected, `${args.join(" ")}: ${stderr}`);
    assert.doesNotMatch(stdout + stderr, /s3cr|et%|4@/, args.join(" "));
    assert.notEqual(stderr, "");
  }
  // As Windows has it in a path.
  assert.equal(withoutPasswords("C:\\x\\nats:\\joe:1\\@h\\S"), "C:\\x\\nats://***@h\\S");
});

test("an address that is not one of NATS is an error that says how to write it", async () => {
  const { code, stderr } = await runHere("forward", "/x", "--stream", "S", "--to", "ftp://x");
  assert.equal(code, 1);
  assert.match(stderr, /password as %40, %2F and %3A, and the address like nats:\/\/HOST:PORT\n$/);
});

test("serve takes no empty host for every address", async () => {
  const { code, stdout, stderr } = await runHere("serve", "--host", "");
  assert.deepEqual([code, stdout], [2, ""]);
  assert.match(stderr, /0\.0\.0\.0 is every address/);
});

test("wrong usage gives exit code 2 and a line that says what is wrong", async () => {
  const cases: [args: string[], pattern: RegExp][] = [
    [["bogus"], /unknown command 'bogus'/],
    [["cat", "/x"], /unknown command 'cat'\n\(Did you mean tail --all\?\)\n$/],
    [["grep", "x", "/x"], /\(Did you mean tail --all --grep PATTERN NAME\?\)/],
    [["/app"], /unknown command '\/app'\n\(Did you mean tail \/app\?\)\n$/],
    [["-f", "/app"], /unknown option '-f'\n\(Options follow a command: tail -f\)\n$/],
    [["view"], /\(Did you mean tail\?\)\n$/],
    [["logs"], /missing required argument 'name'/],
    [["ls", "--bogus"], /unknown option '--bogus'/],
    [["tial"], /\(Did you mean tail\?\)/],
    [["record", "/x", "-"], /"ouroboros tail -F" prints entries as they come/],
    [["save", "/x", ""], /A path is expected/],
    [["tail"], /missing required argument 'name'/],
    [["tail", "/x", "--bogus"], /unknown option '--bogus'/],
    [["tail", "/x", "-n", "many"], /A number of entries is expected, "all", or "\+K"/],
    [["tail", "/x", "--from", "start"], /"oldest", "latest", "new" or a sequence number/],
    [["tail", "/x", "--from", "99999999999999999999"], /a sequence number/],
    [["tail", "/x", "--all", "-n", "3"], /cannot be used with/],
    [["tail", "/x", "--grep", "("], /"\(" is not a regular expression: .*; \\\( and/],
    [["tail", "/x", "-o", "xml"], /Allowed choices are text, json, hex, raw, pretty/],
    [["tail", ""], /name/],
    [["tail", "/x", "--since", "soon"], /A time like "10m"/],
    [["tail", "/x", "--level", "high"], /trace, debug, info, warn, error or fatal/],
    [
      ["tail", "/x", "-f", "--until", "12:00"],
      /--until ends, and -f does not: leave out one of them/,
    ],
    [["stat", "n".repeat(300)], /300 (bytes|characters)/],
    [["write", "/x", "--chunk-size", "much"], /A size like 65536/],
    [["write", "/x", "--chunks", "0"], /An integer from 1 on is expected/],
    [["tail", "/x", "-r", "-f"], /'-r, --reverse' cannot be used with option '-f, --follow'/],
    [["tail", "/x", "-i"], /-i needs a pattern: --grep <pattern>/],
    [["tail", "/x", "-u", "nginx"], /unknown option '-u'\n\(name the log: ouroboros tail \/NAME\)/],
    [["tail", "/x", "/y", "--state", "z"], /--state and cursors are of one log/],
    [["tail", "/x", "-l", "error"], /unknown option '-l'\n\(-p <level> .*: -p error\)/],
    [["tail", "/x", "--log", "y"], /unknown option '--log'\n\(name the log: .*--where log:NAME\)/],
    [["top", "--interval", "0"], /A time like "10s" from 0\.1 s to 3600 s/],
    [["generate", "--name", "/x"], /required option '--size <bytes>' not specified/],
  ];
  for (const [args, pattern] of cases) {
    const { code, stdout, stderr } = await runHere(...args);
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
    assert.match(stderr, /^ouroboros: no (log named|file) "[^\n]*; [^\n]*\n$/);
  }
});

test("dump makes no file for a log that is not there", () => {
  const path = `./no-such-dump-${uniqueName().slice(1)}`;
  assert.equal(runCli(["dump", "--name", uniqueName(), "--output", path]).code, 1);
  assert.ok(!existsSync(path));
});
