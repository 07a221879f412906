/** The server of the live view, as pages see it. */

import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import process from "node:process";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ShmLogWriter } from "../../mod.ts";
import type { LogTarget } from "../../src/shm_log/target.ts";
import { LiveServer } from "../../src/cli/serve/server.ts";
import { isOurHost } from "../../src/cli/serve/security.ts";
import { needsLettingGo, notOnWindows } from "../support/platform.ts";
import { ask, EventClient } from "../support/serve.ts";
import { uniqueName } from "../support/runtime.ts";

const newName = () => uniqueName("serve");

function makeLog(name: string = newName(), chunkSize = 65536): ShmLogWriter {
  return ShmLogWriter.create(name, { chunkSize, chunkCount: 4 });
}

/** A server for as long as a test needs it. */
async function withServer(
  targets: readonly LogTarget[],
  use: (server: LiveServer) => Promise<void>,
  mostEntries = 10_000,
): Promise<void> {
  const server = await LiveServer.start({ targets, host: "127.0.0.1", port: 0, mostEntries });
  try {
    await use(server);
  } finally {
    await server.close();
  }
}

test("the server answers nobody without its token", () =>
  withServer([newName()], async ({ url }) => {
    const { origin, searchParams } = new URL(url);
    const token = searchParams.get("token") ?? "";
    assert.ok(token.length >= 32);
    for (const path of ["/", "/events", "/nothing"]) {
      for (const query of ["", "?token=", `?token=${token}x`, `?token=${token.slice(0, -1)}`]) {
        const { status, headers, body } = await ask(`${origin}${path}${query}`);
        assert.equal(status, 403, `${path}${query}`);
        assert.ok(!body.includes(token));
        assert.match(String(headers["content-security-policy"]), /default-src 'none'/);
      }
    }
    assert.equal((await ask(url)).status, 200);
    assert.equal((await ask(`${origin}/nothing?token=${token}`)).status, 404);
    assert.equal((await ask(url, { method: "POST" })).status, 405);
  }));

test("each server has a token of its own", () =>
  withServer([newName()], (first) =>
    withServer([newName()], async (second) => {
      const address = new URL(first.url);
      address.port = new URL(second.url).port;
      assert.equal((await ask(address.href)).status, 403);
    })));

test("the server answers only to its own names, so that no other site can rebind one to it", () =>
  withServer([newName()], async ({ url }) => {
    const { port } = new URL(url);
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`, "localhost"]) {
      assert.equal((await ask(url, { headers: { host } })).status, 200, host);
    }
    for (const host of [`evil.example:${port}`, "localhost.evil.example", "10.0.0.1", "127.evil"]) {
      assert.equal((await ask(url, { headers: { host } })).status, 421, host);
    }
  }));

test("isOurHost() of a server that others may reach takes addresses, and the name it was given", () => {
  assert.ok(isOurHost("192.168.1.5:80", "0.0.0.0"));
  assert.ok(isOurHost("[fe80::1]:80", "::"));
  assert.ok(isOurHost("build-box:8080", "build-box"));
  assert.ok(!isOurHost("evil.example", "0.0.0.0"));
  assert.ok(!isOurHost("192.168.1.5", "127.0.0.1"));
  assert.ok(!isOurHost(undefined, "127.0.0.1"));
});

test("the page may run its one script, and nothing else", () =>
  withServer([newName()], async ({ url }) => {
    const { headers, body } = await ask(url);
    const policy = String(headers["content-security-policy"]);
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /script-src 'sha256-[\w+/]+={0,2}'/);
    assert.match(policy, /style-src 'sha256-[\w+/]+={0,2}'/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.match(policy, /require-trusted-types-for 'script'/);
    assert.doesNotMatch(policy, /unsafe|https?:|\*/);
    assert.equal(headers["referrer-policy"], "no-referrer");
    assert.equal(headers["x-frame-options"], "DENY");
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.equal(headers["cache-control"], "no-store");
    assert.equal(headers["access-control-allow-origin"], undefined);
    assert.doesNotMatch(body, /(src|href)=["']?https?:/);
    assert.ok(!body.includes("/*SCRIPT*/") && !body.includes("/*STYLE*/"));
  }));

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
    assert.equal(ids.at(-1), "4");
    page.close();
  });
});

test("a stream that begins anew goes on after the last entry", async () => {
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
    const some = await EventClient.open(url, { search: '"FIZZ 3"', after: "5" });
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
      EventClient.open(url, { search: "b" }),
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

test("of more than the rate a page gets a sample, and is told of the rest", async () => {
  using log = makeLog();
  await withServer([log.name], async ({ url }) => {
    const page = await EventClient.open(url);
    await page.until((page) => page.all("history").length > 0);
    for (let i = 0; i < 20; i++) {
      for (let n = 0; n < 200; n++) log.write("x");
      await sleep(10);
    }
    await page.until((page) => page.all("stats").some(({ last }) => last === 4000));
    await page.until(({ entries }) => entries.length > 0);
    const left = page.all("entries").reduce((sum, one) => sum + one.left, 0);
    assert.ok(page.entries.length < 1000, `${page.entries.length} of a rate of 100 a second`);
    assert.ok(left > 0 && page.entries.length + left <= 4000);
    const numbers = page.entries.map(([number]) => number);
    assert.deepEqual(numbers, [...new Set(numbers)].sort((a, b) => a - b));
    page.close();
  }, 100);
});

test("a page that takes nothing costs the server a bounded amount, and is told what it missed", async () => {
  using log = makeLog(undefined, 4 << 20);
  await withServer([log.name], async ({ url }) => {
    const { port, search } = new URL(url);
    const socket = connect(Number(port), "127.0.0.1");
    await new Promise((resolve) => socket.once("connect", resolve));
    socket.pause();
    socket.write(`GET /events${search} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await sleep(200);
    const text = "x".repeat(8000);
    let written = 0;
    for (; written < 8000; written += 200) {
      for (let n = 0; n < 200; n++) log.write(text);
      await sleep(40);
    }
    let received = 0;
    let rest = "";
    const dropped = new Promise<number>((resolve) => {
      socket.on("data", (piece) => {
        received += piece.length;
        rest = (rest + piece.toString("latin1")).slice(-100_000);
        const stats = [...rest.matchAll(/"last":8000,.*?"dropped":(\d+)/g)].at(-1);
        if (stats !== undefined) resolve(Number(stats[1]));
      });
    });
    socket.resume();
    assert.ok(await dropped > 0);
    // What the system buffers for a connection, and what waits for it: of 64 MB.
    assert.ok(received < 24e6, `${received} bytes waited`);
    socket.destroy();
  });
});

