/** Lines that are made in the log itself, whatever comes in between: ends of chunks, laps, other writes. */

import assert from "node:assert/strict";
import test from "node:test";
import { type Entry, Reader, segmentSize, Writer } from "../../mod.ts";
import { createLogger, type Logger } from "../../src/logger/mod.ts";
import { Journal, Replay } from "../support/journal.ts";
import { baseSeed, Random } from "../support/random.ts";
import { objectOf, textOf } from "./values.ts";

interface Made {
  memory: ArrayBuffer;
  writer: Writer;
  log: Logger;
  reader: Reader;
  errors: unknown[];
  /** The lines since the last call. */
  lines(): string[];
}

function make(chunkSize = 4096, chunkCount = 4, options: object = {}): Made {
  const memory = new ArrayBuffer(segmentSize(chunkCount, chunkSize));
  const writer = Writer.create(memory, { chunkCount, chunkSize });
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const log = createLogger({ writer, base: null, timestamp: false, onError, ...options });
  const reader = new Reader(memory);
  const lines = () => [...reader].map(({ text }: Entry) => text);
  return { memory, writer, log, reader, errors, lines };
}

/** A logger whose lines are never made in place: its writer is not one of ours. */
function makeElsewhere(
  maxEntrySize: number,
  options: object = {},
): { log: Logger; lines: string[] } {
  const lines: string[] = [];
  const write = (data: Uint8Array | string) => lines.push(data as string);
  const writeMany = (entries: readonly (Uint8Array | string)[]) =>
    lines.push(...entries as string[]);
  const writer = { maxEntrySize: 8 * maxEntrySize, chunkSize: maxEntrySize, write, writeMany };
  const log = createLogger({ writer, base: null, timestamp: false, maxEntrySize, ...options });
  return { log, lines };
}

test(`lines of all sizes, in small chunks, over many laps (seed ${baseSeed})`, () => {
  const random = new Random(baseSeed);
  for (const oversized of ["truncate", "split"] as const) {
    for (const [chunkSize, chunkCount] of [[256, 8], [512, 3], [1024, 4], [4096, 1], [8192, 2]]) {
      const { log, lines, errors, writer, memory, reader } = make(chunkSize, chunkCount, {
        oversized,
      });
      const maxEntrySize = Math.min(chunkSize, Math.floor(writer.maxEntrySize / 8));
      const size = Math.max(128, maxEntrySize);
      const elsewhere = makeElsewhere(size, { oversized });
      let count = 0;
      for (let i = 0; i < 400; i++) {
        const object = objectOf(random, 2);
        const message = textOf(random).slice(0, random.below(400));
        log.info(object, message);
        elsewhere.log.info(object, message);
        count++;
        // Where a line is split is a matter of the log's room: parts are another test's.
        const expected = elsewhere.lines.splice(0);
        const found = lines();
        if (oversized === "truncate" || expected.length === 1) assert.deepEqual(found, expected);
        else assert.ok(found.length > 0);
      }
      assert.deepEqual(errors, []);
      assert.equal(log.counts.written, count);
      assert.equal(reader.lostEntries, 0);
      const again = [...new Reader(memory, { strategy: "oldest" })].map(({ text }) => text);
      for (const line of again) if (oversized === "truncate") JSON.parse(line);
      assert.equal(Writer.resume(memory).totalEntriesWritten, writer.totalEntriesWritten);
    }
  }
});

test("a line that outgrows its room moves, at every length around the end of a chunk", () => {
  for (let length = 0; length < 600; length++) {
    const { log, lines } = make(2048, 4, { maxEntrySize: 4096 });
    // So that the next line begins at any distance from the end of the chunk.
    log.info("x".repeat(1000));
    log.info("y".repeat(length));
    const text = "z".repeat(500);
    log.info({ a: text.slice(0, 300), b: [text], c: 123456789, d: true }, text);
    const [, , line] = lines();
    assert.deepEqual(JSON.parse(line), {
      level: 30,
      a: text.slice(0, 300),
      b: [text],
      c: 123456789,
      d: true,
      msg: text,
    });
  }
});

