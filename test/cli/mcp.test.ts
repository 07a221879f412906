/** `ouroboros mcp`, as assistants use it: by the client of the official SDK. */

import assert from "node:assert/strict";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { ShmLogWriter } from "../../mod.ts";
import { cliCommand, runCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { sameOnAll, uniqueName } from "../support/runtime.ts";

const folder = testFolder("mcp");
const TIME = Date.UTC(2026, 10, 21);
const line = (n: number) =>
  JSON.stringify({
    level: n % 10 === 0 ? 50 : 30,
    time: TIME + n * 1000,
    msg: `line ${n}`,
    req: { url: n % 3 === 0 ? "/pay" : "/list" },
  });

// deno-lint-ignore no-explicit-any
type Answer = any;

/** A client of a server that sees these logs; calls a tool, and gives what it answers. */
async function withClient(
  names: string[],
  use: (
    call: (tool: string, args?: Record<string, unknown>) => Promise<Answer>,
    client: Client,
  ) => Promise<void>,
): Promise<void> {
  const [command, args] = cliCommand(["mcp", ...names]);
  const env = Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] =>
      entry[1] !== undefined
    ),
  );
  const transport = new StdioClientTransport({ command, args, env, stderr: "inherit" });
  const client = new Client({ name: "test", version: "1" });
  await client.connect(transport);
  try {
    await use(async (name, given = {}) => {
      const { content, isError } = await client.callTool({ name, arguments: given }) as {
        content: { type: string; text: string }[];
        isError?: boolean;
      };
      assert.equal(content.length, 1);
      assert.ok(content[0].text.length < 100_000, `${content[0].text.length} characters`);
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(content[0].text, /[\x00-\x1f\u202e\u{e0041}]/u);
      return isError ? { error: content[0].text } : JSON.parse(content[0].text);
    }, client);
  } finally {
    await client.close();
  }
}

function makeLog(name: string = uniqueName("mcp")): ShmLogWriter {
  return ShmLogWriter.create(name, { unlinkOnClose: true, size: "2MiB" });
}

test("an assistant lists the logs it may see, searches them, and counts what is in them", async () => {
  using log = makeLog();
  using secret = makeLog();
  secret.write("secret");
  for (let n = 1; n <= 300; n++) log.write(line(n));
  await withClient([log.name], async (call, client) => {
    const { tools } = await client.listTools();
    assert.deepEqual(tools.map(({ name }: { name: string }) => name), [
      "list_logs",
      "search",
      "follow_since",
      "stats",
      "vitals",
    ]);
    for (const { annotations } of tools) assert.equal(annotations?.readOnlyHint, true);
    assert.match(client.getInstructions() ?? "", /never an instruction/);

    const { logs } = await call("list_logs");
    assert.deepEqual(logs.map(({ name, isWriterAlive }: Answer) => [name, isWriterAlive]), [
      [log.name, true],
    ]);
    for (const name of [secret.name, "/etc/passwd", "*"]) {
      for (const tool of ["search", "stats", "follow_since", "vitals"]) {
        assert.match((await call(tool, { log: name })).error, /there is no log/);
      }
    }
    const found = await call("search", {
      log: log.name,
      where: "req.url:pay level:error",
      last: 2,
    });
    assert.deepEqual(found.entries.map(({ seq }: Answer) => seq), [270, 300]);
    assert.deepEqual([found.oldest, found.newest, found.isMore], [1, 300, true]);
    assert.equal(found.entries[1].text, line(300));
    assert.equal((await call("search", { log: log.name })).entries.length, 50);
    const around = await call("search", { log: log.name, around: 100, context: 1 });
    assert.deepEqual(around.entries.map(({ seq }: Answer) => seq), [99, 100, 101]);

    const stats = await call("stats", {
      log: log.name,
      since: new Date(TIME + 101_000).toISOString(),
      by: "req.url",
    });
    assert.deepEqual([stats.entries, stats.levels], [200, { info: 180, error: 20 }]);
    assert.deepEqual(stats.top, [{ value: "/list", count: 133 }, { value: "/pay", count: 67 }]);
    assert.deepEqual(
      [stats.first, stats.last],
      ["2026-11-21T00:01:41.000Z", "2026-11-21T00:05:00.000Z"],
    );
  });
});

test(
  "an assistant follows a log by a cursor, and waits for what comes",
  { skip: sameOnAll },
  async () => {
    const name = uniqueName("mcp");
    await withClient([name], async (call) => {
      let cursor: string;
      {
        using log = makeLog(name);
        for (let n = 1; n <= 120; n++) log.write(line(n));
        const start = await call("follow_since", { log: name });
        assert.deepEqual(start.entries, []);
        const seen: number[] = [];
        for (cursor = "0";;) {
          const answer = await call("follow_since", { log: name, cursor, limit: 50 });
          seen.push(...answer.entries.map(({ seq }: Answer) => seq));
          ({ cursor } = answer);
          if (!answer.isMore) break;
        }
        assert.deepEqual(seen, Array.from({ length: 120 }, (_, i) => i + 1));
        assert.equal(cursor, start.cursor);
        assert.deepEqual((await call("follow_since", { log: name, cursor })).entries, []);
        const waiting = call("follow_since", { log: name, cursor, wait: 30, where: "level:error" });
        await sleep(100);
        log.write(line(121));
        await sleep(500);
        log.write(line(130));
        const came = await waiting;
        assert.deepEqual(came.entries.map(({ seq }: Answer) => seq), [122]);
      }
      using _next = makeLog(name);
      assert.match((await call("follow_since", { log: name, cursor })).error, /another log has/);
    });
  },
);

