/** What strangers write, through every command, every format, with a terminal and without. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import process from "node:process";
import test from "node:test";
import { fileURLToPath } from "node:url";
import pc from "picocolors";
import { SharedMemory } from "../../ffi/mod.ts";
import { ShmLogWriter } from "../../mod.ts";
import { ENTRY_FORMATS, entryPrinter } from "../../src/cli/output/format.ts";
import { harmless, harmlessColors, harmlessJson, oneLine } from "../../src/cli/output/harmless.ts";
import type { Output } from "../../src/cli/output/output.ts";
import { PrettyPrinter } from "../../src/cli/output/pretty.ts";
import { levelOf } from "../../src/cli/serve/level_of.ts";
import { Field } from "../../src/records/question/field.ts";
import { Entry } from "../../src/log/entry.ts";
import { recognizeRecord } from "../../src/records/recognize.ts";
import { testFolder } from "../support/folder.ts";
import { assertHarmless, hostileEntries, hostileNames } from "../support/hostile_text.ts";
import { baseSeed, Random } from "../support/random.ts";
import { scriptCommand, uniqueName } from "../support/runtime.ts";

const folder = testFolder("hostile-text");

test("harmless() shows what can't be seen, and leaves what belongs to letters", () => {
  assert.equal(
    harmless("a\x1b[8mb\x1b]0;t\x07\u009b\u202e\u200b\u2028\u{e0041}\u{feff}\n\t"),
    "ab\\x1b]0;t\\x07\\x9b\\u202e\\u200b\\u2028\\u{e0041}\\ufeff\n\t",
  );
  for (const text of ["❤️‍🔥", "👨‍👩‍👧", "نمی‌خواهم", "日本", "e\u0301", ""]) {
    assert.equal(harmless(text), text);
  }
  assert.equal(harmless("ad\u200dm\u200cin\ufe0f"), "ad\\u200dm\\u200cin\\ufe0f");
  assert.equal(oneLine("a\nb\tc\r"), "a\\nb\\tc\\x0d");
});

test("harmlessColors() lets through what can't hide, and ends it with each line", () => {
  assert.equal(
    harmlessColors("\x1b[1;31mred\nnot\x1b[0m"),
    "\x1b[1;31mred\x1b[0m\nnot\x1b[0m\x1b[0m",
  );
  for (
    const numbers of ["8", "7", "2", "5", "9", "30", "37", "90", "97", "40", "38;5;31", "48:2:31"]
  ) {
    assert.equal(harmlessColors(`a\x1b[${numbers}mb`), "ab", numbers);
  }
  assert.equal(harmlessColors("a\x1b[40;32;8mb"), "a\x1b[32mb\x1b[0m");
});

test("harmlessJson() says the same", () => {
  const text = JSON.stringify({ "\u202ek": "\x7f\u009b\u{e0041}\ud800\u2028\u200bé日" });
  assert.deepEqual(JSON.parse(harmlessJson(text)), JSON.parse(text));
  assert.match(harmlessJson(text), /^[\x20-\x7eé日]*$/);
});

test("nothing of an entry can harm a terminal, in any format, nor stay on after it", () => {
  for (const format of ENTRY_FORMATS) {
    for (const hasColors of [false, true]) {
      let printed = "";
      const output = {
        write: (data: Uint8Array | string) => printed += Buffer.from(data as string).toString(),
      } as unknown as Output;
      const fields = format === "csv" ? [new Field("msg"), new Field("line")] : undefined;
      const options = { isTerminal: true, colors: pc.createColors(hasColors), fields };
      if (format === "raw") {
        assert.throws(() => entryPrinter(format, output, options), RangeError);
        continue;
      }
      const print = entryPrinter(format, output, options);
      for (const [i, { what, bytes }] of hostileEntries.entries()) {
        for (const prefix of ["", `${oneLine(hostileNames[i % hostileNames.length])} | `]) {
          printed = "";
          const name = hostileNames[i % hostileNames.length];
          const origin = { name, log: name, prefix };
          print(new Entry(bytes, 0, bytes.length, i + 1, 0, 0), undefined, origin);
          assert.ok(printed.endsWith("\n"));
          assertHarmless(printed, `${what} as ${format}`, hasColors);
          if (format === "json") assert.equal(JSON.parse(printed).seq, i + 1, what);
        }
      }
    }
  }
});

test("a terminal is shown the beginning of an entry that is too long to read, a pipe all of it", () => {
  const text = `{"level":30,"msg":"${"\\u0001".repeat(100_000)}"}`;
  const bytes = Buffer.from(text);
  const entry = new Entry(bytes, 0, bytes.length, 1, 0, 0);
  for (const format of ["text", "pretty"] as const) {
    for (const isTerminal of [true, false]) {
      let printed = "";
      const output = {
        write: (data: Uint8Array | string) => printed += Buffer.from(data as string).toString(),
      } as unknown as Output;
      entryPrinter(format, output, { isTerminal })(entry);
      const end = `\n… ${
        text.length - 2 ** 18
      } characters more: -o json, or a pipe, has all of them\n`;
      assert.equal(printed.endsWith(end), isTerminal);
      if (isTerminal) assert.equal(printed.length, 2 ** 18 + end.length);
    }
  }
});

test("a record that is nested deeper than people write it is text", () => {
  for (const { what, bytes } of hostileEntries) {
    if (/nested|never close/.test(what)) {
      assert.equal(recognizeRecord(Buffer.from(bytes).toString(), true), undefined, what);
    }
  }
  const nested = (depth: number) =>
    `{"level":30,"s":"${"[".repeat(999)}\\\\\\"{","a":${"[".repeat(depth)}${"]".repeat(depth)}}`;
  assert.equal(recognizeRecord(nested(150))?.level, "info");
  assert.equal(recognizeRecord(nested(250)), undefined);
});

test(`no record makes what shows it throw (seed ${baseSeed})`, () => {
  const random = new Random(baseSeed);
  const one = <T>(list: readonly T[]): T => list[random.below(list.length)];
  const keys = ["level", "severity", "log.level", "time", "@timestamp", "ts", "msg", "message"]
    .concat([
      "logger",
      "category",
      "name",
      "properties",
      "pid",
      "hostname",
      "stack",
      "err",
      "cause",
    ])
    .concat(["type", "code", "timeUnixNano", "observedTimeUnixNano", "severityNumber", "scope"])
    .concat([
      "severityText",
      "body",
      "attributes",
      "resourceLogs",
      "scopeLogs",
      "logRecords",
      "key",
    ])
    .concat([
      "value",
      "values",
      "stringValue",
      "intValue",
      "doubleValue",
      "boolValue",
      "bytesValue",
    ])
    .concat(["arrayValue", "kvlistValue", "exception.stacktrace", "__proto__", "constructor"])
    .concat(["toString", "valueOf", "toJSON", "then", "rawJSON", "length", "0", "", "seq", "text"]);
  const plain = ["null", "true", "0", "-0", "30", "1e999", "-1e999", "1e-999", "1.5", '""', '"x"']
    .concat([
      "1700000000000",
      '"1700000000000000000"',
      "12345678901234567890.5",
      '"info"',
      '"0001-01-01"',
    ])
    .concat([
      '"2026-11-21T13:59:30Z"',
      '"\\u001b[8m\\u202e\\n"',
      '"\\ud800"',
      "[]",
      "{}",
      '"99999"',
    ]);
  const value = (depth: number): string => {
    const kind = random.below(depth > 5 ? 1 : 3);
    if (kind === 0) return one(plain);
    const count = 1 + random.below(3);
    const items = Array.from({ length: count }, () => value(depth + 1));
    if (kind === 1) return `[${items.join()}]`;
    return `{${items.map((item) => `${JSON.stringify(one(keys))}:${item}`).join()}}`;
  };
  const printers = [false, true].map((on) => new PrettyPrinter(pc.createColors(on)));
  let records = 0;
  for (let i = 0; i < 5000; i++) {
    // What is a record by one of its parts, and forged in all others.
    const sure = one([
      '"level":30',
      '"time":1700000000000',
      '"timeUnixNano":"1"',
      '"severityNumber":9',
    ]);
    const rest = Array.from(
      { length: 1 + random.below(6) },
      () => `${JSON.stringify(one(keys))}:${value(0)}`,
    );
    const text = random.below(4) === 0
      ? `{"resourceLogs":[{"scopeLogs":[{"scope":${value(4)},"logRecords":[{${rest}}]}]}]}`
      : `{${random.below(2) === 0 ? [sure, ...rest] : [...rest, sure]}}`;
    try {
      levelOf(recognizeRecord(text), text);
      const record = recognizeRecord(text, random.below(2) === 0);
      if (record === undefined) continue;
      records++;
      for (const printer of printers) assertHarmless(printer.print(record), text);
    } catch (error) {
      throw new Error(`by ${text}`, { cause: error });
    }
  }
  assert.ok(records > 2500, `${records} records`);
});

/** Why there is no terminal to run commands in; false if there is. */
const withoutTerminal = process.platform !== "linux" ||
    spawnSync("script", ["--version"]).status !== 0
  ? "wants a terminal: script, of util-linux"
  : false;

