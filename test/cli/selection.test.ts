/** Which entries are wanted, by time, level and text. */

import assert from "node:assert/strict";
import test from "node:test";
import { Pattern } from "../../src/cli/grep/pattern.ts";
import { type Criteria, Selection } from "../../src/cli/options/selection.ts";
import { Reader, Writer } from "../../mod.ts";

const minute = 60_000;
const now = Date.now();

/** The numbers of the texts that are selected. */
function select(texts: string[], criteria: Criteria, liveFrom = Infinity): number[] {
  const memory = new ArrayBuffer(65536);
  Writer.create(memory, { chunkCount: 4 }).writeMany(texts);
  const selection = new Selection(criteria, false);
  return [...new Reader(memory)]
    .filter((entry) => selection.wants(entry, entry.sequenceNumber >= liveFrom))
    .map((entry) => entry.sequenceNumber);
}

const at = (ago: number, level = "info") => JSON.stringify({ time: now - ago, level, msg: "m" });

test("since and until select by the time of an entry, or else of the one before", () => {
  const texts = [
    at(180 * minute),
    "no time",
    at(30 * minute),
    "no time",
    '{"level":"info"}',
    at(0),
  ];
  const ago = (minutes: number) => now - minutes * minute;
  assert.deepEqual(select(texts, { since: ago(60) }), [3, 4, 5, 6]);
  assert.deepEqual(select(texts, { since: ago(1) }), [6]);
  assert.deepEqual(select(texts, { since: ago(180) }), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(select(texts, { until: ago(60) }), [1, 2]);
  assert.deepEqual(select(texts, { since: ago(60), until: ago(10) }), [3, 4, 5]);
});

test("what comes before any time is older than any time", () => {
  const texts = ["no time", at(0)];
  assert.deepEqual(select(texts, { since: now - 60 * minute }), [2]);
  assert.deepEqual(select(texts, { until: now }), [1, 2]);
});

test("what comes while the log is followed is of that moment, unless it says its time", () => {
  const texts = ["no time", at(180 * minute), "no time", at(180 * minute)];
  assert.deepEqual(select(texts, { since: now - 60 * minute }, 3), [3]);
});

test("a level selects what is at least as important, and what has none", () => {
  const texts = [
    at(0, "debug"),
    at(0, "info"),
    at(0, "WARNING"),
    "Error: x\n    at y",
    '{"a":1}',
    JSON.stringify({ time: now }),
    at(0, "odd"),
    '{"level":30}',
    '{"level":60}',
  ];
  assert.deepEqual(select(texts, { level: { least: "warn", most: "fatal" } }), [3, 4, 5, 6, 7, 9]);
  assert.deepEqual(select(texts, { level: { least: "fatal", most: "fatal" } }), [4, 5, 6, 7, 9]);
  assert.deepEqual(select(texts, { level: { least: "trace", most: "fatal" } }), [
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
  ]);
  assert.deepEqual(
    select(texts, { level: { least: "warn", most: "warn" }, grep: new Pattern("WARN") }),
    [3],
  );
});
