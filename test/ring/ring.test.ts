/** The ring on plain memory: what the original wrote, what a model says, what damage does. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import test from "node:test";
import { CorruptRingError, repairRing, Ring } from "../../src/ring/mod.ts";
import { fromHex, toHex } from "../support/fixtures.ts";
import { baseSeed, forEachSeed, payloadOf, Random } from "../support/random.ts";

const RUNS = Number(process.env.RING_RUNS ?? 300);
const HOSTILE = Number(process.env.HOSTILE_RUNS ?? 5000);

const newRing = (capacity: number) => Ring.format(new ArrayBuffer(17 + capacity));
const contents = (ring: Ring) => [...ring].map(toHex);
const text = (item: Uint8Array | undefined) => item && new TextDecoder().decode(item);

interface Fixture {
  capacity: number;
  header: { read_position: number; write_position: number };
  operations: { op: "put" | "get" | "clear"; hex?: string; result_hex?: string }[];
  expected_gets_hex: string[];
}

const folder = new URL("../fixtures/mmringbuffer/", import.meta.url);
const load = (name: string): [Fixture, () => ArrayBuffer] => {
  const bytes = readFileSync(new URL(`${name}.bin`, folder));
  return [
    JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8")),
    () => bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer,
  ];
};
const names = readdirSync(folder).filter((file) => file.endsWith(".bin"))
  .map((file) => file.slice(0, -4)).sort();
/** The original turned back here before the end of the file, and did not say where. */
const UNMARKED: Record<string, string[]> = {
  wrapped_reader_behind: ["item03", "item04", "next00", "next01", "next02"],
  bug_stale_end: ["dddd", "eeeeee", "ff"],
};
/** Here it dropped more than it had to, or all. */
const LOSSY = ["spare_byte_forces_wrap", "overwrite_without_reads", "bug_lost_items"];

for (const name of names.filter((name) => !(name in UNMARKED))) {
  test(`the original's image ${name} is read as the original reads it`, () => {
    const [{ expected_gets_hex }, image] = load(name);
    const ring = new Ring(image());
    assert.deepEqual(contents(ring), expected_gets_hex);
    assert.equal(ring.length, expected_gets_hex.length);
    for (const expected of expected_gets_hex) assert.equal(toHex(ring.get()!), expected);
    assert.equal(ring.get(), undefined);
  });
}

for (const [name, items] of Object.entries(UNMARKED)) {
  test(`the original's image ${name}, which it can't read itself, is an error, and can be repaired`, () => {
    const memory = load(name)[1]();
    const before = new Uint8Array(memory).slice();
    assert.throws(() => new Ring(memory), CorruptRingError);
    assert.deepEqual(new Uint8Array(memory), before);
    assert.deepEqual(repairRing(memory), { items: items.length, isChanged: true });
    const ring = new Ring(memory);
    assert.equal(ring.length, items.length);
    for (const item of items) assert.equal(text(ring.get()), item);
    assert.equal(ring.get(), undefined);
  });
}

for (const name of names.filter((name) => !(name in UNMARKED) && !LOSSY.includes(name))) {
  test(`what makes the original's image ${name} gives the same positions and items here`, () => {
    const [{ capacity, header, operations, expected_gets_hex }, image] = load(name);
    const memory = new ArrayBuffer(17 + capacity);
    const ring = Ring.format(memory);
    for (const { op, hex, result_hex } of operations) {
      if (op === "put") ring.put(fromHex(hex!));
      else if (op === "clear") ring.clear();
      else assert.equal(toHex(ring.get()!), result_hex);
    }
    assert.deepEqual(contents(ring), expected_gets_hex);
    // Without a wrap, every byte.
    if (!name.startsWith("wrap")) {
      assert.deepEqual(new Uint8Array(memory), new Uint8Array(image()));
    }
    const positions = new DataView(memory);
    assert.equal(Number(positions.getBigInt64(0, true)), header.read_position);
    assert.equal(Number(positions.getBigInt64(8, true)), header.write_position);
  });
}

test("positions of 0 mean the start", () => {
  const ring = new Ring(new ArrayBuffer(17 + 64));
  assert.equal(ring.isEmpty, true);
  ring.put("a");
  assert.equal(text(ring.peek()), "a");
  assert.equal(text(ring.get()), "a");
  assert.equal(ring.peek(), undefined);
});

test("the largest item fits, a larger one is a RangeError and changes nothing", () => {
  const ring = newRing(60);
  ring.put("before");
  assert.throws(() => ring.put(new Uint8Array(57)), /item of 57 bytes exceeds the maximum of 56/);
  assert.throws(() => ring.put(7 as unknown as string), TypeError);
  assert.deepEqual([...ring].map(text), ["before"]);
  ring.put(new Uint8Array(56).fill(109));
  assert.deepEqual([...ring].map(text), ["m".repeat(56)]);
});

