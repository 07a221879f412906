/** `{slot}` in a name: each writer has its own, and what a killed one has left is resumed. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import { SharedMemory } from "../../ffi/mod.ts";
import { ShmLogReader, ShmLogWriter, WriterLockedError } from "../../mod.ts";
import { CircularBufferWriter } from "../../src/circular/mod.ts";
import { EventLogWriter } from "../../src/events/mod.ts";
import { MemMapRingBuffer } from "../../src/ring/mod.ts";
import { needsLastingNames } from "../support/platform.ts";
import { runtimes, slowness, startChild, uniqueName } from "../support/runtime.ts";

const PROCESSES = 16;
// Processes of all runtimes take part, whichever starts them. SLOT_ROUNDS=1000 is the long run.
const ROUNDS = Number(process.env.SLOT_ROUNDS ?? (slowness > 1 ? 30 : 100));
/** After how long a busy machine begins no other round, but for ten, in milliseconds: processes of tests have a limit. */
const LIMIT = process.env.SLOT_ROUNDS === undefined ? 60_000 : Infinity;

const kept = { chunkSize: 4096, chunkCount: 4, unlinkOnClose: false } as const;
const options = { chunkSize: 4096, chunkCount: 4, unlinkOnClose: true } as const;
const nap = () => new Promise((resolve) => setTimeout(resolve, 1));

/** A folder for files. */
function folderFor(): Disposable & { path: (name: string) => string } {
  const folder = mkdtempSync(join(tmpdir(), "ouroboros-slots-"));
  return {
    path: (name) => join(folder, name),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, maxRetries: 5 }),
  };
}

test("{slot} is the lowest number that no living writer holds", () => {
  const name = uniqueName("slots");
  using zero = ShmLogWriter.create(`${name}.{slot}`, options);
  const one = ShmLogWriter.create(`${name}.{slot}`, options);
  using two = ShmLogWriter.create(`${name}.{slot}`, options);
  assert.deepEqual(
    [zero, one, two].map((writer) => writer.name),
    [0, 1, 2].map((n) => `${name}.${n}`),
  );
  one.close();
  using again = ShmLogWriter.create(`${name}.{slot}`, options);
  assert.equal(again.name, `${name}.1`);
});

test("a slot that its writer has left is resumed with its numbers", () => {
  using folder = folderFor();
  const path = folder.path("app.{slot}.log");
  const first = ShmLogWriter.create({ path }, kept);
  for (let i = 0; i < 3; i++) first.write("x");
  first.close();
  using second = ShmLogWriter.create({ path }, kept);
  assert.equal(second.name, folder.path("app.0.log"));
  assert.equal(second.write("y"), 4);
});

test("a finished log stays in its slot, and the next writer takes another", () => {
  using folder = folderFor();
  const path = folder.path("app.{slot}.log");
  const first = ShmLogWriter.create({ path }, { ...kept, version: 2 });
  first.write("x");
  first.finish();
  first.close();
  using second = ShmLogWriter.create({ path }, { ...kept, version: 2 });
  assert.equal(second.name, folder.path("app.1.log"));
  using reader = ShmLogReader.open({ path: folder.path("app.0.log") }, { strategy: "oldest" });
  assert.deepEqual([...reader].map(({ text }) => text), ["x"]);
});

test("beyond the limit of slots the error says what to do", () => {
  const name = `${uniqueName("slots")}.{slot}`;
  using _zero = ShmLogWriter.create(name, { ...options, slots: 2 });
  using _one = ShmLogWriter.create(name, { ...options, slots: 2 });
  assert.throws(
    () => ShmLogWriter.create(name, { ...options, slots: 2 }),
    (error) =>
      error instanceof WriterLockedError &&
      /all 2 slots .* raise the option "slots"/.test(error.message),
  );
  for (const slots of [0, 1.5, "2"]) {
    assert.throws(() => ShmLogWriter.create(name, { ...options, slots: slots as number }), /slots/);
  }
});

test("what is no log is passed over, and is left as it is", () => {
  const name = uniqueName("slots");
  using other = SharedMemory.create(`${name}.0`, 4096);
  new Uint8Array(other.buffer).fill(7);
  using writer = ShmLogWriter.create(`${name}.{slot}`, options);
  assert.equal(writer.name, `${name}.1`);
  assert.equal(new Uint8Array(other.buffer)[0], 7);
  SharedMemory.unlink(`${name}.0`);
});

