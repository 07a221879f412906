/** The images written by the original: what readers give, and byte equality of what we write. */

import assert from "node:assert/strict";
import test from "node:test";
import { type CircularFixture, loadCircularFixtures, Memory } from "../support/circular.ts";
import { fromHex, toHex } from "../support/fixtures.ts";

const fixtures = loadCircularFixtures();

/** The state after `count` messages: the index is where the next one begins or would begin. */
function stateAfter(fixture: CircularFixture, count: number): Memory["state"] {
  let seqNum = 0;
  let index = 0;
  for (const { offset, written_hex } of fixture.messages.slice(0, count)) {
    const size = 4 + written_hex.length / 2;
    seqNum += size;
    index = offset + size;
    if (index > fixture.capacity) index -= fixture.capacity;
  }
  return { readIdx: index, writeIdx: index, seqNum };
}

test("there are images to read", () => {
  assert.equal(fixtures.length, 8);
});

for (const fixture of fixtures) {
  test(`the original's messages are read, those that are still whole: ${fixture.name}`, () => {
    assert.deepEqual(stateAfter(fixture, fixture.messages.length), fixture.state);
    for (let from = 0; from <= fixture.messages.length; from++) {
      const memory = fixture.image();
      assert.deepEqual(memory.state, fixture.state);
      // A reader that was there when only so many were written.
      memory.state = stateAfter(fixture, from);
      const reader = memory.reader();
      memory.state = fixture.state;
      const left = fixture.state.seqNum - stateAfter(fixture, from).seqNum;
      const got = [...reader].map(toHex);
      if (left + 3 > fixture.capacity) {
        assert.deepEqual(got, [], "what may be overwritten is not given");
        assert.deepEqual([reader.laps, reader.lostBytes], [1, left]);
      } else {
        assert.deepEqual(got, fixture.messages.slice(from).map(({ read_hex }) => read_hex));
        assert.deepEqual([reader.laps, reader.lostBytes], [0, 0]);
      }
    }
  });

  test(`a reader that is there from the start gets each message right: ${fixture.name}`, () => {
    const memory = new Memory(fixture.capacity);
    const writer = memory.writer();
    const reader = memory.reader();
    for (const [i, { written_hex }] of fixture.messages.entries()) {
      writer.write(fromHex(written_hex));
      assert.deepEqual(memory.state, stateAfter(fixture, i + 1));
      assert.equal(toHex(reader.read()!), written_hex);
    }
    assert.equal(reader.read(), undefined);
  });

  test(`the same messages give the original's bytes, but where it corrupts: ${fixture.name}`, () => {
    const memory = new Memory(fixture.capacity);
    const writer = memory.writer();
    for (const { written_hex } of fixture.messages) writer.write(fromHex(written_hex));
    const theirs = fixture.image();
    assert.deepEqual(memory.state, theirs.state);
    const ours = new Uint8Array(memory.data, 256);
    const expected = new Uint8Array(theirs.data, 256);
    // The second part of a split message is right only with us.
    for (const { offset, placement, written_hex, read_equals_written } of fixture.messages) {
      const size = 4 + written_hex.length / 2;
      if (read_equals_written) continue;
      assert.equal(placement, "split");
      // Unless a later message has overwritten it.
      const end = offset + size - fixture.capacity;
      for (let i = 0; i < end; i++) {
        if (ours[i] !== expected[i]) expected[i] = ours[i];
      }
    }
    assert.equal(toHex(ours), toHex(expected));
    // Of the index segment, all but the claim, which lies in a gap of the original's.
    const claim = (buffer: ArrayBuffer) => toHex(new Uint8Array(buffer, 4, 392 - 4));
    assert.equal(claim(memory.index), claim(theirs.index));
  });

  test(`a writer continues where the original ended: ${fixture.name}`, () => {
    const memory = fixture.image();
    const early = memory.reader();
    const writer = memory.writer();
    const late = memory.reader();
    assert.equal(writer.sequenceNumber, fixture.state.seqNum);
    for (let i = 1; i <= 300; i++) {
      const message = new Uint8Array(1 + i % 90).fill(i);
      writer.write(message);
      for (const reader of [early, late]) assert.equal(toHex(reader.read()!), toHex(message));
    }
    writer.close();
    assert.deepEqual([early.laps, late.laps], [0, 0]);
  });
}
