/** A log to a collector that answers in every way that the specification has, and in some that it has not. */

import assert from "node:assert/strict";
import test from "node:test";
import { ShmLogReader, ShmLogWriter } from "../../../mod.ts";
import {
  forward,
  type ForwardOptions,
  type ForwardTrouble,
  type OtlpStatus,
} from "../../../src/ship/carriers/otlp/mod.ts";
import { freePort } from "../../support/free_port.ts";
import { OtlpCollector, partly, type Refuse } from "../../support/otlp_collector.ts";
import { uniqueName } from "../../support/runtime.ts";

const limit = { timeout: 60_000 };

/** Forwards lines to a collector, until all have an answer for good. */
async function sent(
  lines: readonly string[],
  refuse: Refuse,
  more: Partial<ForwardOptions> = {},
) {
  await using collector = await OtlpCollector.start();
  collector.refuse = refuse;
  using writer = ShmLogWriter.create(uniqueName("otlp"), { unlinkOnClose: true });
  writer.writeMany(lines);
  using reader = ShmLogReader.open(writer.name, { strategy: "oldest" });
  const troubles: ForwardTrouble[] = [];
  await using forwarding = await forward(reader, {
    ...{ url: collector.url, linger: 1, host: "h", onTrouble: (trouble) => troubles.push(trouble) },
    ...more,
  });
  await forwarding.flush();
  const stats = await forwarding.close();
  assert.deepEqual(collector.complaints, []);
  return { stats, troubles, collector, bodies: collector.records.map(({ body }) => body) };
}

const lines = Array.from({ length: 200 }, (_, i) => `entry ${i + 1}`);

test("batches are bounded in records and bytes, and compressed", limit, async () => {
  const few = await sent(lines, () => false, { maxBatch: 64 });
  assert.deepEqual(few.bodies, lines);
  assert.deepEqual(few.collector.requests.map(({ records }) => records.length), [64, 64, 64, 8]);
  for (const { headers, sent, size } of few.collector.requests.slice(0, 3)) {
    assert.equal(headers["content-encoding"], "gzip");
    assert.ok(sent < size / 2, `${sent} of ${size}`);
  }
  const long = lines.map((line) => line.padEnd(400));
  const small = await sent(long, () => false, { maxBatchBytes: 4096, compression: "none" });
  assert.deepEqual(small.bodies, long);
  for (const { headers, sent } of small.collector.requests) {
    assert.equal(headers["content-encoding"], undefined);
    assert.ok(sent <= 4096 + 200, `${sent}`);
  }
});

for (const status of [429, 502, 503, 504]) {
  test(`status ${status} is tried again, and nothing is lost or comes twice`, limit, async () => {
    const { bodies, stats, troubles } = await sent(lines, (_, response, place) => {
      // The empty request that asks for the collector is the first one.
      if (place === 0 || place > 3) return false;
      response.writeHead(status, place === 2 ? { "retry-after": "1" } : {}).end("not now");
      return true;
    });
    assert.deepEqual(bodies, lines);
    assert.deepEqual([stats.acknowledged, stats.rejected, stats.gaps], [200, 0, 0]);
    assert.deepEqual(troubles.map(({ type }) => type), ["refused", "resumed"]);
  });
}

test("Retry-After is waited for", limit, async () => {
  const times: number[] = [];
  await sent(["one"], ({ records }, response) => {
    if (records.length === 0) return false;
    times.push(performance.now());
    if (times.length > 1) return false;
    response.writeHead(429, { "retry-after": "1" }).end();
    return true;
  });
  assert.ok(times[1] - times[0] >= 990, `${times[1] - times[0]} ms`);
});

test("of a partial success the count is reported, and nothing is sent again", limit, async () => {
  const cases = [["http/protobuf", 3, "3 records were"], ["http/json", 1, "1 record was"]] as const;
  for (const [protocol, count, words] of cases) {
    const { bodies, stats, troubles } = await sent(lines, (request, response) => {
      if (request.records.length > 0) partly(request, response, count, "too old");
      return false;
    }, { protocol });
    assert.deepEqual(bodies, lines);
    assert.deepEqual([stats.acknowledged, stats.rejected, stats.resent], [200, count, 0]);
    assert.deepEqual(troubles, [
      { type: "rejected", message: `${words} thrown away: too old` },
    ]);
  }
});

