/** Lines of `key=value` pairs, as records. */

import assert from "node:assert/strict";
import test from "node:test";
import { parseLogfmt } from "../../src/records/logfmt.ts";
import { parseQuestion } from "../../src/records/question/question.ts";
import { recognizeRecord } from "../../src/records/recognize.ts";

const LINE =
  'time=2026-11-30T05:00:00.250Z level=warn msg="disk is \\"full\\"" path=/var/lib status=507 ' +
  "ms=12.5 empty= caller=main.go:12";

test("a line of pairs is a record with time, level, message and fields", () => {
  const record = recognizeRecord(LINE);
  assert.ok(record);
  assert.equal(record.time, Date.parse("2026-11-30T05:00:00.250Z"));
  assert.equal(record.level, "warn");
  assert.equal(record.message, 'disk is "full"');
  assert.deepEqual({ ...record.fields }, {
    path: "/var/lib",
    status: "507",
    ms: "12.5",
    empty: "",
    caller: "main.go:12",
  });
});

test("numbers in pairs are compared as numbers", () => {
  const record = recognizeRecord(LINE);
  assert.equal(parseQuestion("status:>=500 ms:[10 TO 20] level:>=warn").test(record, LINE), true);
  assert.equal(parseQuestion("status:>=1000").test(record, LINE), false);
});

test("a line of pairs in a line of a container is a record, too", () => {
  const record = recognizeRecord(`2026-11-29T20:00:00.1Z stderr F ${LINE}`);
  assert.equal(record?.level, "warn");
  assert.equal(record?.stream, "stderr");
});

test("pairs without a time and a level, and prose with pairs in it, are text", () => {
  for (
    const text of [
      "a=1 b=2",
      "level=info started on port=80",
      "started level=info",
      'level=info msg="no end',
      'level=info msg="a"b',
      "level=info\u0000=",
      "==",
      "",
    ]
  ) assert.equal(recognizeRecord(text), undefined, text);
});

test("escapes, names of prototypes and line ends are what they say", () => {
  assert.deepEqual({ ...parseLogfmt('a="x\\ny\\u0041\\\\" b=1\n') }, { a: "x\nyA\\", b: "1" });
  const pairs = parseLogfmt("level=info __proto__=x constructor=y")!;
  assert.equal(Object.getPrototypeOf(pairs), null);
  assert.equal(recognizeRecord("level=info __proto__=x")?.fields["__proto__"], "x");
});

test("a long line costs what its length costs", () => {
  const long = `level=info ${"a=b ".repeat(200_000)}`;
  assert.equal(recognizeRecord(long)?.level, "info");
  assert.equal(recognizeRecord(`level=info x="${"\\\\".repeat(500_000)}`), undefined);
  assert.equal(recognizeRecord(`a${"b".repeat(1_000_000)}`), undefined);
});