test(
  "answers to an assistant are bounded, and nothing in them is hidden",
  { skip: sameOnAll },
  async () => {
    using log = makeLog();
    for (let n = 1; n <= 30; n++) log.write(`${n} ${"x".repeat(20_000)}`);
    log.write("evil \u202e \x1b[31m \u{e0041}");
    using wide = makeLog();
    wide.write("é".repeat(5000));
    await withClient([log.name, wide.name], async (call) => {
      const [long] = (await call("search", { log: wide.name })).entries;
      assert.deepEqual([long.text.length, long.bytes], [4001, 10_000]);
      const { entries, isMore } = await call("search", { log: log.name, last: 500 });
      assert.ok(entries.length > 5 && entries.length < 30);
      assert.equal(isMore, true);
      assert.equal(entries.at(-1).seq, 31);
      assert.equal(entries[0].text.length, 4001);
      assert.ok(entries[0].bytes > 20_000);
      const around = { log: log.name, around: 10, context: 30 };
      const near = (await call("search", around)).entries.map(({ seq }: Answer) => seq);
      assert.ok(near.length < 30 && near.includes(10) && near.includes(9) && near.includes(11));
      assert.deepEqual(near, near.toSorted((one: number, other: number) => one - other));
      const seen: number[] = [];
      for (let cursor = "0";;) {
        const answer = await call("follow_since", { log: log.name, cursor, limit: 500 });
        seen.push(...answer.entries.map(({ seq }: Answer) => seq));
        ({ cursor } = answer);
        if (!answer.isMore) break;
      }
      assert.deepEqual(seen, Array.from({ length: 31 }, (_, i) => i + 1));
    });
  },
);

test("of a file of several logs, stats asks and counts the log of each", {
  skip: sameOnAll,
}, async () => {
  using one = makeLog();
  using other = makeLog();
  for (let n = 1; n <= 3; n++) one.write(line(n));
  other.write(line(4));
  const path = join(folder, "several.log");
  assert.equal(runCli(["save", one.name, other.name, path]).code, 0);
  await withClient([path], async (call) => {
    const where = `log:${one.name.slice(1)}`;
    const found = await call("search", { log: path, where });
    const counted = await call("stats", { log: path, where, by: "log" });
    assert.deepEqual([found.entries.length, counted.entries], [3, 3]);
    assert.deepEqual(counted.top.map(({ count }: Answer) => count), [3]);
    assert.ok(counted.top[0].value.endsWith(one.name));
  });
});

test("a mistake of an assistant is answered with what is wrong", { skip: sameOnAll }, async () => {
  using log = makeLog();
  log.write("x");
  await withClient([log.name], async (call) => {
    const mistakes: [string, Record<string, unknown>, RegExp][] = [
      ["search", {}, /"log" is missing/],
      ["search", { log: log.name, last: 501 }, /"last" is 501: an integer from 1 to 500/],
      ["search", { log: log.name, last: "5" }, /"last" is "5"/],
      ["search", { log: log.name, where: "status:>" }, /"where" at 8: a value is missing/],
      ["search", { log: log.name, since: "soon" }, /"since" is "soon"/],
      ["search", { log: log.name, level: "loud" }, /one of trace/],
      ["search", { log: log.name, last: 1, around: 1 }, /does not go together/],
      ["search", { log: log.name, name: 1 }, /"name" is not known here; known are log, where/],
      ["follow_since", { log: log.name, cursor: "x" }, /"cursor" is "x": 0, or the cursor of/],
      ["list_logs", { log: log.name }, /"log" is not known/],
      ["nothing", {}, /there is no tool "nothing"/],
    ];
    for (const [tool, args, message] of mistakes) {
      assert.match((await call(tool, args)).error ?? "", message, JSON.stringify(args));
    }
  });
});

test("vitals of a process are samples", { skip: sameOnAll }, async () => {
  using log = makeLog();
  log.write("x");
  for (let n = 0; n < 5; n++) {
    const time = new Date(TIME + n * 1000).toISOString();
    log.write(
      `{"time":"${time}","level":"debug","logger":"ouroboros.vitals","msg":"vitals","cpuPercent":${n},` +
        `"loopDelayMs":{"max":1.5},"rss":1000,"heapUsed":500}`,
    );
  }
  await withClient([log.name], async (call) => {
    const { samples } = await call("vitals", { log: log.name, last: 2 });
    assert.deepEqual(samples[1], {
      time: "2026-11-21T00:00:04.000Z",
      cpu: 4,
      late: 1.5,
      rss: 1000,
      heap: 500,
    });
    assert.equal(samples.length, 2);
  });
});

test("mcp wants names of logs, and ends with its input", async () => {
  assert.equal((await runCli(["mcp"])).code, 2);
  const { code, stderr } = await runCli(["mcp", uniqueName("mcp")]);
  assert.deepEqual([code, stderr], [0, ""]);
});
