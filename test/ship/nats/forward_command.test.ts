/** `ouroboros forward`. */

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { ShmLogWriter } from "../../../mod.ts";
import { runCli, runHere, startCli } from "../../support/cli.ts";
import { testFolder } from "../../support/folder.ts";
import { NatsServer, natsTest } from "../../support/nats_server.ts";
import {
  assertComplete,
  entryText,
  MATCHES,
  messagesOf,
  received,
} from "../../support/nats_stream.ts";
import { needsLastingNames, needsSignals } from "../../support/platform.ts";
import { sameOnAll, uniqueName } from "../../support/runtime.ts";

const lasting = { skip: needsLastingNames };
/** What Bun prints for all. */
const printed = { skip: sameOnAll || needsLastingNames };
const signals = { skip: needsLastingNames || needsSignals };
const folder = testFolder("forward");

function newLog(count: number, name: string = uniqueName("forward")): ShmLogWriter {
  const writer = ShmLogWriter.create(name, {
    unlinkOnClose: true,
    chunkSize: 65536,
    chunkCount: 8,
  });
  for (let i = 1; i <= count; i++) writer.write(entryText(i));
  return writer;
}

natsTest("forward --once sends what is there, and says so in a line", async () => {
  await using server = await NatsServer.start();
  using log = newLog(300);
  const args = ["forward", log.name, "--to", server.url, "--stream", "LOGS", "--once"];
  const without = runCli(args);
  assert.equal(without.code, 1);
  assert.match(without.stderr, /^ouroboros: there is no stream "LOGS"\n$/);
  args.push("--create-stream", "--max-bytes", "10M", "--max-age", "7d", "--duplicates", "5m");
  const { code, stdout, stderr } = runCli([...args, "--hostname", "web-1"]);
  assert.deepEqual([code, stdout], [0, ""]);
  assert.equal(
    stderr,
    `ouroboros: ${log.name}: 300 sent, 300 acknowledged, 0 duplicates, 0 gaps, ` +
      "lag 0 entries, 0.0 s\n",
  );
  const missing = runCli(["forward", uniqueName("forward"), ...args.slice(2)]);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /no .*forward|not found|there is no/i);
  // Again, without a state: receivers drop them by their numbers.
  const again = runCli([...args, "--host", "web-1"]);
  assert.match(again.stderr, /--host is now --hostname/);
  assert.match(again.stderr, /300 sent, 300 acknowledged, 0 duplicates/);
  const messages = await messagesOf(server.url, "LOGS");
  assert.equal(messages.length, 600);
  assert.equal(messages[0].host, "web-1");
  assertComplete([...received(messages).values()][0], 300);
}, lasting);

natsTest("forward --where sends what matches, and the rest is not called lost", async () => {
  await using server = await NatsServer.start();
  using log = newLog(300);
  const args = ["forward", log.name, "--to", server.url, "--stream", "LOGS", "--create-stream"];
  args.push("--once", "--hostname", "web-1");
  const wrong = await runHere(...args, "--where", "level:>=");
  assert.equal(wrong.code, 2);
  const sent = runCli([...args, "--where", MATCHES]);
  assert.equal(
    sent.stderr,
    `ouroboros: ${log.name}: 61 sent, 60 acknowledged, 0 duplicates, 0 gaps, 240 filtered, ` +
      "lag 0 entries, 0.0 s\n",
  );
  const { stdout, stderr } = runCli(["receive", `${server.url}/LOGS`, "--once", "-o", "json"]);
  const numbers = stdout.trimEnd().split("\n").map((line) => JSON.parse(line).seq);
  assert.deepEqual(numbers, Array.from({ length: 60 }, (_, i) => 5 * i + 2));
  assert.equal(
    stderr,
    "ouroboros: 60 entries of 1 log, 0 duplicates dropped, 0 gaps, 240 filtered\n",
  );
}, lasting);

natsTest(
  "SIGINT ends it when all that was sent is acknowledged, and the state is kept",
  async () => {
    await using server = await NatsServer.start();
    using log = newLog(100);
    const args = ["forward", log.name, "--to", server.url, "--stream", "LOGS", "--create-stream"];
    args.push("--state", join(folder, "one.state"), "--summary", "0.1");
    for (const total of [100, 200]) {
      while (log.totalEntriesWritten < total) log.write(entryText(log.totalEntriesWritten + 1));
      const running = startCli(args);
      await running.untilStderr((text) => text.includes(" 100 acknowledged, 0 duplicates"));
      // Meanwhile another one is refused.
      const second = runCli(args);
      assert.equal(second.code, 1);
      assert.match(second.stderr, /state file .*one\.state belongs to another process/);
      running.signal("SIGINT");
      const { code, stderr } = await running.ended();
      assert.equal(code, 0, stderr);
    }
    const messages = await messagesOf(server.url, "LOGS");
    assert.equal(messages.length, 200);
  },
  signals,
);

