/** Waiting for a log, and for what comes in it. */

import assert from "node:assert/strict";
import { symlinkSync, writeFileSync } from "node:fs";
import test from "node:test";
import {
  saveLog,
  SegmentNotFoundError,
  ShmLogReader,
  ShmLogWriter,
  SystemCallError,
} from "../../mod.ts";
import { replaceSystem, system } from "../../ffi/current_system.ts";
import { testFolder } from "../support/folder.ts";
import { needsLastingNames } from "../support/platform.ts";
import { uniqueName } from "../support/runtime.ts";
import { logPlaces } from "../support/log_places.ts";

const folder = testFolder("waiting");

const texts = (reader: ShmLogReader) => [...reader].map((entry) => entry.text);

for (const { title, target: newTarget, path, create, noPath } of logPlaces(folder)) {
  test(
    `${title}: waitFor() waits for the log, and for its creator to be done`,
    { skip: noPath },
    async () => {
      const target = newTarget();
      assert.throws(() => ShmLogReader.open(target), SegmentNotFoundError);
      const waiting = ShmLogReader.waitFor(target, { interval: 1 });
      writeFileSync(path(target), new Uint8Array(8192)); // created, without the magic
      await new Promise((resolve) => setTimeout(resolve, 20));
      using writer = create(target, { ifExists: "resume" });
      using reader = await waiting;
      writer.write("x");
      assert.deepEqual(texts(reader), ["x"]);
    },
  );

  test(`${title}: waitFor() ends with the signal's reason`, async () => {
    const target = newTarget();
    const controller = new AbortController();
    const waiting = ShmLogReader.waitFor(target, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 10);
    await assert.rejects(waiting, /enough/);
    await assert.rejects(ShmLogReader.waitFor(target, { signal: AbortSignal.abort() }));
  });

  test(`${title}: open() and waitFor() say what is no cursor before they look for the log`, async () => {
    const target = newTarget();
    const options = { after: { sequenceNumber: "7" } as never };
    assert.throws(() => ShmLogReader.open(target, options), TypeError);
    const signal = AbortSignal.timeout(5000);
    await assert.rejects(ShmLogReader.waitFor(target, { ...options, signal }), TypeError);
  });

  test(`${title}: follow() gives what is there and what comes, and ends with the signal`, async () => {
    const target = newTarget();
    using writer = create(target);
    using reader = ShmLogReader.open(target);
    writer.write("before");
    const controller = new AbortController();
    const got: string[] = [];
    setTimeout(() => writer.write("later"), 10);
    for await (const entry of reader.follow({ signal: controller.signal })) {
      got.push(entry.text);
      if (got.length === 2) setTimeout(() => controller.abort(), 10);
    }
    assert.deepEqual(got, ["before", "later"]);
  });
}

test("waitFor() opens the very log that it found ready, should its name be taken meanwhile", {
  skip: needsLastingNames,
}, async () => {
  const name = uniqueName("ready");
  const { segmentSize: size } = ShmLogWriter.create(name, {
    unlinkOnClose: true,
    chunkSize: 4096,
    chunkCount: 4,
  });
  const real = system();
  let looks = 0;
  replaceSystem({
    ...real,
    read(...args) {
      // Right after the first look somebody removes it, and begins to make another one.
      const count = real.read(...args);
      if (looks++ === 0) {
        real.unlinkShared(name);
        const other = real.createShared(name, 0o600, size);
        real.setSize(other, size, name);
        real.close(other);
      }
      return count;
    },
  });
  try {
    using reader = await ShmLogReader.waitFor(name);
    assert.equal(reader.isReplaced(), true);
    assert.equal(looks, 1);
  } finally {
    replaceSystem(undefined);
    real.unlinkShared(name);
  }
});

test("saveLog() to a link that leads to itself is an error of the library", {
  skip: needsLastingNames,
}, async () => {
  const log = `${folder}/saved.log`;
  const loop = `${folder}/loop`;
  symlinkSync(loop, loop);
  ShmLogWriter.create({ path: log }, { chunkSize: 4096, chunkCount: 4 }).close();
  await assert.rejects(saveLog({ path: log }, loop), SystemCallError);
});