test("a ring, an event log and a circular buffer have slots, too", () => {
  using folder = folderFor();
  const ringPath = folder.path("ring.{slot}");
  using ring = new MemMapRingBuffer(ringPath, 1024);
  using otherRing = MemMapRingBuffer.open(ringPath, 1024, { slots: 2 });
  assert.deepEqual([ring.path, otherRing.path], [folder.path("ring.0"), folder.path("ring.1")]);
  assert.throws(() => MemMapRingBuffer.open(ringPath, 1024, { slots: 2 }), WriterLockedError);
  ring.put("kept");
  ring.close();
  using ringAgain = MemMapRingBuffer.open(ringPath);
  assert.equal(ringAgain.length, 1);

  const eventPath = folder.path("{slot}.events");
  const events = EventLogWriter.create(eventPath);
  using otherEvents = EventLogWriter.create(eventPath);
  assert.deepEqual(
    [events.path, otherEvents.path],
    ["0", "1"].map((n) => folder.path(`${n}.events`)),
  );
  events.writeEvent({ timestamp: 1, type: 1 }, "kept");
  events.close();
  using eventsAgain = EventLogWriter.create(eventPath);
  assert.deepEqual([eventsAgain.path, eventsAgain.eventCount], [events.path, 1]);
  assert.throws(() => EventLogWriter.open(eventPath, { slots: 2 }), WriterLockedError);

  const name = uniqueName("slots");
  const spec = { indexName: `${name}i.{slot}`, dataName: `${name}d.{slot}`, capacity: 1024 };
  using circular = CircularBufferWriter.open(spec);
  using otherCircular = CircularBufferWriter.open(spec);
  assert.deepEqual(circular.spec, { ...spec, indexName: `${name}i.0`, dataName: `${name}d.0` });
  assert.equal(otherCircular.spec.dataName, `${name}d.1`);
  assert.throws(() => CircularBufferWriter.open(spec, { slots: 2 }), WriterLockedError);
  assert.throws(() => CircularBufferWriter.open({ ...spec, dataName: `${name}d` }), RangeError);
});

test("a slot whose writer was killed is taken by the next one, with its numbers", {
  skip: needsLastingNames,
}, async () => {
  const name = uniqueName("slots");
  const control = SharedMemory.create(`${name}-control`, 4096);
  const words = new Int32Array(control.buffer);
  const child = startChild(
    new URL("children/slot_taker.ts", import.meta.url),
    [control.name, `${name}.{slot}`, 0],
  );
  try {
    using other = ShmLogWriter.create(`${name}.{slot}`, options);
    assert.equal(other.name, `${name}.0`);
    Atomics.store(words, 0, 1);
    while (Atomics.load(words, 1) === 0) await nap();
    assert.equal(words[2], 2, "slot 1");
    await child.kill();
    using next = ShmLogWriter.create(`${name}.{slot}`, options);
    assert.equal(next.name, `${name}.1`);
    assert.equal(next.write("after the kill"), 2);
  } finally {
    await child.kill();
    control.remove();
  }
});

test("of processes that begin at the same moment each has its own slot", {
  skip: needsLastingNames,
}, async () => {
  const name = uniqueName("slots");
  const control = SharedMemory.create(`${name}-control`, 4096);
  const words = new Int32Array(control.buffer);
  const taker = new URL("children/slot_taker.ts", import.meta.url);
  const children = Array.from(
    { length: PROCESSES },
    (_, i) => startChild(taker, [control.name, `${name}.{slot}`, i], runtimes[i % runtimes.length]),
  );
  const complaints: string[] = [];
  for (const child of children) child.process.stderr?.on("data", (text) => complaints.push(text));
  const allDone = async () => {
    while (Atomics.load(words, 1) < PROCESSES) {
      for (const { process: { exitCode, signalCode } } of children) {
        assert.equal(exitCode ?? signalCode, null, complaints.join(""));
      }
      await nap();
    }
    Atomics.store(words, 1, 0);
  };
  const last = new Map<number, number>();
  const end = performance.now() + LIMIT;
  let rounds = 0;
  try {
    for (let round = 1; round <= ROUNDS && (round <= 10 || performance.now() < end); round++) {
      rounds = round;
      Atomics.store(words, 0, 2 * round - 1);
      await allDone();
      const slots = [...words.subarray(2, 2 + PROCESSES)].map((word) => word - 1);
      const seen = new Set(slots);
      assert.ok(!seen.has(-2), `round ${round}: ${complaints.join("")}`);
      assert.equal(seen.size, PROCESSES, `round ${round}: ${slots.join()}`);
      for (const slot of slots) last.set(slot, round);
      for (let slot = 0; slot < PROCESSES; slot++) {
        assert.ok(round - (last.get(slot) ?? 0) < 3, `slot ${slot} is skipped in round ${round}`);
      }
      Atomics.store(words, 0, 2 * round);
      await allDone();
    }
    // Each round is in one log after the other, and no number was given twice.
    let entries = 0;
    for (const slot of last.keys()) {
      using reader = ShmLogReader.open(`${name}.${slot}`);
      entries += reader.newestSequenceNumber();
    }
    assert.equal(entries, rounds * PROCESSES);
  } finally {
    Atomics.store(words, 0, -1);
    await Promise.all(children.map((child) => child.kill()));
    for (const slot of last.keys()) SharedMemory.unlink(`${name}.${slot}`);
    control.remove();
  }
});
