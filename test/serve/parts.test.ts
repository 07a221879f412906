/** The parts of the live view that know nothing of HTTP. */

import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { inspect, segmentSize, ShmLogReader, ShmLogWriter, Writer } from "../../mod.ts";
import { findBacklog } from "../../src/cli/serve/backlog.ts";
import { outline } from "../../src/log/outline.ts";
import { CopiedLook } from "../../src/cli/serve/copied_look.ts";
import { findEntries } from "../../src/cli/serve/find_entries.ts";
import { findTimeline } from "../../src/cli/serve/find_timeline.ts";
import { EntryFilter } from "../../src/cli/serve/entry_filter.ts";
import { wordsOf } from "../../src/cli/serve/question_words.ts";
import { recognizeRecord } from "../../src/records/recognize.ts";
import { levelOf as entryLevel } from "../../src/cli/serve/level_of.ts";
import { MOST_WAITING, Outbox } from "../../src/cli/serve/outbox.ts";
import { RateMeter } from "../../src/cli/serve/rate_meter.ts";
import { inGroups } from "../../src/cli/serve/large_look.ts";
import { confirmDamage, ringPicture } from "../../src/cli/serve/ring_picture.ts";
import { segmentOf } from "../../src/cli/serve/place.ts";
import { MOST_CHARACTERS, rowOf } from "../../src/cli/serve/row.ts";
import { sample, Sampler } from "../../src/cli/serve/sampling.ts";
import type { EntryRow, Messages } from "../../src/cli/serve/messages.ts";
import { Watcher } from "../../src/cli/serve/watcher.ts";
import { Random } from "../support/random.ts";
import { uniqueName } from "../support/runtime.ts";

test("RateMeter gives what counts grew by in the last second", () => {
  const meter = new RateMeter();
  assert.equal(meter.perSecond(0), 0);
  for (let time = 0; time <= 5000; time += 250) meter.add(time, [time / 10, 7]);
  assert.equal(meter.perSecond(0), 100);
  assert.equal(meter.perSecond(1), 0);
  meter.add(5500, [500, 9]);
  assert.equal(meter.perSecond(0), (500 - 450) / 1);
  assert.equal(meter.perSecond(1), 2);
});

test("RateMeter of counts that start again gives no rate below zero", () => {
  const meter = new RateMeter();
  meter.add(0, [1000]);
  meter.add(500, [3]);
  assert.equal(meter.perSecond(0), 0);
});

test("Sampler takes all while there are no more than wanted", () => {
  const sampler = new Sampler();
  sampler.expect(100, 100);
  for (let number = 1; number <= 100; number++) assert.ok(sampler.takes(number));
});

test("Sampler takes about as many as wanted, of every rhythm", () => {
  // A seed, for by chance none of the rhythm is taken once in twenty thousand runs.
  const random = new Random(1);
  const sampler = new Sampler(() => random.below(2 ** 31) / 2 ** 31);
  sampler.expect(100_000, 1000);
  assert.equal(sampler.stride, 100);
  let [count, ofRhythm] = [0, 0];
  for (let number = 1; number <= 100_000; number++) {
    if (!sampler.takes(number)) continue;
    count++;
    if (number % 100 === 0) ofRhythm++;
  }
  assert.ok(count > 900 && count < 1100, `${count} taken`);
  // A tenth of 1 % would be 1; a sampler in step with the rhythm takes none, or all.
  assert.ok(ofRhythm > 0 && ofRhythm < 100, `${ofRhythm} of the rhythm taken`);
  sampler.expect(10, 1000);
  assert.ok(sampler.takes(100_001), "takes all again at once");
});

test("sample() keeps order, takes as many as wanted, and one of each part", () => {
  const items = Array.from({ length: 1003 }, (_, i) => i);
  assert.equal(sample(items, 1003), items);
  const some = sample(items, 10);
  assert.equal(some.length, 10);
  for (const [part, item] of some.entries()) {
    assert.ok(item >= Math.floor(part * 100.3) && item < Math.floor((part + 1) * 100.3));
  }
  assert.deepEqual(sample(items, 0), []);
  assert.deepEqual(sample(items, 2, () => 0), [0, 501]);
});