test("an entry that is never taken costs itself, and is a gap", limit, async () => {
  const { bodies, stats } = await sent(lines, ({ records }, response) => {
    if (!records.some(({ body }) => body === "entry 77")) return false;
    response.writeHead(400, { "content-type": "text/plain" }).end("I do not like 77");
    return true;
  });
  const expected = [...lines];
  expected[76] = "1 entries are missing (refused): 77 to 77";
  assert.deepEqual(new Set(bodies), new Set(expected));
  assert.deepEqual([stats.acknowledged, stats.gaps, stats.rejected], [199, 1, 0]);
});

test("where nothing is ever taken, entries are counted and not sent forever", limit, async () => {
  let requests = 0;
  const { stats, troubles } = await sent(lines, ({ records }, response) => {
    if (records.length === 0) return false;
    requests++;
    response.writeHead(500).end();
    return true;
  });
  assert.equal(stats.acknowledged + stats.lostEntries, 200);
  assert.ok(stats.rejected > 0 && requests < 200, `${requests} requests, ${stats.rejected}`);
  assert.ok(troubles.some(({ type }) => type === "rejected"));
});

test(
  "a request that is too large is sent in parts; an entry that is becomes a gap",
  limit,
  async () => {
    const long = lines.map((line, i) => i === 9 ? line.padEnd(5000) : line);
    const { bodies, stats } = await sent(long, ({ size }, response) => {
      if (size <= 2000) return false;
      response.writeHead(413).end();
      return true;
    });
    assert.equal(new Set(bodies).size, 200);
    assert.ok(bodies.includes("1 entries are missing (too large): 10 to 10"));
    assert.deepEqual([stats.acknowledged, stats.gaps], [199, 1]);
  },
);

test("a collector that lets nobody in, or another server, ends it at once", limit, async () => {
  await using collector = await OtlpCollector.start();
  using writer = ShmLogWriter.create(uniqueName("otlp"), { unlinkOnClose: true });
  writer.write("one");
  using reader = ShmLogReader.open(writer.name, { strategy: "oldest" });
  for (const status of [401, 403, 404, 405, 307]) {
    collector.refuse = (_, response) => {
      response.writeHead(status, { "content-type": "text/plain", location: "/x" }).end("no key");
      return true;
    };
    await assert.rejects(forward(reader, { url: collector.url }), {
      name: "CollectorRefusedError",
      code: "COLLECTOR_REFUSED",
      message: new RegExp(
        `^the collector at ${collector.url}/v1/logs refuses: status ${status}: no key`,
      ),
    });
  }
  // Later, too: a key that has expired.
  let isExpired = false;
  collector.refuse = (_, response) => {
    if (isExpired) response.writeHead(401).end();
    return isExpired;
  };
  await using forwarding = await forward(reader, { url: collector.url, linger: 1 });
  await forwarding.flush();
  isExpired = true;
  writer.write("two");
  await assert.rejects(forwarding.done, { code: "COLLECTOR_REFUSED" });
});

test("headers are sent, and secrets are in no message", limit, async () => {
  const headers = { authorization: "Bearer geheim", "x-scope-orgid": "tenant" };
  const { collector } = await sent(["one"], () => false, { headers });
  assert.equal(collector.requests[0].headers.authorization, "Bearer geheim");
  assert.equal(collector.requests[0].headers["x-scope-orgid"], "tenant");
  using writer = ShmLogWriter.create(uniqueName("otlp"), { unlinkOnClose: true });
  using reader = ShmLogReader.open(writer.name);
  const wrongs: Record<string, string>[] = [{ "x key": "geheim" }, { key: "ge\nheim" }, {
    host: "geheim",
  }];
  for (const wrong of wrongs) {
    await assert.rejects(
      forward(reader, { url: "http://127.0.0.1:1", headers: wrong }),
      (error) => {
        assert.ok(error instanceof RangeError && !error.message.includes("heim"), String(error));
        return true;
      },
    );
  }
});