test("what a getter writes to the same log comes first, and leaves the line whole", () => {
  const ways: Record<string, (writer: Writer, log: Logger) => unknown> = {
    text: (writer) => writer.write("else"),
    batch: (writer) => writer.writeMany(["one", "two"]),
    claim: (writer) => {
      const claim = writer.claim(4);
      claim.bytes.fill(0x61);
      claim.commit();
    },
    "an aborted claim": (writer) => writer.claim(4).abort(),
    "a large entry": (writer) => writer.write("l".repeat(9000)),
    "another logger": (writer) => createLogger({ writer, base: null }).info("other"),
    "an entry that is too large": (writer) =>
      assert.throws(() => writer.write("x".repeat(1 << 20))),
    "all laps": (writer) => {
      for (let i = 0; i < 2000; i++) writer.write("lap");
    },
  };
  for (const [name, write] of Object.entries(ways)) {
    const { log, writer, memory, errors } = make();
    log.info({
      a: "before",
      get b() {
        write(writer, log);
        return "from the getter";
      },
      c: "after",
    }, "whole");
    log.info("next");
    const texts = [...new Reader(memory, { strategy: "oldest" })].map(({ text }) => text);
    assert.deepEqual(texts.slice(-2), [
      '{"level":30,"a":"before","b":"from the getter","c":"after","msg":"whole"}',
      '{"level":30,"msg":"next"}',
    ], name);
    assert.deepEqual(errors, [], name);
  }
});

test("a claim that a getter leaves open makes the line an error, and nothing else", () => {
  const { log, writer, lines, errors } = make();
  let claim: { abort(): void } | undefined;
  log.info({
    get a() {
      claim = writer.claim(4);
      return 1;
    },
  });
  assert.equal(errors.length, 1);
  claim!.abort();
  log.info("next");
  assert.deepEqual(lines(), ['{"level":30,"msg":"next"}']);
});

test("a getter that closes the logger, or its writer, throws nothing", () => {
  for (const close of [(made: Made) => made.log.close(), (made: Made) => made.writer.close()]) {
    const made = make();
    made.log.info("before");
    made.log.info({
      get a() {
        close(made);
        return "x".repeat(100);
      },
    }, "lost");
    made.log.info("lost, too");
    assert.deepEqual(made.lines(), ['{"level":30,"msg":"before"}']);
    assert.equal(made.log.counts.errors, 2);
    assert.equal(Writer.resume(made.memory).totalEntriesWritten, 1);
  }
});

test("a getter that logs its own object without end throws nothing, and the log continues", () => {
  const { log, lines, memory } = make(65536, 4);
  const object = {
    get again(): number {
      log.info(object, "again");
      return 1;
    },
  };
  log.info(object, "outermost");
  log.info("next");
  assert.deepEqual(lines().at(-1), '{"level":30,"msg":"next"}');
  for (const { text } of new Reader(memory, { strategy: "oldest" })) JSON.parse(text);
});

test("a log that is killed between any two stores of its lines is right", () => {
  const random = new Random(baseSeed);
  for (const [chunkSize, chunkCount] of [[256, 4], [600, 3]]) {
    const memory = new ArrayBuffer(segmentSize(chunkCount, chunkSize));
    const writer = Writer.create(memory, { chunkCount, chunkSize });
    const log = createLogger({ writer, base: null, timestamp: false });
    const journal = new Journal(memory);
    const lines: string[] = [];
    const reader = new Reader(memory);
    for (let i = 0; i < 40; i++) {
      const text = "t".repeat(random.below(60));
      const isNested = random.below(4) === 0;
      journal.record(() => {
        log.info({
          i,
          get inner() {
            if (isNested) log.warn({ i }, "nested");
            return [text, { i }];
          },
          long: "l".repeat(random.below(300)),
        }, text);
        return writer.totalEntriesWritten;
      });
      lines.push(...[...reader].map((entry) => entry.text));
    }
    assert.equal(lines.length, writer.totalEntriesWritten);
    for (let point = 0; point <= journal.stores.length; point++) {
      const replay = new Replay(journal.image, memory.byteLength, journal.stores);
      replay.step(point);
      const seen = new Reader(replay.memory, { strategy: "oldest" });
      let last = 0;
      for (const { sequenceNumber, text } of seen) {
        assert.equal(
          text,
          lines[sequenceNumber - 1],
          `entry ${sequenceNumber} after ${point} stores`,
        );
        last = sequenceNumber;
      }
      // A nested line is published within a step.
      assert.ok(last >= replay.published || last === 0);
      const resumed = Writer.resume(replay.memory, { chunkSize });
      assert.ok(resumed.totalEntriesWritten >= replay.published);
      createLogger({ writer: resumed, base: null, timestamp: false }).info("successor");
      const latest = [...new Reader(replay.memory, { strategy: "latest" })].at(-1);
      assert.equal(latest?.text, '{"level":30,"msg":"successor"}');
      assert.equal(latest.sequenceNumber, resumed.totalEntriesWritten);
    }
  }
});
