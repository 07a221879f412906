/** Values that are larger than what is kept of a line: no more is done for them than that takes. */

import assert from "node:assert/strict";
import test from "node:test";
import { Reader, segmentSize, Writer } from "../../mod.ts";
import { createLogger, type Logger } from "../../src/logger/mod.ts";
import { OtlpLines } from "../../src/sinks/otlp_json.ts";
import { EntrySink } from "../../src/sinks/mod.ts";
import { truncate } from "../../src/sinks/truncate.ts";

const KEPT = 512;
/** What is asked for at most: a line of 64 KiB is made whole, and four of these are never needed. */
const MOST = 4 << 16;

/** What a logger with entries of that size writes. */
function written(maxEntrySize: number, log: (logger: Logger) => void, splits = false): string {
  const memory = new ArrayBuffer(segmentSize(4, 1 << 24));
  const writer = Writer.create(memory, { chunkCount: 4 });
  const oversized = splits ? "split" : "truncate";
  const logger = createLogger({ writer, maxEntrySize, oversized, base: null, timestamp: false });
  log(logger);
  return [...new Reader(memory)].map(({ text }) => text).join("\n");
}

const withoutCount = (line: string) => line.replace(/"truncatedBytes":\d+/, "");

const values: Record<string, () => unknown> = {
  "an array without elements": () => new Array(100_000),
  "an array of numbers": () => Array.from({ length: 100_000 }, (_, i) => i),
  "an object": () => Object.fromEntries(Array.from({ length: 90_000 }, (_, i) => [`k${i}`, i])),
  "an object of a class": () =>
    Object.assign(new (class Large {})(), { ...new Array(90_000).fill(1) }),
  "a typed array": () => new Uint16Array(100_000),
  "a buffer": () => new Uint8Array(100_000).fill(7),
  "a text": () => "x".repeat(1_000_000),
  "a text of lines": () => "a line\n".repeat(100_000),
  "a text of pairs": () => "😀".repeat(500_000),
};

for (const [what, make] of Object.entries(values)) {
  test(`of ${what} the same is kept as if all of it had been written, and what comes after it`, () => {
    const log = (logger: Logger) =>
      logger.error({ before: 1, x: make(), after: { y: 2 } }, "hello");
    const line = written(KEPT, log);
    assert.equal(withoutCount(line), withoutCount(truncate(written(1 << 24, log), KEPT)));
    assert.match(line, /"after":\{"y":2\},"msg":"hello","truncatedBytes":[1-9]\d*\}$/);
    assert.ok(JSON.parse(line));
  });
}

test("of arrays in arrays as much is kept as an entry can hold, and what comes after them", () => {
  const x = Array.from({ length: 1000 }, () => new Array(1000).fill("abc"));
  const line = written(KEPT, (logger) => logger.error({ x, after: { y: 2 } }, "hello"));
  assert.ok(line.length > KEPT - 64, line);
  assert.match(line, /"after":\{"y":2\},"msg":"hello","truncatedBytes":[1-9]\d*\}$/);
  assert.ok(JSON.parse(line));
});

/** Values that count how often they are asked. */
function counting(): { asked: number; item: object } {
  const counter = { asked: 0, item: { toJSON: () => ++counter.asked } };
  return counter;
}

const containers: Record<string, (item: object) => object> = {
  "an array": (item) => new Array(1e6).fill(item),
  "an object": (item) => Object.fromEntries(Array.from({ length: 3e5 }, (_, i) => [i, item])),
  "deep arrays": (item) => {
    let value: unknown[] = [item];
    for (let i = 0; i < 10; i++) value = new Array(60).fill(value);
    return value;
  },
};

for (const [what, make] of Object.entries(containers)) {
  test(`the members of ${what} are asked as far as an entry can hold them`, () => {
    const counted = counting();
    const value = make(counted.item);
    written(KEPT, (logger) => logger.error({ x: value }, "hello"));
    assert.ok(counted.asked >= KEPT / 8, `${counted.asked}`);
    assert.ok(counted.asked < MOST, `${counted.asked}`);
  });
}

test("fields are asked as far as an entry can hold them", () => {
  const counted = counting();
  const fields = Object.fromEntries(Array.from({ length: 3e5 }, (_, i) => [`k${i}`, counted.item]));
  const line = written(KEPT, (logger) => logger.error(fields, "hello"));
  assert.ok(counted.asked < MOST, `${counted.asked}`);
  assert.ok(JSON.parse(line));
});

test("a line that is split is larger, and as much of a value is kept as its parts can hold", () => {
  const numbers = Array.from({ length: 20_000 }, (_, i) => i);
  const parts = written(KEPT, (logger) => logger.error({ numbers }, "hello"), true).split("\n");
  const whole = parts.map((part) => JSON.parse(part).text).join("");
  assert.deepEqual(JSON.parse(whole), { level: 50, numbers, msg: "hello" });
});

test("elements of OpenTelemetry's values are asked as far as an entry can hold them", () => {
  let asked = 0;
  const items = new Proxy(new Array(1e6).fill("abc"), {
    get(target, name) {
      asked++;
      return Reflect.get(target, name);
    },
  });
  const memory = new ArrayBuffer(segmentSize(4, 1 << 16));
  const writer = Writer.create(memory, { chunkCount: 4 });
  using sink = new EntrySink({ writer, maxEntrySize: KEPT });
  assert.ok(new OtlpLines().write(sink, { hrTime: [1, 0], body: items as never, attributes: {} }));
  assert.ok(asked < MOST, `${asked}`);
  assert.ok(JSON.parse(new Reader(memory).read()!.text));
});
