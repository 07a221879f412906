/** `ouroboros receive` and `ouroboros tail nats://…`: what they print, and how they end. */

import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import test from "node:test";
import pc from "picocolors";
import { SharedMemory } from "../../../ffi/mod.ts";
import { Output } from "../../../src/cli/output/output.ts";
import { ReceivedPrinter } from "../../../src/cli/nats/received_printer.ts";
import { streamArgument } from "../../../src/cli/nats/stream_address.ts";
import { ReceivedEntry, ReceivedGap } from "../../../src/ship/received.ts";
import { runCli, runHere, startCli } from "../../support/cli.ts";
import { sourceOf } from "../../support/nats_publisher.ts";
import { natsTest } from "../../support/nats_server.ts";
import { ReceiveTests, untilAcknowledged } from "../../support/receiving.ts";
import { sameOnAll, uniqueName } from "../../support/runtime.ts";

const [a, b] = [sourceOf("a"), sourceOf("b", "x.log")];
const tests = new ReceiveTests(async (publisher) => {
  await publisher.stream("LOGS");
  const record = (number: number) =>
    JSON.stringify({
      level: number % 2 ? "info" : "error",
      time: "2026-11-21T12:00:00Z",
      msg: `m${number}`,
    });
  await publisher.entries("LOGS", a, { from: 1, to: 20 }, record);
  await publisher.entries("LOGS", b, { from: 1, to: 4 });
  await publisher.gap("LOGS", b, 5, 7);
  await publisher.entries("LOGS", b, [8]);
  await publisher.settled("LOGS", 26);
});

/** What Bun prints for all. */
const printed = { skip: sameOnAll };
const SUMMARY = /^ouroboros: 25 entries of 2 logs, 0 duplicates dropped, 1 gap \(3 missing, 0 of/m;

natsTest("receive prints entries with where they are from, and says what is missing", () => {
  const { code, stdout, stderr } = runCli(["receive", `${tests.server.url}/LOGS`, "--once"]);
  assert.equal(code, 0, stderr);
  const lines = stdout.trimEnd().split("\n");
  assert.equal(lines.length, 25);
  assert.match(lines[0], /^a\/app +\| \{"level":"info",.*"msg":"m1"\}$/);
  assert.equal(lines.at(-1), "b/x.log | b says 8");
  assert.match(stderr, /^ouroboros: b\/x\.log: 3 entries missing \(overwritten\): 5 to 7$/m);
  assert.match(stderr, SUMMARY);
});

natsTest("receive takes the spellings of before, and says what to type", () => {
  const args = ["--from", tests.server.url, "--stream", "LOGS", "--subject", "LOGS.b.*", "--once"];
  const { code, stdout, stderr } = runCli(["receive", ...args]);
  assert.equal(code, 0, stderr);
  assert.equal(stdout.trimEnd().split("\n").length, 5);
  assert.match(stderr, /--from <server> --stream <stream> is now: receive nats:\/\/HOST\/STREAM/);
  const now = runCli(["receive", `${tests.server.url}/LOGS/LOGS.b.*`, "--start", "25", "--once"]);
  assert.match(now.stderr, /--start is now --from/);
  assert.equal(now.stdout, "b/x.log | b says 8\n");
}, printed);

natsTest("messages that are not from where they say are left out, and reported", async () => {
  await tests.publisher.stream("DOUBT");
  await tests.publisher.entries("DOUBT", a, [1]);
  await tests.publisher.raw("DOUBT.evil.x", "forged", {
    "Ouroboros-Seq": "2",
    "Ouroboros-Host": a.host,
    "Ouroboros-Name": a.name,
    "Ouroboros-Segment": a.segment,
  });
  await tests.publisher.settled("DOUBT", 2);
  const { stdout, stderr } = runCli(["receive", `${tests.server.url}/DOUBT`, "--once"]);
  assert.equal(stdout, "a/app | a says 1\n");
  assert.match(
    stderr,
    /messages are left out whose subject .* --template\n.*1 entry of 1 log.*, 1 not believed/,
  );
}, printed);

natsTest("receive as JSON: a line an entry, and a line a gap", () => {
  const args = ["receive", `${tests.server.url}/LOGS/LOGS.b.x_log`, "--once"];
  const { stdout } = runCli([...args, "--json"]);
  assert.equal(runCli([...args, "-o", "json"]).stdout, stdout);
  const lines = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  const common = { host: "b", log: "x.log", segment: "1a-2b-3c" };
  assert.deepEqual(lines.slice(-2), [
    { ...common, gap: { from: 5, to: 7, count: 3, reason: "overwritten" } },
    { ...common, seq: 8, text: "b says 8", time: 1795280400000 },
  ]);
}, printed);

natsTest("receive runs until a signal, and with a consumer continues where it was", async () => {
  const args = ["receive", `${tests.server.url}/LOGS/LOGS.a.app`];
  args.push("--consumer", "cli", "-o", "json", "--max-hold", "50ms");
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    const cli = startCli(args);
    if (name === "SIGINT") await cli.until((text) => text.includes("m20"));
    else {
      // Nothing that was printed comes again.
      await untilAcknowledged(tests.publisher, "LOGS", "cli", 20);
      await tests.publisher.entries("LOGS", a, [21], () => "one more");
      await cli.until((text) => text.includes("one more"));
    }
    cli.signal(name);
    const { code, stdout, stderr } = await cli.ended();
    assert.equal(code, 0);
    assert.equal(stdout.trimEnd().split("\n").length, name === "SIGINT" ? 20 : 2);
    const expected = name === "SIGINT" ? "20 entries of 1 log" : "1 entry of 1 log";
    assert.ok(stderr.includes(expected), stderr);
  }
});

