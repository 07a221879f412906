/** What entries, events and handles look like where they are printed, compared, sent and stored. */

import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import { inspect as inspectNode } from "node:util";
import { Reader, ShmLogReader, ShmLogWriter, Writer } from "../../mod.ts";
import { SharedMemory } from "../../ffi/mod.ts";
import {
  EventLogReader,
  EventLogWriter,
  EventReader,
  EventWriter,
  RingBuffer,
  SpscRingBuffer,
} from "../../src/events/mod.ts";
import { MemMapRingBuffer, Ring } from "../../src/ring/mod.ts";
import { CircularReader, CircularWriter } from "../../src/circular/mod.ts";

/** As `console.log` of this runtime prints it, and as `node:util` does. */
function shown(value: unknown): string[] {
  const { Deno, Bun } = globalThis as {
    Deno?: { inspect(value: unknown): string };
    Bun?: { inspect(value: unknown): string };
  };
  return [inspectNode(value), (Deno ?? Bun)?.inspect(value) ?? inspectNode(value)];
}

function logOf(...texts: (string | Uint8Array)[]): ArrayBuffer {
  const memory = new ArrayBuffer(1 << 16);
  Writer.create(memory, { chunkCount: 4 }).writeMany(texts);
  return memory;
}

function eventsOf(...payloads: (string | Uint8Array)[]) {
  const memory = new ArrayBuffer(1 << 16);
  const writer = EventWriter.create(memory);
  for (const payload of payloads) writer.writeEvent({ timestamp: 2n ** 60n, type: 7 }, payload);
  return [...new EventReader(memory)];
}

const notText = new Uint8Array([0, 255, 254]);

test("an entry and an event are printed with their text", () => {
  const [entry] = new Reader(logOf("hello"));
  const [event] = eventsOf("hello");
  for (const text of shown(entry)) {
    assert.match(text, /^Entry \{[^]*sequenceNumber: 1,[^]*"?'?hello/);
  }
  for (const text of shown(event)) assert.match(text, /^StoredEvent \{[^]*type: 7,[^]*hello/);
  for (const text of shown([entry, { event }])) assert.match(text, /Entry \{[^]*StoredEvent \{/);
});

test("an entry and an event are stored in JSON with their payload, whatever it is", () => {
  const [entry, other] = new Reader(logOf("3 €", notText));
  const place = { chunkIndex: 0, chunkToken: 0 };
  assert.deepEqual(JSON.parse(JSON.stringify([entry, other])), [
    { sequenceNumber: 1, ...place, text: "3 €" },
    { sequenceNumber: 2, ...place, base64: "AP/+" },
  ]);
  const header = { timestamp: "1152921504606846976", type: 7, flags: 0, reserved: 0 };
  assert.deepEqual(JSON.parse(JSON.stringify(eventsOf("3 €", notText))), [
    { ...header, text: "3 €" },
    { ...header, base64: "AP/+" },
  ]);
});

test("entries and events are equal if their bytes are, whatever they were read with", () => {
  const [one, two] = new Reader(logOf("one", "two"));
  const [same] = new Reader(logOf("one", "more"));
  const [other] = new Reader(logOf("eno", "two"));
  assert.deepEqual(one, same);
  assert.notDeepEqual(one, other);
  assert.notDeepEqual(one, two);
  assert.deepEqual(eventsOf("one")[0], eventsOf("one", "two")[0]);
  assert.notDeepEqual(eventsOf("one")[0], eventsOf("eno")[0]);
});

test("bytes that entries share can't be transferred away; copies can", () => {
  const texts = ["one", "two", "three"];
  const reader = new Reader(logOf(...texts));
  const entries = [...reader];
  const events = eventsOf(...texts);
  const batch = new Reader(logOf(...texts)).readBatch();
  for (const bytes of [entries[0].bytes, events[0].payload, batch.bytes(0)]) {
    const { port1, port2 } = new MessageChannel();
    assert.throws(() => port1.postMessage(bytes, [bytes.buffer as ArrayBuffer]));
    assert.throws(() => structuredClone(bytes, { transfer: [bytes.buffer as ArrayBuffer] }));
    const copy = bytes.slice();
    port1.postMessage(copy, [copy.buffer]);
    assert.equal(copy.length, 0);
    port1.close();
    port2.close();
  }
  assert.deepEqual(entries.map(({ text }) => text), texts);
  assert.deepEqual(events.map(({ text }) => text), texts);
  assert.deepEqual(batch.texts(), texts);
});

test("handles are printed with what they are, open and closed, and have a tag", () => {
  const name = `/misuse-shown-${process.pid}`;
  const path = join(tmpdir(), `misuse-shown-${process.pid}`);
  const memory = logOf("one");
  const writer = ShmLogWriter.create(name, { unlinkOnClose: true, chunkSize: 4096, chunkCount: 2 });
  const events = EventLogWriter.create(`${path}-events`);
  const spsc = SpscRingBuffer.create(64).split();
  const circular = [new ArrayBuffer(1024), new ArrayBuffer(2000), { capacity: 1000 }] as const;
  const handles: [string, unknown, RegExp][] = [
    ["ShmLogWriter", writer, /totalEntriesWritten: 0/],
    ["ShmLogReader", ShmLogReader.open(name), /misuse-shown/],
    ["SharedMemory", SharedMemory.open(name), /byteLength: \d+/],
    ["EventLogWriter", events, /eventCount: 0/],
    ["EventLogReader", EventLogReader.open(`${path}-events`), /path: /],
    ["MemMapRingBuffer", MemMapRingBuffer.open(`${path}-ring`, 1000), /capacity: 1000/],
    ["Writer", Writer.resume(memory), /totalEntriesWritten: 1/],
    ["Reader", new Reader(memory), /lastSequenceNumber: 0/],
    ["EntryBatch", new Reader(memory).readBatch(), /one/],
    ["Claim", Writer.resume(memory).claim(3), /bytes: /],
    ["EventWriter", EventWriter.create(new ArrayBuffer(4096)), /eventCount: 0/],
    ["RingBuffer", new RingBuffer(64), /capacity: 64/],
    ["SpscProducer", spsc.producer, /maxPayload: /],
    ["SpscConsumer", spsc.consumer, /isEmpty: true/],
    ["Ring", Ring.format(new ArrayBuffer(100)), /capacity: 83/],
    ["CircularWriter", new CircularWriter(...circular), /capacity: 1000/],
    ["CircularReader", new CircularReader(...circular), /laps: 0/],
  ];
  for (const [tag, handle, what] of handles) {
    assert.equal(Object.prototype.toString.call(handle), `[object ${tag}]`);
    for (const text of shown(handle)) {
      assert.ok(text.startsWith(`${tag} {`), text);
      assert.match(text, what);
    }
  }
  for (const [, handle] of handles) (handle as Partial<Disposable>)[Symbol.dispose]?.();
  for (const [tag, handle] of handles) {
    for (const text of shown(handle)) assert.ok(text.startsWith(`${tag} {`), text);
  }
  rmSync(`${path}-events`);
  rmSync(`${path}-ring`);
  new Reader(memory).forEach((view) => assert.match(shown(view)[1], /^EntryView \{/));
});
