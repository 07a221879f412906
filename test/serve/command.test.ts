/** `ouroboros serve` as a command. */

import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { spawn } from "node:child_process";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import process from "node:process";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ShmLogWriter } from "../../mod.ts";
import { openBrowser } from "../../src/cli/serve/open_browser.ts";
import { cliCommand, runCli, runHere, startCli } from "../support/cli.ts";
import { sameOnAll, uniqueName } from "../support/runtime.ts";
import { ask, EventClient } from "../support/serve.ts";

test("serve prints its address, shows the log, and ends on Ctrl-C with a page open", async () => {
  using log = ShmLogWriter.create(uniqueName("serve"), {
    unlinkOnClose: true,
    chunkSize: 65536,
    chunkCount: 4,
  });
  log.write("hello");
  const running = startCli(["serve", log.name, "--port", 0]);
  await running.until((stdout) => stdout.endsWith("\n"));
  const url = running.stdout.trim();
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{32}$/);
  const page = await EventClient.open(url);
  await page.until(({ entries }) => entries.length === 1);
  running.signal("SIGINT");
  const { code, stdout, stderr } = await running.ended();
  assert.deepEqual([code, stdout, stderr], [0, `${url}\n`, ""]);
});

test("serve outlives a crowd of idle connections where descriptors are few", {
  skip: process.platform !== "linux" ? "wants a shell with ulimit -n" : false,
}, async () => {
  using log = ShmLogWriter.create(uniqueName("serve"), {
    unlinkOnClose: true,
    chunkSize: 65536,
    chunkCount: 4,
  });
  log.write("hello");
  const [command, args] = cliCommand(["serve", log.name, "--port", 0]);
  const child = spawn("sh", ["-c", 'ulimit -n 100; exec "$0" "$@"', command, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const url = await new Promise<string>((resolve, reject) => {
      child.stdout.once("data", (text) => resolve(String(text).trim()));
      child.once("exit", () => reject(new Error("serve ended")));
    });
    const page = await EventClient.open(url);
    await page.until(({ entries }) => entries.length === 1);
    const sockets = Array.from({ length: 200 }, () => {
      const socket = connect(Number(new URL(url).port), "127.0.0.1");
      return socket.on("error", () => {});
    });
    // Longer than it takes to look which logs there are.
    await sleep(2500);
    for (const socket of sockets) socket.destroy();
    let status = 0;
    while (status !== 200) {
      assert.equal(child.exitCode ?? child.signalCode, null, "it is alive");
      await sleep(200);
      // A question may be lost with the connection that nobody accepted.
      const asking = ask(url).then((answer) => answer.status, () => 0);
      status = await Promise.race([asking, sleep(1000).then(() => 0)]);
    }
    page.close();
  } finally {
    child.kill("SIGKILL");
  }
});

test("serve warns where others may connect", async () => {
  const running = startCli(["serve", uniqueName("serve"), "--host", "0.0.0.0"]);
  await running.until((stdout) => stdout.endsWith("\n"));
  const { port, search } = new URL(running.stdout.trim());
  assert.equal((await ask(`http://127.0.0.1:${port}/${search}`)).status, 200);
  running.signal("SIGTERM");
  const { code, stderr } = await running.ended();
  assert.equal(code, 0);
  assert.match(stderr, /^ouroboros: 0\.0\.0\.0 can be reached from other machines/);
});

test("serve says what is wrong", { skip: sameOnAll }, async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", () => resolve()));
  const { port } = other.address() as { port: number };
  const taken = runCli(["serve", "--port", port]);
  other.close();
  assert.equal(taken.code, 1);
  const next = "choose another --host or --port";
  assert.match(
    taken.stderr,
    new RegExp(
      `^ouroboros: can't listen on 127\\.0\\.0\\.1, port ${port}: .*(EADDRINUSE|in use).*; ${next}\n$`,
    ),
  );
  // 192.0.2.0/24 is for documents: no machine has an address of it.
  const foreign = runCli(["serve", "--host", "192.0.2.1"]);
  assert.equal(foreign.code, 1);
  assert.match(
    foreign.stderr,
    new RegExp(`^ouroboros: can't listen on 192\\.0\\.2\\.1, port 0: .+; ${next}\n$`),
  );
  for (const args of [["--port", 70000], ["--port", "x"], ["--rate", 0]]) {
    assert.equal((await runHere("serve", ...args)).code, 2, args.join(" "));
  }
});

const isLinux = process.platform === "linux" ? false : "xdg-open is Linux's";

test(
  "--open gives the address to the browser, and to no command line",
  { skip: isLinux },
  async () => {
    const folder = mkdtempSync(`${tmpdir()}/ouroboros-open-`);
    const { PATH } = process.env;
    const url = "http://127.0.0.1:1/?token=secret";
    try {
      writeFileSync(`${folder}/xdg-open`, `#!/bin/sh\necho "$@" > ${folder}/said\n`);
      chmodSync(`${folder}/xdg-open`, 0o700);
      process.env.PATH = `${folder}:${PATH}`;
      const forget = await openBrowser(url);
      while (!existsSync(`${folder}/said`) || statSync(`${folder}/said`).size === 0) {
        await sleep(
          10,
        );
      }
      const file = readFileSync(`${folder}/said`, "utf8").trim();
      assert.ok(!file.includes("secret"));
      assert.equal(statSync(file).mode & 0o777, 0o600);
      assert.ok(readFileSync(file, "utf8").includes(`url=${url}"`));
      forget();
      assert.equal(existsSync(file), false);
      process.env.PATH = "/nowhere";
      await assert.rejects(openBrowser(url), { code: "ENOENT" });
    } finally {
      process.env.PATH = PATH;
      rmSync(folder, { recursive: true });
    }
  },
);

test(
  "serve takes its token from a file, and says what is wrong with one",
  { skip: sameOnAll },
  async () => {
    const folder = mkdtempSync(`${tmpdir()}/ouroboros-token-`);
    try {
      const path = `${folder}/token`;
      for (const text of ["short", "with a space in it, and long", ""]) {
        writeFileSync(path, text);
        const { code, stderr } = await runCli(["serve", uniqueName("serve"), "--token-file", path]);
        assert.equal(code, 1);
        assert.match(stderr, /--token-file .*token: 16 to 200 letters/);
      }
      const missing = await runCli(["serve", "--token-file", `${path}.not`]);
      assert.equal(missing.code, 1);
      assert.match(missing.stderr, /token\.not/);
      const token = "0123456789abcdef0123";
      writeFileSync(path, `${token}\n`);
      const running = startCli(["serve", uniqueName("serve"), "--token-file", path]);
      await running.until((stdout) => stdout.endsWith("\n"));
      const { origin, searchParams } = new URL(running.stdout.trim());
      assert.equal(searchParams.get("token"), token);
      const headers = { authorization: `Bearer ${token}` };
      assert.equal((await ask(`${origin}/api/logs`, { headers })).status, 200);
      running.signal("SIGINT");
      assert.equal((await running.ended()).code, 0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