test("wrong options are refused by name", limit, async () => {
  using writer = ShmLogWriter.create(uniqueName("otlp"), { unlinkOnClose: true });
  using reader = ShmLogReader.open(writer.name);
  const url = "http://127.0.0.1:1";
  const wrong: [Partial<ForwardOptions>, RegExp][] = [
    [{ url: "localhost:4318" }, /^url is "localhost:4318", but must be like/],
    [{ url: "http://u:p@h" }, /^url has a user or a password/],
    [{ url: "htps://u:p/q@h:1" }, /^url is "htps:\/\/\*\*\*@h:1", but must be like/],
    [{ url: new URL("ftp://u:p@h") }, /^url is ftp:\/\/\*\*\*@h\/, but must be like/],
    [{ protocol: "grpc" as never }, /protocol/],
    [{ compression: "zstd" as never }, /compression/],
    [{ maxBatch: 0 }, /maxBatch/],
    [{ maxBatchBytes: 10 }, /maxBatchBytes/],
    [{ resource: { a: 1 } as never }, /resource must be an object whose values are strings/],
  ];
  for (const [options, message] of wrong) {
    await assert.rejects(forward(reader, { url, ...options }), (error) => {
      assert.ok(error instanceof RangeError || error instanceof TypeError);
      assert.match(error.message, message);
      return true;
    });
  }
});

test(
  "a server that sends garbage, hangs, or hangs up is left, and all arrives",
  limit,
  async () => {
    let requests = 0;
    const { bodies, stats } = await sent(lines, ({ records }, response) => {
      if (records.length === 0) return false;
      switch (requests++) {
        // Nothing at all, until it is left.
        case 0:
          return true;
        case 1:
          response.destroy();
          return true;
        // A page of a proxy; then an answer that has no end.
        case 2:
          response.writeHead(200, { "content-type": "text/html" }).end("<h1>Log in</h1>");
          return true;
        case 3:
          response.writeHead(503).write("x");
          return true;
        // Taken, but who could tell by this.
        case 4:
          response.writeHead(200, { "content-type": "application/x-protobuf" }).end(
            "\xff\xff garbage",
          );
          return false;
        default:
          return false;
      }
    }, { ackTimeout: 300 });
    assert.deepEqual(new Set(bodies), new Set(lines));
    assert.equal(stats.acknowledged, 200);
  },
);

test("what is no HTTP is no collector: it is tried again until there is one", limit, async () => {
  const statuses: string[] = [];
  const port = await freePort();
  using writer = ShmLogWriter.create(uniqueName("otlp"), { unlinkOnClose: true });
  writer.write("one");
  using reader = ShmLogReader.open(writer.name, { strategy: "oldest" });
  const starting = forward(reader, {
    ...{ url: `http://127.0.0.1:${port}`, linger: 1 },
    onStatus: ({ type }) => statuses.push(type),
  });
  while (!statuses.includes("retrying")) await new Promise((resolve) => setTimeout(resolve, 10));
  await using collector = await OtlpCollector.start({ port });
  await using forwarding = await starting;
  await forwarding.flush();
  assert.deepEqual(collector.records.map(({ body }) => body), ["one"]);
  assert.equal(statuses.at(-1), "connected");
});

test("what onStatus throws ends the forwarding: at its start, and later", limit, async () => {
  using writer = ShmLogWriter.create(uniqueName("otlp"), { unlinkOnClose: true });
  writer.write("one");
  using reader = ShmLogReader.open(writer.name, { strategy: "oldest" });
  const throwing = (when: OtlpStatus["type"], url: string) => ({
    ...{ url, linger: 1 },
    onStatus({ type }: OtlpStatus) {
      if (type === when) throw new Error(`thrown at ${when}`);
    },
  });
  const nobody = "http://127.0.0.1:1";
  await assert.rejects(forward(reader, throwing("retrying", nobody)), /thrown at retrying/);
  const collector = await OtlpCollector.start();
  const { url } = collector;
  await assert.rejects(forward(reader, throwing("connected", url)), /thrown at connected/);
  await using forwarding = await forward(reader, throwing("disconnected", url));
  await forwarding.flush();
  await collector[Symbol.asyncDispose]();
  writer.write("two");
  await assert.rejects(forwarding.done, /thrown at disconnected/);
});

test("an abort ends the wait for a collector", limit, async () => {
  using writer = ShmLogWriter.create(uniqueName("otlp"), { unlinkOnClose: true });
  using reader = ShmLogReader.open(writer.name);
  const signal = AbortSignal.timeout(100);
  await assert.rejects(
    forward(reader, { url: "http://127.0.0.1:1", signal }),
    { name: "TimeoutError" },
  );
});
