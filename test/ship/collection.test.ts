/** A file of several logs, whole and damaged. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import test from "node:test";
import { SharedMemory } from "../../ffi/mod.ts";
import { ClosedError, ShmLogReader, ShmLogWriter } from "../../mod.ts";
import { OpenedLog } from "../../src/log/native/opened_log.ts";
import { collectLogs } from "../../src/ship/collect.ts";
import { CollectionWriter, readCollection } from "../../src/ship/collection.ts";
import { Origins } from "../../src/ship/origins.ts";
import { testFolder } from "../support/folder.ts";
import { needsLastingNames } from "../support/platform.ts";
import { baseSeed, Random } from "../support/random.ts";
import { uniqueName } from "../support/runtime.ts";

const folder = testFolder("collection");

/** Numbers from 0 to 1. */
function numbersOf(seed: number): () => number {
  const random = new Random(seed);
  return () => random.below(2 ** 32) / 2 ** 32;
}

const source = (i: number) => ({ host: "h", name: `/app.${i}`, segment: `${i}-a-b` });

/** A file of random entries of `count` sources; gives what they are. */
async function makeFile(
  path: string,
  count: number,
): Promise<{ source: number; number: number }[]> {
  const next = numbersOf(baseSeed);
  const numbers = new Array<number>(count).fill(0);
  using file = new CollectionWriter(path, { entries: 5000, bytes: 5000 * 16 }, { force: true });
  for (let i = 0; i < count; i++) assert.equal(file.addSource(source(i)), i);
  const made = [];
  for (let i = 0; i < 5000; i++) {
    const place = Math.floor(next() * count);
    // Filtered ones have gaps; a log that was restarted counts from 1 again.
    numbers[place] = next() < 0.01
      ? 1
      : numbers[place] + (next() < 0.9 ? 1 : Math.floor(next() * 1e9));
    assert.ok(file.add(place, numbers[place], new TextEncoder().encode(`e${i}`)));
    made.push({ source: place, number: numbers[place] });
  }
  file.addGap(0, 5, 9, "overwritten");
  await file.finish();
  return made;
}

test("each entry tells where it is from, with few sources and with many", async () => {
  for (const count of [1, 6, 300]) {
    const path = `${folder}/many`;
    const made = await makeFile(path, count);
    using origins = Origins.open({ path });
    using reader = ShmLogReader.open({ path }, { strategy: "oldest" });
    let read = 0;
    for (const { sequenceNumber, text } of reader) {
      const { source: place, number } = made[read];
      assert.equal(text, `e${read++}`);
      assert.deepEqual(origins.of(sequenceNumber), {
        source: source(place),
        sequenceNumber: number,
      });
    }
    assert.equal(read, made.length);
    assert.equal(origins.of(read + 1), undefined);
    assert.deepEqual(origins.missing, [
      { source: source(0), from: 5, to: 9, reason: "overwritten", before: 5001 },
    ]);
  }
});

test("an entry for which there is no room is refused", () => {
  using file = new CollectionWriter(`${folder}/full`, { entries: 2, bytes: 16 }, {});
  const place = file.addSource(source(0));
  const added = [1, 2, 3].map((number) => file.add(place, number, new Uint8Array(4)));
  assert.deepEqual(added, [true, true, false]);
  for (let i = 1; i < 1024; i++) assert.equal(file.addSource(source(i)), i);
  assert.equal(file.addSource(source(1024)), -1);
});

test("names that take more room than they have characters leave a file that can be read", async () => {
  const path = `${folder}/hostile`;
  using file = new CollectionWriter(path, { entries: 1025, bytes: 1025 * 8 }, {});
  const name = "\x01".repeat(256);
  const hostile = (i: number) => ({ host: name, name: `${name}${i}`, segment: name });
  let known = 0;
  for (let i = 0; i < 1024; i++) {
    const place = file.addSource(hostile(i));
    if (place < 0) continue;
    assert.equal(place, known++);
    assert.ok(file.add(place, 1, new Uint8Array(4)));
    file.addGap(place, 2, Number.MAX_SAFE_INTEGER, "overwritten");
  }
  await file.finish();
  assert.ok(known > 100 && known < 1024, `${known}`);
  const found = readCollection(path);
  assert.equal(found?.sources.length, known);
  assert.equal(found?.missing.length, known);
  assert.equal(found?.of(known)?.source.name, hostile(known - 1).name.slice(-256));
});