test("Outbox keeps the newest rows, and counts what it dropped", () => {
  const outbox = new Outbox(3);
  outbox.push([[1, "a"], [2, "b"]]);
  outbox.push([[3, "c"], [4, "d"], [5, "e"]]);
  assert.equal(outbox.dropped, 2);
  assert.deepEqual(outbox.take(), [[3, "c"], [4, "d"], [5, "e"]]);
  assert.equal(outbox.length, 0);
  const text = "x".repeat(MOST_WAITING / 2 - 100);
  outbox.push([[6, text], [7, text], [8, text]]);
  assert.deepEqual(outbox.take().map(([number]) => number), [7, 8]);
  assert.equal(outbox.dropped, 3);
});

test("Outbox counts bytes of JSON, in which a control character has six", () => {
  const outbox = new Outbox(Infinity);
  const row = (number: number) => rowOf({ number, text: "\x01".repeat(8192), bytes: 8192 });
  for (let number = 1; number <= 1000; number++) outbox.push([row(number)]);
  assert.ok(outbox.length * 6 * 8192 <= MOST_WAITING, `${outbox.length} rows wait`);
  assert.equal(outbox.dropped + outbox.length, 1000);
  const piece = outbox.take(200_000);
  assert.deepEqual(piece.map(([number]) => number), [980, 981, 982, 983]);
  assert.equal(outbox.take(1)[0][0], 984, "one at least");
  assert.equal(outbox.take().at(-1)?.[0], 1000);
  assert.deepEqual(outbox.take(), []);
});

/** The page that a Watcher sends to; a slow one takes a message each time it is ready. */
class FakePage {
  isReady = true;
  readonly sent: Messages["entries"][] = [];
  readonly #isSlow: boolean;

  constructor({ isSlow = false } = {}) {
    this.#isSlow = isSlow;
  }

