/** A row of the page: of a long entry no more than it shows. */

import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ShmLogReader, ShmLogWriter } from "../../mod.ts";
import { findBacklog } from "../../src/cli/serve/backlog.ts";
import { EntryFilter } from "../../src/cli/serve/entry_filter.ts";
import { segmentOf } from "../../src/cli/serve/place.ts";
import { MOST_CHARACTERS, rowOf } from "../../src/cli/serve/row.ts";
import { uniqueName } from "../support/runtime.ts";

test("rowOf() cuts what is long, and says how long it was", () => {
  assert.deepEqual(rowOf({ number: 1, text: "a", bytes: 1 }), [1, "a"]);
  const received = { number: 1, text: "a", bytes: 1, source: "web-1/app" };
  assert.deepEqual(rowOf(received), [1, "a", null, "web-1/app"]);
  const [number, text, bytes] = rowOf({ number: 2, text: "é".repeat(9000), bytes: 18_000 });
  assert.deepEqual([number, text.length, bytes], [2, MOST_CHARACTERS, 18_000]);
});

test("a row of a long entry does not keep the rest of it in memory", {
  skip: process.versions.deno || process.versions.bun
    ? "only Node lets a test collect garbage"
    : false,
}, () => {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  const size = 4 << 20;
  const payload = new Uint8Array(size).fill(120);
  const heap = () => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = heap();
  const rows = Array.from(
    { length: 32 },
    (_, number) => rowOf({ number, text: new TextDecoder().decode(payload), bytes: size }),
  );
  const grown = heap() - before;
  assert.equal(rows.every(([, text]) => text === "x".repeat(MOST_CHARACTERS)), true);
  assert.ok(grown < 8 * size, `32 rows of ${MOST_CHARACTERS} characters take ${grown} bytes`);
});

test("findBacklog() keeps rows, and not the entries that they are parts of", async () => {
  using log = ShmLogWriter.create(uniqueName(), {
    unlinkOnClose: true,
    chunkSize: 1 << 20,
    chunkCount: 4,
  });
  log.write("first");
  log.write("y".repeat(100_000));
  using reader = ShmLogReader.open(log.name);
  const segment = segmentOf(reader.position);
  const found = await findBacklog(log.name, {
    filter: new EntryFilter({ where: "y" }),
    segment,
    after: 0,
    upTo: 2,
    most: 5,
    copyMode: "map",
    signal: new AbortController().signal,
  });
  assert.deepEqual(found, { rows: [[2, "y".repeat(MOST_CHARACTERS), 100_000]], left: 0 });
});
