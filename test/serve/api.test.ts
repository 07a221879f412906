/** What the server answers programs. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ShmLogWriter } from "../../mod.ts";
import type { LiveServer } from "../../src/cli/serve/server.ts";
import { thisRuntime, uniqueName } from "../support/runtime.ts";
import { type Answer, ask, EventClient, makeLog, newName, withServer } from "../support/serve.ts";

const TIME = 1_700_000_000_000;
const line = (n: number) =>
  JSON.stringify({ level: n % 10 === 0 ? 50 : 30, time: TIME + n * 1000, msg: `line ${n}` });

/** Asks for a path of the API, with the token in a header. */
function askFor(server: LiveServer, path: string, headers = {}): Promise<Answer> {
  const { origin, searchParams } = new URL(server.url);
  const authorization = `Bearer ${searchParams.get("token")}`;
  return ask(`${origin}${path}`, { headers: { authorization, ...headers } });
}

/** Asks for entries of a log that must be there. */
async function entriesOf(server: LiveServer, name: string, query: string): Promise<{
  log: string;
  segment: string;
  oldest: number;
  newest: number;
  next: string;
  isMore: boolean;
  seqs: number[];
  entries: {
    seq: number;
    text?: string;
    base64?: string;
    time?: string;
    level?: string;
    bytes?: number;
  }[];
}> {
  const { status, body, headers } = await askFor(
    server,
    `/api/logs/${encodeURIComponent(name)}/entries?${query}`,
  );
  assert.equal(status, 200, body);
  assert.equal(headers["content-type"], "application/json; charset=utf-8");
  const answer = JSON.parse(body);
  return { ...answer, seqs: answer.entries.map(({ seq }: { seq: number }) => seq) };
}

test("the token may be in the query or in a header, and nothing else will do", async () => {
  using log = makeLog();
  await withServer([log.name], async (server) => {
    const { origin, search, searchParams } = new URL(server.url);
    const token = searchParams.get("token");
    for (const path of ["/", "/api/logs", "/api/nothing"]) {
      assert.equal((await ask(`${origin}${path}`)).status, 403, path);
      for (
        const authorization of ["", "Bearer", "Bearer x", `Basic ${token}`, `Bearer ${token}x`]
      ) {
        assert.equal((await ask(`${origin}${path}`, { headers: { authorization } })).status, 403);
      }
    }
    assert.equal((await ask(`${origin}/api/logs${search}`)).status, 200);
    for (const authorization of [`Bearer ${token}`, `bearer  ${token}`]) {
      const { status, headers } = await ask(`${origin}/api/logs`, { headers: { authorization } });
      assert.equal(status, 200);
      assert.equal(headers["access-control-allow-origin"], undefined);
      assert.equal(headers["cache-control"], "no-store");
    }
    const other = await ask(`${origin}/api/logs${search}`, {
      headers: { authorization: "Basic x" },
    });
    assert.equal(other.status, 200, "a proxy may pass on the password that it asked for");
    assert.equal((await askFor(server, "/api/logs", { host: "evil.example" })).status, 421);
    assert.equal((await askFor(server, "/api/nothing")).status, 404);
    assert.equal((await ask(`${origin}/api/logs${search}`, { method: "POST" })).status, 405);
  });
});

test("/api/logs lists the logs that may be looked at, and only these give entries", async () => {
  using log = makeLog();
  using other = makeLog();
  log.write("x");
  other.write("y");
  const missing = newName();
  await withServer([log.name, missing], async (server) => {
    const { logs, unlisted, isComplete } = JSON.parse((await askFor(server, "/api/logs")).body);
    assert.deepEqual(
      logs.map(({ name, isThere }: { name: string; isThere: boolean }) => [
        name,
        isThere,
      ]),
      [[log.name, true], [missing, false]],
    );
    assert.deepEqual([unlisted, isComplete], [0, true]);
    for (const name of [other.name, missing, "/etc/passwd", "../../etc/passwd", "%zz", ""]) {
      const path = `/api/logs/${name === "%zz" ? name : encodeURIComponent(name)}/entries`;
      const { status, body } = await askFor(server, path);
      assert.ok(status === 404 || status === 400, `${name}: ${status}`);
      assert.ok(!body.includes('"y"'), name);
    }
    // As a proxy makes it of %2F.
    assert.equal((await askFor(server, `/api/logs${log.name}/entries`)).status, 200);
    assert.equal((await askFor(server, `/api/logs/${log.name}/entries`)).status, 200);
  });
});