test("as many logs with long names as there may be have room, and a gap in each", async () => {
  const path = `${folder}/long`;
  using file = new CollectionWriter(path, { entries: 1024, bytes: 1024 * 8 }, {});
  const long = (i: number) => `${i}`.padEnd(256, "x");
  for (let i = 0; i < 1024; i++) {
    const place = file.addSource({ host: long(i), name: long(i), segment: long(i) });
    assert.ok(file.add(place, 1, new Uint8Array(4)));
    file.addGap(place, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, "overwritten");
  }
  await file.finish();
  const { sources, missing } = readCollection(path)!;
  assert.deepEqual([sources.length, missing.length], [1024, 1024]);
});

test("a damaged end never throws, takes no more memory than the file, and leaves the entries", async () => {
  const seed = baseSeed;
  const next = numbersOf(seed);
  const path = `${folder}/damaged`;
  await makeFile(path, 6);
  const whole = readFileSync(path);
  const end = whole.length;
  for (let i = 0; i < 600; i++) {
    const bytes = Buffer.from(whole);
    for (let j = 0; j <= next() * 4; j++) {
      // The footer above all.
      const at = next() < 0.6
        ? end - 1 - Math.floor(next() * 32)
        : end - 1 - Math.floor(next() * 6000);
      bytes[at] = next() * 256;
    }
    writeFileSync(path, bytes);
    if (next() < 0.2) truncateSync(path, end - Math.floor(next() * 6000));
    try {
      const found = readCollection(path);
      found?.of(1);
      found?.of(5000);
    } catch (error) {
      assert.fail(`seed ${seed}, round ${i}: ${error}`);
    }
  }
  const forged = Buffer.from(whole);
  forged.writeBigUInt64LE(1n << 40n, end - 8);
  writeFileSync(path, forged);
  assert.equal(readCollection(path), undefined);
  assert.equal(readCollection(`${folder}/none`), undefined);
  using reader = ShmLogReader.open({ path }, { strategy: "oldest" });
  assert.equal([...reader].length, 5000);
});

test("collectLogs() can be stopped, and leaves no file then", async () => {
  const name = uniqueName("collect");
  using _writer = ShmLogWriter.create(name, { size: "256KiB", unlinkOnClose: true });
  const path = `${folder}/stopped`;
  await assert.rejects(collectLogs([name], path, { signal: AbortSignal.abort() }), /abort/i);
  assert.throws(() => readFileSync(path), /ENOENT/);
});

test("notes stand among the entries of logs, at their times", async () => {
  const path = { path: `${folder}/noted-log` };
  using log = ShmLogWriter.create(path, { size: 65536 });
  for (const n of [1, 3, 5]) log.write(`{"level":30,"time":${1.7e12 + n},"msg":"${n}"}`);
  const notes = [2, 4, 4].map((n) => ({ text: `note ${n}`, time: 1.7e12 + n, name: "notes" }));
  const file = `${folder}/noted`;
  const { entries, logs } = await collectLogs([path], file, { notes });
  assert.deepEqual([entries, logs], [6, 1]);
  using origins = Origins.open({ path: file });
  using reader = ShmLogReader.open({ path: file }, { strategy: "oldest" });
  const found = [...reader].map(({ sequenceNumber, text }) => {
    const { source, sequenceNumber: number } = origins.of(sequenceNumber)!;
    return [text.replace(/.*"msg":"(\d)".*/, "$1"), source.name === "notes", number];
  });
  assert.deepEqual(found, [
    ["1", false, 1],
    ["note 2", true, 1],
    ["3", false, 2],
    ["note 4", true, 2],
    ["note 4", true, 3],
    ["5", false, 3],
  ]);
});

test("lines of several logs with the same time of their own are in the order they were read in", {
  timeout: 60_000,
}, async () => {
  const base = uniqueName("read");
  using one = ShmLogWriter.create(`${base}.1`, { size: "64KiB", unlinkOnClose: true });
  using other = ShmLogWriter.create(`${base}.2`, { size: "64KiB", unlinkOnClose: true });
  const write = (log: ShmLogWriter, micros: number) =>
    log.write(
      `2026-11-30T11:47:27.4${String(micros).padStart(5, "0")}Z stdout F ` +
        JSON.stringify({ level: 30, time: 1796039247479, msg: `at ${micros}` }),
    );
  write(one, 30);
  write(other, 10);
  write(other, 20);
  write(one, 50);
  write(other, 40);
  const path = `${folder}/read`;
  await collectLogs([one.name, other.name], path, { force: true });
  using reader = ShmLogReader.open({ path }, { strategy: "oldest" });
  const messages = [...reader].map(({ text }) => /at (\d+)/.exec(text)![1]);
  assert.deepEqual(messages, ["10", "20", "30", "40", "50"]);
});

