/** Damaged and malicious buffers: typed errors or messages, never a crash, a hang, a foreign byte. */

import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import { OuroborosError } from "../../src/circular/mod.ts";
import { loadCircularFixtures, Memory } from "../support/circular.ts";
import { baseSeed, forEachSeed, type Random } from "../support/random.ts";

const RUNS = Number(process.env.HOSTILE_RUNS ?? 5000);
/** More fences than any one call needs: a call that needs more hangs. */
const FENCES = 20_000;
const EDGES = [0, 1, 3, 4, 5, 255, 256, 65535, 65536, 0x7fffffff, 0x80000000, 0xffffffff];
const fixtures = loadCircularFixtures();

function makeImage(random: Random): Memory {
  if (random.below(3) === 0) return fixtures[random.below(fixtures.length)].image();
  const memory = new Memory(9 + random.below(random.below(2) === 0 ? 60 : 3000));
  const writer = memory.writer();
  for (let n = random.below(40); n > 0; n--) {
    writer.write(new Uint8Array(1 + random.below(Math.min(writer.maxMessageSize, 80))).fill(n));
  }
  if (random.below(3) === 0) writer.close();
  return memory;
}

/** Changes words of the state and of the messages to edges, neighbors or anything. */
function damage(random: Random, memory: Memory): void {
  const index = new Uint32Array(memory.index);
  const data = new Uint8Array(memory.data);
  for (let n = random.below(6); n > 0; n--) {
    if (random.below(3) === 0) {
      data[256 + random.below(memory.capacity)] = random.below(256);
      continue;
    }
    const at = [64, 65, 80, 81, 96, 97, 98, 100, 101, 102, 103, 104][random.below(12)];
    const how = random.below(5);
    if (how === 0) index[at] = EDGES[random.below(EDGES.length)];
    else if (how === 1) index[at] += random.below(17) - 8;
    else if (how === 2) index[at] ^= 1 << random.below(32);
    else if (how === 3) index[at] = index[64 + random.below(48)];
    else index[at] = random.below(memory.capacity + 2);
  }
}

/** Only our errors; anything else is a bug. */
function tolerate(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof OuroborosError)) throw error;
  }
}

function forEachImage(check: (random: Random, memory: Memory) => void): void {
  forEachSeed(RUNS, "HOSTILE_RUNS", (random) => check(random, makeImage(random)));
}

/** A fence at which the memory changes now and then, and which gets impatient in the end. */
function hostileFence(random: Random, memory: Memory): () => void {
  let count = 0;
  return () => {
    if (random.below(6) === 0) damage(random, memory);
    assert.ok(++count < FENCES, "it ends");
  };
}

test(`damaged buffers give typed errors or messages (seed ${baseSeed}, ${RUNS} images)`, () => {
  forEachImage((random, memory) => {
    // One that was there before the damage, and one that comes to it.
    const early = memory.reader();
    damage(random, memory);
    const into = new Uint8Array(70_000);
    tolerate(() => {
      for (let n = 0; n < 500; n++) {
        const result = early.read(into);
        if (result === 0) break;
        if (typeof result === "number") assert.ok(result > 0 && result <= 65535);
      }
    });
    tolerate(() => {
      const late = memory.reader();
      assert.equal(late.read(), undefined, "it starts at the newest");
      const writer = memory.writer();
      const sequence = writer.sequenceNumber;
      // Where state and messages contradict each other, so may the two; but within bounds.
      for (let n = 0; n < 50; n++) {
        const message = new Uint8Array(1 + n % Math.min(20, writer.maxMessageSize)).fill(n);
        writer.write(message);
        const got = late.read();
        if (got !== undefined) assert.ok(got.length >= 1 && got.length <= 65535);
      }
      assert.ok(writer.sequenceNumber > sequence);
    });
  });
});

test(`buffers that change while they are used give typed errors or messages (seed ${baseSeed}, ${RUNS} images)`, () => {
  forEachImage((random, memory) => {
    const before = new Uint8Array(memory.index.slice(4, 256));
    const fence = hostileFence(random, memory);
    tolerate(() => {
      const reader = memory.reader({ fence, onLap: random.below(2) === 0 ? "skip" : "throw" });
      const into = new Uint8Array(random.below(100));
      for (let n = 0; n < 12; n++) {
        tolerate(() => {
          if (random.below(2) === 0) {
            const message = reader.read();
            assert.ok(message === undefined || message.length >= 1 && message.length <= 65535);
          } else {
            const result = reader.read(into);
            if (typeof result === "number") assert.ok(result >= 0 && result <= into.length);
          }
        });
        if (random.below(3) === 0) damage(random, memory);
      }
    });
    tolerate(() => {
      const writer = memory.writer({ fence });
      for (let n = 0; n < 12; n++) {
        writer.write(new Uint8Array(1 + random.below(Math.min(writer.maxMessageSize, 100))));
        if (random.below(3) === 0) damage(random, memory);
      }
      writer.close();
    });
    // Nobody touches what is neither state nor message.
    assert.deepEqual(new Uint8Array(memory.index.slice(4, 256)), before);
  });
});
