/** Origin logs: what they remember of logs that are gone, torn, too small, or not theirs. */

import assert from "node:assert/strict";
import test from "node:test";
import type { LogSource } from "../../src/ship/message.ts";
import { parseOrigin } from "../../src/ship/origin.ts";
import { OriginWriter } from "../../src/ship/origin_writer.ts";
import { createLog, entryOf, into, open, recordsOf, resumeLog } from "../support/origin_logs.ts";

const source: LogSource = { host: "a", name: "/x", segment: "1-2-3" };
const entry = (number: number) => entryOf(source, number);

test("an origin log of another segment: what it has had continues, its last intent does not count", () => {
  const log = createLog(4, 4096);
  const origin = createLog(4, 8192);
  const writer = open(log, origin);
  writer.write([1, 2, 3].map(entry));
  writer.write([4, 5].map(entry));
  const other = createLog(4, 4096);
  const records = recordsOf(origin.memory);
  const again = new OriginWriter({
    log: other.writer,
    into: { ...into, inode: 8 },
    origin: origin.writer,
    reach: origin.reach,
    records,
  });
  assert.deepEqual(again.lasts.map(([, last]) => last), [3]);
  again.write([4, 5, 6].map(entry));
  again.close();
  const closed = open(createLog(4, 4096), origin);
  assert.deepEqual(closed.lasts.map(([, last]) => last), [6]);
});

test("a local log that lost its end with its machine gets it again", () => {
  const log = createLog(4, 4096);
  const origin = createLog(4, 8192);
  const writer = open(log, origin);
  writer.write([1, 2, 3].map(entry));
  const kept = log.memory.slice(0);
  writer.write([4, 5].map(entry));
  writer.write([6].map(entry));
  writer.close();
  const again = open(resumeLog(kept, log), origin);
  assert.equal(again.found.missing, 3);
  assert.deepEqual(again.lasts.map(([, last]) => last), [3]);
});

test("a table has no more sources than fit, those that were written to last", () => {
  const log = createLog(4, 65536);
  const origin = createLog(16, 4096);
  const writer = open(log, origin);
  const sources = Array.from({ length: 1000 }, (_, i) => ({ ...source, host: `host-${i}` }));
  for (const one of sources) writer.write([entryOf(one, 1)]);
  writer.close();
  const again = open(log, origin);
  const hosts = again.lasts.map(([{ host }]) => host);
  assert.ok(hosts.length > 50 && hosts.length < 1000, `${hosts.length} sources`);
  assert.deepEqual(hosts, sources.slice(-hosts.length).map(({ host }) => host));
});

test("what is no record of an origin log is passed over", () => {
  for (
    const text of [
      "",
      "null",
      "7",
      "[]",
      '{"first":-1,"runs":[]}',
      '{"first":1}',
      '{"first":1,"runs":[null]}',
      '{"first":1,"runs":[{"source":"1","from":1,"count":1}]}',
      '{"first":1,"runs":[],"new":[{"id":1}]}',
      '{"first":1,"runs":[],"gaps":{}}',
      '{"table":null}',
      '{"table":{"next":1,"into":null,"sources":[]}}',
      '{"table":{"next":1,"into":{},"sources":[{}]}}',
    ]
  ) assert.equal(parseOrigin(text), undefined, text);
});
