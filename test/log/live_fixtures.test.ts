/** A segment under the reference's writer, before and after it overtook a reader: never damaged. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";
import { inspect, Reader, type ReaderOptions, snapshot, verify } from "../../mod.ts";
import { toHex } from "../support/fixtures.ts";

// In the words of the fixtures, which are the reference's: "lowest" is "oldest".
const STRATEGIES = ["auto", "latest", "lowest"] as const;
const folder = new URL("../fixtures/ouroboros-live/", import.meta.url);

interface LivePair {
  name: string;
  before: Uint8Array;
  after: Uint8Array;
  writtenBefore: number;
  writtenAfter: number;
  /** Entry i has sequence number i + 1. */
  written: string[];
}

const pairs = readdirSync(folder).filter((file) => file.endsWith(".json")).map((file): LivePair => {
  const name = file.slice(0, -5);
  const json = JSON.parse(readFileSync(new URL(file, folder), "utf8"));
  return {
    name,
    before: readFileSync(new URL(`${name}.before.bin`, folder)),
    after: readFileSync(new URL(`${name}.after.bin`, folder)),
    writtenBefore: json.written_before,
    writtenAfter: json.written_after,
    written: json.written_hex,
  };
});

/** Memory that holds a copy of `bytes`. */
function memoryOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

/** Every entry is one that was written, under its own number, and the numbers grow. */
function readChecked(pair: LivePair, reader: Reader): number[] {
  const numbers: number[] = [];
  for (const entry of reader) {
    const number = entry.sequenceNumber;
    assert.equal(toHex(entry.bytes), pair.written[number - 1], `payload of entry ${number}`);
    assert.ok(number > (numbers.at(-1) ?? 0), "numbers grow");
    numbers.push(number);
  }
  return numbers;
}

/** A reader that opened the log before the writer went on, and reads after it did. */
function openedBefore(pair: LivePair, options: ReaderOptions): Reader {
  const memory = memoryOf(pair.before);
  const reader = new Reader(memory, options);
  new Uint8Array(memory).set(pair.after);
  return reader;
}

test("there are segments to read", () => assert.ok(pairs.length >= 3));

test("exact: entries 9 to 20, and 4 lost", () => {
  const pair = pairs.find(({ name }) => name === "live_overtaken_exact")!;
  const reader = openedBefore(pair, { strategy: "oldest" });
  const numbers = readChecked(pair, reader);
  assert.deepEqual([numbers[0], numbers.at(-1), numbers.length], [9, 20, 12]);
  assert.deepEqual([reader.lostEntries, reader.overruns], [4, 1]);
});

for (const pair of pairs) {
  for (const strategy of STRATEGIES) {
    test(`a reader that is overtaken counts what is lost: ${pair.name}, ${strategy}`, () => {
      for (const onDamage of ["throw", "skip"] as const) {
        const reader = openedBefore(pair, { strategy, onDamage });
        const start = reader.lastSequenceNumber;
        const { length } = readChecked(pair, reader);
        assert.equal(reader.lastSequenceNumber, pair.writtenAfter);
        assert.equal(start + length + reader.lostEntries, pair.writtenAfter);
        assert.equal(reader.overruns, reader.lostEntries > 0 ? 1 : 0);
      }
    });

    test(`a reader that starts finds no damage, and nothing lost: ${pair.name}, ${strategy}`, () => {
      for (
        const [bytes, total] of [
          [pair.before, pair.writtenBefore],
          [pair.after, pair.writtenAfter],
        ] as const
      ) {
        const reader = new Reader(memoryOf(bytes), { strategy });
        assert.equal(readChecked(pair, reader).at(-1), total);
        assert.equal(reader.lostEntries, 0);
      }
    });
  }

  test(`inspect, verify and snapshot find no damage: ${pair.name}`, () => {
    for (const bytes of [pair.before, pair.after]) {
      assert.deepEqual(inspect(memoryOf(bytes)).damage, []);
      assert.deepEqual(verify(memoryOf(bytes)).damage, []);
      assert.equal(snapshot(memoryOf(bytes)).leftOut, 0);
    }
  });
}