test("the last entries that match come with their level, time and place", async () => {
  using log = ShmLogWriter.create(newName(), { unlinkOnClose: true, size: "4MiB" });
  for (let n = 1; n <= 50_000; n++) log.write(`plain ${n}`);
  for (let n = 50_001; n <= 50_100; n++) log.write(line(n));
  await withServer([log.name], async (server) => {
    const all = await entriesOf(server, log.name, "");
    assert.deepEqual([all.log, all.newest, all.isMore], [log.name, 50_100, true]);
    assert.deepEqual([all.seqs.length, all.seqs[0], all.seqs.at(-1)], [100, 50_001, 50_100]);
    assert.deepEqual(all.entries[9], {
      seq: 50_010,
      text: line(50_010),
      time: new Date(TIME + 50_010_000).toISOString(),
      level: "error",
    });
    assert.equal(all.next, `50100.${all.segment}`);
    const errors = await entriesOf(server, log.name, "last=3&level=error");
    assert.deepEqual([errors.seqs, errors.isMore], [[50_080, 50_090, 50_100], true]);
    const whole = await entriesOf(server, log.name, "last=100&level=error");
    assert.deepEqual([whole.seqs.length, whole.isMore], [10, false]);
    const old = await entriesOf(server, log.name, 'last=5&where="plain 1 "');
    assert.deepEqual([old.seqs, old.isMore], [[], false]);
    const first = await entriesOf(server, log.name, "last=5&where=plain%20-1%20-2%20-3%20-4%20-5");
    assert.deepEqual(
      first.seqs,
      Array.from({ length: 50_000 }, (_, i) => i + 1)
        .filter((n) => !/[1-5]/.test(String(n))).slice(-5),
    );
    assert.deepEqual((await entriesOf(server, log.name, "last=0")).seqs, []);
  });
});

test("since and until choose by time; what has no time has that of the entry before", async () => {
  using log = makeLog();
  log.writeMany([line(1), line(2), "  at stack", line(3), "  at stack", line(4)]);
  await withServer([log.name], async (server) => {
    const since = new Date(TIME + 2000).toISOString();
    const seqs = async (query: string) => (await entriesOf(server, log.name, query)).seqs;
    assert.deepEqual(await seqs(`since=${since}`), [2, 3, 4, 5, 6]);
    assert.deepEqual(await seqs(`until=${since}`), [1, 2, 3]);
    assert.deepEqual(await seqs(`since=${since}&until=@${(TIME + 3000) / 1000}`), [2, 3, 4, 5]);
    assert.deepEqual(await seqs(`since=${since}&last=2&where=stack`), [3, 5]);
  });
});

test("a program follows a log by its places, and sees that another log has the name", async () => {
  const name = newName();
  const seen: number[] = [];
  let after = "0";
  await withServer([name], async (server) => {
    assert.equal((await askFor(server, `/api/logs${name}/entries`)).status, 404);
    {
      using log = makeLog(name);
      let [written, rounds] = [0, 0];
      const take = async (query = "") => {
        const answer = await entriesOf(server, name, `after=${after}&limit=7${query}`);
        seen.push(...answer.seqs);
        after = answer.next;
        return answer.isMore;
      };
      while (written < 100) {
        for (let n = 0; n < 10; n++) log.write(line(++written));
        while (await take()) rounds++;
      }
      assert.deepEqual(seen, Array.from({ length: 100 }, (_, i) => i + 1));
      assert.equal(rounds, 10);
      // What does not match is passed over, too.
      assert.equal(await take("&where=nothing"), false);
      log.write(line(101));
      assert.equal(await take("&where=nothing"), false);
      assert.match(after, /^101\./);
      for (let n = 0; n < 5000; n++) log.write("x".repeat(100));
      const { seqs, oldest } = await entriesOf(server, name, `after=${after}&limit=1`);
      assert.deepEqual(seqs, [oldest], "what was overwritten is passed over");
      assert.ok(oldest > 102);
    }
    using next = makeLog(name);
    next.write("x");
    const { status, body } = await askFor(server, `/api/logs${name}/entries?after=${after}`);
    assert.deepEqual([status, JSON.parse(body).error.code], [410, "ANOTHER_LOG"]);
    assert.deepEqual((await entriesOf(server, name, "after=0")).seqs, [1]);
  });
});

