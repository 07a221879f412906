/** Rings and logs of events that are used wrongly: a typed error, and nothing half written. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import {
  ClosedError,
  EventLogReader,
  EventLogWriter,
  EventReader,
  EventWriter,
  ReentrantUseError,
  RingBuffer,
  SpscRingBuffer,
} from "../../src/events/mod.ts";
import type { EventInput } from "../../src/events/mod.ts";
import { assertTyped, notArrays, notPayloads, ofAnotherRealm } from "../support/misuse.ts";

/** What can be written to by both calls, and what is in it. */
interface Place {
  writer: {
    writeEvent(header: EventInput, payload: EventInput["payload"]): boolean;
    writeMany?(events: readonly EventInput[]): number;
  };
  texts(): string[];
}

const places: Record<string, () => Place> = {
  EventWriter() {
    const memory = new ArrayBuffer(4096);
    const writer = EventWriter.create(memory);
    return {
      writer,
      texts() {
        // As whoever opens it after a crash sees it.
        assert.equal(EventWriter.recover(memory.slice()).eventCount, writer.eventCount);
        return [...new EventReader(memory)].map(({ text }) => text);
      },
    };
  },
  SpscProducer() {
    const { producer, consumer } = SpscRingBuffer.create(1024).split();
    return { writer: producer, texts: () => drained((visit) => consumer.drain(visit)) };
  },
  RingBuffer() {
    const ring = new RingBuffer(1024);
    return { writer: ring, texts: () => drained((visit) => ring.drain(visit)) };
  },
};

function drained(drain: (visit: (event: { text: string }) => void) => void): string[] {
  const texts: string[] = [];
  drain((event) => texts.push(event.text));
  return texts;
}

const event = (payload: unknown, more: object = {}) =>
  ({ timestamp: 1, type: 2, payload, ...more }) as EventInput;
const wrongFields: readonly object[] = [
  { timestamp: -1 },
  { timestamp: NaN },
  { timestamp: 1.5 },
  { timestamp: "1" },
  { timestamp: undefined },
  { timestamp: 1n << 64n },
  { type: 256 },
  { type: "2" },
  { type: undefined },
  { flags: -1 },
  { flags: null },
  { reserved: 2 ** 32 },
  { reserved: "0" },
];

for (const [name, make] of Object.entries(places)) {
  for (const [what, value] of notPayloads) {
    test(`${name}: a payload that is ${what} is a TypeError, and nothing is written`, () => {
      const { writer, texts } = make();
      assert.throws(() => writer.writeEvent(event(""), value as string), TypeError);
      if (writer.writeMany !== undefined) {
        assert.throws(() => writer.writeMany?.([event("a"), event(value)]), TypeError);
      }
      writer.writeEvent(event(""), "next");
      assert.deepEqual(texts(), ["next"]);
    });
  }

  test(`${name}: a wrong field is a RangeError that names it, and nothing is written`, () => {
    const { writer, texts } = make();
    for (const fields of wrongFields) {
      const [field] = Object.keys(fields);
      const isSaid = (error: Error) => error instanceof RangeError && error.message.includes(field);
      assert.throws(() => writer.writeEvent(event("", fields), "x"), isSaid, field);
      if (writer.writeMany === undefined) continue;
      assert.throws(() => writer.writeMany?.([event("a"), event("b", fields)]), isSaid, field);
    }
    writer.writeEvent(event(""), "next");
    assert.deepEqual(texts(), ["next"]);
  });

  test(`${name}: text is written as UTF-8, and bytes of another realm as they are`, () => {
    const { writer, texts } = make();
    writer.writeEvent(event(""), "3 €");
    writer.writeEvent(event(""), ofAnotherRealm("new Uint8Array([104, 105])"));
    writer.writeMany?.([event("more")]);
    assert.deepEqual(texts().slice(0, 2), ["3 €", "hi"]);
  });

  test(`${name}: a getter of the fields that writes to the same place writes before`, () => {
    const { writer, texts } = make();
    const header = {
      type: 2,
      get timestamp() {
        writer.writeEvent(event(""), "inner");
        return 1;
      },
    };
    writer.writeEvent(header as unknown as EventInput, "outer");
    assert.deepEqual(texts(), ["inner", "outer"]);
  });

  if (make().writer.writeMany === undefined) continue;

  for (const [what, value] of notArrays) {
    test(`${name}: writeMany() of ${what} is a TypeError, and writes nothing`, () => {
      const { writer, texts } = make();
      const error = assertTyped(() => writer.writeMany?.(value as EventInput[]), what);
      assert.match(error.message, /^events is .*, but must be an array/);
      assert.deepEqual(texts(), []);
    });
  }

  test(`${name}: what is no event in an array is a TypeError that says which`, () => {
    const { writer, texts } = make();
    for (const value of [undefined, null, 5, "text", () => {}]) {
      assert.throws(
        () => writer.writeMany?.([event("a"), value as unknown as EventInput]),
        /^TypeError: events\[1\] is .*, but must be an event/,
      );
    }
    assert.deepEqual(texts(), []);
  });

  test(`${name}: a getter in a batch that writes to the same place is a ReentrantUseError`, () => {
    const { writer, texts } = make();
    const nested = event("outer", {});
    Object.defineProperty(nested, "type", {
      get: () => (writer.writeEvent(event(""), "inner, which is longer than the others"), 2),
    });
    assert.throws(() => writer.writeMany?.([event("a"), nested, event("b")]), ReentrantUseError);
    writer.writeMany?.([event("next")]);
    assert.deepEqual(texts(), ["inner, which is longer than the others", "next"]);
  });
}

test("a file of events whose writer a getter closes gets a ClosedError, and keeps what it had", () => {
  const folder = mkdtempSync(join(tmpdir(), "misuse-events-"));
  try {
    const path = join(folder, "events");
    const writer = EventLogWriter.create(path);
    writer.writeEvent(event(""), "first");
    const closing = event("x");
    Object.defineProperty(closing, "flags", { get: () => (writer.close(), 0) });
    assert.throws(() => writer.writeMany([event("a"), closing]), ClosedError);
    assert.throws(() => writer.writeEvent(closing, "x"), ClosedError);
    assert.throws(() => writer.writeMany([]), ClosedError);
    using reader = EventLogReader.open(path);
    assert.deepEqual([...reader].map(({ text }) => text), ["first"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
