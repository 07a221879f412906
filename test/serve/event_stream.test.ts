/** What a page is sent of a log: all of it, a sample, or how much it missed. */

import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { EventClient, makeLog, withServer } from "../support/serve.ts";

/** The connection of a page that takes nothing until it is resumed. */
async function pausedPage(url: string): Promise<Socket> {
  const { port, search } = new URL(url);
  const socket = connect({ port: Number(port), host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("connect", resolve));
  socket.pause();
  socket.write(`GET /events${search} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  return socket;
}

/** The number that a message of a stream says, as soon as one matches. */
function numberOf(socket: Socket, pattern: RegExp): Promise<number> {
  let rest = "";
  return new Promise((resolve) => {
    socket.on("data", (piece) => {
      rest = (rest + piece.toString("latin1")).slice(-100_000);
      const [, number] = pattern.exec(rest) ?? [];
      if (number !== undefined) resolve(Number(number));
    });
    socket.resume();
  });
}

test("a stream gives what is there, then what comes", async () => {
  using log = makeLog();
  log.writeMany(["one", "two"]);
  await withServer([log.name], async ({ url }) => {
    const page = await EventClient.open(url);
    await page.until(({ entries }) => entries.length === 2);
    log.write("three");
    await page.until(({ entries }) => entries.length === 3);
    log.write("four");
    await page.until(({ entries }) => entries.length === 4);
    assert.deepEqual(page.entries, [[1, "one"], [2, "two"], [3, "three"], [4, "four"]]);
    assert.equal(page.all("hello")[0].log, log.name);
    assert.equal(page.all("entries")[0].isPast, true);
    await page.until((page) => page.all("stats").some(({ last }) => last === 4));
    await page.until((page) => page.all("ring").some(({ entries }) => entries === 4));
    const ids = page.events.filter(({ event }) => event === "entries").map(({ id }) => id);
    assert.match(ids.at(-1) ?? "", /^4\.[\d-]+$/);
    page.close();
  });
});

test("a question for a log is answered, too, where the page names none", async () => {
  using log = makeLog();
  log.write("one");
  await withServer([log.name], async (server) => {
    const client = await EventClient.open(server.url, { where: `log:="${log.name}"` });
    await client.until(({ entries }) => entries.length === 1);
    log.write("two");
    await client.until(({ entries }) => entries.length === 2);
    client.close();
  });
});

test("a stream that starts again continues after the last entry", async () => {
  using log = makeLog();
  log.writeMany(["one", "two", "three"]);
  await withServer([log.name], async ({ url }) => {
    const asked = await EventClient.open(url, { after: "2" });
    const broken = await EventClient.open(url, { after: "0" }, { "last-event-id": "1" });
    const other = await EventClient.open(url, { after: "1000" });
    await asked.until(({ entries }) => entries.length > 0);
    await broken.until(({ entries }) => entries.length > 0);
    await other.until(({ entries }) => entries.length > 0);
    assert.deepEqual(asked.entries, [[3, "three"]]);
    assert.deepEqual(broken.entries, [[2, "two"], [3, "three"]]);
    assert.equal(other.entries.length, 3, "of another log of that name");
    for (const page of [asked, broken, other]) page.close();
  });
});

test("a stream shows the last 1000 of what was there, and says how many others", async () => {
  using log = makeLog();
  for (let i = 1; i <= 3000; i++) log.write(i % 3 === 0 ? `fizz ${i}` : `${i}`);
  await withServer([log.name], async ({ url }) => {
    const all = await EventClient.open(url);
    const some = await EventClient.open(url, { where: '"FIZZ 3"', after: "5" });
    await all.until(({ entries }) => entries.length > 0);
    await some.until(({ entries }) => entries.length > 0);
    assert.deepEqual([all.entries[0][0], all.entries.length], [2001, 1000]);
    assert.equal(all.all("entries")[0].left, 2000);
    const expected = Array.from({ length: 3000 }, (_, i) => i + 1)
      .filter((i) => i % 3 === 0 && String(i).startsWith("3") && i > 5);
    assert.deepEqual(some.entries.map(([number]) => number), expected);
    all.close();
    some.close();
  });
});

test("several pages look at one log by one follower, each with its own filter", async () => {
  using log = makeLog();
  await withServer([log.name], async (server) => {
    const { url } = server;
    const pages = await Promise.all([
      EventClient.open(url),
      EventClient.open(url, { where: "b" }),
      EventClient.open(url, { level: "error" }),
      EventClient.open(url, { entries: "0" }),
    ]);
    await Promise.all(pages.map((page) => page.until((page) => page.all("history").length > 0)));
    log.writeMany(["a", "b", '{"level":"error","time":1700000000000,"msg":"B"}']);
    await Promise.all(
      pages.map((page) => page.until((page) => page.all("stats").some(({ last }) => last === 3))),
    );
    await pages[0].until(({ entries }) => entries.length === 3);
    await pages[1].until(({ entries }) => entries.length === 2);
    await pages[2].until(({ entries }) => entries.length === 1);
    assert.deepEqual(pages.map(({ entries }) => entries.map(([number]) => number)), [
      [1, 2, 3],
      [2, 3],
      [3],
      [],
    ]);
    assert.equal(server.followedLogs, 1);
    for (const page of pages) page.close();
  });
});

test("what was overwritten before it was read is counted to the entry", async () => {
  using log = makeLog(undefined, 1024);
  await withServer([log.name], async ({ url }) => {
    const page = await EventClient.open(url);
    await page.until((page) => page.all("history").length > 0);
    // Nobody reads while this runs, and the ring holds a few hundred.
    for (let i = 1; i <= 10_000; i++) log.write(`line ${i}`);
    await page.until((page) => page.all("stats").some(({ last }) => last === 10_000));
    await page.until(({ entries }) => entries.at(-1)?.[0] === 10_000);
    const { lost } = page.all("stats").at(-1) ?? { lost: -1 };
    assert.ok(lost > 9000);
    assert.equal(page.entries.length + lost, 10_000);
    page.close();
  });
});

test("of more than the rate a page gets a sample, and the number of the rest", async () => {
  using log = makeLog();
  await withServer([log.name], async ({ url }) => {
    const start = performance.now();
    const page = await EventClient.open(url);
    await page.until((page) => page.all("history").length > 0);
    for (let i = 0; i < 20; i++) {
      for (let n = 0; n < 200; n++) log.write("x");
      await sleep(10);
    }
    await page.until((page) => page.all("stats").some(({ last }) => last === 4000));
    await page.until(({ entries }) => entries.length > 0);
    const seconds = (performance.now() - start) / 1000;
    const left = page.all("entries").reduce((sum, one) => sum + one.left, 0);
    // What half a second allows is there to begin with.
    const most = 50 + 100 * seconds;
    assert.ok(page.entries.length <= most, `${page.entries.length} of a rate of 100 a second`);
    assert.ok(left > 0 && page.entries.length + left <= 4000);
    const numbers = page.entries.map(([number]) => number);
    assert.deepEqual(numbers, [...new Set(numbers)].sort((a, b) => a - b));
    page.close();
  }, 100);
});

test("a page that takes nothing costs the server a bounded amount, and gets the number of what it missed", async () => {
  using log = makeLog(undefined, 4 << 20);
  await withServer([log.name], async (server) => {
    const socket = await pausedPage(server.url);
    while (server.followedLogs === 0) await sleep(5);
    const text = "x".repeat(8000);
    let written = 0;
    for (; written < 8000; written += 200) {
      for (let n = 0; n < 200; n++) log.write(text);
      await sleep(40);
    }
    let received = 0;
    socket.on("data", (piece) => received += piece.length);
    assert.ok(await numberOf(socket, /"last":8000,.*?"dropped":(\d+)\D/) > 0);
    // What the system buffers for a connection, and what waits for it: of 64 MB.
    assert.ok(received < 24e6, `${received} bytes waited`);
    socket.destroy();
  });
});

test("a page that has taken nothing for long is dropped, also one that is half closed", async () => {
  using log = makeLog(undefined, 4 << 20);
  await withServer(
    [log.name],
    async (server) => {
      const [open, halfClosed] = await Promise.all([0, 1].map(() => pausedPage(server.url)));
      while (server.pages < 2) await sleep(5);
      const text = "x".repeat(8000);
      // Until nothing more goes into the buffers of the system.
      for (let written = 0; server.pages > 0; written += 200) {
        if (written < 10_000) { for (let n = 0; n < 200; n++) log.write(text); }
        if (written === 4000) halfClosed.end();
        await sleep(40);
      }
      const page = await EventClient.open(server.url);
      await page.until(({ entries }) => entries.length > 0);
      page.close();
      for (const socket of [open, halfClosed]) socket.destroy();
    },
    undefined,
    { patience: 500 },
  );
});

test("a log that no page takes anything of is not read, and what was overwritten is counted", async () => {
  using log = makeLog(undefined, 4 << 20);
  await withServer([log.name], async (server) => {
    const socket = await pausedPage(server.url);
    while (server.followedLogs === 0) await sleep(5);
    const text = "x".repeat(8000);
    let written = 0;
    for (; written < 8000; await sleep(40)) {
      for (let n = 0; n < 200; n++, written++) log.write(text);
    }
    // Longer than the server waits for a page that takes nothing, however long this took.
    await sleep(7000);
    // Several laps, at a pace at which a server that reads loses nothing.
    for (; written < 16_000; await sleep(40)) {
      for (let n = 0; n < 200; n++, written++) log.write(text);
    }
    assert.ok(await numberOf(socket, /"last":16000,"lost":(\d+)\D/) > 4000);
    socket.destroy();
  });
});

const TIME = "2026-11-29T20:00:00.123456789Z";

test("a line in parts is one row, of what was there and of what comes; searched as one", async () => {
  using log = makeLog();
  const write = (text: string) => log.write(`${TIME} ${text}`);
  write("stdout P one ");
  write("stderr F between");
  write("stdout F two");
  await withServer([log.name], async ({ url }) => {
    const page = await EventClient.open(url);
    await page.until(({ entries }) => entries.length === 2);
    const found = await EventClient.open(url, { where: '"one two"' });
    await found.until(({ entries }) => entries.length === 1);
    write("stdout P three ");
    write("stdout P four ");
    write("stdout F five");
    write("stdout F alone");
    await page.until(({ entries }) => entries.length === 4);
    assert.deepEqual(page.entries.map(([number, text]) => [number, text.slice(31)]), [
      [2, "stderr F between"],
      [3, "stdout F one two"],
      [6, "stdout F three four five"],
      [7, "stdout F alone"],
    ]);
    assert.deepEqual(found.entries.map(([number]) => number), [3]);
    // What was asked for begins in the middle of a line: its rest is shown.
    const late = await EventClient.open(url, { after: "5" });
    await late.until(({ entries }) => entries.length === 2);
    assert.equal(late.entries[0][1].slice(31), "stdout F five");
    for (const client of [page, found, late]) client.close();
  });
});

test("a line in parts is shown with its size, and as far as there is one", async () => {
  using log = makeLog();
  const part = "x".repeat(6000);
  log.write(`${TIME} stdout P ${part}`);
  log.write(`${TIME} stdout F ${part}`);
  log.write(`${TIME} stdout P no end`);
  await withServer([log.name], async ({ url }) => {
    const page = await EventClient.open(url);
    await page.until(({ entries }) => entries.length === 2);
    const rows = page.all("entries").flatMap(({ rows }) => rows);
    assert.deepEqual(rows.map(([number, text, bytes]) => [number, text.length, bytes]), [
      [2, 8192, 40 + 12_000],
      [3, 46, undefined],
    ]);
    page.close();
  });
});
