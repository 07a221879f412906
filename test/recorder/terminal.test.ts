/** Programs that are recorded in a terminal of their own, or run by somebody who sits at one. */

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import process from "node:process";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { type LogTarget, ShmLogReader } from "../../mod.ts";
import { delay } from "../../src/async.ts";
import { cliCommand, runCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { lastingLog } from "../support/lasting.ts";
import { noTerminal, Terminal } from "../support/terminal.ts";

const keys = fileURLToPath(new URL("children/keys.sh", import.meta.url));
const SMALL = ["--size", "1MiB"];

/** The lines of a log, without their times, and what the last one says. */
function recordOf(target: LogTarget): { lines: string[]; end: Record<string, unknown> } {
  using reader = ShmLogReader.open(target, { strategy: "oldest" });
  const lines = [...reader].map(({ text }) => text.slice(31));
  return { lines, end: JSON.parse(lines.pop()?.slice("stderr F ".length) ?? "{}") };
}

function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
}

/** `run` in a terminal, by a shell that then says how it was left. */
function inTerminal(args: string[], before = ""): Terminal {
  const [command, fixed] = cliCommand(["run", ...args]);
  const script = `${before} a=$(stty -g); ${quoted([command, ...fixed])}; echo "code $?"
    test "$a" = "$(stty -g)" && echo as-before`;
  return new Terminal(["sh", "-c", script]);
}

test("run without --tty gives a program a terminal to read from that waits", {
  skip: noTerminal,
}, async () => {
  using log = lastingLog("tty-input");
  const program = ["sh", "-c", "echo ready; cat; echo over"];
  const terminal = inTerminal(["--log", log.name, ...SMALL, "--", ...program]);
  await terminal.until("ready\r\n");
  // Long enough for a read that does not wait to fail.
  await delay(200);
  await terminal.type("hello\r\x04");
  await terminal.until("hello\r\nover\r\ncode 0");
  await terminal.ended();
  assert.deepEqual(
    recordOf(log.target).lines,
    ["ready", "hello", "over"].map((line) => `stdout F ${line}`),
  );
});

test("run --tty gives a program the keys, the size and the signals of a terminal", {
  skip: noTerminal,
}, async () => {
  using log = lastingLog("tty");
  const terminal = inTerminal(["--tty", "--log", log.name, ...SMALL, "--", "sh", keys]);
  await terminal.until("size 30 100\r\nready\r\n");
  await terminal.type("hello\r");
  // The terminal of the program shows the keys, ours does not.
  await terminal.until("hello\r\nline hello\r\n");
  terminal.resize({ rows: 40, columns: 120 });
  await terminal.until("size 40 120");
  await terminal.type("\x03");
  await terminal.until("int 1");
  await terminal.type("\x03");
  await terminal.until("int 2");
  await terminal.type("typed\r\x04");
  await terminal.until("over\r\ncode 5\r\nas-before");
  assert.equal((await terminal.ended()).exitCode, 0);
  const { lines, end } = recordOf(log.target);
  assert.deepEqual(
    lines.filter((line) => !line.includes("typed")),
    ["size 30 100", "ready", "hello", "line hello", "size 40 120", "^Cint 1", "^Cint 2", "over"]
      .map((line) => `stdout F ${line}`),
  );
  assert.deepEqual([end.exitCode, end.level], [5, "error"]);
});

test("run --tty, ended by a key or by a signal, gives the terminal back, and is no crash", {
  skip: noTerminal,
}, async () => {
  for (const how of ["key", "signal"]) {
    using log = lastingLog("tty");
    const terminal = inTerminal([
      ...["--tty", "--log", log.name, ...SMALL, "--"],
      ...["sh", "-c", "echo at $PPID; exec sleep 60"],
    ]);
    await terminal.until("at ");
    await terminal.until("\r\n");
    const run = Number(/at (\d+)/.exec(terminal.text)![1]);
    if (how === "key") await terminal.type("\x03");
    else process.kill(run, "SIGTERM");
    await terminal.until(`code ${how === "key" ? 130 : 143}\r\nas-before`);
    await terminal.ended();
    const { end } = recordOf(log.target);
    assert.deepEqual([end.level, end.signal], ["info", how === "key" ? "SIGINT" : "SIGTERM"]);
  }
});

test("run --tty of no program gives the terminal back", { skip: noTerminal }, async () => {
  using log = lastingLog("tty");
  const args = ["--tty", "--log", log.name, ...SMALL, "--", "nothing-of-this-name"];
  const terminal = inTerminal(args);
  await terminal.until(`ouroboros: no program "nothing-of-this-name"\r\ncode 127\r\nas-before`);
  await terminal.ended();
});

test("run without --tty: Ctrl-C reaches the program once, as often as it is pressed", {
  skip: noTerminal,
}, async () => {
  using log = lastingLog("tty");
  const script = `n=0; trap 'echo int $((n += 1))' INT; echo ready
    while [ $n -lt 2 ]; do sleep 0.05; done; sleep 0.5; echo of $n`;
  const args = ["--log", log.name, ...SMALL, "--", "sh", "-c", script];
  const terminal = inTerminal(args, "trap : INT;");
  await terminal.until("ready");
  await terminal.type("\x03");
  await terminal.until("int 1");
  await terminal.type("\x03");
  await terminal.until("int 2");
  await terminal.until("of 2\r\ncode 0\r\nas-before");
  await terminal.ended();
});