natsTest(
  "several logs, each with its own state in a folder; one that comes later is waited for",
  async () => {
    await using server = await NatsServer.start();
    const path = join(folder, "app.log");
    using one = newLog(50);
    using two = ShmLogWriter.create({ path }, { chunkSize: 65536, chunkCount: 4 });
    for (let i = 1; i <= 70; i++) two.write(entryText(i));
    const late = uniqueName("forward-late");
    const state = join(folder, "states");
    const args = ["forward", one.name, path, late, "--to", server.url, "--stream", "LOGS"];
    const running = startCli([...args, "--create-stream", "--state", state, "--summary", "0.2"]);
    await running.untilStderr((text) => text.includes(`waiting for log "${late}"`));
    using three = newLog(90, late);
    await running.untilStderr((text) =>
      [50, 70, 90].every((n) => text.includes(` ${n} acknowledged`))
    );
    running.signal("SIGTERM");
    const { code, stderr } = await running.ended();
    assert.equal(code, 0, stderr);
    assert.equal(readdirSync(state).length, 3);
    const messages = await messagesOf(server.url, "LOGS");
    const names = new Set(messages.map(({ name }) => name));
    assert.deepEqual(names, new Set([one.name, path, three.name]));
    for (const source of received(messages).values()) assertComplete(source, source.last);
  },
  printed,
);

natsTest("all logs that match a pattern, also those that come later", async () => {
  await using server = await NatsServer.start();
  const name = uniqueName("forward-all");
  const state = join(folder, "matching");
  const args = ["forward", `${name}.*`, "--to", server.url, "--stream", "LOGS", "--state", state];
  const running = startCli([...args, "--create-stream", "--summary", "0.2"]);
  await running.untilStderr((text) => text.includes(`waiting for a log that matches "${name}.*"`));
  using one = newLog(50, `${name}.0`);
  await running.untilStderr((text) => text.includes(`${one.name}: 50 sent, 50 acknowledged`));
  using two = newLog(60, `${name}.1`);
  await running.untilStderr((text) => text.includes(`${two.name}: 60 sent, 60 acknowledged`));
  running.signal("SIGINT");
  assert.equal((await running.ended()).code, 0);
  assert.equal(readdirSync(state).length, 2);
  one.write(entryText(51));
  // Each continues from its place.
  const { code, stderr } = runCli([...args, "--once"]);
  assert.deepEqual([code, / 1 sent/.test(stderr), / 0 sent/.test(stderr)], [0, true, true], stderr);
  assert.equal((await messagesOf(server.url, "LOGS")).length, 111);
}, printed);

natsTest("what was lost is reported, on standard error and in the stream", async () => {
  await using server = await NatsServer.start();
  using log = ShmLogWriter.create(uniqueName("forward"), {
    unlinkOnClose: true,
    chunkSize: 1024,
    chunkCount: 4,
  });
  for (let i = 1; i <= 500; i++) log.write(entryText(i));
  const { code, stderr } = runCli(
    ["forward", log.name, "--to", server.url, "--stream", "LOGS", "--create-stream", "--once"],
  );
  assert.equal(code, 0);
  assert.match(stderr, /: \d+ entries missing \(overwritten\): 1 to \d+\n/);
  assert.match(stderr, /1 gap \(\d+ entries\)/);
  assertComplete([...received(await messagesOf(server.url, "LOGS")).values()][0], 500);
}, printed);

natsTest("a server that is not there is waited for, until Ctrl-C", async () => {
  await using server = await NatsServer.start();
  await server.stop();
  using log = newLog(3);
  const args = ["forward", log.name, "--to", server.url, "--stream", "LOGS", "--create-stream"];
  const waiting = startCli(args);
  await waiting.untilStderr((text) => /no NATS server yet: .*; trying again/.test(text));
  waiting.signal("SIGINT");
  assert.equal((await waiting.ended()).code, 0);
  const once = startCli([...args, "--once"]);
  await once.untilStderr((text) => text.includes("no NATS server yet"));
  await server.restart();
  assert.equal((await once.ended()).code, 0);
  assert.equal((await messagesOf(server.url, "LOGS")).length, 3);
}, signals);

test("wrong usage of forward is exit code 2", async () => {
  const cases: [args: string[], pattern: RegExp][] = [
    [["--stream", "S"], /missing required argument 'name'/],
    [["/x"], /required option '--stream <stream>' not specified/],
    [["/x", "--stream", "S", "--max-bytes", "1G"], /--max-bytes is for a new stream/],
    [["/x", "--stream", "S", "--max-age", "1d"], /--max-age is for a new stream/],
    [["/x", "--stream", "S", "--create-stream", "--max-age", "long"], /A time like "90s"/],
    [["/x", "--stream", "S", "--to", "a b"], /An address like nats:/],
    [["/x", "--stream", "S", "--from", "first"], /"oldest", "latest", "new" or a sequence number/],
    [["/x", "--stream", "S", "--summary", "-1"], /A time like "10s" from 0 s/],
    [["/x", "--stream", "S", "--subject", "a b"], /no subject to publish to/],
    [["/x", "--stream", "a.b"], /not a name of a stream/],
  ];
  // Not when a server, or the log, is there.
  const most = ["--max-in-flight", "99999"];
  const { code, stderr } = await runHere("forward", "/x", "--stream", "S", ...most);
  assert.deepEqual([code, stderr], [
    1,
    "ouroboros: maxInFlight is 99999 (number), but must be an integer from 1 to 65536\n",
  ]);
  for (const [args, pattern] of cases) {
    const { code, stderr } = await runHere("forward", ...args);
    assert.match(stderr, pattern);
    assert.equal(code, 2, args.join(" "));
  }
});
