/** `ouroboros tail` on the lines of logging libraries: times, levels, for people, several logs. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import test from "node:test";
import { jsonLinesFormatter, type LogLevel, type LogRecord } from "@logtape/logtape";
import pino from "pino";
import { ShmLogWriter } from "../../mod.ts";
import { cliCommand, runCli, startCli } from "../support/cli.ts";
import { done } from "../support/numbered_lines.ts";
import { needsLettingGo } from "../support/platform.ts";
import { uniqueName } from "../support/runtime.ts";

const second = 1000;
const minute = 60 * second;
/** A time as it is printed; about midnight with its date. */
const CLOCK = String.raw`(?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d\.\d{3}`;

function makeLog(): ShmLogWriter {
  return ShmLogWriter.create(uniqueName(), { unlinkOnClose: true, chunkSize: 4096, chunkCount: 4 });
}

/** A line of pino's, of so many milliseconds ago. */
function pinoLine(level: pino.Level, msg: string, ago = 0): string {
  let line = "";
  const timestamp = () => `,"time":${Date.now() - ago}`;
  pino({ level: "trace", timestamp }, { write: (text) => line = text.trimEnd() })[level](msg);
  return line;
}

/** A line of LogTape's, of so many milliseconds ago. */
function logTapeLine(level: LogLevel, message: string, ago = 0): string {
  const record: LogRecord = {
    category: ["app"],
    level,
    message: [message],
    rawMessage: message,
    timestamp: Date.now() - ago,
    properties: {},
  };
  return jsonLinesFormatter(record).trimEnd();
}

/** The numbers of the entries that a command prints. */
function numbers(...args: (string | number)[]): number[] {
  const { code, stdout, stderr } = runCli(["tail", ...args, "-o", "json"]);
  // How many have no level.
  assert.match(stderr, /^(?:ouroboros: .* no level, which --level .*\n)?$/);
  assert.equal(code, 0);
  return stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line).seq);
}

test("tail --since and --until print all that was logged then", () => {
  using log = makeLog();
  log.write(pinoLine("info", "one", 3 * 60 * minute));
  for (let i = 0; i < 15; i++) log.write(logTapeLine("info", "two", 30 * minute));
  log.write(pinoLine("info", "three"));
  const iso = new Date(Date.now() - 10 * minute).toISOString();
  assert.equal(numbers(log.name, "--since", "1h", "--until", iso).length, 15);
  assert.deepEqual(numbers(log.name, "--since", "1d", "-n", 2), [16, 17]);
});

test("tail --since says how many entries have no time and came before all that have", () => {
  using log = makeLog();
  log.writeMany(["plain", "text"]);
  assert.deepEqual(runCli(["tail", log.name, "--since", "1h"]), {
    code: 0,
    stdout: "",
    stderr: "ouroboros: 2 entries left out because they have no time\n" +
      "ouroboros: none of 2 entries matches\n",
  });
});

test("tail --level prints records of at least that level, and what has none", () => {
  using log = makeLog();
  log.writeMany([
    pinoLine("debug", "1"),
    logTapeLine("info", "2"),
    pinoLine("warn", "3"),
    "Error: 4\n    at somewhere",
    logTapeLine("warning", "5"),
    logTapeLine("debug", "6"),
    pinoLine("fatal", "7"),
  ]);
  assert.deepEqual(numbers(log.name, "--level", "WARNING"), [3, 4, 5, 7]);
  assert.deepEqual(numbers(log.name, "-p", "warn", "-n", 2), [5, 7]);
});

test("tail -f --level and --since print later entries that fit, too", async () => {
  using log = makeLog();
  log.write(pinoLine("warn", "old", 2 * 60 * minute));
  const running = startCli(["tail", "-f", "--since", "1h", "-p", "warn", "-o", "pretty", log.name]);
  log.write(pinoLine("info", "no"));
  log.write("a plain line");
  log.write(pinoLine("error", "yes"));
  await running.until((stdout) => stdout.endsWith("yes\n"));
  running.signal("SIGINT");
  const { code, stdout, stderr } = await running.ended();
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, new RegExp(`^a plain line\n${CLOCK} ERROR yes\n$`));
});

test("tail -o pretty prints records for people, and other entries as they are", () => {
  using log = makeLog();
  log.writeMany([
    logTapeLine("warning", "careful"),
    "plain text",
    "bad \x1b[2Jtext",
    '{"some":"json"}',
  ]);
  const { code, stdout } = runCli(["tail", log.name, "-o", "pretty"]);
  assert.equal(code, 0);
  assert.match(
    stdout,
    new RegExp(
      String
        .raw`^${CLOCK} WARN {2}app careful\nplain text\nbad \\x1b\[2Jtext\n\{"some":"json"\}\n$`,
    ),
  );
});

test("dump selects and prints the same way", () => {
  using log = makeLog();
  log.writeMany([
    pinoLine("error", "old", 3 * 60 * minute),
    logTapeLine("warning", "careful"),
    logTapeLine("info", "fine"),
  ]);
  const args = ["dump", "--name", log.name, "--output", "-", "--format", "pretty"];
  const { stdout, stderr } = runCli([...args, "--since", "1h", "--level", "warn"]);
  assert.match(stdout, new RegExp(`^${CLOCK} WARN {2}app careful\n$`));
  assert.equal(stderr, "ouroboros: 1 entry\n");
});

test("tail -o text prints records as they are", () => {
  using log = makeLog();
  const line = pinoLine("info", "m");
  log.write(line);
  assert.deepEqual(runCli(["tail", log.name]), done(`${line}\n`));
});

const hasTerminal = spawnSync("script", ["-qec", "true", "/dev/null"]).status === 0;

