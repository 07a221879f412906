/** `ouroboros forward --to otlp+http://…`. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import { ShmLogWriter } from "../../../mod.ts";
import { delay } from "../../../src/async.ts";
import { runCli, runHere, startCli } from "../../support/cli.ts";
import { testFolder } from "../../support/folder.ts";
import { OtlpCollector, recordsIn } from "../../support/otlp_collector.ts";
import { requestOfJson } from "../../support/otlp_schema.ts";
import { needsLastingNames } from "../../support/platform.ts";
import { sameOnAll, uniqueName } from "../../support/runtime.ts";

const lasting = { skip: needsLastingNames };
const printed = { skip: sameOnAll || needsLastingNames };
const folder = testFolder("otlp");

const line = '{"level":30,"time":1795280400123,"msg":"hello","user":7}';

function newLog(): ShmLogWriter {
  const writer = ShmLogWriter.create(uniqueName("otlp"), { unlinkOnClose: true });
  writer.writeMany([line, "plain"]);
  return writer;
}

test(
  "forward --to otlp+http:// sends what is there; the next run what is new",
  lasting,
  async () => {
    await using collector = await OtlpCollector.start();
    using log = newLog();
    const keys = join(folder, "keys");
    writeFileSync(keys, "Authorization: Bearer geheim\r\n\nx-scope-orgid: t\n");
    const args = ["forward", log.name, "--to", `otlp+${collector.url}`, "--header", `@${keys}`];
    args.push("--state", join(folder, "state"), "--hostname", "web-1", "--once");
    const first = await startCli([...args, "--service", "shop"]).ended();
    assert.deepEqual([first.code, first.stdout, first.stderr], [
      0,
      "",
      `ouroboros: ${log.name}: 2 sent, 2 acknowledged, 0 duplicates, 0 gaps, lag 0 entries, 0.0 s\n`,
    ]);
    log.write("new");
    const second = await startCli([...args, "--protocol", "http/json"]).ended();
    assert.equal(second.code, 0, second.stderr);
    assert.deepEqual(collector.records.map(({ body }) => body), ["hello", "plain", "new"]);
    assert.deepEqual(collector.complaints, []);
    const [{ headers }, { headers: json }] = collector.requests;
    assert.deepEqual(
      [headers.authorization, headers["x-scope-orgid"], headers["content-type"]],
      ["Bearer geheim", "t", "application/x-protobuf"],
    );
    assert.equal(json["content-type"], "application/json");
    const [{ resource, attributes }] = collector.records;
    assert.deepEqual([resource["service.name"], resource["host.name"]], ["shop", "web-1"]);
    assert.equal(resource["ouroboros.log"], log.name);
    assert.deepEqual(attributes, { user: 7n, "ouroboros.seq": 1n });
  },
);

test("forward takes what OpenTelemetry's SDKs take from the environment", lasting, async () => {
  await using collector = await OtlpCollector.start();
  using log = newLog();
  const { code, stderr } = await startCli(["forward", log.name, "--once"], {
    OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/tenant`,
    OTEL_EXPORTER_OTLP_HEADERS: "api-key=k%20v, x=1",
    OTEL_EXPORTER_OTLP_LOGS_HEADERS: "x=2",
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_EXPORTER_OTLP_TIMEOUT: "20000",
    OTEL_SERVICE_NAME: "of-env",
    OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=prod,service.name=other",
  }).ended();
  assert.equal(code, 0, stderr);
  const [{ headers, records }] = collector.requests;
  assert.deepEqual([headers["api-key"], headers.x, headers["content-type"]], [
    ...["k v", "2", "application/json"],
  ]);
  assert.equal(records[0].resource["service.name"], "of-env");
  assert.equal(records[0].resource["deployment.environment.name"], "prod");
  const bad = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
  const wrong = async (more: Record<string, string>) => {
    const { code, stderr } = await startCli(["forward", log.name], { ...bad, ...more }).ended();
    assert.equal(code, 1);
    assert.ok(!stderr.includes("geheim"), stderr);
    return stderr;
  };
  assert.match(
    await wrong({ OTEL_EXPORTER_OTLP_HEADERS: "geheim" }),
    /_HEADERS must be like name=/,
  );
  assert.match(await wrong({ OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }), /protocol.*http\/protobuf/);
});

test("forward --from new takes all of a log that is yet to come", lasting, async () => {
  await using collector = await OtlpCollector.start();
  using there = newLog();
  const name = uniqueName("otlp");
  const args = ["forward", there.name, name, "--to", `otlp+${collector.url}`, "--from", "new"];
  const running = startCli(args);
  await running.untilStderr((stderr) => /waiting for log/.test(stderr));
  using log = ShmLogWriter.create(name, { unlinkOnClose: true });
  log.writeMany(["first", "second"]);
  const bodies = () =>
    collector.records.filter(({ resource }) => resource["ouroboros.log"] === name)
      .map(({ body }) => body);
  const start = performance.now();
  while (bodies().length < 2 && performance.now() - start < 60_000) await delay(20);
  running.signal("SIGINT");
  assert.equal((await running.ended()).code, 0);
  assert.deepEqual(bodies(), ["first", "second"]);
});

test(
  "forward lets a log of a pattern go that is removed, and takes the next one",
  lasting,
  async () => {
    await using collector = await OtlpCollector.start();
    const name = uniqueName("otlp");
    const make = (text: string) => {
      const log = ShmLogWriter.create(`${name}.0`, { unlinkOnClose: true });
      log.write(text);
      return log;
    };
    const bodies = () => collector.records.map(({ body }) => body).join();
    const first = make("first");
    const args = ["forward", `${name}.*`, "--to", `otlp+${collector.url}`, "--summary", "0"];
    const running = startCli(args);
    while (bodies() !== "first") await delay(20);
    first.close();
    await running.untilStderr((stderr) => /\.0: 1 sent, 1 acknowledged/.test(stderr));
    if (process.platform === "linux") {
      const maps = `/proc/${running.process.pid}/maps`;
      while (readFileSync(maps, "utf8").includes(`${name}.0`)) await delay(20);
    }
    using _next = make("next");
    while (bodies() !== "first,next") await delay(20);
    running.signal("SIGINT");
    assert.equal((await running.ended()).code, 0);
  },
);

test("forward --where asks for the log of an entry, too", lasting, async () => {
  await using collector = await OtlpCollector.start();
  using log = newLog();
  const args = ["forward", log.name, "--to", `otlp+${collector.url}`, "--once", "--where"];
  const { stderr } = await startCli([...args, `-log:="${log.name}"`]).ended();
  assert.match(stderr, / 2 filtered/);
  const { code } = await startCli([...args, `log:="${log.name}"`]).ended();
  assert.equal(code, 0);
  assert.deepEqual(collector.records.map(({ body }) => body).slice(-2), ["hello", "plain"]);
});

test("forward says what does not go together, and what is refused", printed, async () => {
  const to = ["--to", "otlp+http://127.0.0.1:1"];
  const cases: [words: string[], message: RegExp][] = [
    [[...to, "--stream", "S"], /--stream is for NATS: not for a collector/],
    [[...to, "--create-stream"], /--create-stream is for NATS/],
    [["--stream", "S", "--header", "a: b"], /--header is for a collector of OpenTelemetry/],
    [["--to", "http://h:4318"], /it is otlp\+http:\/\/h:4318/],
    [["--to", "otlp+http://u:p@h"], /a user or a password/],
    [[...to, "--header", "geheim"], /"name: value" or @FILE is expected/],
    [[...to, "--protocol", "grpc"], /http\/protobuf, http\/json/],
    [[], /required option '--stream <stream>'/],
  ];
  for (const [words, message] of cases) {
    const { code, stderr } = await runHere("forward", "/none", ...words);
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
  }
  writeFileSync(join(folder, "bad"), "geheim\n");
  for (const [file, message] of [["none", /no file .*none/], ["bad", /needs lines like name: v/]]) {
    const words = [...to, "--header", `@${join(folder, file as string)}`];
    const { code, stderr } = await runHere("forward", "/none", ...words);
    assert.equal(code, 1);
    assert.match(stderr, message as RegExp);
    assert.ok(!stderr.includes("geheim"), stderr);
  }
  await using collector = await OtlpCollector.start();
  collector.refuse = (_, response) => {
    response.writeHead(401).end();
    return true;
  };
  using log = newLog();
  const args = [
    "forward",
    log.name,
    "--to",
    `otlp+${collector.url}`,
    "--header",
    "api-key: geheim",
  ];
  const { code, stderr } = await startCli(args).ended();
  assert.equal(code, 1);
  assert.match(stderr, /can read the value of api-key in the command line/);
  assert.match(stderr, /the collector at http:\S+ refuses: status 401/);
  assert.ok(!stderr.includes("geheim"));
});

test("-o otlp prints lines of LogsData", lasting, () => {
  using log = newLog();
  using other = newLog();
  const read = (text: string) =>
    text.trim().split("\n").flatMap((line) => recordsIn(requestOfJson(line)));
  const dumped = read(
    runCli(["dump", "--name", log.name, "--output", "-", "--format", "otlp"]).stdout,
  );
  const tailed = read(runCli(["tail", log.name, "-o", "otlp", "--all"]).stdout);
  for (const records of [dumped, tailed]) {
    assert.deepEqual(records.map(({ body }) => body), ["hello", "plain"]);
    assert.equal(records[0].record.timeUnixNano, "1795280400123000000");
    assert.deepEqual(records[0].attributes, { user: 7n, "ouroboros.seq": 1n });
    assert.equal(records[0].resource["ouroboros.log"], log.name);
  }
  const both = read(runCli(["tail", log.name, other.name, "-o", "otlp", "--all"]).stdout);
  assert.deepEqual(
    both.map(({ resource }) => resource["ouroboros.log"]).sort(),
    [log.name, log.name, other.name, other.name].sort(),
  );
});
