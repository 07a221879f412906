/** A part of a log saved, by time. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import test, { after } from "node:test";
import { PartialFile, SharedMemory } from "../../ffi/mod.ts";
import { saveLog, saveLogSync, ShmLogReader, ShmLogWriter, verify } from "../../mod.ts";
import { baseSeed, Random } from "../support/random.ts";
import { needsLastingNames } from "../support/platform.ts";
import { uniqueName } from "../support/runtime.ts";

const folder = mkdtempSync(`${tmpdir()}/ouroboros-save-part-`);
after(() => rmSync(folder, { recursive: true }));

/** Numbers from 0 to 1. */
function numbersOf(seed: number): () => number {
  const random = new Random(seed);
  return () => random.below(2 ** 32) / 2 ** 32;
}

const START = 1_700_000_000_000;
const record = (time: number, msg: string) =>
  JSON.stringify({ level: 30, time: START + time, msg });

/** What a file has: numbers and texts. */
function contents(path: string): [number, string][] {
  using reader = ShmLogReader.open({ path }, { strategy: "oldest" });
  return [...reader].map(({ sequenceNumber, text }) => [sequenceNumber, text]);
}

test("a part by time is what a look at every entry finds, in a log that has wrapped", () => {
  const seed = baseSeed;
  const next = numbersOf(seed);
  for (const version of [1, 2] as const) {
    const name = uniqueName("part");
    using writer = ShmLogWriter.create(name, {
      size: 65536,
      chunkCount: 8,
      version,
      unlinkOnClose: true,
    });
    let time = 0;
    for (let i = 0; i < 4000; i++) {
      // Some lines have no time, as those of a stack.
      const isTimed = next() < 0.7;
      if (isTimed) time += Math.floor(next() * 40);
      writer.write(isTimed ? record(time, "x".repeat(next() * 60)) : `    at line ${i}`);
    }
    using reader = ShmLogReader.open(name, { strategy: "oldest" });
    let last = -Infinity;
    const all = [...reader].map(({ sequenceNumber, text }) => {
      last = text.startsWith("{") ? JSON.parse(text).time : last;
      return { entry: [sequenceNumber, text] as [number, string], time: last };
    });
    assert.ok(all.length > 200 && all[0].entry[0] > 1);
    const path = `${folder}/part`;
    for (let i = 0; i < 40; i++) {
      const since = START + Math.floor(time * (1 - next() ** 3));
      const until = since + Math.floor(next() * 4000);
      const saved = saveLogSync(name, path, { since, until: new Date(until), force: true });
      const expected = all.filter(({ time }) => time >= since && time <= until)
        .map(({ entry }) => entry);
      assert.deepEqual(contents(path), expected, `seed ${seed}: ${since} to ${until}`);
      assert.equal(saved.entries, expected.length);
      assert.equal(saved.size, statSync(path).size);
      assert.ok(verify(new Uint8Array(readFileSync(path)).buffer).isIntact);
    }
    const saved = saveLogSync(name, path, { last: "2s", force: true });
    assert.deepEqual(
      contents(path),
      all.filter((one) => one.time >= last - 2000).map(({ entry }) => entry),
    );
    assert.equal(saved.lastSequenceNumber, 4000);
  }
});

test("where a clock was put back, a part is from its first entry to its last, others counted", () => {
  const name = uniqueName("part-back");
  const path = `${folder}/back`;
  const hour = 3_600_000;
  let otherTimes = 0;
  using writer = ShmLogWriter.create(name, { size: 65536, chunkCount: 16, unlinkOnClose: true });
  const save = (part: { since?: number; until?: number; last?: string }): number[] => {
    ({ otherTimes } = saveLogSync(name, path, { ...part, force: true }));
    return contents(path).map(([number]) => number);
  };
  const assertSaves = (
    part: { since?: number; until?: number },
    numbers: number[],
    others: number,
  ) => {
    const saved = save(part);
    assert.deepEqual([saved[0], saved.at(-1), saved.length, otherTimes], [...numbers, others]);
  };
  const write = (from: number, count: number) => {
    for (let i = 0; i < count; i++) writer.write(record(from + 10 * i, "x"));
  };
  write(hour, 400);
  write(0, 200);
  // It ends an hour before it begins.
  assertSaves({ since: START + hour }, [1, 400, 400], 0);
  assertSaves({ since: START + hour, until: START + hour + 100 }, [1, 11, 11], 0);
  assertSaves({ since: START + 500, until: START + 600 }, [451, 461, 11], 0);
  assert.deepEqual(save({ since: START + 2 * hour }), []);
  assertSaves({ until: START + hour - 1 }, [401, 600, 200], 0);
  // The last second is that before the last entry, and what was before the clock was put back is not in it.
  assert.deepEqual([save({ last: "1s" })[0], save({ last: "1s" }).length], [500, 101]);
  const last = save({ last: "2h" });
  assert.deepEqual([last[0] > 300, last[0] <= 401, last.at(-1)], [true, true, 600]);
  // The clock was put right.
  write(hour + 10_000, 50);
  assertSaves({ since: START + hour }, [1, 650, 650], 200);
  // A line of a stack is of the time of the entry before it.
  writer.writeMany(["    at line 1", record(0, "x"), "    at line 2"]);
  assertSaves({ since: START + hour + 10_490 }, [650, 651, 2], 0);
  assertSaves({ until: START }, [401, 653, 253], 250);
  writer.write(record(hour + 20_000, "x"));
  assert.equal(save({ last: "1ms" })[0], 654);
});