test("the entries around a number are given, as far as they are there", async () => {
  using log = makeLog();
  for (let n = 1; n <= 100; n++) log.write(line(n));
  await withServer([log.name], async (server) => {
    const seqs = async (query: string) => (await entriesOf(server, log.name, query)).seqs;
    assert.deepEqual(await seqs("around=50&context=2"), [48, 49, 50, 51, 52]);
    assert.deepEqual(await seqs("around=1&context=2"), [1, 2, 3]);
    assert.deepEqual(await seqs("around=100&context=1"), [99, 100]);
    assert.deepEqual(await seqs("around=55&context=1&level=error"), [50, 60, 70]);
    assert.deepEqual(await seqs("around=500&context=1"), [100]);
    assert.equal((await seqs("around=50")).length, 21);
  });
});

test("answers are bounded in bytes, and say that there is more", async () => {
  using log = ShmLogWriter.create(newName(), { unlinkOnClose: true, size: "64MiB" });
  for (let n = 1; n <= 20; n++) log.write(`${n} `.padEnd(2 << 20, "x"));
  log.write(new Uint8Array([0x31, 0xff, 0x32]));
  await withServer([log.name], async (server) => {
    const last = await entriesOf(server, log.name, "last=100");
    assert.deepEqual([last.entries.at(-1)?.base64, last.isMore], ["Mf8y", true]);
    assert.deepEqual(
      [last.entries.at(-2)?.text?.length, last.entries.at(-2)?.bytes],
      [256 << 10, 2 << 20],
    );
    const seen: number[] = [];
    for (let after = "0";;) {
      const { seqs, next, isMore } = await entriesOf(server, log.name, `after=${after}&limit=100`);
      assert.ok(seqs.length <= 3);
      seen.push(...seqs);
      after = next;
      if (!isMore) break;
    }
    assert.deepEqual(seen, Array.from({ length: 21 }, (_, i) => i + 1));
  });
});

test("lines, and the entries as they are", async () => {
  using log = makeLog();
  log.writeMany([line(1), "plain", line(3)]);
  await withServer([log.name], async (server) => {
    const path = `/api/logs${log.name}/entries?last=2&format=`;
    const lines = await askFor(server, `${path}jsonl`);
    assert.match(String(lines.headers["content-type"]), /^application\/x-ndjson/);
    assert.match(String(lines.headers["ouroboros-next"]), /^3\./);
    assert.equal(lines.headers["ouroboros-more"], "true");
    const objects = lines.body.trimEnd().split("\n").map((text) => JSON.parse(text));
    assert.deepEqual(objects.map(({ seq }) => seq), [2, 3]);
    const text = await askFor(server, `${path}text`);
    assert.match(String(text.headers["content-type"]), /^text\/plain/);
    assert.equal(text.headers["x-content-type-options"], "nosniff");
    assert.equal(text.body, `plain\n${line(3)}\n`);
  });
});

test("a mistake in a question is reported with its name", async () => {
  using log = makeLog();
  await withServer([log.name], async (server) => {
    const mistakes: Record<string, RegExp> = {
      "last=x": /"last" is "x": a number from 0 to 10000/,
      "last=10001": /from 0 to 10000/,
      "limit=0": /"limit" is "0": a number from 1/,
      "level=loud": /"level" is "loud": one of trace/,
      "since=soon": /"since" is "soon": a time like 10m/,
      "after=-1": /"after" must be 0, a number/,
      "around=0": /"around"/,
      "after=0&last=5": /"after" does not go together with "last"/,
      "format=xml": /json, jsonl or text/,
      "lines=5": /"lines" is not known here; known are where/,
      [`where=${"x".repeat(1001)}`]: /has 1001 characters/,
    };
    for (const [query, message] of Object.entries(mistakes)) {
      const { status, body } = await askFor(server, `/api/logs${log.name}/entries?${query}`);
      assert.equal(status, 400, query);
      const { error } = JSON.parse(body);
      assert.equal(error.code, "WRONG_QUESTION");
      assert.match(error.message, message, query);
    }
    const { status, body } = await askFor(server, "/api/logs/%2Fx/lines");
    assert.deepEqual([status, JSON.parse(body).error.code], [404, "NOT_FOUND"]);
  });
});

test("a question is looked at before it is asked: its words, or what is wrong at which place", async () => {
  await withServer([newName()], async (server) => {
    const asked = (where: string) =>
      askFor(server, `/api/question?where=${encodeURIComponent(where)}`);
    const { status, body } = await asked('Pay "a b" status:>=500 -x');
    assert.deepEqual([status, JSON.parse(body)], [200, { words: ["pay", "a b"] }]);
    const wrong = await asked("level:error AND (status:>");
    assert.equal(wrong.status, 400);
    const { error } = JSON.parse(wrong.body);
    assert.deepEqual([error.code, error.from], ["WRONG_QUESTION", 25]);
    assert.match(error.message, /^"where" at 25: a value is missing/);
  });
});

