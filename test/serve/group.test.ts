/** The slots of a name as one log, in the list and in one view. */

import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import { ShmLogReader } from "../../mod.ts";
import { delay } from "../../src/async.ts";
import { EntryFilter } from "../../src/cli/serve/entry_filter.ts";
import { LiveGroup } from "../../src/cli/serve/live_group.ts";
import type { Messages } from "../../src/cli/serve/messages.ts";
import { Watcher } from "../../src/cli/serve/watcher.ts";
import { needsSpeed } from "../support/platform.ts";
import { EventClient, makeLog, newName, withServer } from "../support/serve.ts";

const skip = process.platform === "darwin" && "this system does not list shared memory";

const line = (time: number, msg: string) =>
  JSON.stringify({ level: 30, time: 1_700_000_000_000 + time, msg });

/** The messages of the rows so far, each with the end of its log's name. */
function rowsOf(client: EventClient): string {
  return client.all("entries").flatMap(({ rows }) => rows)
    .map(([, text, , source]) => `${JSON.parse(text).msg}${source?.at(-1)}`).join(" ");
}

test("the slots of a name are listed as one log with its parts, and shown by time", {
  skip,
}, async () => {
  const base = newName();
  using zero = makeLog(`${base}.0`);
  using one = makeLog(`${base}.1`);
  using _other = makeLog(`${base}-other`);
  zero.write(line(1, "a"));
  one.write(line(2, "b"));
  zero.write(line(3, "c"));
  await withServer([`${base}*`], async (server) => {
    const group = `${base}.{slot}`;
    const client = await EventClient.open(server.url, { log: group });
    await client.until(() => client.all("logs").length > 0);
    const mine = client.all("logs")[0].filter(({ name }) => name.startsWith(`${base}.`))
      .map(({ name, parts, isPart }) => [name, parts, isPart]);
    assert.deepEqual(mine, [
      [group, 2, undefined],
      [`${base}.0`, undefined, true],
      [`${base}.1`, undefined, true],
    ]);
    await client.until(() => rowsOf(client) === "a0 b1 c0");
    // One that begins later joins, and one that ends does no harm.
    one.close();
    using two = makeLog(`${base}.2`);
    two.write(line(4, "d"));
    await client.until(() => rowsOf(client) === "a0 b1 c0 d2");
    client.close();
    // A page that comes later gets what was there, as far as it matches.
    const second = await EventClient.open(server.url, { log: group, where: `c log:"${base}.0"` });
    await second.until(() => rowsOf(second) === "c0");
    second.close();
    const third = await EventClient.open(server.url, { log: group, where: "-log:.0 -log:.1" });
    two.write(line(5, "e"));
    await third.until(() => rowsOf(third) === "d2 e2");
    third.close();
    const stranger = await EventClient.open(server.url, { log: "/nothing.{slot}" });
    await stranger.until(() => stranger.all("hello").length > 0);
    assert.equal(stranger.all("hello")[0].log, undefined);
    stranger.close();
  });
});

test("a line in parts is one row in the view of several logs, too", { skip }, async () => {
  const base = newName();
  using zero = makeLog(`${base}.0`);
  using one = makeLog(`${base}.1`);
  const time = "2026-11-29T20:00:00.123456789Z";
  zero.write(`${time} stdout P a`);
  one.write(`${time} stdout P c`);
  zero.write(`${time} stdout F b`);
  one.write(`${time} stdout F d`);
  await withServer([`${base}*`], async (server) => {
    const client = await EventClient.open(server.url, { log: `${base}.{slot}` });
    await client.until(({ entries }) => entries.length === 2);
    assert.deepEqual(client.entries.map(([, text]) => text.slice(31)).sort(), [
      "stdout F ab",
      "stdout F cd",
    ]);
    client.close();
  });
});

test("what one of several logs gets at its very end is shown, too", {
  skip,
  timeout: 60_000,
}, async (t) => {
  const base = newName();
  using zero = makeLog(`${base}.0`);
  const one = makeLog(`${base}.1`);
  one.write(line(1, "a"));
  const { isAbandoned } = ShmLogReader.prototype;
  let hasEnded = false;
  // Its writer ends when nothing more was found to read, and before it is looked whether it is there.
  t.mock.method(ShmLogReader.prototype, "isAbandoned", function (this: ShmLogReader) {
    if (!hasEnded && this.name === one.name) {
      hasEnded = true;
      one.write(line(2, "b"));
      one.close();
    }
    return isAbandoned.call(this);
  });
  await withServer([`${base}*`], async (server) => {
    const client = await EventClient.open(server.url, { log: `${base}.{slot}` });
    await client.until(() => hasEnded && client.entries.length >= 2);
    zero.write(line(3, "c"));
    await client.until(() => rowsOf(client) === "a1 b1 c0");
    client.close();
  });
});

test("a look for other logs that fails does not end the view", { skip }, async () => {
  const name = newName();
  using zero = makeLog(`${name}.0`);
  let looks = 0;
  const group = new LiveGroup(`${name}.{slot}`, () => {
    if (++looks > 1) throw new Error("no descriptor is free");
    return [{ name: zero.name, target: zero.name }];
  }, () => {});
  try {
    const rows: string[] = [];
    const sink = {
      isReady: true,
      send: (event: string, data: unknown) => {
        if (event === "entries") {
          rows.push(...(data as Messages["entries"]).rows.map(([, text]) => text));
        }
      },
    };
    const options = { filter: new EntryFilter(), wantsEntries: true, mostEntries: 1000 };
    group.add(new Watcher(sink, options), "");
    while (looks < 3) await delay(10);
    zero.write(line(1, "a"));
    while (rows.length === 0) await delay(10);
    assert.deepEqual(rows, [line(1, "a")]);
  } finally {
    group.close();
  }
});

test("the rate of several logs is that of what was written, also if most of it is lost", {
  skip: skip || needsSpeed,
  timeout: 60_000,
}, async () => {
  const base = newName();
  using zero = makeLog(`${base}.0`);
  using _one = makeLog(`${base}.1`);
  zero.write(line(1, "a"));
  await withServer([`${base}*`], async (server) => {
    const client = await EventClient.open(server.url, { log: `${base}.{slot}` });
    await client.until(() => rowsOf(client) === "a0");
    await client.until(() => client.all("stats").length > 4);
    // The server is this process: it reads nothing meanwhile.
    for (let n = 0; n < 20_000; n++) zero.write(line(2, "b"));
    await client.until(() => client.all("stats").some(({ lost }) => lost > 10_000));
    // All in the same time: most was lost, and has the length of what was read.
    const isWritten = ({ entries, examined, bytes }: Messages["stats"]) =>
      examined > 0 && entries > 5 * examined && bytes > 40 * entries;
    await client.until(() => client.all("stats").some(isWritten));
    client.close();
  });
});