test("sizes that are no rings are RangeErrors", () => {
  assert.throws(() => new Ring(new ArrayBuffer(20)), RangeError);
  assert.throws(() => Ring.format(new ArrayBuffer(0)), RangeError);
  assert.equal(newRing(4).maxItemSize, 0);
});

test("an iteration continues with the oldest when what it was at is dropped, and sees what comes", () => {
  const ring = newRing(30);
  for (const item of ["a", "b", "c", "d", "e", "f"]) ring.put(item);
  const seen: (string | undefined)[] = [];
  for (const item of ring) {
    seen.push(text(item));
    if (seen.length === 1) { for (const later of ["g", "h", "i"]) ring.put(later); }
  }
  assert.deepEqual(seen, ["a", ...[...ring].map(text)]);
  assert.deepEqual(seen.slice(-3), ["g", "h", "i"]);
  let count = 0;
  for (const _ of ring) {
    count++;
    ring.clear();
  }
  assert.equal(count, 1);
});

test(`random operations do what a queue does that forgets its oldest (seed ${baseSeed}, ${RUNS} rings)`, () => {
  for (let run = 0; run < RUNS; run++) {
    const random = new Random(baseSeed + run);
    const capacity = 4 + random.below(random.below(2) === 0 ? 40 : 400);
    const memory = new ArrayBuffer(17 + capacity);
    let ring = Ring.format(memory);
    const model: string[] = [];
    const size = (hex: string) => 4 + hex.length / 2;
    for (let n = 0; n < 300; n++) {
      const action = random.below(10);
      if (action < 6) {
        const most = random.below(4) === 0 ? capacity - 3 : Math.min(12, capacity - 3);
        const item = payloadOf(n, random.below(most));
        ring.put(item);
        model.push(toHex(item));
        const there = contents(ring);
        const dropped = model.splice(0, model.length - there.length);
        assert.deepEqual(there, model);
        // Only as many as had to: with the last one there would have been too little room, but for
        // what is lost at the end of a lap, which is less than an item.
        if (dropped.length > 0) {
          const used = model.reduce((sum, hex) => sum + size(hex), size(dropped.at(-1)!));
          const waste = Math.max(...model.map(size), size(dropped.at(-1)!));
          assert.ok(used + waste >= capacity, `${used} and ${waste} of ${capacity}`);
        }
      } else if (action < 9) {
        const item = ring.get();
        assert.equal(item && toHex(item), model.shift());
      } else if (random.below(20) === 0) {
        ring.clear();
        model.length = 0;
      } else ring = new Ring(memory);
      assert.equal(ring.isEmpty, model.length === 0);
      if (random.below(3) === 0) assert.equal(ring.length, model.length);
    }
    assert.deepEqual(contents(ring), model);
    assert.deepEqual(repairRing(memory), { items: model.length, isChanged: false });
  }
});

test(`damaged rings give CorruptRingErrors or items, and can be repaired (seed ${baseSeed}, ${HOSTILE} rings)`, () => {
  forEachSeed(HOSTILE, "HOSTILE_RUNS", (random) => {
    const capacity = 4 + random.below(100);
    const memory = new ArrayBuffer(17 + capacity);
    const bytes = new Uint8Array(memory);
    if (random.below(3) === 0) {
      for (let i = 16; i < bytes.length; i++) bytes[i] = random.below(256);
    } else {
      const ring = Ring.format(memory);
      for (let n = random.below(30); n > 0; n--) {
        ring.put(payloadOf(n, random.below(Math.min(20, capacity - 3))));
        if (random.below(2) === 0) ring.get();
      }
    }
    for (let n = 1 + random.below(4); n > 0; n--) {
      const at = random.below(2) === 0 ? random.below(16) : random.below(bytes.length);
      bytes[at] = [0, 1, 16, 255, random.below(256)][random.below(5)];
    }
    const use = (ring: Ring) => {
      let count = 0;
      for (const item of ring) assert.ok(item.length <= capacity && ++count <= capacity);
      assert.ok(ring.length <= capacity);
      ring.put("x".repeat(Math.min(10, capacity - 4)));
      while (ring.get() !== undefined) assert.ok(++count <= 3 * capacity, "it ends");
    };
    const copy = memory.slice(0);
    try {
      use(new Ring(copy));
    } catch (error) {
      if (!(error instanceof CorruptRingError)) throw error;
    }
    const before = new Uint8Array(memory).slice();
    let items: number;
    try {
      items = repairRing(memory).items;
    } catch (error) {
      // Both positions are gone, or nothing says that it was a ring.
      assert.ok(error instanceof CorruptRingError && /^not a ring/.test(error.message));
      assert.deepEqual(new Uint8Array(memory), before);
      assert.throws(() => new Ring(memory), /not a ring/);
      return;
    }
    const ring = new Ring(memory);
    assert.equal(ring.length, items);
    use(ring);
  });
});
