/** Logs of version 2 in shared memory and in files: finished, and begun anew in place. */

import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import { SharedMemory } from "../../ffi/mod.ts";
import {
  type Cursor,
  LogFinishedError,
  type ReopenEvent,
  saveLog,
  ShmLogReader,
  ShmLogWriter,
  type ShmLogWriterOptions,
  UnsupportedLogError,
} from "../../mod.ts";
import { testFolder } from "../support/folder.ts";
import { logPlaces } from "../support/log_places.ts";
import { isWindows, needsLastingNames, needsLettingGo } from "../support/platform.ts";
import { baseSeed, Random } from "../support/random.ts";
import { partners, slowness, startChild, uniqueName } from "../support/runtime.ts";

const folder = testFolder("version2");

const KILLS = Number(process.env.KILLS ?? 10);
const TWO: ShmLogWriterOptions = { version: 2 };
const STAY: ShmLogWriterOptions = { version: 2, unlinkOnClose: false };
const follower = new URL("children/follower.ts", import.meta.url);
const restarter = new URL("children/restarter.ts", import.meta.url);

// Readers named _kept are for Windows, where a segment lives as long as somebody has it open.
const textsOf = (reader: ShmLogReader) => [...reader].map(({ text }) => text);

for (const { title, target: newTarget, create } of logPlaces(folder)) {
  test(`${title}: version and id are those that were asked for, or random ones`, () => {
    const target = newTarget();
    using writer = create(target, { ...TWO, bufferId: 2n ** 64n - 1n });
    using reader = ShmLogReader.open(target);
    assert.deepEqual([writer.version, writer.bufferId], [2, 2n ** 64n - 1n]);
    assert.deepEqual([reader.version, reader.bufferId], [2, 2n ** 64n - 1n]);
    assert.equal(reader.inspect().bufferId, `${2n ** 64n - 1n}`);
    // A segment of Windows has whole pages, which its chunks share.
    assert.ok(writer.chunkSize === 4096 || isWindows && writer.chunkSize > 4096);
    using other = create(newTarget(), TWO);
    using another = create(newTarget(), TWO);
    assert.notEqual(other.bufferId, another.bufferId);
    using one = create(newTarget());
    assert.deepEqual([one.version, one.bufferId], [1, undefined]);
  });

  for (const onAbandoned of ["stay", "end"] as const) {
    for (const copyMode of ["map", "pread"] as const) {
      test(`${title}: follow() ends after the last entry of a finished log (${onAbandoned}, ${copyMode})`, async () => {
        const target = newTarget();
        using writer = create(target, TWO);
        using reader = ShmLogReader.open(target, { copyMode });
        writer.writeMany(["one", "two"]);
        const got: string[] = [];
        for await (const { text } of reader.follow({ onAbandoned })) {
          got.push(text);
          assert.equal(reader.isFinished, false);
          if (text === "two") {
            writer.write("three");
            writer.finish();
          }
        }
        assert.deepEqual(got, ["one", "two", "three"]);
        assert.equal(reader.isFinished, true);
        assert.throws(() => writer.write("four"), { code: "CLOSED", message: /finished/ });
        assert.throws(() => writer.finish(), { code: "CLOSED" });
        using late = ShmLogReader.open(target);
        for await (const batch of late.followBatches()) assert.equal(batch.length, 3);
        assert.equal(late.inspect().isFinished && late.verify().isFinished, true);
      });
    }
  }

  test(`${title}: a finished log is not resumed, and the error names it`, () => {
    const target = newTarget();
    const name = typeof target === "string" ? target : target.path;
    const writer = create(target, STAY);
    using _kept = ShmLogReader.open(target);
    writer.write("last words");
    writer.finish();
    writer.close();
    assert.throws(() => create(target, { ...TWO, ifExists: "resume" }), (error: Error) => {
      assert.ok(error instanceof LogFinishedError);
      assert.ok(error.message.includes(name) && /after entry 1/.test(error.message), error.message);
      return true;
    });
    using anew = create(target, { ...TWO, ifExists: "restart" });
    assert.deepEqual([anew.totalEntriesWritten, anew.version], [0, 2]);
    assert.equal(anew.write("first words"), 1);
  });

  test(`${title}: one that is resumed keeps its version and its id`, () => {
    const target = newTarget();
    const first = create(target, { ...STAY, bufferId: 7n });
    using _kept = ShmLogReader.open(target);
    first.write("one");
    first.close();
    const second = create(target, { ifExists: "resume", unlinkOnClose: false });
    assert.deepEqual([second.version, second.bufferId, second.write("two")], [2, 7n, 2]);
    second.close();
    // In another size, too: it is still the same log.
    using third = create(target, { ...TWO, ifExists: "resume", chunkSize: 8192 });
    assert.deepEqual([third.version, third.bufferId, third.write("three")], [2, 7n, 3]);
    using reader = ShmLogReader.open(target);
    assert.deepEqual(textsOf(reader), ["one", "two", "three"]);
  });

  test(`${title}: a restart is for version 2, and says so with the name of the log`, () => {
    const target = newTarget();
    const name = typeof target === "string" ? target : target.path;
    const old = create(target, { unlinkOnClose: false });
    using _kept = ShmLogReader.open(target);
    old.write("of version 1");
    assert.throws(() => old.finish(), UnsupportedLogError);
    old.close();
    assert.throws(() => create(target, { ifExists: "restart" }), TypeError);
    assert.throws(() => create(target, { bufferId: 5n }), TypeError);
    assert.throws(() => create(target, { ...TWO, ifExists: "restart" }), (error: Error) => {
      assert.ok(error instanceof UnsupportedLogError && error.version === 1);
      assert.ok(error.message.includes(name), error.message);
      return true;
    });
    using same = create(target, { ifExists: "resume" });
    assert.equal(same.totalEntriesWritten, 1);
  });

  test(`${title}: a follower switches to the next life and calls onReopen; nothing is mixed`, {
    skip: needsLettingGo,
  }, async () => {
    const target = newTarget();
    using _place = create(target, { ...TWO, bufferId: 1n });
    _place.write("a1");
    using reader = ShmLogReader.open(target);
    const events: ReopenEvent[] = [];
    const got: string[] = [];
    let next: ShmLogWriter | undefined;
    const begin = (texts: string[]) => {
      next?.close();
      // It stays open: a follower need not wait for its end.
      next = create(target, { ...STAY, ifExists: "restart" });
      next.writeMany(texts);
      next.finish();
    };
    const following = reader.follow({
      onAbandoned: "reopen",
      onReopen: (event) => events.push(event),
      signal: AbortSignal.timeout(20_000 * slowness),
    });
    for await (const { text, sequenceNumber } of following) {
      got.push(`${sequenceNumber} ${text}`);
      if (text === "a1") {
        _place.write("a2, not read");
        _place.close();
        const first = create(target, { ...STAY, ifExists: "fail" });
        first.writeMany(["b1", "b2"]);
        first.close();
      } else if (text === "b1") begin(["c1", "c2"]);
      else if (text === "c2") setTimeout(() => begin(["d1"]), 50);
      else if (text === "d1") break;
    }
    next?.close();
    const cleaner = create(target, { ...TWO, ifExists: "replace" });
    cleaner.close();
    assert.deepEqual(got.filter((text) => !text.includes("not read")), [
      "1 a1",
      "1 b1",
      ...got.includes("2 b2") ? ["2 b2"] : [],
      "1 c1",
      "2 c2",
      "1 d1",
    ]);
    // A replaced segment, one begun anew before its end, and a finished one.
    assert.deepEqual(events.map(({ lostEntries }) => lostEntries), [0, "unknown", 0]);
    assert.equal(events[2].from.sequenceNumber, 2);
  });

  test(`${title}: stay stays with its life, end ends with it`, async () => {
    const target = newTarget();
    const first = create(target, STAY);
    first.writeMany(["one", "two"]);
    using ends = ShmLogReader.open(target);
    using stays = ShmLogReader.open(target);
    first.close();
    assert.equal(stays.read()?.text, "one");
    using second = create(target, { ...TWO, ifExists: "restart" });
    second.write("of the next life");
    for await (const _ of ends.follow({ onAbandoned: "end" })) assert.fail("nothing of it is left");
    // What was copied before the restart is of its life.
    const got: string[] = [];
    const options = { signal: AbortSignal.timeout(300) };
    for await (const { text } of stays.follow(options)) got.push(text);
    assert.deepEqual(got, ["two"]);
    assert.deepEqual([stays.isReplaced(), stays.isRestarted, stays.isFinished], [
      true,
      true,
      false,
    ]);
    assert.equal(stays.reopen(), true);
    assert.deepEqual([stays.isReplaced(), textsOf(stays)], [false, ["of the next life"]]);
  });

  test(`${title}: a cursor of one life is no place in the next one`, () => {
    const target = newTarget();
    const first = create(target, STAY);
    using _kept = ShmLogReader.open(target);
    first.writeMany(["one", "two", "three"]);
    first.close();
    let after: Cursor;
    {
      using reader = ShmLogReader.open(target);
      reader.read();
      reader.read();
      after = JSON.parse(JSON.stringify({ ...reader.position, sequenceNumber: 2 }));
    }
    {
      using same = ShmLogReader.open(target, { after });
      assert.deepEqual(textsOf(same), ["three"]);
      assert.deepEqual(same.continuation, { isSameSegment: true, lostEntries: 0 });
    }
    using second = create(target, { ...TWO, ifExists: "restart" });
    second.writeMany(["uno", "dos", "tres"]);
    using other = ShmLogReader.open(target, { after });
    assert.equal(other.continuation?.isSameSegment, false);
    assert.deepEqual(textsOf(other), ["uno", "dos", "tres"]);
  });

  test(`${title}: saveLog() keeps version, id and end`, async () => {
    const target = newTarget();
    using writer = create(target, { ...TWO, bufferId: 99n });
    writer.writeMany(["one", "two"]);
    writer.finish();
    for (const compact of [false, true]) {
      const path = join(folder, uniqueName().slice(1));
      assert.equal((await saveLog(target, path, { compact })).entries, 2);
      using copy = ShmLogReader.open({ path });
      assert.deepEqual([textsOf(copy), copy.isFinished, copy.bufferId], [
        ["one", "two"],
        true,
        99n,
      ]);
      copy.close();
      rmSync(path);
    }
  });
}