test("a part takes no more room than its entries, and saveLog() makes the same", async () => {
  const name = uniqueName("part");
  using writer = ShmLogWriter.create(name, { size: 1 << 24, unlinkOnClose: true });
  for (let i = 0; i < 20_000; i++) writer.write(record(i, "a line"));
  const saved = saveLogSync(name, `${folder}/sync`, { last: "10ms" });
  assert.deepEqual([saved.entries, saved.firstSequenceNumber], [11, 19_990]);
  assert.ok(saved.size < 4096);
  await saveLog(name, `${folder}/async`, { last: "10ms", copyMode: "pread" });
  assert.ok(readFileSync(`${folder}/sync`).equals(readFileSync(`${folder}/async`)));
});

test("of a log without times, and of an empty one, all is saved", () => {
  const name = uniqueName("part");
  using writer = ShmLogWriter.create(name, { size: "256KiB", unlinkOnClose: true });
  const path = `${folder}/untimed`;
  const empty = saveLogSync(name, path, { last: "1s" });
  assert.deepEqual([empty.entries, empty.isUntimed], [0, false]);
  writer.writeMany(["one", "two"]);
  const saved = saveLogSync(name, path, { last: "1s", force: true });
  assert.deepEqual([saved.entries, saved.isUntimed], [2, true]);
  assert.equal(saveLogSync(name, path, { until: 5, force: true }).entries, 2);
});

test("a part is not the end of a finished log unless it has its last entry", () => {
  const name = uniqueName("part");
  using writer = ShmLogWriter.create(name, { size: "256KiB", version: 2, unlinkOnClose: true });
  for (let i = 0; i < 10; i++) writer.write(record(i, "a line"));
  writer.finish();
  const path = `${folder}/finished`;
  const isFinished = () => {
    using reader = ShmLogReader.open({ path }, { strategy: "oldest" });
    for (const _ of reader);
    return reader.isFinished;
  };
  saveLogSync(name, path, { since: START + 5 });
  assert.equal(isFinished(), true);
  saveLogSync(name, path, { until: START + 5, force: true });
  assert.equal(isFinished(), false);
});

test("wrong times are errors that name the option", () => {
  const path = `${folder}/wrong`;
  const name = uniqueName("part");
  assert.throws(() => saveLogSync(name, path, { last: "soon" }), /last is "soon".*like "30s"/);
  assert.throws(() => saveLogSync(name, path, { last: 30 as never }), TypeError);
  assert.throws(() => saveLogSync(name, path, { since: "now" as never }), /since is "now"/);
  assert.throws(() => saveLogSync(name, path, { until: new Date(NaN) }), TypeError);
});

test("of a log that is restarted meanwhile, a part is of those times all the same", {
  skip: needsLastingNames,
}, (t) => {
  const name = uniqueName("part");
  const options = { size: "256KiB", version: 2, ifExists: "restart" } as const;
  const write = (times: number[]) => {
    using writer = ShmLogWriter.create(name, options);
    for (const time of times) writer.write(record(time, `at ${time}`));
  };
  const { create } = PartialFile;
  t.after(() => {
    PartialFile.create = create;
    SharedMemory.unlink(name);
  });
  write([1, 2, 3, 4]);
  // After the entries were found, before they are copied.
  PartialFile.create = (...args) => {
    PartialFile.create = create;
    write([0, 1, 5, 6, 7]);
    return PartialFile.create(...args);
  };
  const path = `${folder}/restarted`;
  const saved = saveLogSync(name, path, { since: START + 3 });
  assert.deepEqual(contents(path).map(([number]) => number), [3, 4, 5]);
  assert.deepEqual([saved.entries, saved.firstSequenceNumber], [3, 3]);
});
