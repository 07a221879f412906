/** The live view behind proxies: nginx as the guide has it, and one that does as little as it may. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { complaintsOf, withoutBrowser, withPage } from "../support/browser.ts";
import { freePort } from "../support/free_port.ts";
import { isWindows } from "../support/platform.ts";
import { ask, EventClient, makeLog, withServer } from "../support/serve.ts";

const nginx = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"].find(existsSync);
const withoutNginx = isWindows
  ? "this machine's nginx is for Linux"
  : nginx === undefined
  ? "no nginx: apt-get install -y nginx-light"
  : false;
const HOST = "logs.example.com";
const allowed = { allowedHosts: [HOST] };
const guide = readFileSync(new URL("../../src/guides/serve.md", import.meta.url), "utf8");
const [, location] = /```nginx\n([^]*?)```/.exec(guide) ?? [];

/** nginx in front of a server, for as long as it is needed. */
async function withNginx(
  serverUrl: string,
  use: (origin: string) => Promise<void>,
  change: (location: string) => string = (same) => same,
): Promise<void> {
  const folder = mkdtempSync(`${tmpdir()}/ouroboros-nginx-`);
  try {
    for (;;) {
      const running = await startNginx(folder, await freePort(), serverUrl, change);
      if (running === undefined) continue;
      try {
        return await use(running.origin);
      } finally {
        await running.stop();
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Starts it; gives nothing if somebody else has taken the port meanwhile. */
async function startNginx(
  folder: string,
  port: number,
  serverUrl: string,
  change: (location: string) => string,
): Promise<{ origin: string; stop: () => Promise<void> } | undefined> {
  const { host } = new URL(serverUrl);
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${folder}/${name};`).join("\n");
  writeFileSync(
    `${folder}/nginx.conf`,
    `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
    events {}
    http {
      access_log off;
      ${paths}
      server {
        listen 127.0.0.1:${port};
        ${change(location).replace("127.0.0.1:8080", host)}
      }
    }`,
  );
  const child = spawn(nginx!, ["-c", `${folder}/nginx.conf`, "-p", folder, "-e", "stderr"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (data) => errors += data);
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const stop = () => {
    child.kill();
    return ended;
  };
  // It writes that file when it has the port; who answers there before may be somebody else.
  while (!existsSync(`${folder}/pid`)) {
    if (/bind\(\).*Address already in use/.test(errors)) return void await stop();
    assert.equal(child.exitCode, null, `nginx runs: ${errors}`);
    await sleep(20);
  }
  return { origin: `http://127.0.0.1:${port}`, stop };
}

test("nginx that does not get its port is started with another one", {
  skip: withoutNginx,
}, async () => {
  const taken = createTcpServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const folder = mkdtempSync(`${tmpdir()}/ouroboros-nginx-`);
  try {
    const { port } = taken.address() as AddressInfo;
    assert.equal(
      await startNginx(folder, port, "http://127.0.0.1:8080", (same) => same),
      undefined,
    );
  } finally {
    taken.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

/** The page, the endpoints and the stream, by a proxy that has them under `/logs/`. */
async function looksThrough(origin: string, serverUrl: string): Promise<void> {
  const { search } = new URL(serverUrl);
  const headers = { host: HOST };
  const page = await ask(`${origin}/logs/${search}`, { headers });
  assert.equal(page.status, 200);
  assert.match(page.body, /<title>ouroboros<\/title>/);
  assert.equal((await ask(`${origin}/logs/`, { headers })).status, 403);
  assert.equal(
    (await ask(`${origin}/logs/${search}`, { headers: { host: "evil.x" } })).status,
    421,
  );
  const { logs } = JSON.parse((await ask(`${origin}/logs/api/logs${search}`, { headers })).body);
  const name = encodeURIComponent(logs[0].name);
  const found = await ask(`${origin}/logs/api/logs/${name}/entries${search}`, { headers });
  assert.equal(found.status, 200, found.body);
  assert.equal(JSON.parse(found.body).entries[0].text, "one");
}

test("nginx with the lines of the guide passes on the page, questions, and each event at once", {
  skip: withoutNginx,
}, async () => {
  using log = makeLog();
  log.write("one");
  await withServer(
    [log.name],
    ({ url }) =>
      withNginx(url, async (origin) => {
        await looksThrough(origin, url);
        const stream = await EventClient.open(`${origin}/logs/${new URL(url).search}`, {}, {
          host: HOST,
        });
        await stream.until(({ entries }) => entries.length === 1);
        for (let n = 2; n <= 9; n++) {
          log.write(String(n));
          // The next one is not written before this one is here: nothing is kept in a buffer.
          await stream.until(({ entries }) => entries.length === n);
        }
        stream.close();
      }),
    undefined,
    allowed,
  );
});

test("nginx that passes the path on, and says by which name it was asked", {
  skip: withoutNginx,
}, async () => {
  using log = makeLog();
  log.write("one");
  const change = (lines: string) =>
    lines.replace(":8080/;", ":8080;")
      .replace("Host $host", "X-Forwarded-Host $host");
  await withServer(
    [log.name],
    ({ url }) => withNginx(url, (origin) => looksThrough(origin, url), change),
    undefined,
    { ...allowed, basePath: "/logs" },
  );
});

test("a page behind a proxy looks as it does without", {
  skip: withoutBrowser || withoutNginx,
}, async () => {
  using log = makeLog();
  log.write("one");
  await withServer([log.name], ({ url }) =>
    withNginx(url, (origin) =>
      withPage(async (page) => {
        const complaints = complaintsOf(page);
        await page.goto(`${origin}/logs/${new URL(url).search}`);
        await page.locator(".row .message >> text=one").waitFor();
        log.write("two");
        await page.locator(".row .message >> text=two").waitFor();
        assert.deepEqual(complaints, []);
      })));
});

test("a name that is not allowed is refused, whichever header it comes in", async () => {
  using log = makeLog();
  log.write("one");
  await withServer(
    [log.name],
    async ({ url }) => {
      const { port } = new URL(url);
      // Passes everything on under its own name, as many do, and says whose it is.
      const proxy = createServer((asked, response: ServerResponse) => {
        const headers = {
          ...asked.headers,
          host: `127.0.0.1:${port}`,
          "x-forwarded-host": asked.headers.host ?? "",
          "x-forwarded-for": "10.1.2.3",
          "x-forwarded-proto": "https",
        };
        const passed = request({ port, path: asked.url, headers, agent: false }, (answer) => {
          response.writeHead(answer.statusCode ?? 0, answer.headers);
          answer.pipe(response);
        });
        passed.on("error", () => response.destroy());
        asked.pipe(passed);
      });
      await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
      const { port: own } = proxy.address() as AddressInfo;
      const here = url.replace(`:${port}`, `:${own}`);
      try {
        for (const host of [HOST, `${HOST}:443`, `127.0.0.1:${own}`]) {
          assert.equal((await ask(here, { headers: { host } })).status, 200, host);
        }
        const refused = await ask(here, { headers: { host: "evil.example" } });
        assert.equal(refused.status, 421);
        assert.match(refused.body, /--allow-host/);
        const forwarded = { "x-forwarded-host": `${HOST}, evil.example` };
        assert.equal((await ask(url, { headers: forwarded })).status, 421);
      } finally {
        proxy.closeAllConnections();
        await new Promise((resolve) => proxy.close(resolve));
      }
    },
    undefined,
    allowed,
  );
});