test("on a terminal tail is pretty and colored, unless an option says otherwise", {
  skip: hasTerminal ? false : "needs script(1) of util-linux",
}, () => {
  using log = makeLog();
  log.writeMany([logTapeLine("warning", "careful"), "plain \x1b[2J text"]);
  const atTerminal = (args: string[], env: Record<string, string> = {}) => {
    const [command, all] = cliCommand(["tail", log.name, ...args]);
    const quoted = [command, ...all].map((word) => `'${word}'`).join(" ");
    const result = spawnSync("script", ["-qec", quoted, "/dev/null"], {
      env: { ...process.env, NO_COLOR: "", TERM: "xterm", ...env },
      encoding: "utf8",
    });
    return result.stdout;
  };
  const colored = atTerminal([]);
  // deno-lint-ignore no-control-regex
  assert.match(colored, /\x1b\[33mWARN \x1b\[39m .*careful\r\nplain \\x1b\[2J text\r\n/);
  const plain = new RegExp(
    String.raw`^${CLOCK} WARN {2}app careful\r\nplain \\x1b\[2J text\r\n`,
  );
  assert.match(atTerminal(["--no-color"]), plain);
  assert.match(atTerminal([], { NO_COLOR: "1" }), plain);
});

test("tail of several logs merges them by time, and names them", () => {
  using first = makeLog();
  using second = makeLog();
  first.writeMany([pinoLine("info", "1", 9000), "line of 1", pinoLine("info", "4", 3000)]);
  second.writeMany([logTapeLine("info", "2", 7000), "line of 2\nand more"]);
  second.writeMany([logTapeLine("info", "3", 5000), logTapeLine("info", "5", 1000)]);
  const width = Math.max(first.name.length, second.name.length);
  const [a, b] = [first, second].map(({ name }) => `${name.padEnd(width)} | `);
  const { code, stdout, stderr } = runCli(["tail", first.name, second.name, "-o", "pretty"]);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.equal(
    stdout.replace(new RegExp(`${CLOCK} INFO {2}(app )?`, "g"), ""),
    [`${a}1`, `${a}line of 1`, `${b}2`, `${b}line of 2`, `${b}and more`, `${b}3`, `${a}4`, `${b}5`]
      .map((line) => `${line}\n`).join(""),
  );
  const bare = runCli(["tail", first.name, second.name, "-o", "pretty", "--no-prefix"]);
  assert.equal(bare.stdout, stdout.replaceAll(a, "").replaceAll(b, ""));
  const text = runCli(["tail", first.name, second.name]).stdout.split("\n");
  assert.deepEqual(text.slice(3, 5), [`${b}line of 2`, `${b}and more`]);

  const json = runCli(["tail", first.name, second.name, "-o", "json"]).stdout.split("\n");
  const objects = json.slice(0, -1).map((line) => JSON.parse(line));
  assert.deepEqual(
    objects.map(({ log, seq }) => [log === first.name ? 1 : 2, seq]),
    [[1, 1], [1, 2], [2, 1], [2, 2], [2, 3], [1, 3], [2, 4]],
  );
});

test("tail -n means the last entries of each log", () => {
  using first = makeLog();
  using second = makeLog();
  for (let i = 0; i < 20; i++) first.write(`first ${i}`);
  second.write("second");
  const { stdout } = runCli(["tail", "-n", 2, "--no-prefix", first.name, second.name]);
  assert.equal(stdout, "first 18\nfirst 19\nsecond\n");
});

test("tail -f of several logs prints what comes to each, waits for one, and ends with the last", {
  skip: needsLettingGo,
}, async () => {
  const late = uniqueName();
  using first = makeLog();
  first.write("one");
  let writer: ShmLogWriter | undefined = makeLog();
  const { name } = writer;
  writer.write("two");
  const running = startCli(["tail", "-f", "-o", "json", first.name, name, late]);
  const seen = () => running.stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line));
  await running.until(() => seen().length === 2);
  first.write("three");
  await running.until(() => seen().length === 3);
  writer.close();
  writer = undefined;
  {
    using third = ShmLogWriter.create(late, {
      unlinkOnClose: true,
      chunkSize: 4096,
      chunkCount: 4,
    });
    third.writeMany(["four", "five"]);
    await running.until(() => seen().length === 5);
    first.write("six");
    await running.until(() => seen().length === 6);
  }
  first.close();
  const { code, stderr } = await running.ended();
  assert.deepEqual([code, stderr], [0, `ouroboros: waiting for log "${late}"\n`]);
  assert.deepEqual(seen().map(({ text }) => text), ["one", "two", "three", "four", "five", "six"]);
  assert.deepEqual(seen()[3].log, late);
});

test("--level reads the lines of Python, and says how many entries that it lets pass have no level", () => {
  using log = makeLog();
  log.write("2026-11-30 11:53:53,671 INFO worker: started");
  log.write("2026-11-30 11:53:54,671 ERROR worker: the database is gone");
  log.write("Traceback (most recent call last):");
  log.write("DEBUG:root:nothing");
  log.write("ERROR:root:failed");
  const { stdout, stderr } = runCli(["tail", log.name, "-p", "error", "-o", "text"]);
  assert.equal(
    stdout,
    "2026-11-30 11:53:54,671 ERROR worker: the database is gone\n" +
      "Traceback (most recent call last):\nERROR:root:failed\n",
  );
  assert.match(stderr, /: 1 of 3 entries has no level, which --level lets pass: .*'level:\*'/);
  assert.deepEqual(numbers(log.name, "-p", "error", "--where", "level:*"), [2, 5]);
});
