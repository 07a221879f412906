/** Damaged and malicious logs: typed errors or events, never a crash, a hang, or a foreign byte. */

import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import { EventReader, EventWriter, OuroborosError } from "../../src/events/mod.ts";
import { eventOf, plain } from "../support/events.ts";
import { baseSeed, Random } from "../support/random.ts";
import { loadRinglog } from "../support/ringlog.ts";

const RUNS = Number(process.env.HOSTILE_RUNS ?? 5000);

const images = loadRinglog().map((fixture) => fixture.image()).filter(
  ({ byteLength }) => byteLength < 10_000,
);

/** Values that are on the edge of something. */
const EDGES = [0, 1, 16, 63, 64, 65, 79, 80, 4080, 4095, 4096, 4097, 0xffff, 0x7fffffff]
  .concat([0x80000000, 0xfffffff0, 0xffffffff, 0x4c495645, 0x4c545645, 0xffff0000]);

function makeImage(random: Random): ArrayBuffer {
  let memory: ArrayBuffer;
  if (random.below(3) === 0) memory = images[random.below(images.length)].slice(0);
  else {
    memory = new ArrayBuffer(4096 + random.below(9));
    const writer = EventWriter.create(memory);
    for (let n = random.below(20); n > 0; n--) {
      const event = eventOf(n, 200);
      writer.writeEvent(event, event.payload);
    }
  }
  const bytes = new Uint8Array(memory);
  const view = new DataView(memory);
  for (let n = random.below(6); n > 0; n--) {
    const at = random.below(3) > 0 ? 4 * random.below(16) : random.below(memory.byteLength - 4);
    const how = random.below(4);
    if (how === 0) view.setUint32(at, EDGES[random.below(EDGES.length)], true);
    else if (how === 1) view.setUint32(at, view.getUint32(at, true) + random.below(33) - 16, true);
    else if (how === 2) bytes[at] ^= 1 << random.below(8);
    else view.setUint32(at, random.below(2 ** 32), true);
  }
  return random.below(8) === 0 ? memory.slice(0, random.below(memory.byteLength + 1)) : memory;
}

/** What an action gives, or undefined if it is one of our errors; anything else is a bug. */
function tolerate<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof OuroborosError)) throw error;
    return undefined;
  }
}

test(`${RUNS} damaged logs, read, opened and recovered (seed ${baseSeed})`, () => {
  for (let run = 0; run < RUNS; run++) {
    const random = new Random(baseSeed + run);
    const memory = makeImage(random);
    const before = new Uint8Array(memory).slice();
    const shown: unknown[] = [];
    const replayed = tolerate(() =>
      new EventReader(memory).replay((event) => {
        assert.ok(event.bytes().length === event.length);
        shown.push(plain(event.copy()));
      })
    );
    const copied = tolerate(() => [...new EventReader(memory)].map(plain));
    if (replayed !== undefined) {
      assert.equal(replayed, shown.length);
      assert.deepEqual(copied, shown);
    } else assert.equal(copied, undefined);
    assert.ok(shown.length <= memory.byteLength / 16);
    assert.deepEqual(new Uint8Array(memory), before, "readers write nothing");

    const opened = tolerate(() => EventWriter.open(memory));
    if (opened === undefined) {
      assert.deepEqual(new Uint8Array(memory), before, "what can't be opened stays as it is");
    } else {
      // Whoever can go on with it can be read, and the other way round.
      assert.equal(opened.eventCount, replayed);
    }
    const recovered = tolerate(() => EventWriter.recover(memory));
    if (recovered === undefined) {
      assert.ok(memory.byteLength < 64);
      continue;
    }
    assert.ok(opened === undefined || recovered.eventCount === opened.eventCount);
    const last = eventOf(run, 100);
    const isWritten = recovered.writeEvent(last, last.payload);
    const all = [...new EventReader(memory)];
    assert.equal(all.length, recovered.eventCount);
    if (isWritten) assert.deepEqual(plain(all[all.length - 1]), plain(last));
    assert.equal(EventWriter.open(memory).eventCount, all.length);
  }
});
