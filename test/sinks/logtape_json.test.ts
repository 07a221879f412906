/** The lines of LogTape's default JSON format are its formatter's, byte for byte, wherever they are made. */

import assert from "node:assert/strict";
import test from "node:test";
import { getJsonLinesFormatter, type LogRecord } from "@logtape/logtape";
import { Reader, segmentSize, Writer } from "../../mod.ts";
import { getShmSink } from "../../src/sinks/logtape.ts";
import { keyOf, numberOf, textOf, valueOf } from "../logger/values.ts";
import { baseSeed, Random } from "../support/random.ts";
import { sameOnAll } from "../support/runtime.ts";

const RUNS = 3000;

function recordOf(random: Random): LogRecord {
  const isPlain = random.below(2) === 0;
  const value = () =>
    isPlain ? [textOf(random), numberOf(random), true, null][random.below(4)] : valueOf(random, 2);
  const message: unknown[] = [textOf(random)];
  for (let left = random.below(3); left > 0; left--) message.push(value(), textOf(random));
  const properties: Record<string, unknown> = random.below(9) === 0 ? Object.create(null) : {};
  for (let left = random.below(6); left > 0; left--) {
    Object.defineProperty(properties, keyOf(random), {
      value: value(),
      enumerable: random.below(9) > 0,
      configurable: true,
    });
  }
  return {
    category: random.below(5) === 0 ? ["app", textOf(random)] : ["app", "db"],
    level: (["trace", "debug", "info", "warning", "error", "fatal"] as const)[random.below(6)],
    message,
    rawMessage: "",
    timestamp: random.below(20) === 0 ? 1.5 : 1_700_000_000_000 + random.below(3000),
    properties,
  };
}

test(`random records give the formatter's lines (seed ${baseSeed})`, { skip: sameOnAll }, () => {
  const memory = new ArrayBuffer(segmentSize(4, 1 << 20));
  const writer = Writer.create(memory, { chunkCount: 4 });
  const { maxEntrySize } = writer;
  const sink = getShmSink({ writer, formatter: "json", maxEntrySize, onError: () => {} });
  const reader = new Reader(memory);
  const format = getJsonLinesFormatter();
  for (let i = 0; i < RUNS; i++) {
    const record = recordOf(new Random(baseSeed + i));
    let expected: string | undefined;
    try {
      // In UTF-8 there are no halves of pairs.
      expected = format(record).slice(0, -1).toWellFormed();
    } catch {
      // There is a line with a mark for what can't be shown.
    }
    sink(record);
    const found = [...reader].map(({ text }) => text);
    assert.equal(found.length, 1, `SEED=${baseSeed + i}`);
    if (expected !== undefined) assert.equal(found[0], expected, `SEED=${baseSeed + i}`);
    else assert.equal(JSON.parse(found[0]).logger, record.category.join("."));
  }
});
