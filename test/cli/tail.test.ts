/** `ouroboros tail`. */

import assert from "node:assert/strict";
import test from "node:test";
import { SharedMemory } from "../../ffi/mod.ts";
import { type LogTarget, ShmLogWriter } from "../../mod.ts";
import { runCli, startCli } from "../support/cli.ts";
import { lastingLog } from "../support/lasting.ts";
import { done, fill, lines } from "../support/numbered_lines.ts";
import { needsLettingGo } from "../support/platform.ts";
import { sameOnAll, uniqueName } from "../support/runtime.ts";

/** A log of one page, which is as large on all systems. */
function makeLog(name: string = uniqueName()): ShmLogWriter {
  return ShmLogWriter.create(name, { unlinkOnClose: true, chunkSize: 1004, chunkCount: 4 });
}

test("tail prints the last 10 entries, or as many as -n says", { skip: sameOnAll }, () => {
  using log = makeLog();
  assert.deepEqual(runCli(["tail", log.name]), done(""));
  fill(log, 3);
  assert.deepEqual(runCli(["tail", log.name]), done(lines(1, 3)));
  fill(log, 25);
  assert.deepEqual(runCli(["tail", log.name]), done(lines(16, 25)));
  assert.deepEqual(runCli(["tail", log.name, "-n", 2]), done(lines(24, 25)));
  assert.deepEqual(runCli(["tail", log.name, "-n", 0]), done(""));
  assert.deepEqual(runCli(["tail", log.name, "-n", 1000]), done(lines(1, 25)));
});

test("tail --all, --from oldest, --from latest and --from a number begin there", {
  skip: sameOnAll,
}, () => {
  using log = makeLog();
  fill(log, 100);
  for (const args of [["--all"], ["--from", "oldest"]]) {
    assert.deepEqual(runCli(["tail", log.name, ...args]), done(lines(1, 100)));
  }
  assert.deepEqual(runCli(["tail", log.name, "--from", 98]), done(lines(98, 100)));
  // The 84 entries before these fill the first chunk.
  assert.deepEqual(runCli(["tail", log.name, "--from", "latest"]), done(lines(85, 100)));
  assert.deepEqual(runCli(["tail", log.name, "--from", 101]), done(""));
});

test("tail says how many entries are gone that were asked for", { skip: sameOnAll }, () => {
  using log = makeLog();
  fill(log, 1000);
  const { code, stdout, stderr } = runCli(["tail", log.name, "--from", 2]);
  const first = Number(/^line (\d+)\n/.exec(stdout)?.[1]);
  assert.equal(code, 0);
  assert.ok(first > 2);
  assert.equal(stdout, lines(first, 1000));
  assert.equal(stderr, `ouroboros: ${first - 2} entries lost\n`);
});

test("tail -o prints text, json, hex and raw bytes", { skip: sameOnAll }, () => {
  using log = makeLog();
  log.writeMany(["é\n", new Uint8Array([0xff, 0]), ""]);
  const print = (format: string) => runCli(["tail", log.name, "-o", format]);
  assert.deepEqual(
    print("json"),
    done('{"seq":1,"text":"é\\n"}\n{"seq":2,"base64":"/wA="}\n{"seq":3,"text":""}\n'),
  );
  assert.deepEqual(print("hex"), done("c3a90a\nff00\n\n"));
  assert.deepEqual(print("raw"), done("é\n\ufffd\0"));
  assert.deepEqual(print("text"), done("é\n\n\ufffd\0\n\n"));
});

test("tail --grep prints the last entries that match", { skip: sameOnAll }, () => {
  using log = makeLog();
  fill(log, 100);
  const match = (...args: string[]) => runCli(["tail", log.name, "--grep", "5$", ...args]);
  assert.deepEqual(match("-n", "2"), done("line 85\nline 95\n"));
  assert.deepEqual(match("--from", "60"), done("line 65\nline 75\nline 85\nline 95\n"));
});

test("tail -f prints what comes, and ends with code 0 at SIGINT", async () => {
  using log = makeLog();
  fill(log, 20);
  const running = startCli(["tail", "-f", "-n", 2, log.name]);
  await running.until((stdout) => stdout === lines(19, 20));
  fill(log, 21);
  await running.until((stdout) => stdout === lines(19, 21));
  fill(log, 50);
  await running.until((stdout) => stdout === lines(19, 50));
  running.signal("SIGINT");
  assert.deepEqual(await running.ended(), done(lines(19, 50)));
});

test("tail -f that counts says so, and prints the counts at the end", async () => {
  using log = makeLog();
  fill(log, 20);
  const running = startCli(["tail", "-f", log.name, "--count-by", "log", "-o", "csv"]);
  const counting = "ouroboros: counting; the counts are printed at the end (Ctrl-C)\n";
  await running.untilStderr((stderr) => stderr === counting);
  running.signal("SIGINT");
  const stdout = `log,count\n${log.name},20\n`;
  assert.deepEqual(await running.ended(), { code: 0, stdout, stderr: counting });
});

test("tail -f waits for a log, prints it from its first entry, and ends when it is removed", {
  skip: needsLettingGo,
}, async () => {
  const name = uniqueName();
  const running = startCli(["tail", "-f", name]);
  await running.untilStderr((stderr) => stderr === `ouroboros: waiting for log "${name}"\n`);
  {
    using log = makeLog(name);
    fill(log, 30);
    await running.until((stdout) => stdout === lines(1, 30));
    fill(log, 40);
  }
  const { code, stdout } = await running.ended();
  assert.deepEqual([code, stdout], [0, lines(1, 40)]);
});

