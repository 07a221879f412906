/** Random runs of writer and readers on one memory: never wrong, never twice, nothing uncounted. */

import assert from "node:assert/strict";
import test from "node:test";
import { inspect, Reader, Writer } from "../../mod.ts";
import { CheckedReader } from "../support/checked_reader.ts";
import { baseSeed, forEachSeed, payloadOf, type Random } from "../support/random.ts";

const RUNS = Number(process.env.RANDOM_RUNS ?? 1500);

function run(random: Random): void {
  const chunkCount = 1 + random.below(random.below(4) === 0 ? 40 : 6);
  const chunkSize = 4 + random.below(random.below(2) === 0 ? 60 : 600);
  const spare = random.below(3) === 0 ? random.below(100) : 0;
  const size = 16 + 16 * chunkCount + chunkCount * chunkSize + spare;
  const memory = random.below(2) === 0 ? new ArrayBuffer(size) : new SharedArrayBuffer(size);
  let writer = Writer.create(memory, { chunkCount, chunkSize });
  const most = [writer.maxEntrySize, Math.min(2 * chunkSize, writer.maxEntrySize), 20][
    random.below(3)
  ];
  const lengths: number[] = [];
  const nextPayload = () => {
    const length = random.below(Math.min(most, writer.maxEntrySize) + 1);
    lengths.push(length);
    return payloadOf(lengths.length, length);
  };
  const fromStart = [
    new CheckedReader(memory, lengths, { onOverrun: "oldest" }),
    new CheckedReader(memory, lengths, { onOverrun: "latest" }),
  ];
  const others: CheckedReader[] = [];
  for (let step = 80 + random.below(150); step > 0; step--) {
    const action = random.below(12);
    if (action < 7) {
      for (let n = 1 + random.below(8); n > 0; n--) {
        const payload = nextPayload();
        assert.equal(writer.write(payload), lengths.length);
      }
    } else if (action === 7) {
      const batch: Uint8Array[] = [];
      let room = writer.maxEntrySize + 4;
      for (let n = random.below(6); n > 0; n--) {
        const length = random.below(Math.min(most, writer.maxEntrySize) + 1);
        room -= (length + 7) & ~3;
        if (room < 0) break;
        lengths.push(length);
        batch.push(payloadOf(lengths.length, length));
      }
      assert.equal(writer.writeMany(batch), lengths.length);
    } else if (action === 8) {
      const claimed = random.below(writer.maxEntrySize + 1);
      const claim = writer.claim(claimed);
      claim.bytes.fill(0xff);
      for (const reader of fromStart) reader.step(random);
      if (random.below(2) === 0) claim.abort();
      else {
        const length = random.below(claimed + 1);
        lengths.push(length);
        claim.bytes.set(payloadOf(lengths.length, length));
        claim.commit(length);
      }
    } else if (action === 9) {
      if (random.below(4) === 0) writer.claim(random.below(writer.maxEntrySize + 1));
      writer.close();
      writer = Writer.resume(memory, { chunkSize });
      assert.equal(writer.totalEntriesWritten, lengths.length);
    } else if (action === 10) {
      const strategy = (["auto", "latest", "oldest"] as const)[random.below(3)];
      others.push(new CheckedReader(memory, lengths, { strategy }));
      const info = inspect(memory);
      assert.equal(info.lastSequenceNumber, lengths.length);
      assert.deepEqual(info.damage, []);
      if (info.entries > 0) {
        assert.ok(info.firstSequenceNumber >= 1);
        const oldest = new Reader(memory, { strategy: "oldest" }).read();
        assert.equal(oldest?.sequenceNumber, info.firstSequenceNumber);
      }
    }
    for (const reader of [...fromStart, ...others]) {
      if (random.below(3) === 0) reader.step(random);
    }
  }
  for (const reader of fromStart) reader.finishFromStart(lengths.length);
  for (const reader of others) reader.finish(lengths.length);
}

test(`random runs of writer and readers agree (seed ${baseSeed}, ${RUNS} runs)`, () => {
  forEachSeed(RUNS, "RANDOM_RUNS", run);
});