test("a page is told when its log is removed, and goes on with the next one of that name", {
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
    assert.deepEqual(page.all("state").map(({ state, generation }) => [state, generation]), [
      ["live", 1],
      ["missing", 1],
      ["live", 2],
    ]);
    page.close();
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
  const path = `${tmpdir()}/ouroboros-serve-${process.pid}.log`;
  using one = makeLog();
  using other = makeLog();
  try {
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
  } finally {
    rmSync(path, { force: true });
  }
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

test("a log that can't be followed any more is said to be so, and does no harm", {
  skip: notOnWindows("Windows cuts off nothing that is mapped"),
}, async () => {
  const path = `${tmpdir()}/ouroboros-serve-cut-${process.pid}.log`;
  try {
    const { truncateSync, writeFileSync } = await import("node:fs");
    using log = ShmLogWriter.create({ path }, { chunkSize: 65536, chunkCount: 4 });
    log.write("x");
    await withServer([{ path }], async ({ url }) => {
      const page = await EventClient.open(url);
      await page.until(({ entries }) => entries.length === 1);
      log.close();
      truncateSync(path, 4096);
      await page.until((page) => page.all("state").at(-1)?.state === "failed");
      assert.match(page.all("state").at(-1)?.reason ?? "", /truncated/);
      writeFileSync(path, "no log at all");
      await page.until((page) => /not a log/.test(page.all("state").at(-1)?.reason ?? ""));
      page.close();
    });
  } finally {
    rmSync(path, { force: true });
  }
});

test("questions that make no sense are answered, and the server goes on", async () => {
  using log = makeLog();
  log.write("x");
  await withServer([log.name], async ({ url }) => {
    const ofEvents = (query: string) => `${url.replace("/?", "/events?")}&${query}`;
    assert.equal((await ask(ofEvents("level=loud"))).status, 400);
    assert.equal((await ask(ofEvents(`search=${"x".repeat(2000)}`))).status, 400);
    for (const after of ["-1", "NaN", "1e999", "0x1", "x"]) {
      const page = await EventClient.open(url, { after });
      await page.until(({ entries }) => entries.length === 1);
      page.close();
    }
    const { port, search } = new URL(url);
    for (const line of [`GET //${search} HTTP/1.1`, "GET http://[ HTTP/1.1", "nonsense"]) {
      const socket = connect(Number(port), "127.0.0.1");
      socket.on("error", () => {});
      await new Promise((resolve) => socket.once("connect", resolve));
      socket.end(`${line}\r\nHost: localhost\r\n\r\n`);
      await sleep(20);
      socket.destroy();
    }
    assert.equal((await ask(url)).status, 200);
  });
});