for (const [i, other] of partners.entries()) {
  const how = i % 2 === 0 ? "entries" : "batches";
  test(`${other.title} follows a log of version 2 by ${how}, and ends with it`, async () => {
    const name = uniqueName("two");
    using writer = ShmLogWriter.create(name, {
      unlinkOnClose: true,
      ...TWO,
      chunkSize: 4096,
      chunkCount: 4,
    });
    const child = startChild(follower, [name, 0, how], other);
    assert.equal(await child.nextLine(), "there");
    for (let n = 1; n <= 100; n++) writer.write(`entry ${n}`);
    writer.finish();
    assert.deepEqual(JSON.parse(await child.nextLine()), { count: 100, lost: 0, moves: 0 });
    assert.equal(await child.ended(), 0);
  });
}

for (const [chunkCount, chunkSize] of [[4, 1024], [1, 4096], [16, 16384]]) {
  test(
    `a log restarted all the time, by writers that are killed: ${chunkCount} chunks (seed ${baseSeed})`,
    {
      skip: needsLastingNames,
    },
    async () => {
      const name = uniqueName("restarts");
      const random = new Random(baseSeed + chunkCount);
      let [read, lives] = [0, 0];
      let reader: ShmLogReader | undefined;
      try {
        for (let kill = 0; kill < KILLS; kill++) {
          const writer = startChild(restarter, [name, chunkSize, chunkCount]);
          assert.equal(await writer.nextLine(), "there");
          reader ??= ShmLogReader.open(name, { strategy: "oldest" });
          const until = performance.now() + 20 + random.below(60 * slowness);
          let last = 0;
          let own = reader.bufferId;
          // On a busy machine nothing may be written so soon.
          const most = kill === KILLS - 1 ? until + 60_000 : until;
          const isSeen = () => read > 0 && lives > 0;
          const mayLook = () => performance.now() < (isSeen() ? until : most);
          for (let rounds = 0; mayLook(); rounds++) {
            const batch = reader.readBatch();
            for (let n = 0; n < batch.length; n++) {
              const number = batch.sequenceNumber(n);
              assert.ok(
                batch.text(n).startsWith(`${own} ${number} `),
                `${own} ${number}: ${batch.text(n)}`,
              );
              if (lives > 0 || kill > 0) assert.ok(number > last);
              last = number;
              read++;
            }
            if (batch.length > 0 || !reader.reopen()) continue;
            lives++;
            last = 0;
            own = reader.bufferId;
            if (rounds % 8 === 0) await new Promise((resolve) => setImmediate(resolve));
          }
          await writer.kill();
          // Whatever it was doing: there is a log that can be read, and begun anew or resumed.
          const info = reader.inspect();
          assert.deepEqual(info.damage, []);
          if (kill % 3 === 2) {
            try {
              using next = ShmLogWriter.create(name, { ifExists: "resume", unlinkOnClose: false });
              assert.equal(next.version, 2);
            } catch (error) {
              assert.ok(error instanceof LogFinishedError);
            }
          }
          reader.reopen();
        }
        assert.ok(read > 0 && lives > 0, `${read} entries of ${lives} lives`);
      } finally {
        reader?.close();
        SharedMemory.unlink(name);
      }
    },
  );
}
