/** Waiting for a log, and for what comes in it. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import test, { after } from "node:test";
import { SegmentNotFoundError, ShmLogReader } from "../../mod.ts";
import { logPlaces } from "../support/log_places.ts";

const folder = mkdtempSync(`${tmpdir()}/ouroboros-test-`);
after(() => rmSync(folder, { recursive: true }));

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
