/** Logs that come and go while pages look at them. */

import assert from "node:assert/strict";
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { ShmLogWriter } from "../../mod.ts";
import { testFolder } from "../support/folder.ts";
import { needsLettingGo, notOnWindows } from "../support/platform.ts";
import { EventClient, makeLog, newName, withServer } from "../support/serve.ts";

const folder = testFolder("serve");

test("a page sees that its log was removed, and continues with the next one of that name", {
  skip: needsLettingGo,
}, async () => {
  const name = newName();
  await withServer([name], async ({ url }) => {
    const first = makeLog(name);
    first.write("of the first");
    const page = await EventClient.open(url);
    await page.until(({ entries }) => entries.length === 1);
    first.write("the last words");
    first.close();
    await page.until((page) => page.all("state").at(-1)?.state === "missing");
    await page.until((page) => page.all("logs").at(-1)?.[0].isThere === false);
    assert.deepEqual(page.entries.map(([, text]) => text), ["of the first", "the last words"]);
    using second = makeLog(name);
    second.write("of the second");
    await page.until(({ entries }) => entries.length === 3);
    assert.deepEqual(page.entries.at(-1), [1, "of the second"]);
    const states = page.all("state");
    assert.deepEqual(states.map(({ state }) => state), ["live", "missing", "live"]);
    assert.equal(states[0].segment, states[1].segment);
    assert.notEqual(states[0].segment, states[2].segment);
    page.close();
  });
});

test("a page continues with a log that is restarted in place, as with another one", async () => {
  const name = newName();
  const options = { chunkSize: 65536, chunkCount: 4, version: 2, unlinkOnClose: false } as const;
  const first = ShmLogWriter.create(name, options);
  await withServer([name], async ({ url }) => {
    first.writeMany(["one", "two"]);
    const page = await EventClient.open(url);
    await page.until(({ entries }) => entries.length === 2);
    first.close();
    using second = ShmLogWriter.create(name, {
      ...options,
      ifExists: "restart",
      unlinkOnClose: true,
    });
    second.write("uno");
    await page.until(({ entries }) => entries.length === 3);
    assert.deepEqual(page.entries.at(-1), [1, "uno"]);
    second.write("dos");
    second.finish();
    await page.until(({ entries }) => entries.length === 4);
    const segments = page.all("state").map(({ segment }) => segment);
    assert.equal(new Set(segments).size, 2);
    const ends = (page: EventClient) => page.all("state").map(({ isFinished }) => isFinished);
    await page.until((page) => ends(page).at(-1) === true);
    assert.deepEqual(ends(page), [undefined, undefined, true]);
    await page.until((page) => page.all("ring").at(-1)?.isFinished === true);
    page.close();
    // At once, where it was finished before.
    const late = await EventClient.open(url);
    await late.until((page) => page.all("state").at(0)?.isFinished === true);
    late.close();
  });
});

test("a page that was away while another log took the name is sent all of that", {
  skip: needsLettingGo,
}, async () => {
  const name = newName();
  const first = makeLog(name);
  first.writeMany(["one", "two"]);
  await withServer([name], async ({ url }) => {
    const page = await EventClient.open(url);
    await page.until(({ entries }) => entries.length === 2);
    const id = page.events.findLast(({ event }) => event === "entries")?.id ?? "";
    page.close();
    const same = await EventClient.open(url, { after: "0" }, { "last-event-id": id });
    first.write("three");
    await same.until(({ entries }) => entries.length === 1);
    assert.deepEqual(same.entries, [[3, "three"]]);
    same.close();

    first.close();
    using second = makeLog(name);
    second.writeMany(["a", "b", "c"]);
    const looking = await EventClient.open(url);
    await looking.until(({ entries }) => entries.some(([, text]) => text === "c"));
    looking.close();
    for (const after of [id, "2"]) {
      const back = await EventClient.open(url, { after });
      await back.until(({ entries }) => entries.some(([, text]) => text === "c"));
      const expected = after === id ? ["a", "b", "c"] : ["c"];
      assert.deepEqual(back.entries.map(([, text]) => text), expected, after);
      back.close();
    }
  });
});

test("a page may wait for a log that is not there yet", async () => {
  const name = newName();
  await withServer([name], async ({ url }) => {
    const page = await EventClient.open(url);
    await page.until((page) => page.all("state").at(-1)?.state === "missing");
    using log = makeLog(name);
    log.write("first");
    await page.until(({ entries }) => entries.length === 1);
    page.close();
  });
});

test("a server of several logs shows each, of shared memory or a file, and no others", async () => {
  const path = join(folder, "one.log");
  using one = makeLog();
  using other = makeLog();
  using file = ShmLogWriter.create({ path }, { chunkSize: 1024, chunkCount: 4 });
  one.write("of one");
  file.write("of the file");
  other.write("a secret");
  await withServer([one.name, { path }], async ({ url }) => {
    const first = await EventClient.open(url, { log: one.name });
    const second = await EventClient.open(url, { log: path });
    await first.until(({ entries }) => entries.length === 1);
    await second.until(({ entries }) => entries.length === 1);
    assert.deepEqual([first.entries[0][1], second.entries[0][1]], ["of one", "of the file"]);
    assert.deepEqual(
      first.all("logs")[0].map(({ name, isThere, isWriterAlive }) => [
        name,
        isThere,
        isWriterAlive,
      ]),
      [[one.name, true, true], [path, true, true]],
    );
    for (const log of [other.name, "/etc/passwd", "../x", ""]) {
      const page = await EventClient.open(url, { log });
      await page.until((page) => page.all("logs").length > 0);
      assert.equal(page.all("hello")[0].log, undefined, log);
      assert.deepEqual(page.entries, []);
      page.close();
    }
    first.close();
    second.close();
  });
});

test("a server of all logs tells which come and go", async () => {
  await withServer([], async ({ url }) => {
    const page = await EventClient.open(url);
    const name = newName();
    const has = (page: EventClient) => page.all("logs").at(-1)?.some((log) => log.name === name);
    {
      using _log = makeLog(name);
      await page.until((page) => has(page) === true);
    }
    await page.until((page) => has(page) === false);
    page.close();
  });
});

test("a log that can't be followed any more is reported, and does no harm", {
  skip: notOnWindows("Windows cuts off nothing that is mapped"),
}, async () => {
  const path = join(folder, "cut.log");
  using log = ShmLogWriter.create({ path }, { chunkSize: 65536, chunkCount: 4 });
  log.write("x");
  await withServer([{ path }], async ({ url }) => {
    const page = await EventClient.open(url);
    await page.until(({ entries }) => entries.length === 1);
    log.close();
    truncateSync(path, 4096);
    await page.until((page) => page.all("state").some(({ state }) => state === "failed"));
    const failure = page.all("state").find(({ state }) => state === "failed");
    assert.match(failure?.reason ?? "", /truncated/);
    writeFileSync(path, "no log at all");
    await page.until((page) => /not a log/.test(page.all("state").at(-1)?.reason ?? ""));
    page.close();
  });
});