/** Runs commands in a terminal; gives the exit code of each, and what came there. */
function inTerminal(
  commands: string[][],
  env: Record<string, string | undefined>,
): { code: number; text: string }[] {
  const file = `${folder}/commands.json`;
  writeFileSync(file, JSON.stringify(commands));
  const script = fileURLToPath(new URL("children/commands_in_terminal.ts", import.meta.url));
  const [command, fixed] = scriptCommand(script);
  const line = [command, ...fixed, file].map((word) => `'${word}'`).join(" ");
  const { stdout } = spawnSync("script", ["-qec", line, "/dev/null"], {
    env: { ...process.env, TERM: "xterm", ...env },
    input: "",
    maxBuffer: 1 << 28,
    timeout: 120_000,
  });
  // A terminal ends its lines so.
  const parts = stdout.toString().replace(/\r+\n/g, "\n").split(/\n== (\d+)\n/);
  return commands.map((_, i) => ({ text: parts[2 * i] ?? "", code: Number(parts[2 * i + 1]) }));
}

for (
  const [what, env] of Object.entries({
    "": { NO_COLOR: undefined, FORCE_COLOR: undefined },
    ", NO_COLOR": { NO_COLOR: "1", FORCE_COLOR: undefined },
    ", FORCE_COLOR": { NO_COLOR: undefined, FORCE_COLOR: "1" },
  })
) {
  test(`no command harms its terminal${what}`, { skip: withoutTerminal }, () => {
    const base = uniqueName("hostile");
    const logs = hostileNames.map((name) =>
      ShmLogWriter.create(`${base}${name}`, {
        unlinkOnClose: true,
        chunkSize: 1 << 20,
        chunkCount: 4,
      })
    );
    try {
      const entries = hostileEntries.map(({ bytes }) => bytes);
      for (const [i, log] of logs.entries()) log.writeMany(i === 0 ? entries : entries.slice(0, 5));
      const names = logs.map(({ name }) => name);
      const [first] = names;
      const file = `${folder}/${hostileNames[1]}`;
      const no = `${base}-none${hostileNames[2]}${hostileNames[8]}`;
      writeFileSync(file, "\x1b[8m no log \u202e");
      const made =
        `--name ${base}-made --size 4096 --count 1 --min-size 1 --max-size 1 --interval 0`
          .split(" ");
      const commands: [code: number, ...args: string[]][] = [
        [0, "tail", first, "--all"],
        [0, "tail", first, "--all", "-o", "text"],
        [0, "tail", first, "--all", "-o", "json"],
        [1, "tail", first, "--all", "-o", "raw"],
        [0, "tail", ...names, "--all"],
        [0, "tail", ...names, "-o", "json"],
        [1, "tail", no],
        [2, "tail", first, "--since", no],
        [2, "tail", first, "--grep", `(${no}`],
        [2, "tail", `nats://${no}`],
        [0, "dump", "--name", first, "--output", "-", "--format", "text"],
        [0, "dump", "--name", first, "--output", "-", "--format", "pretty"],
        [1, "record", file, file],
        [1, "stat", no],
        [1, "stat", file],
        [1, "verify", file],
        [1, "save", no, `${folder}/${no}`],
        [0, "save", names[7], `${folder}/saved${what}${hostileNames[3]}`],
        [1, "replay", file, first],
        [1, "replay", file, file],
        [1, "remove", no, ...names],
        [0, "list"],
        [0, "list", "-o", "json"],
        [0, "top", "--once", "-d", "0.1"],
        [0, "top", "--once", "-d", "0.1", "-o", "json"],
        [0, "completions", "bash"],
        [2, "help", no],
        [2, no],
        [2, "tail", `--${no}`],
        [1, "generate", ...made, "--json-out", `${folder}/none/${no}`],
        ...names.flatMap((
          name,
        ): [number, ...string[]][] => [[0, "stat", name], [0, "verify", name]]),
      ];
      const results = inTerminal(commands.map(([, ...args]) => args), env);
      for (const [i, [expected, ...args]] of commands.entries()) {
        const { code, text } = results[i];
        const command = oneLine(args.join(" ")).slice(0, 150);
        assert.equal(code, expected, `${command}: ${text.slice(0, 500)}`);
        assertHarmless(text, command, what !== ", NO_COLOR");
      }
    } finally {
      for (const log of logs) log.close();
    }
    assert.equal(SharedMemory.exists(`${base}${hostileNames[0]}`), false);
  });
}
