/** Log records as lines for people. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import test from "node:test";
import pc from "picocolors";
import { ShmLogWriter } from "../../mod.ts";
import { PrettyPrinter } from "../../src/cli/output/pretty.ts";
import { recognizeRecord } from "../../src/records/recognize.ts";
import { cliCommand } from "../support/cli.ts";
import { uniqueName } from "../support/runtime.ts";

const plain = new PrettyPrinter(pc.createColors(false));

/** The lines of a record with these fields. */
function print(fields: object, printer: PrettyPrinter = plain): string {
  return printer.print(recognizeRecord(JSON.stringify({ level: 30, ...fields })) ?? assert.fail());
}

test("a record is time, level, logger, message and fields in a line", () => {
  const fields = { pid: 1, hostname: "h", name: "api", msg: "hello you", a: 1, b: "x", c: "x y" };
  const line = () => print({ time: new Date().setHours(0, 0, 5, 7), ...fields });
  // The day may end between the two: then it was of yesterday.
  const [first, second] = [line(), line()];
  const expected = '00:00:05.007 INFO  api hello you a=1 b=x c="x y"';
  assert.equal(first === expected ? first : second, expected);
  assert.equal(
    print({ level: "error", msg: "m", o: { p: [1] }, n: null }),
    'ERROR m o={"p":[1]} n=null',
  );
  assert.equal(print({ level: "http", msg: "m" }), "DEBUG m level=http");
});

test("numbers are as they were written, however many digits they have", () => {
  const text = '{"level":30,"time":1795302000000000001,"id":9007199254740993,' +
    '"n":[1.0,12345678901234567890],"p":{"x":-0.12345678901234567},"s":"9007199254740993"}';
  const record = recognizeRecord(text, true) ?? assert.fail();
  assert.equal(record.time, 1795302000000);
  const line = plain.print({ ...record, time: undefined });
  assert.equal(
    line,
    'INFO  id=9007199254740993 n=[1,12345678901234567890] p={"x":-0.12345678901234567} ' +
      "s=9007199254740993",
  );
  // For who computes with them they are numbers.
  assert.equal(recognizeRecord(text)?.fields.id, 2 ** 53);
  const deep = `{"level":30,"n":${"[".repeat(50_000)}9007199254740993${"]".repeat(50_000)}}`;
  assert.doesNotThrow(() => recognizeRecord(deep, true));
});

test("a record of another day has its date", () => {
  const time = new Date(2025, 0, 2, 3, 4, 5, 6).getTime();
  assert.equal(print({ time, msg: "m" }), "2025-01-02 03:04:05.006 INFO  m");
  assert.match(print({ time: "0001-03-01T12:00:00Z", msg: "m" }), /^0001-03-01 /);
});

test("stacks stand below, indented, the errors' other fields in the line", () => {
  const cause = { name: "Error", message: "why", stack: "Error: why\n    at b" };
  const err = {
    type: "TypeError",
    message: "no",
    stack: "TypeError: no\n    at a",
    code: "E1",
    cause,
  };
  assert.equal(
    print({ msg: "failed", err }),
    [
      "INFO  failed err.code=E1",
      "    TypeError: no",
      "        at a",
      "    caused by: Error: why",
      "        at b",
    ].join("\n"),
  );
  assert.equal(
    print({ message: "m", stack: "Error: m\n  at x\n" }),
    "INFO  m\n    Error: m\n      at x",
  );
  const bare = { name: "Error", message: "no", stack: "f@file:1" };
  assert.equal(print({ msg: "m", err: bare }), "INFO  m\n    Error: no\n    f@file:1");
});

test("no text of a record can control a terminal, or pass for another record", () => {
  const evil = "a\x1b]0;title\x07\x1b[2J\r\nINFO  forged\x1b[31mred\u009b5n";
  const lines = print({
    msg: evil,
    name: evil,
    [evil]: evil,
    err: { message: evil, stack: evil, [evil]: evil },
    stack: evil,
  });
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(lines, /[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
  const [first, ...rest] = lines.split("\n");
  assert.ok(first.startsWith("INFO  "));
  for (const line of rest) assert.ok(line.startsWith("    "));
});

test("what is nested deeper than the stack is no error", () => {
  const line = `{"level":30,"msg":"m","a":${"[".repeat(200_000)}${"]".repeat(200_000)}}`;
  const record = recognizeRecord(line);
  if (record !== undefined) assert.ok(plain.print(record).startsWith("INFO  m a="));
});

test("with colors the text is the same", () => {
  const fields = {
    msg: "failed",
    name: "api",
    a: 1,
    err: { message: "x", stack: "Error: x\n  at y" },
  };
  for (const level of [10, 20, 30, 40, 50, 60]) {
    const colored = print({ level, ...fields }, new PrettyPrinter(pc.createColors(true)));
    // deno-lint-ignore no-control-regex
    assert.equal(colored.replace(/\x1b\[\d+m/g, ""), print({ level, ...fields }));
    assert.ok(colored.includes("\x1b["));
  }
});

test("FORCE_COLOR=0 and NO_COLOR mean no colors, other values of FORCE_COLOR mean some", () => {
  using log = ShmLogWriter.create(uniqueName(), {
    unlinkOnClose: true,
    chunkSize: 1024,
    chunkCount: 4,
  });
  log.write('{"level":"info","msg":"m"}');
  const isColored = (env: Record<string, string>) => {
    // Empty, not left out: Deno 2.9 gives a child what is left out, too.
    const rest = { ...process.env, NO_COLOR: "", FORCE_COLOR: "" };
    const [command, args] = cliCommand(["tail", log.name, "-o", "pretty"]);
    const { stdout } = spawnSync(command, args, { env: { ...rest, ...env }, encoding: "utf8" });
    assert.match(stdout, /INFO/);
    return stdout.includes("\x1b");
  };
  assert.equal(isColored({ FORCE_COLOR: "0" }), false);
  assert.equal(isColored({ FORCE_COLOR: "false" }), false);
  assert.equal(isColored({ FORCE_COLOR: "1" }), true);
  assert.equal(isColored({ FORCE_COLOR: "1", NO_COLOR: "1" }), false);
  assert.equal(isColored({}), false);
});