  send<K extends keyof Messages>(event: K, data: Messages[K]): void {
    if (event === "entries") this.sent.push(data as Messages["entries"]);
    if (this.#isSlow) this.isReady = false;
  }
}

test("a Watcher sends what is much in pieces, none before the page has taken the last one", () => {
  const page = new FakePage({ isSlow: true });
  const { sent } = page;
  const watcher = new Watcher(page, {
    filter: new EntryFilter(),
    wantsEntries: true,
    mostEntries: 10_000,
  });
  const rows = Array.from({ length: 100 }, (_, i): EntryRow => [i + 1, "x".repeat(8192)]);
  watcher.begin({ rows, left: 7 });
  watcher.take([{ number: 101, text: "live", bytes: 4 }], 50);
  watcher.flush();
  assert.equal(sent.length, 1);
  while (sent.at(-1)?.rows.at(-1)?.[0] !== 101) {
    page.isReady = true;
    watcher.flush();
  }
  assert.deepEqual(sent.map(({ left, isPast }) => [left, isPast]), [
    [7, true],
    [0, true],
    [0, true],
    [0, true],
    [0, undefined],
  ]);
  assert.deepEqual(sent.flatMap(({ rows }) => rows).map(([number]) => number), [
    ...rows.map(([number]) => number),
    101,
  ]);
  for (const one of sent) assert.ok(JSON.stringify(one).length < 270_000);
});

test("a Watcher whose page takes nothing holds a bounded number of rows", () => {
  const page = new FakePage();
  const { sent } = page;
  page.isReady = false;
  const filter = new EntryFilter();
  const watcher = new Watcher(page, { filter, wantsEntries: true, mostEntries: 100 });
  watcher.begin({ rows: [], left: 0 });
  let number = 0;
  for (let tick = 0; tick < 1000; tick++) {
    watcher.take([{ number: ++number, text: "x", bytes: 1 }], 50);
    watcher.flush();
  }
  assert.equal(sent.length, 0);
  page.isReady = true;
  watcher.flush();
  assert.deepEqual(sent.shift(), { rows: [], left: 0, isPast: true });
  assert.deepEqual(sent[0].rows.map(([number]) => number).slice(0, 2), [801, 802]);
  assert.equal(sent[0].rows.length, 200);
});

test("a Watcher sends a sample of what is more than its rate, and says how many it left out", () => {
  const page = new FakePage();
  const { sent } = page;
  const filter = new EntryFilter({ where: "wanted" });
  const watcher = new Watcher(page, { filter, wantsEntries: true, mostEntries: 200 });
  watcher.begin({ rows: [], left: 0 });
  const entries = Array.from({ length: 1000 }, (_, i) => {
    return { number: i + 1, text: i % 2 === 0 ? "wanted" : "other", bytes: 6 };
  });
  for (let tick = 0; tick < 20; tick++) {
    watcher.take(entries, 50);
    watcher.flush();
  }
  const rows = sent.reduce((sum, { rows }) => sum + rows.length, 0);
  const left = sent.reduce((sum, { left }) => sum + left, 0);
  assert.equal(rows + left, 20 * 500);
  assert.ok(rows >= 200 && rows <= 250, `${rows} in a second of 200`);
  assert.ok(sent.every(({ rows }) => rows.every(([, text]) => text === "wanted")));
});

test("EntryFilter finds all words in any case, and leaves out those with a minus", () => {
  const matches = (where: string, text: string) => new EntryFilter({ where }).matches(text);
  assert.ok(matches("", "anything"));
  assert.ok(matches("error TIME", "Timeout: an Error"));
  assert.ok(!matches("error time", "an error"));
  assert.ok(!matches("error -health", "error in /health"));
  assert.ok(matches("-health", "fine"));
  assert.ok(matches('"an error" x', "x: an error"));
  assert.ok(!matches('"an error"', "error, an"));
  assert.deepEqual(
    wordsOf('a "B c" -D -"e f" level:warn NOT (x OR y) (z OR msg:=W)'),
    ["a", "b c", "warn", "z", "w"],
  );
  assert.deepEqual(wordsOf(" "), []);
});

test("EntryFilter with a level leaves out what is less, or has none", () => {
  const filter = new EntryFilter({ level: "warn" });
  assert.equal(filter.isEmpty, false);
  assert.ok(filter.matches('{"level":50,"time":1700000000000,"msg":"x"}'));
  assert.ok(!filter.matches('{"level":30,"time":1700000000000,"msg":"ERROR"}'));
  assert.ok(filter.matches("2026-01-01 12:00:00 [error] no room"));
  assert.ok(!filter.matches("nothing of a level"));
});

test("levelOf() finds levels of lines near their start only", () => {
  const levelOf = (text: string) => entryLevel(recognizeRecord(text), text);
  assert.equal(levelOf("2026-11-21T10:00:00Z WARN slow"), "warn");
  assert.equal(levelOf("[info] up"), "info");
  assert.equal(levelOf("2026-11-21 13:59:30.229 +00:00 [INF] app·db: connected"), "info");
  assert.equal(levelOf("level=ERROR msg=x"), "error");
  assert.equal(levelOf("an error that is spoken of"), undefined);
  assert.equal(levelOf(`${"x ".repeat(60)}ERROR`), undefined);
  assert.equal(levelOf("{broken ERROR"), "error");
});

test("rowOf() cuts what is long, and says how long it was", () => {
  assert.deepEqual(rowOf({ number: 1, text: "a", bytes: 1 }), [1, "a"]);
  const received = { number: 1, text: "a", bytes: 1, source: "web-1/app" };
  assert.deepEqual(rowOf(received), [1, "a", null, "web-1/app"]);
  const [number, text, bytes] = rowOf({ number: 2, text: "é".repeat(9000), bytes: 18_000 });
  assert.deepEqual([number, text.length, bytes], [2, MOST_CHARACTERS, 18_000]);
});

test("ringPicture() of a log that is filled little by little", () => {
  const memory = new ArrayBuffer(16 + 4 * 16 + 4 * 1024);
  const writer = Writer.create(memory, { chunkCount: 4 });
  const look = () => ringPicture(inspect(memory), true);
  assert.deepEqual(look().arcs.map(({ age }) => age), [0, -1, -1, -1]);
  assert.deepEqual([look().writer, look().next], [0, -1]);
  while (writer.totalEntriesWritten < 25) writer.write("x".repeat(96));
  const half = look();
  assert.ok(half.writer > 0.5 && half.writer < 0.75, `writer at ${half.writer}`);
  assert.deepEqual(half.arcs.map(({ age }) => age < 0), [false, false, false, true]);
  assert.equal(half.next, 0);
  assert.ok(half.arcs[0].age > half.arcs[1].age && half.arcs[1].age > half.arcs[2].age);
  assert.equal(half.arcs[2].filled, half.writer);
  while (writer.totalEntriesWritten < 55) writer.write("x".repeat(96));
  const second = look();
  assert.equal(second.entries, inspect(memory).entries);
  assert.ok(second.next > 0 && second.arcs[second.next].age > 0.5);
  let end = 0;
  for (const arc of second.arcs) {
    assert.ok(arc.from >= end - 1e-9 && arc.to >= arc.from && arc.to <= 1);
    assert.ok(arc.filled >= arc.from && arc.filled <= arc.to);
    end = arc.to;
  }
});

test("ringPicture() of many chunks has few arcs", () => {
  const memory = new ArrayBuffer(1 << 16);
  const writer = Writer.create(memory, { chunkCount: 512 });
  while (writer.totalEntriesWritten < 3000) writer.write("x".repeat(24));
  const picture = ringPicture(inspect(memory), false, 64);
  assert.ok(picture.arcs.length <= 64 && picture.arcs.length > 32);
  assert.equal(picture.chunkCount, 512);
  assert.ok(picture.arcs.filter(({ age }) => age >= 0).length > 60);
  assert.ok(picture.next >= 0);
});

test("CopiedLook sees what inspect() sees", () => {
  using log = ShmLogWriter.create(uniqueName("look"), {
    unlinkOnClose: true,
    chunkSize: 1024,
    chunkCount: 4,
  });
  using other = ShmLogWriter.create(uniqueName("look"), {
    unlinkOnClose: true,
    chunkSize: 2048,
    chunkCount: 8,
  });
  const look = new CopiedLook();
  for (const one of [log, other, log]) {
    for (let i = 0; i < 200; i++) one.write(`line ${i}`);
    using reader = ShmLogReader.open(one.name);
    assert.deepEqual(look.inspect(one.name), reader.inspect());
  }
});

test("ringPicture() shows damage", () => {
  const memory = new ArrayBuffer(16 + 4 * 16 + 4 * 1024);
  const writer = Writer.create(memory, { chunkCount: 4 });
  while (writer.totalEntriesWritten < 35) writer.write("x".repeat(96));
  const { offset } = inspect(memory).chunks[1];
  new DataView(memory).setUint32(offset, 0xfffffff0, true);
  const info = inspect(memory);
  const picture = ringPicture(confirmDamage(info, inspect(memory)), true);
  assert.deepEqual(picture.arcs.map(({ isDamaged }) => isDamaged), [false, true, false, false]);
  assert.equal(picture.damage.length, 1);
});

test("the ring of a log of very many chunks is drawn in groups, and looks the same", () => {
  const chunkCount = 20_000;
  const memory = new ArrayBuffer(segmentSize(chunkCount, 64));
  const writer = Writer.create(memory, { chunkCount });
  for (const entries of [0, 1, 30_000, 400_000]) {
    for (let i = 0; i < entries; i++) writer.write("abcd");
    const thorough = ringPicture(inspect(memory), true);
    const { info, chunks } = inGroups(outline(memory, () => {}));
    const quick = { ...ringPicture(info, true), ...chunks };
    const { arcs, writer: at, ...numbers } = thorough;
    const { arcs: quickArcs, writer: quickAt, ...quickNumbers } = quick;
    assert.deepEqual(quickNumbers, numbers);
    assert.ok(Math.abs(at - quickAt) < 0.001, `${at} ${quickAt}`);
    assert.equal(quickArcs.length, arcs.length);
    arcs.forEach(({ from, to, filled, age }, i) => {
      const found = quickArcs[i];
      const off = [from - found.from, to - found.to, filled - found.filled, age - found.age];
      assert.ok(off.every((one) => Math.abs(one) < 0.02), `${entries}: ${i}: ${off}`);
    });
  }
});

test("confirmDamage() forgets what is damaged in one look only", () => {
  const memory = new ArrayBuffer(16 + 4 * 16 + 4 * 1024);
  const writer = Writer.create(memory, { chunkCount: 4 });
  while (writer.totalEntriesWritten < 35) writer.write("x".repeat(96));
  const sound = inspect(memory);
  new DataView(memory).setUint32(sound.chunks[1].offset, 0xfffffff0, true);
  const picture = ringPicture(confirmDamage(sound, inspect(memory)), true);
  assert.deepEqual(picture.arcs.map(({ isDamaged }) => isDamaged), [false, false, false, false]);
  assert.deepEqual(picture.damage, []);
});

test("a row of a long entry does not keep the rest of it in memory", {
  skip: process.versions.deno || process.versions.bun
    ? "only Node lets a test collect garbage"
    : false,
}, () => {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  const size = 4 << 20;
  const payload = new Uint8Array(size).fill(120);
  const heap = () => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = heap();
  const rows = Array.from(
    { length: 32 },
    (_, number) => rowOf({ number, text: new TextDecoder().decode(payload), bytes: size }),
  );
  const grown = heap() - before;
  assert.equal(rows.every(([, text]) => text === "x".repeat(MOST_CHARACTERS)), true);
  assert.ok(grown < 8 * size, `32 rows of ${MOST_CHARACTERS} characters take ${grown} bytes`);
});

test("findBacklog() keeps rows, and not the entries that they are parts of", async () => {
  using log = ShmLogWriter.create(uniqueName(), {
    unlinkOnClose: true,
    chunkSize: 1 << 20,
    chunkCount: 4,
  });
  log.write("first");
  log.write("y".repeat(100_000));
  using reader = ShmLogReader.open(log.name);
  const segment = segmentOf(reader.position);
  const found = await findBacklog(log.name, {
    filter: new EntryFilter({ where: "y" }),
    segment,
    after: 0,
    upTo: 2,
    most: 5,
    copyMode: "map",
    signal: new AbortController().signal,
  });
  assert.deepEqual(found, { rows: [[2, "y".repeat(MOST_CHARACTERS), 100_000]], left: 0 });
});

test("the look at bytes passes by nothing that matches", async () => {
  using log = ShmLogWriter.create(uniqueName(), { unlinkOnClose: true, size: "2MiB" });
  const texts: string[] = [];
  for (let n = 0; n < 3000; n++) {
    const level = [10, 20, 30, 40, 50, 60, "warn", "ERR"][n % 8];
    texts.push(
      JSON.stringify({
        level,
        time: 1.7e12 + n,
        msg: n % 7 === 0 ? "Pay \u212Aey" : `m${n}`,
        status: n % 600,
      }),
      `2026-11-21T10:00:00.5Z stdout P {"level":50,"msg":"in pa`,
      `plain ERROR pay ${n}`,
      `2026-11-21T10:00:00.5Z stdout F rts ${n}","time":1700000000000}`,
      `{"level":"error","time":1700000000000,"msg":"p\\u0061y"}`,
    );
  }
  log.writeMany(texts);
  const filters = [
    { where: "pay" },
    { where: "level:error" },
    { where: "status:>=300 AND level:>=warn" },
    { where: "key", level: "warn" as const },
    { level: "error" as const },
    { where: "parts" },
    { where: "NOT pay" },
  ];
  for (const options of filters) {
    const filter = new EntryFilter(options);
    const signal = new AbortController().signal;
    const which = { after: 0, limit: 10_000 };
    const seen: number[] = [];
    for (let after = 0;;) {
      const found = await findEntries(log.name, { filter, which: { ...which, after }, signal });
      seen.push(...found!.entries.map(({ seq }) => seq));
      if (!found!.isMore) break;
      after = seen.at(-1)!;
    }
    const { oldest } = (await findEntries(log.name, { filter, which: { last: 1 }, signal }))!;
    const expected = texts.flatMap((text, i) =>
      i + 1 >= oldest && new EntryFilter(options).matches(text) ? [i + 1] : []
    );
    assert.ok(expected.length > 100 || options.where === "parts", JSON.stringify(options));
    assert.deepEqual(seen, expected, JSON.stringify(options));
    const { entries } = (await findTimeline(log.name, filter, signal))!;
    assert.equal(entries, expected.length);
  }
  // Of lines in parts the page has the whole ones.
  using reader = ShmLogReader.open(log.name);
  const found = await findBacklog(log.name, {
    filter: new EntryFilter({ where: '"in parts"' }),
    segment: segmentOf(reader.position),
    upTo: texts.length,
    most: 5,
    signal: new AbortController().signal,
  });
  assert.equal(found.rows.length, 5);
});