test("what is missing has the numbers that it has in its log, whichever entries are taken", async () => {
  const path = `${folder}/skipped`;
  {
    using writer = ShmLogWriter.create({ path }, { chunkSize: 4096, chunkCount: 8 });
    for (let n = 1; n <= 100; n++) writer.write(`entry ${n} `.padEnd(200, "x"));
  }
  // Lengths that can't be, twice: what is after each in its chunk is lost.
  const bytes = readFileSync(path);
  for (const n of [25, 45]) bytes.writeUInt32LE(0xfffffff0, bytes.indexOf(`entry ${n} `) - 4);
  writeFileSync(path, bytes);
  const missing: [from: number, to: number][] = [];
  let last = 0;
  using reader = ShmLogReader.open({ path }, { strategy: "oldest", onDamage: "skip" });
  for (const { sequenceNumber } of reader) {
    if (sequenceNumber > last + 1) missing.push([last + 1, sequenceNumber - 1]);
    last = sequenceNumber;
  }
  assert.deepEqual(missing.map(([from]) => from), [25, 45]);
  for (const wants of [() => true, (n: number) => n === 10 || n === 100]) {
    const file = `${folder}/skipped-saved`;
    const { lost } = await collectLogs([{ path }], file, {
      force: true,
      selector: () => ({ wants: ({ sequenceNumber }) => wants(sequenceNumber), time: 0 }),
    });
    using origins = Origins.open({ path: file });
    assert.deepEqual(origins.missing.map(({ from, to }) => [from, to]), missing);
    assert.equal(lost, missing.reduce((sum, [from, to]) => sum + to - from + 1, 0));
  }
});

test("what a writer overwrites behind the entries that are saved is not lost", async () => {
  const name = uniqueName("behind");
  using writer = ShmLogWriter.create(name, { size: "64KiB", unlinkOnClose: true });
  for (const lapping of [0, 3000]) {
    writer.writeMany(["one", "two", "three"]);
    using reader = ShmLogReader.open(name);
    const { entries: there } = reader.inspect();
    const { entries, lost } = await collectLogs([name], `${folder}/behind`, {
      force: true,
      // Called once it is known up to where entries are saved.
      selector: () => {
        for (let n = 0; n < lapping; n++) writer.write("x".repeat(60));
        return { wants: () => true, time: 0 };
      },
    });
    assert.deepEqual([entries, lost], lapping === 0 ? [there, 0] : [0, there]);
  }
});

test("entries of a log that is restarted meanwhile are lost, and none of its next life is saved", {
  skip: needsLastingNames,
}, async () => {
  const name = uniqueName("restarted");
  const write = (count: number) => {
    const options = { size: "64KiB", version: 2, ifExists: "restart" } as const;
    using writer = ShmLogWriter.create(name, options);
    for (let n = 1; n <= count; n++) writer.write(`entry ${n}`);
  };
  write(5);
  const { entries, lost } = await collectLogs([name], `${folder}/restarted`, {
    // Called once it is known which entries are saved.
    selector: () => {
      write(3);
      return { wants: () => true, time: 0 };
    },
  });
  SharedMemory.unlink(name);
  assert.deepEqual([entries, lost], [0, 5]);
});

test("a selector that can't be made leaves no log open", async () => {
  const name = uniqueName("unselected");
  using writer = ShmLogWriter.create(name, { size: "64KiB", unlinkOnClose: true });
  writer.write("one");
  using opened = OpenedLog.open(name, "auto");
  // All that share a memory close it together: so this tells.
  const shared: OpenedLog[] = [];
  const share = opened.share.bind(opened);
  opened.share = () => {
    const one = share();
    shared.push(one);
    return one;
  };
  const selector = () => {
    throw new Error("no selector");
  };
  await assert.rejects(collectLogs([opened], `${folder}/unselected`, { selector }), /no selector/);
  opened.close();
  assert.equal(shared.length, 1);
  assert.throws(() => shared[0].memory.currentSize(), ClosedError);
});
