/** inspect() beside a writer at work: what is overwritten while it looks is no damage. */

import assert from "node:assert/strict";
import test from "node:test";
import { compilerFence, inspect, segmentSize, Writer } from "../../mod.ts";
import { baseSeed, Random } from "../support/random.ts";

test(`inspect() finds no damage in a log that is written while it looks (seed ${baseSeed})`, () => {
  const random = new Random(baseSeed);
  let overwritten = 0;
  for (let run = 0; run < 300; run++) {
    const chunkCount = 2 + random.below(6);
    const memory = new ArrayBuffer(segmentSize(chunkCount, 200));
    const writer = Writer.create(memory, { chunkCount, chunkSize: 200 });
    const write = (most: number) => {
      for (let i = random.below(most); i > 0; i--) {
        writer.write(new Uint8Array(random.below(60)).fill(0xff));
      }
    };
    write(100);
    const busy = inspect(memory, {
      fence() {
        compilerFence();
        write(20);
      },
      // A look at a row or at headers is where the writer comes in between, too.
      load() {
        if (random.below(4) === 0) write(8);
      },
    });
    assert.deepEqual(busy.damage, [], `run ${run}`);
    overwritten += busy.chunks.filter(({ state }) => state === "overwritten").length;
    assert.deepEqual(inspect(memory).damage, []);
  }
  assert.ok(overwritten > 0);
});