test("a question whose asker has left is not looked into any more, and others have their turn", async () => {
  using log = ShmLogWriter.create(newName(), { unlinkOnClose: true, size: "64MiB" });
  for (let n = 1; n <= 200_000; n++) log.write(line(n));
  await withServer([log.name], async (server) => {
    const { port, search } = new URL(server.url);
    const path = `/api/logs${log.name}/entries`;
    const sockets = await Promise.all(Array.from({ length: 8 }, async () => {
      const socket = connect(Number(port), "127.0.0.1").on("error", () => {});
      await new Promise((resolve) => socket.once("connect", resolve));
      const query = `${search}&since=@1&where=nothing`;
      socket.write(`GET ${path}${query} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      return socket;
    }));
    let status = 0;
    for (let i = 0; i < 200 && status !== 503; i++) {
      const answer = await askFor(server, `${path}?last=1`);
      status = answer.status;
      if (status === 503) assert.equal(answer.headers["retry-after"], "1");
    }
    assert.equal(status, 503);
    for (const socket of sockets) socket.destroy();
    while ((await askFor(server, `${path}?last=1`)).status !== 200) await sleep(5);
  });
});

test("a stream takes times, and the token in a header", async () => {
  using log = makeLog();
  log.writeMany([line(1), line(2), line(3)]);
  await withServer([log.name], async ({ url }) => {
    const headers = { authorization: `Bearer ${new URL(url).searchParams.get("token")}` };
    const until = new Date(TIME + 2000).toISOString();
    const page = await EventClient.open(url.replace(/\?.*/, ""), { until }, headers);
    await page.until(({ entries }) => entries.length > 0);
    log.writeMany([line(4), line(1)]);
    await page.until(({ entries }) => entries.length === 3);
    assert.deepEqual(page.entries.map(([number]) => number), [1, 2, 5]);
    page.close();
    const wrong = await EventClient.open(url, { since: "soon" });
    assert.equal(wrong.status, 400);
  });
});

const guide = readFileSync(new URL("../../src/guides/serve.md", import.meta.url), "utf8");

test("the questions of the guide have answers", async () => {
  using log = makeLog();
  for (let n = 1; n <= 300; n++) log.write(line(n));
  await withServer([log.name], async (server) => {
    const asked = [...guide.matchAll(/^curl .*'http:\/\/localhost:8080(\/[^']*)'$/gm)];
    assert.ok(asked.length >= 5);
    for (const [, path] of asked) {
      const here = path.replace("%2Fapp", encodeURIComponent(log.name));
      const { status, body } = await askFor(server, here);
      assert.equal(status, 200, path);
      assert.ok(body.length > 0, path);
    }
    const [endpoints] = guide.split("## Behind a proxy");
    const known = [...endpoints.matchAll(/^\| `(\w+)(?:=|`)(?:.*`(until)`)?/gm)].flatMap((
      [, a, b],
    ) => b === undefined ? [a] : [a, b]);
    const { body } = await askFor(server, `/api/logs${log.name}/entries?nothing=1`);
    const [, told] = /known are (.*)"\}\}/.exec(body) ?? [];
    assert.deepEqual(told?.split(", ").sort(), [...known, "context"].sort());
  });
});

test("the program of the guide follows a log", async () => {
  const [, code] = /```typescript\n([^]*?)```/.exec(guide) ?? [];
  const folder = mkdtempSync(`${tmpdir()}/ouroboros-serve-`);
  using log = makeLog(uniqueName("serve-guide"));
  log.writeMany(["one", "two"]);
  try {
    await withServer([log.name], async ({ url }) => {
      const { origin, searchParams } = new URL(url);
      const file = `${folder}/follow.mjs`;
      writeFileSync(
        file,
        `import process from "node:process";\n${code}`
          .replace("http://localhost:8080", origin)
          .replace("%2Fapp", encodeURIComponent(log.name)),
      );
      const { path, run } = thisRuntime;
      const env = { ...process.env, TOKEN: searchParams.get("token") ?? "" };
      const child = spawn(path, [...run, file], { env, stdio: ["ignore", "pipe", "inherit"] });
      let printed = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => printed += text);
      while (printed !== "1 one\n2 two\n") await sleep(20);
      log.write("three");
      while (!printed.endsWith("3 three\n")) await sleep(20);
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill();
      await ended;
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