natsTest("receive into a log, twice: all is there once; a second one is refused", async () => {
  const name = uniqueName("into");
  const args = ["receive", `${tests.server.url}/LOGS/LOGS.b.*`, "--to", name];
  try {
    const first = runCli([...args, "--once", "--chunks", "4"]);
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stderr, /5 entries of 1 log, .* 1 gap\b/);
    const running = startCli([...args, "--summary", "1"]);
    await running.untilStderr((text) => text.includes("continues after entry 5, of 1 log"));
    const other = runCli([...args, "--once"]);
    assert.deepEqual([other.code, other.stdout], [1, ""]);
    assert.match(other.stderr, /has a living writer/);
    await tests.publisher.entries("LOGS", b, [9]);
    await running.untilStderr((text) => text.includes("1 entry of 1 log"));
    running.signal("SIGTERM");
    assert.equal((await running.ended()).code, 0);
    const { stdout } = runCli(["tail", "--all", name]);
    const lines = [1, 2, 3, 4, 8, 9].map((number) => `b/x.log | b says ${number}\n`);
    assert.equal(stdout, lines.join(""));
  } finally {
    for (const one of [name, `${name}.origin`]) SharedMemory.unlink(one);
  }
});

natsTest("tail of a stream: the last ones, all, of a subject, of a level, from a number", () => {
  const tail = (...args: (string | number)[]) => {
    const { code, stdout, stderr } = runCli(["tail", ...args]);
    assert.equal(code, 0, stderr);
    return stdout.trimEnd().split("\n");
  };
  assert.equal(tail(`${tests.server.url}/LOGS`).length >= 9, true);
  const last = tail("-n", 2, `${tests.server.url}/LOGS/LOGS.a.app`);
  assert.equal(last.length, 2);
  assert.ok(last[0].includes('"m20"') && last[1] === "one more", last.join());
  assert.equal(
    tail("--all", `${tests.server.url}/LOGS/LOGS.a.app`, "-p", "error", "-o", "json").length,
    11,
  );
  assert.match(tail("--from", 24, `${tests.server.url}/LOGS/LOGS.b.x_log`)[0], /^b says 4$/);
  assert.equal(tail("-n", 0, `${tests.server.url}/LOGS`)[0], "");
}, printed);

