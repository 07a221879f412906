/** Lines of container runtimes as records. */

import assert from "node:assert/strict";
import test from "node:test";
import { parseCri } from "../../src/records/cri.ts";
import { recognizeRecord } from "../../src/records/recognize.ts";

const HEAD = "2026-11-29T20:00:00.123456789Z";
const time = Date.UTC(2026, 10, 29, 20) + 123.456789;

test("parseCri() knows the format as containerd and CRI-O write it, and no other", () => {
  const stderr = parseCri(`${HEAD} stderr F text`);
  assert.deepEqual(stderr, { time, stream: "stderr", isPart: false, start: 40 });
  assert.equal(parseCri(`${HEAD} stdout P `)?.isPart, true);
  assert.equal(parseCri("2026-11-29T22:00:00+02:00 stdout F x")?.time, Date.UTC(2026, 10, 29, 20));
  assert.equal(parseCri(`${HEAD} stdout F:tag x`)?.start, 44);
  for (const text of [`${HEAD} stdin F x`, `${HEAD} stdout X x`, `${HEAD} stdout F`, "", HEAD]) {
    assert.equal(parseCri(text), undefined, text);
  }
});

test("a line of a program that is plain text is a message with time and stream", () => {
  assert.deepEqual({ ...recognizeRecord(`${HEAD} stdout F hello`), fields: {} }, {
    time,
    level: undefined,
    message: "hello",
    logger: undefined,
    fields: {},
    stream: "stdout",
  });
});

test("a record in a line has its own level, time and fields", () => {
  const pino = recognizeRecord(
    `${HEAD} stdout F {"level":50,"time":1700000000000,"msg":"m","a":1}`,
  );
  assert.deepEqual({ ...pino, fields: { ...pino?.fields } }, {
    time: 1700000000000,
    level: "error",
    message: "m",
    logger: undefined,
    fields: { a: 1 },
    stream: "stdout",
  });
  const untimed = recognizeRecord(`${HEAD} stderr F {"level":"warn","msg":"m"}`);
  assert.deepEqual([untimed?.time, untimed?.level, untimed?.stream], [time, "warn", "stderr"]);
  const text = recognizeRecord(`${HEAD} stderr F 2026-11-21T13:59:30Z [info] hi`);
  assert.deepEqual([text?.level, text?.message], ["info", "hi"]);
});

test("a line in a line in a line … is taken apart once", () => {
  const record = recognizeRecord(`${HEAD} stdout F `.repeat(5000));
  assert.equal(record?.message?.length, 40 * 4999);
});
