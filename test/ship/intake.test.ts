/** What gets out of a log into an outbox; with a log that is made up. */

import assert from "node:assert/strict";
import test from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { Reader, segmentSize, ShmLogReader, ShmLogWriter, Writer } from "../../mod.ts";
import type { EntryBatch } from "../../src/log/batch.ts";
import type { FollowOptions } from "../../src/log/native/follow.ts";
import { Forwarding } from "../../src/ship/forwarding.ts";
import { Intake } from "../../src/ship/intake.ts";
import type { GapMessage } from "../../src/ship/message.ts";
import { laneOf } from "../../src/ship/out_message.ts";
import { Progress } from "../../src/ship/progress.ts";
import { FakeSender, outboxOn } from "../support/fake_carrier.ts";
import { MemoryCarrier, MemoryStore } from "../support/memory_carrier.ts";
import { needsLastingNames } from "../support/platform.ts";
import { uniqueName } from "../support/runtime.ts";

/** A batch of entries 1 to `count`. */
function batchOf(count: number): EntryBatch {
  const memory = new ArrayBuffer(segmentSize(2, 4096));
  const writer = Writer.create(memory, { chunkCount: 2, chunkSize: 4096 });
  for (let i = 1; i <= count; i++) writer.write(`entry ${i}`);
  return new Reader(memory, { strategy: "oldest" }).readBatch();
}

/** A log of one entry that is replaced by an empty one, and lacks its entries 2 to 5 by then. */
class ReplacedLog {
  name = "/a";
  created = 1;
  overruns = 0;
  lastSequenceNumber = 0;
  continuation = undefined;

  get position() {
    return { device: 1, inode: 2, created: this.created, sequenceNumber: 0 };
  }

  inspect() {
    return { firstSequenceNumber: 1, lastSequenceNumber: 0 };
  }

  async *followBatches({ signal, onReopen }: FollowOptions) {
    yield batchOf(1);
    const from = { ...this.position, sequenceNumber: 5 };
    this.created++;
    onReopen!({ from, lostEntries: 4, overruns: 1, after: 0 });
    while (!signal!.aborted) await turn();
  }
}

test("a gap at the end of a log goes out as soon as there is room, though nothing follows", async () => {
  const reader = new ReplacedLog() as unknown as ShmLogReader;
  const sender = new FakeSender();
  const { outbox, settled } = outboxOn(sender, { maxMessages: 1 });
  const lane = laneOf(reader, "h");
  const ending = new AbortController();
  const intake = new Intake({
    reader,
    options: {},
    cursor: undefined,
    outbox,
    progress: new Progress(reader, lane, () => false),
    lane,
    signal: ending.signal,
    onReplaced: () => {},
  });
  intake.findStart();
  const running = intake.run();
  while (!intake.owes) await turn();
  outbox.acknowledged(1, 0, false);
  while (intake.owes || sender.sent.length < 2) await turn();
  outbox.acknowledged(1, 1, false);
  assert.deepEqual(settled.map(({ from, to }) => [from, to]), [[1, 1], [2, 5]]);
  ending.abort();
  await running;
  outbox.close();
});

test("entries of a log that has none any more were overwritten", {
  skip: needsLastingNames,
}, async () => {
  const large = ShmLogWriter.create(uniqueName("intake"), { size: "256KiB" });
  large.writeMany(["one", "two", "x".repeat(100_000)]);
  large.close();
  // The last entry does not fit any more.
  using writer = ShmLogWriter.create(large.name, {
    ifExists: "resume",
    size: "64KiB",
    unlinkOnClose: true,
  });
  using reader = ShmLogReader.open(writer.name, { strategy: "oldest" });
  assert.deepEqual([reader.lastSequenceNumber, reader.inspect().entries], [3, 0]);
  const gaps: string[] = [];
  const onGap = ({ from, to, reason }: GapMessage) => void gaps.push(`${from}-${to} ${reason}`);
  const carrier = new MemoryCarrier(new MemoryStore());
  await using _forwarding = await Forwarding.start(reader, { onGap }, carrier);
  assert.deepEqual(gaps, ["1-3 overwritten"]);
});

test('onAbandoned "end" ends a forwarding after the last entry of a log that was removed', {
  skip: needsLastingNames,
}, async () => {
  const writer = ShmLogWriter.create(uniqueName("intake"), { size: "64KiB" });
  using reader = ShmLogReader.open(writer.name, { strategy: "oldest" });
  const store = new MemoryStore();
  const options = { onAbandoned: "end", maxSleep: 1 } as const;
  await using forwarding = await Forwarding.start(reader, options, new MemoryCarrier(store));
  writer.write("one");
  writer.write("two");
  writer.close({ unlink: true });
  assert.equal((await forwarding.done).acknowledged, 2);
  assert.deepEqual(store.messages.map(({ from }) => from), [1, 2]);
});