natsTest("tail -f of a stream prints what comes, too, and leaves no consumer", async () => {
  await tests.publisher.stream("LIVE");
  const cli = startCli(["tail", "-f", `${tests.server.url}/LIVE`]);
  for (let number = 1; !cli.stdout.includes("a says"); number++) {
    await tests.publisher.entries("LIVE", a, [number]);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  cli.signal("SIGINT");
  assert.equal((await cli.ended()).code, 0);
  // It has asked the server to delete it, and did not wait for that for long.
  const consumers = () => tests.publisher.jsm.consumers.list("LIVE").next();
  while ((await consumers()).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
});

natsTest("what can't be is wrong usage, or one line", async () => {
  const usage: [args: string[], pattern: RegExp][] = [
    [["receive"], /missing argument 'stream'/],
    [["receive", "a b"], /nats:\/\/HOST:PORT\/STREAM is expected/],
    [["receive", "S", "--from", "soon"], /"oldest", "new" or a number/],
    [["receive", "S", "--from", "latest"], /"oldest", "new" or a number/],
    [["receive", "S", "--stream", "S"], /the stream is an argument/],
    [["receive", "S", "--state", "x"], /--state needs a --consumer/],
    [["receive", "S", "--to", "/x", "--state", "x"], /--state is for .*leave out --to/],
    [["receive", "S", "--to", "/x", "--grep", "x"], /--grep is for .*leave out --to/],
    [["receive", "S", "--chunks", "4"], /--to/],
    [["receive", "S", "--until", "12:00"], /needs --once/],
    [["receive", "S", "--template", "logs.{what}"], /\{what\}/],
    // A timer would take that for no time at all.
    [
      ["receive", "S", "--to", "/x", "--summary", "9999999"],
      /from 0 s to 86400 s/,
    ],
    [["tail", "nats://x"], /nats:\/\/HOST:PORT\/STREAM/],
    [["tail", "nats://x/S", "/app"], /a stream is read alone/],
    [["tail", "nats://x/S", "--show-cursor"], /a stream has no cursor/],
    [["tail", "nats://x/S", "--from", "latest"], /a stream has no chunks/],
  ];
  for (const [args, pattern] of usage) {
    const { code, stderr } = await runHere(...args);
    assert.equal(code, 2, `${args.join(" ")}: ${stderr}`);
    assert.match(stderr, pattern);
  }
  const failures: [args: string[], pattern: RegExp][] = [
    [["receive", `${tests.server.url}/NONE`], /there is no stream "NONE"/],
    [["tail", `${tests.server.url}/NONE`], /there is no stream "NONE"/],
    [["receive", `${tests.server.url}/a*b`], /"a\*b" is not a name of a stream/],
  ];
  for (const [args, pattern] of failures) {
    const { code, stdout, stderr } = runCli(args);
    assert.deepEqual([code, stdout], [1, ""], args.join(" "));
    assert.match(stderr, pattern);
    assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
  }
}, printed);

test("an address of a stream", printed, () => {
  assert.deepEqual(streamArgument("nats://h:1/S"), { server: "nats://h:1", stream: "S" });
  assert.deepEqual(streamArgument("nats://me:pw@h/S/logs.*.x"), {
    server: "nats://me:pw@h",
    stream: "S",
    subject: "logs.*.x",
  });
  for (const text of ["nats://h", "nats://h/", "nats:///S", "nats://h/S/a b"]) {
    assert.throws(() => streamArgument(text), /nats:\/\/HOST:PORT\/STREAM/, text);
  }
});

test("nothing of a stranger controls the terminal: not entries, not names", printed, async () => {
  const path = `${tmpdir()}${uniqueName("printed")}.txt`;
  const evil = { host: "h\x1b[2J\n", name: "/n\x9b\x07", segment: "1-2-3" };
  const text = 'x\x1b[2J\x9b\x07\x7f {"a":1}';
  const { write } = process.stderr;
  let said = "";
  process.stderr.write = ((part: string) => Boolean(said += part)) as typeof write;
  try {
    const output = await Output.file(path);
    for (const format of ["text", "pretty", "json", "hex"] as const) {
      const printer = new ReceivedPrinter({
        output,
        format,
        isTerminal: true,
        colors: pc.createColors(false),
        criteria: {},
        joinsLines: true,
        hasPrefix: true,
      });
      const bytes = new TextEncoder().encode(text);
      await printer.print([
        new ReceivedEntry(evil, 1, 0, bytes, undefined, 1),
        new ReceivedGap(evil, 2, 3, "overwritten"),
      ]);
    }
    await output.close();
    const printed = readFileSync(path, "utf8");
    // deno-lint-ignore no-control-regex
    const control = /[\x00-\x09\x0b-\x1f\x7f-\x9f]/;
    assert.doesNotMatch(printed, control);
    assert.doesNotMatch(said, control);
    assert.equal(said.split("\n").length, 5);
    assert.equal(printed.split("\n").length, 6, printed);
  } finally {
    process.stderr.write = write;
    rmSync(path, { force: true });
  }
});

test(
  "lines in parts are printed whole, those of each log; what has no end, too",
  printed,
  async () => {
    const path = `${tmpdir()}${uniqueName("parts")}.txt`;
    const logs = [sourceOf("one"), sourceOf("two")];
    const numbers = new Map(logs.map((log) => [log, 0]));
    const entry = (log: number, text: string) => {
      const number = numbers.get(logs[log])! + 1;
      numbers.set(logs[log], number);
      const bytes = new TextEncoder().encode(`2026-11-29T20:00:00Z ${text}`);
      return new ReceivedEntry(logs[log], number, 0, bytes, undefined, number);
    };
    const output = await Output.file(path);
    const printer = new ReceivedPrinter({
      output,
      format: "text",
      isTerminal: false,
      colors: pc.createColors(false),
      criteria: {},
      joinsLines: true,
      hasPrefix: false,
    });
    await printer.print([
      entry(0, "stdout P a"),
      entry(1, "stdout P 1"),
      entry(0, "stderr F plain"),
      entry(0, "stdout F b"),
    ]);
    await printer.print([
      entry(1, "stdout P 2"),
      entry(1, "stdout F 3"),
      entry(0, "stdout P lost"),
    ]);
    await printer.print([new ReceivedGap(logs[0], 5, 6, "overwritten"), entry(1, "stdout P open")]);
    await printer.end();
    await output.close();
    const printed = readFileSync(path, "utf8").split("\n").map((line) => line.slice(21));
    rmSync(path);
    assert.deepEqual(printed, [
      "stderr F plain",
      "stdout F ab",
      "stdout F 123",
      "stdout P lost",
      "stdout P open",
      "",
    ]);
  },
);
