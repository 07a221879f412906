/** Random runs of writer and readers on one memory: never wrong, never twice, all accounted for. */

import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import { CheckedCircularReader, Memory, Written } from "../support/circular.ts";
import { baseSeed, forEachSeed, type Random } from "../support/random.ts";

const RUNS = Number(process.env.RANDOM_RUNS ?? 600);
const CAPACITIES = [9, 10, 12, 16, 31, 64, 100, 129, 512, 1000, 4096, 70_000, 200_001];

/** The format once more, in the plainest words: where each byte of a message is. */
class Model {
  readonly bytes: Uint8Array;
  index = 0;

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity);
  }

  write(message: Uint8Array): void {
    const { bytes } = this;
    if (bytes.length - this.index < 4) this.index = 0;
    for (const shift of [0, 8, 16, 24]) this.#put((message.length >>> shift) & 0xff);
    for (let i = 0; i < message.length; i++) this.#put(message[i]);
  }

  #put(byte: number): void {
    if (this.index === this.bytes.length) this.index = 0;
    this.bytes[this.index++] = byte;
  }
}

function run(random: Random): void {
  const capacity = CAPACITIES[random.below(CAPACITIES.length)];
  const memory = new Memory(capacity);
  const model = new Model(capacity);
  // Near the end of 4 GiB, now and then: both halves of S and of the claim change.
  const start = random.below(3) === 0 ? 2 ** 32 * (1 + random.below(3)) - random.below(300) : 0;
  memory.state = { readIdx: 0, writeIdx: 0, seqNum: start };
  const written = new Written(start);
  let writer = memory.writer();
  const readers = [new CheckedCircularReader(memory.reader(), written)];
  const most = random.below(3) === 0 ? writer.maxMessageSize : Math.min(60, writer.maxMessageSize);
  for (let step = 60 + random.below(100); step > 0; step--) {
    const action = random.below(12);
    if (action < 8) {
      for (let n = 1 + random.below(6); n > 0; n--) {
        const message = written.next(1 + random.below(most));
        writer.write(message);
        model.write(message);
      }
    } else if (action === 8) {
      if (random.below(2) === 0) writer.close();
      writer = memory.writer();
    } else if (action === 9 && readers.length < 6) {
      const reader = memory.reader();
      assert.equal(reader.sequenceNumber, written.total, "it starts at the newest");
      readers.push(new CheckedCircularReader(reader, written));
    }
    assert.equal(writer.sequenceNumber, written.total);
    assert.deepEqual(memory.state, {
      readIdx: model.index,
      writeIdx: model.index,
      seqNum: written.total,
    });
    for (const reader of readers) {
      if (random.below(3) > 0) continue;
      const lag = written.total - reader.reader.sequenceNumber;
      const { laps } = reader.reader;
      reader.take(1 + random.below(10), random);
      // The step of the claim, and what may be skipped, are given up; no more.
      const room = capacity - (capacity >> 6) - 3;
      if (lag <= room) assert.equal(reader.reader.laps, laps, `lapped at ${lag} of ${capacity}`);
    }
  }
  assert.deepEqual(new Uint8Array(memory.data, 256), model.bytes);
  for (const reader of readers) reader.finish(random);
}

test(`random runs of writer and readers agree with a model (seed ${baseSeed}, ${RUNS} runs)`, () => {
  forEachSeed(RUNS, "RANDOM_RUNS", run);
});