test("run without --tty, ended by Ctrl-C, is no crash", { skip: noTerminal }, async () => {
  using log = lastingLog("tty");
  const script = "echo ready; exec sleep 60";
  const terminal = inTerminal(
    ["--log", log.name, ...SMALL, "--", "sh", "-c", script],
    "trap : INT;",
  );
  await terminal.until("ready");
  await terminal.type("\x03");
  await terminal.until("code 130\r\nas-before");
  await terminal.ended();
  assert.deepEqual(recordOf(log.target).end.level, "info");
});

test("run --tty without a terminal: the input is ours, the output a terminal of 80 columns", {
  skip: noTerminal,
}, () => {
  using log = lastingLog("tty");
  const script = `test -t 0 || echo input; test -t 1 && test -t 2 && echo output
    cat; stty size <&1; printf '\\033[31mERROR\\033[0m no database\\n' >&2; exit 3`;
  const { code, stdout, stderr } = runCli(
    ["run", "-t", "--log", log.name, ...SMALL, "--", "sh", "-c", script],
    "given\n",
  );
  assert.equal(code, 3);
  assert.equal(stderr, "");
  const shown = ["input", "output", "given", "24 80", "\x1b[31mERROR\x1b[0m no database"];
  assert.equal(stdout, shown.map((line) => `${line}\r\n`).join(""));
  // What was printed is what is recorded; a terminal is shown what it can show.
  const { lines } = recordOf(log.target);
  assert.deepEqual(lines, shown.map((line) => `stdout F ${line}`));
  const pretty = runCli(["tail", log.name, "-n", "2", "-o", "pretty"]).stdout.split("\n");
  assert.match(pretty[0], / - {5}ERROR no database$/);
});

test("run --tty keeps all that a program prints before its end, and does not wait for others", {
  skip: noTerminal,
}, () => {
  using log = lastingLog("tty");
  const script = "(sleep 20; echo late) & seq 100000; exit 4";
  const { code, stdout, stderr } = runCli(
    ["run", "--tty", "--log", log.name, "--size", "16MiB", "--", "sh", "-c", script],
  );
  const expected = Array.from({ length: 100_000 }, (_, i) => `${i + 1}`);
  assert.deepEqual([code, stderr], [4, ""]);
  assert.ok(stdout === expected.map((line) => `${line}\r\n`).join(""));
  assert.deepEqual(recordOf(log.target).lines, expected.map((line) => `stdout F ${line}`));
});

test("run --tty keeps what a program printed before its end for a reader that comes late", {
  skip: noTerminal,
}, () => {
  using log = lastingLog("tty");
  const [command, args] = cliCommand(
    ["run", "--tty", "--log", log.name, ...SMALL, "--", "sh", "-c", "seq 40000; exit 4"],
  );
  // Meanwhile the program writes as much as all that is between has room for.
  const script = '{ "$@"; echo "code $?" >&2; } | (sleep 0.6; cat)';
  const { stdout, stderr } = spawnSync("sh", ["-c", script, "sh", command, ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  assert.equal(stderr, "code 4\n");
  const expected = Array.from({ length: 40_000 }, (_, i) => `${i + 1}\r\n`);
  assert.ok(stdout === expected.join(""), stdout.slice(-100));
});

test("run --tty passes the end of its reader on to the program", { skip: noTerminal }, async () => {
  using log = lastingLog("tty");
  const [command, args] = cliCommand(["run", "--tty", "--log", log.name, ...SMALL, "--", "yes"]);
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  const code = new Promise((resolve) => child.once("exit", resolve));
  await new Promise((resolve) => child.stdout.once("data", resolve));
  child.stdout.destroy();
  assert.equal(await code, 129);
  const { end } = recordOf(log.target);
  assert.deepEqual([end.level, end.signal], ["info", "SIGHUP"]);
});

test("run --tty whose reader ends after the program ends as the program did", {
  skip: noTerminal,
}, () => {
  using log = lastingLog("tty");
  const done = `${testFolder("tty")}/done`;
  // A little more than a pipe holds.
  const program = ["sh", "-c", `seq 12000; touch ${done}; exit 4`];
  const [command, args] = cliCommand(["run", "--tty", "--log", log.name, ...SMALL, "--"]);
  const reader = `while ! test -e ${done}; do sleep 0.1; done; sleep 1`;
  const script = `{ ${quoted([command, ...args, ...program])}; echo "code $?" >&2; } | (${reader})`;
  const { stderr } = spawnSync("sh", ["-c", script], { encoding: "utf8" });
  assert.equal(stderr, "code 4\n");
  assert.equal(recordOf(log.target).end.exitCode, 4);
});

test("run --tty that is killed hangs up the terminal of the program", {
  skip: noTerminal,
}, async () => {
  using log = lastingLog("tty");
  const [command, args] = cliCommand([
    ...["run", "--tty", "--log", log.name, ...SMALL, "--"],
    ...["sh", "-c", "echo $$; exec sleep 60"],
  ]);
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  const text = await new Promise((resolve) => child.stdout.once("data", resolve));
  child.kill("SIGKILL");
  const isRunning = () => existsSync(`/proc/${Number(String(text))}/exe`);
  while (isRunning()) await new Promise((resolve) => setTimeout(resolve, 20));
  const reader = runCli(["tail", log.name]).stdout;
  assert.match(reader, /stdout F \d+\n$/);
});
