/** The ring as a kill at any store of any operation leaves it: before it, after it, or in between. */

import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import { Ring } from "../../src/ring/mod.ts";
import { toHex } from "../support/fixtures.ts";
import { baseSeed, payloadOf, Random } from "../support/random.ts";

const RUNS = Number(process.env.RING_RUNS ?? 300);

/** The memory around each atomic store that `operation` makes, from before it to after it. */
function recordImages(memory: ArrayBuffer, operation: () => void): Uint8Array[] {
  const bytes = new Uint8Array(memory);
  const images = [bytes.slice()];
  const { store } = Atomics;
  Atomics.store = function (view: Int32Array, index: number, value: number): number {
    images.push(bytes.slice());
    const result = store(view, index, value);
    images.push(bytes.slice());
    return result;
  } as typeof store;
  try {
    operation();
  } finally {
    Atomics.store = store;
  }
  images.push(bytes.slice());
  return images;
}

/** Some of the bytes that changed between two images, whichever were stored first. */
function between(before: Uint8Array, after: Uint8Array, random: Random): Uint8Array {
  const image = before.slice();
  for (let i = 0; i < image.length; i++) if (random.below(2) === 0) image[i] = after[i];
  return image;
}

const contents = (image: Uint8Array) => [...new Ring(image.slice().buffer)].map(toHex).join();

test(`a kill at any store leaves the ring before or after the operation, or fewer of its oldest items (seed ${baseSeed})`, () => {
  for (let run = 0; run < RUNS; run++) {
    const random = new Random(baseSeed + run);
    const capacity = 8 + random.below(60);
    const memory = new ArrayBuffer(17 + capacity);
    const ring = Ring.format(memory);
    for (let n = 1; n < 60; n++) {
      const before = [...ring].map(toHex);
      const action = random.below(20);
      const most = random.below(3) === 0 ? capacity - 3 : 10;
      const item = payloadOf(n, random.below(Math.min(most, capacity - 3)));
      const images = recordImages(memory, () => {
        if (action < 12) ring.put(item);
        else if (action < 19) ring.get();
        else ring.clear();
      });
      const after = [...ring].map(toHex);
      const allowed = new Set([before.join(), after.join()]);
      if (action < 12) {
        // What had to go may be gone before the new one is there.
        const dropped = before.length + 1 - after.length;
        for (let i = 0; i <= dropped; i++) allowed.add(before.slice(i).join());
      }
      for (let i = 0; i < images.length; i++) {
        assert.ok(allowed.has(contents(images[i])), `image ${i} of operation ${n}, run ${run}`);
        if (i % 2 === 1) continue;
        for (let k = 0; k < 4; k++) {
          const image = between(images[i], images[i + 1], random);
          assert.ok(allowed.has(contents(image)), `after image ${i} of operation ${n}, run ${run}`);
        }
      }
    }
  }
});