test("tail -f stays with a log whose writer was killed and resumed", async () => {
  const name = uniqueName();
  const options = { chunkSize: 1004, chunkCount: 4, unlinkOnClose: false };
  try {
    const first = ShmLogWriter.create(name, { ...options });
    const running = startCli(["tail", "-f", name]);
    fill(first, 5);
    await running.until((stdout) => stdout.endsWith("line 5\n"));
    first.close();
    await new Promise((resolve) => setTimeout(resolve, 600));
    using second = ShmLogWriter.create(name, {
      ...options,
      ifExists: "resume",
    });
    fill(second, 10);
    await running.until((stdout) => stdout.endsWith("line 10\n"));
    running.signal("SIGTERM");
    assert.deepEqual(await running.ended(), done(lines(1, 10)));
  } finally {
    SharedMemory.unlink(name);
  }
});

test("tail -f counts what a writer overwrote while nobody read its output", async () => {
  using log = makeLog();
  const running = startCli(["tail", "-f", log.name]);
  log.write("the beginning");
  await running.until((stdout) => stdout === "the beginning\n");
  running.process.stdout?.pause();
  // More than the pipe, its buffers and the log hold together, at a pace that tail could follow.
  const text = "x".repeat(1000);
  for (let i = 0; i < 2000; i++) {
    log.write(text);
    if (i % 2 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  }
  running.process.stdout?.resume();
  log.write("the end");
  await running.until((stdout) => stdout.endsWith("the end\n"));
  running.signal("SIGINT");
  const { code, stdout, stderr } = await running.ended();
  const lost = [...stderr.matchAll(/^ouroboros: (\d+) entr(?:y|ies) lost$/gm)]
    .reduce((sum, [, count]) => sum + Number(count), 0);
  const printed = stdout.split("\n").length - 1;
  assert.equal(code, 0);
  assert.ok(lost > 0);
  assert.equal(printed + lost, log.totalEntriesWritten);
});

test("tail ends quietly when nobody reads its output", async () => {
  // Large enough for all that is written here: what was lost is told, and that is not quiet.
  using log = ShmLogWriter.create(uniqueName(), {
    unlinkOnClose: true,
    chunkSize: 1 << 20,
    chunkCount: 4,
  });
  fill(log, 20);
  const running = startCli(["tail", "-f", log.name]);
  await running.until((stdout) => stdout.endsWith("line 20\n"));
  running.process.stdout?.destroy();
  const timer = setInterval(() => log.write("more"), 10);
  const { code, stderr } = await running.ended();
  clearInterval(timer);
  assert.deepEqual([code, stderr], [0, ""]);
});

test(
  "tail -r prints the newest entries first, of several logs by time",
  { skip: sameOnAll },
  () => {
    const at = (time: number, msg: string) => JSON.stringify({ time: 1.7e12 + time, msg });
    const small = { chunkSize: 1024, chunkCount: 2, unlinkOnClose: true };
    using one = ShmLogWriter.create(uniqueName("tail-r"), { ...small });
    using two = ShmLogWriter.create(uniqueName("tail-r"), { ...small });
    one.writeMany([at(1, "a"), at(3, "c")]);
    two.writeMany([at(2, "b"), at(4, "d")]);
    const texts = (...args: (string | number)[]) => {
      const { code, stdout, stderr } = runCli(["tail", "--json", ...args]);
      assert.deepEqual([code, stderr], [0, ""]);
      return stdout.trim().split("\n").map((line) => JSON.parse(JSON.parse(line).text).msg).join(
        "",
      );
    };
    assert.equal(texts("-r", one.name), "ca");
    assert.equal(texts("-r", "-n", 1, one.name, two.name), "dc");
    assert.equal(texts("--all", "-r", one.name, two.name), "dcba");
    assert.equal(texts("--all", "-g", "A", "-e", "C", "-iv", two.name, one.name), "bd");
  },
);

test("tail --last begins so long before the last entry of each log, whenever that was", {
  skip: sameOnAll,
}, () => {
  using log = lastingLog("last");
  using other = lastingLog("last");
  const write = (target: LogTarget, moments: number[]) => {
    using writer = ShmLogWriter.create(target, { size: 1 << 20, unlinkOnClose: false });
    for (const moment of moments) {
      writer.write(JSON.stringify({ level: 30, time: 1_700_000_000_000 + moment, msg: moment }));
      writer.write(`after ${moment}`);
    }
  };
  write(log.target, [0, 5000, 9000, 10_000]);
  write(other.target, [100_000, 200_000]);
  const messages = (...args: string[]) =>
    runCli(["tail", ...args]).stdout.match(/"msg":\d+|after \d+/g)?.map((one) => one.slice(6));
  assert.deepEqual(messages(log.name, "--last", "5s"), [
    ...["5000", "5000", "9000", "9000", "10000", "10000"],
  ]);
  assert.deepEqual(messages(log.name, "--last", "500ms"), ["10000", "10000"]);
  assert.deepEqual(messages(log.name, "--last", "1h", "-g", '"msg":0'), ["0"]);
  assert.deepEqual(messages(log.name, other.name, "--last", "1s", "-g", "msg"), [
    ...["9000", "10000", "200000"],
  ]);
  const plain = runCli(["tail", log.name, "--last", "5s", "-n", "3"]);
  assert.deepEqual([plain.code, plain.stdout], [2, ""]);
});

test(
  "tail --last of a log without times prints all of it, and says so",
  { skip: sameOnAll },
  () => {
    using log = lastingLog("last");
    {
      using writer = ShmLogWriter.create(log.target, { size: 1 << 20, unlinkOnClose: false });
      writer.writeMany(["one", "two"]);
    }
    const { code, stdout, stderr } = runCli(["tail", log.name, "--last", "5s"]);
    assert.deepEqual([code, stdout], [0, "one\ntwo\n"]);
    assert.match(stderr, /no entry of \S+ has a time: all of them are printed/);
  },
);
