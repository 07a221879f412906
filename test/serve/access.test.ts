/** Who gets an answer of the live view's server, and what the page may do. */

import assert from "node:assert/strict";
import { connect } from "node:net";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isOurHost } from "../../src/cli/serve/security.ts";
import { ask, EventClient, makeLog, newName, withServer } from "../support/serve.ts";

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

test("a proxy may give the server another name, and a path", () =>
  withServer(
    [newName()],
    async ({ url }) => {
      const { origin, port, pathname, search } = new URL(url);
      assert.equal(pathname, "/logs/");
      const headers = { host: `Logs.Example.com:${port}` };
      assert.equal((await ask(url, { headers })).status, 200);
      assert.equal((await ask(url, { headers: { host: "evil.example" } })).status, 421);
      for (const path of ["/", "/events", "/logs", "/logs//"]) {
        assert.equal((await ask(`${origin}${path}${search}`)).status, 404, path);
      }
      const page = await EventClient.open(url, {}, headers);
      assert.equal(page.status, 200);
      assert.equal(page.headers["x-accel-buffering"], "no", "nginx passes on each event at once");
      page.close();
    },
    undefined,
    { basePath: "/logs", allowedHosts: ["logs.example.com"] },
  ));

test("connections that ask for nothing take no room from those that do", async () => {
  using log = makeLog();
  log.write("x");
  await withServer([log.name], async ({ url }) => {
    const page = await EventClient.open(url);
    let closed = 0;
    const idle = await Promise.all(Array.from({ length: 200 }, async (_, i) => {
      const socket = connect(Number(new URL(url).port), "127.0.0.1");
      socket.on("error", () => {}).on("close", () => closed++);
      await new Promise((resolve) => socket.once("connect", resolve));
      // Some begin a question, and do not end it.
      if (i % 2 === 0) socket.write("GET /?token=x HTTP/1.1\r\nHost: localhost\r\nx-");
      return socket;
    }));
    while (closed < 200 - 64) await sleep(10);
    assert.equal((await ask(url)).status, 200);
    const other = await EventClient.open(url);
    log.write("y");
    await other.until(({ entries }) => entries.length === 2);
    await page.until(({ entries }) => entries.length === 2);
    for (const socket of idle) socket.destroy();
    page.close();
    other.close();
  });
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

test("requests that make no sense are answered, and the server still serves", async () => {
  using log = makeLog();
  log.write("x");
  await withServer([log.name], async ({ url }) => {
    const ofEvents = (query: string) => `${url.replace("/?", "/events?")}&${query}`;
    assert.equal((await ask(ofEvents("level=loud"))).status, 400);
    assert.equal((await ask(ofEvents(`where=${"x".repeat(2000)}`))).status, 400);
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
