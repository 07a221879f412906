/** Files of the original: read right, and written byte for byte the same. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import test from "node:test";
import { EventLogReader, EventLogWriter, EventReader, EventWriter } from "../../src/events/mod.ts";
import { plain } from "../support/events.ts";
import { testFolder } from "../support/folder.ts";
import { sameBytes } from "../support/random.ts";
import { loadRinglog } from "../support/ringlog.ts";

const folder = testFolder("ringlog");

const fixtures = loadRinglog();

test("there are files of the original", () => assert.equal(fixtures.length, 7));

for (const fixture of fixtures) {
  const { name, events, createdAt, eventCount, writeOffset } = fixture;

  test(`${name}: memory, read in place and as copies`, () => {
    const reader = new EventReader(fixture.image());
    assert.equal(reader.eventCount, eventCount);
    assert.equal(reader.createdAt, createdAt);
    const seen: unknown[] = [];
    const count = reader.replay((event) => {
      seen.push(plain({ ...fields(event), payload: event.bytes() }));
      assert.equal(event.timestamp, Number(event.timestampBigInt));
    });
    assert.equal(count, eventCount);
    assert.deepEqual(seen, events.map(plain));
    assert.deepEqual([...reader].map(plain), events.map(plain));
  });

  test(`${name}: file, read, and opened by a writer that changes nothing`, () => {
    const path = `${folder}/${name}`;
    writeFileSync(path, new Uint8Array(fixture.image()));
    using reader = EventLogReader.open(path);
    assert.deepEqual([...reader].map(plain), events.map(plain));
    const writer = EventLogWriter.open(path);
    assert.equal(writer.eventCount, eventCount);
    assert.equal(writer.writeOffset, writeOffset);
    writer.close();
    assert.ok(sameBytes(readFileSync(path), new Uint8Array(fixture.image())));
  });

  test(`${name}: written by us, it is the same byte for byte`, () => {
    const path = `${folder}/${name}-ours`;
    const capacity = fixture.image().byteLength;
    using writer = EventLogWriter.create(path, { capacity, createdAt });
    for (const event of events) assert.equal(writer.writeEvent(event, event.payload), true);
    if (fixture.rejectedWrites > 0) {
      const again = events[events.length - 1];
      assert.equal(writer.writeEvent(again, again.payload), false);
    }
    assert.ok(sameBytes(readFileSync(path), new Uint8Array(fixture.image())));

    const memory = new ArrayBuffer(capacity);
    assert.equal(EventWriter.create(memory, { createdAt }).writeMany(events), events.length);
    assert.ok(sameBytes(new Uint8Array(memory), new Uint8Array(fixture.image())));
  });

  test(`${name}: with a header that is gone, recover() finds all again`, () => {
    const image = fixture.image();
    new Uint8Array(image, 0, 8).fill(0);
    new Uint8Array(image, 16, 48).fill(255);
    const writer = EventWriter.recover(image);
    assert.equal(writer.eventCount, eventCount);
    assert.equal(writer.writeOffset, writeOffset);
    assert.ok(sameBytes(new Uint8Array(image), new Uint8Array(fixture.image())));
  });
}

test("the magic of the original's documentation is read, kept, and written if asked for", () => {
  const memory = new ArrayBuffer(4096);
  EventWriter.create(memory, { magic: "EVTL" }).writeEvent(
    fixtures[0].events[0],
    new Uint8Array(3),
  );
  assert.equal(new TextDecoder().decode(memory.slice(0, 4)), "EVTL");
  EventWriter.open(memory).writeEvent(fixtures[0].events[0], new Uint8Array(3));
  assert.equal(new EventReader(memory).replay(() => {}), 2);
  assert.equal(EventWriter.recover(memory).eventCount, 2);
  assert.equal(new TextDecoder().decode(memory.slice(0, 4)), "EVTL");
});

function fields(event: {
  timestampBigInt: bigint;
  type: number;
  flags: number;
  reserved: number;
}) {
  const { timestampBigInt: timestamp, type, flags, reserved } = event;
  return { timestamp, type, flags, reserved };
}
