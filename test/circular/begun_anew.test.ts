/** The original's writer begins anew: its count is 0 again, in the same memory. That is a lap. */

import assert from "node:assert/strict";
import test from "node:test";
import { CorruptBufferError, LappedError } from "../../src/circular/mod.ts";
import { Memory } from "../support/circular.ts";

const CAPACITY = 1000;

/** Writes as the original does, without claims. */
class OriginalWriter {
  readonly #memory: Memory;
  #at: number;
  #sequence = 0;

  /** Goes on at the indices that are there, and counts from 0. */
  constructor(memory: Memory) {
    this.#memory = memory;
    this.#at = memory.state.writeIdx;
    memory.state = { ...memory.state, seqNum: 0 };
  }

  write(message: Uint8Array): void {
    const { data, capacity } = this.#memory;
    if (capacity - this.#at < 4) this.#at = 0;
    const whole = new Uint8Array(4 + message.length);
    new DataView(whole.buffer).setInt32(0, message.length, true);
    whole.set(message, 4);
    for (const byte of whole) {
      new Uint8Array(data)[256 + this.#at] = byte;
      this.#at = (this.#at + 1) % capacity;
    }
    this.#sequence += whole.length;
    this.#memory.state = { readIdx: this.#at, writeIdx: this.#at, seqNum: this.#sequence };
  }
}

/** A message whose bytes are no sizes of messages. */
const messageOf = (length: number) => new Uint8Array(length).fill(0xff);

test("a reader that slept until the new count passed its own is lapped, and continues", () => {
  for (const length of [7, 33, 90]) {
    const memory = new Memory(CAPACITY);
    const first = new OriginalWriter(memory);
    const reader = memory.reader();
    const strict = memory.reader({ onLap: "throw" });
    for (let i = 0; i < 5; i++) first.write(messageOf(50));
    for (let i = 0; i < 5; i++) {
      assert.equal(reader.read()?.length, 50);
      assert.equal(strict.read()?.length, 50);
    }
    const next = new OriginalWriter(memory);
    // Beyond our number, by less than the capacity, which would be a lap in any case.
    while (memory.state.seqNum < 5 * 54 + CAPACITY - 100) next.write(messageOf(length));
    assert.equal(reader.read(), undefined);
    assert.throws(() => strict.read(), LappedError);
    assert.deepEqual([reader.laps, strict.laps], [1, 1]);
    next.write(messageOf(3));
    assert.equal(reader.read()?.length, 3);
    assert.equal(strict.read()?.length, 3);
  }
});

test("so is one that finds the new count below its own, or the same", () => {
  const memory = new Memory(CAPACITY);
  const first = new OriginalWriter(memory);
  const reader = memory.reader();
  for (let i = 0; i < 5; i++) first.write(messageOf(50));
  for (let i = 0; i < 5; i++) reader.read();
  const next = new OriginalWriter(memory);
  for (let i = 0; i < 3; i++) next.write(messageOf(50));
  assert.equal(reader.read(), undefined);
  assert.equal(reader.laps, 1);
  const third = new OriginalWriter(memory);
  for (let i = 0; i < 3; i++) third.write(messageOf(50));
  assert.equal(reader.read(), undefined);
  third.write(messageOf(4));
  assert.equal(reader.read(), undefined);
  assert.equal(reader.laps, 2);
  third.write(messageOf(5));
  assert.equal(reader.read()?.length, 5);
});

test("a message that is damaged is still damage, and no lap", () => {
  const memory = new Memory(CAPACITY);
  const writer = new OriginalWriter(memory);
  const reader = memory.reader();
  const { writeIdx } = memory.state;
  for (let i = 0; i < 3; i++) writer.write(messageOf(50));
  new DataView(memory.data).setInt32(256 + writeIdx, -1, true);
  assert.throws(() => reader.read(), CorruptBufferError);
  assert.equal(reader.laps, 0);
});
