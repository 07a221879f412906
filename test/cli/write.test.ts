/** `ouroboros write`. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import process from "node:process";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { SharedMemory } from "../../ffi/mod.ts";
import { type LogTarget, ShmLogReader, ShmLogWriter } from "../../mod.ts";
import { runCli, runHere, startCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { lastingLog } from "../support/lasting.ts";
import { isWine, needsSignals } from "../support/platform.ts";
import { runtimeName, sameOnAll, uniqueName } from "../support/runtime.ts";

const folder = testFolder("write");

const SMALL = ["--chunk-size", "4KiB", "--chunks", "4"];

function readAll(target: LogTarget): string[] {
  using reader = ShmLogReader.open(target, { strategy: "oldest" });
  return [...reader].map(({ text }) => text);
}

test("write --remove removes the log at the end", () => {
  const name = uniqueName();
  const result = runCli(["write", name, "--remove", ...SMALL], "one\ntwo\n");
  assert.deepEqual(result, { code: 0, stdout: "", stderr: "" });
  assert.ok(!SharedMemory.exists(name));
});

test("write makes an entry of each line, and the next one resumes the log", () => {
  using log = lastingLog();
  const { name, target } = log;
  runCli(["write", name, ...SMALL], "one\n\nthree");
  assert.deepEqual(readAll(target), ["one", "", "three"]);
  runCli(["write", name], "four\n");
  assert.deepEqual(readAll(target), ["one", "", "three", "four"]);
  using reader = ShmLogReader.open(target);
  assert.deepEqual([reader.inspect().chunkCount, reader.inspect().chunkSize], [4, 4096]);
});

test("write --if-exists replace starts an empty log, and fail leaves what is there", {
  skip: sameOnAll,
}, () => {
  using log = lastingLog();
  const { name, target } = log;
  runCli(["write", name, ...SMALL], "old\n");
  const refused = runCli(["write", name, "--if-exists", "fail"], "lost\n");
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^ouroboros: .*exists.*\n$/);
  assert.deepEqual(readAll(target), ["old"]);
  runCli(["write", name, "--if-exists", "replace", ...SMALL], "new\n");
  assert.deepEqual(readAll(target), ["new"]);
});

test("write fails while another writer is alive, and leaves its log", { skip: sameOnAll }, () => {
  const name = uniqueName();
  using writer = ShmLogWriter.create(name, { unlinkOnClose: true, chunkSize: 4096, chunkCount: 4 });
  const { code, stderr } = runCli(["write", name], "mine\n");
  assert.equal(code, 1);
  assert.match(stderr, /^ouroboros: .*writer.*\n$/);
  writer.write("still here");
  assert.deepEqual(readAll(name), ["still here"]);
});

test("write --tee copies the input through, byte by byte", async () => {
  // In Wine a Deno that writes more to a pipe than fits does not read another one meanwhile.
  const length = isWine && runtimeName === "deno" ? 100_000 : 300_000;
  const input = Uint8Array.from({ length }, (_, i) => i % 61 === 0 ? 10 : 33 + i % 90);
  const running = startCli(["write", uniqueName(), "--tee", ...SMALL]);
  running.process.stdin?.end(input);
  const { code, stdout } = await running.ended();
  assert.equal(code, 0);
  assert.ok(stdout === new TextDecoder().decode(input));
});

test("write takes bytes as they are", { skip: sameOnAll }, () => {
  using log = lastingLog();
  const { name, target } = log;
  runCli(["write", name, ...SMALL], Uint8Array.of(0, 13, 255, 10, 128));
  using reader = ShmLogReader.open(target);
  assert.deepEqual([...reader].map(({ bytes }) => [...bytes]), [[0, 13, 255], [128]]);
});

test("write --size is the size of a new log in all", { skip: sameOnAll }, async () => {
  using log = lastingLog();
  const { name, target } = log;
  assert.equal(runCli(["write", name, "--size", "100k", "--chunks", 4], "one\n").code, 0);
  using writer = ShmLogWriter.create(target, { ifExists: "resume" });
  assert.ok(writer.segmentSize > 102_380 && writer.segmentSize <= 102_400);
  const both = await runHere("write", name, "--size", "1MiB", "--chunk-size", "4k");
  assert.equal(both.code, 2);
  assert.match(both.stderr, /--size is that of all chunks: leave --chunk-size out/);
});

test("write cuts lines that are too long, and says so", { skip: sameOnAll }, () => {
  using log = lastingLog();
  const { name, target } = log;
  const input = `${"a".repeat(5000)}\n${"b".repeat(4000)}\nshort\n`;
  const args = ["write", name, "--chunk-size", 1024, "--chunks", 2];
  const { code, stderr } = runCli(args, input);
  assert.equal(code, 0);
  assert.match(stderr, /a line is cut to the maximum of 2044 bytes\n.*2 lines were cut\n$/);
  assert.equal(readAll(target).at(-1), "short");
});

test(
  "write to a path writes a file, and removes it only with --remove",
  { skip: sameOnAll },
  () => {
    const path = `${folder}/app.log`;
    runCli(["write", path, ...SMALL], "kept\n");
    assert.deepEqual(readAll({ path }), ["kept"]);
    for (const flag of ["--no-remove", "--keep"]) runCli(["write", path, flag], "more\n");
    assert.deepEqual(readAll({ path }), ["kept", "more", "more"]);
    runCli(["write", path, "--remove"], "gone\n");
    assert.ok(!existsSync(path));
  },
);

/**
 * What a log holds at the end of an application that says something in the second after a SIGTERM;
 * perhaps `write` stands still from before that until the second is over.
 */
async function withLastWords(standsStill: boolean): Promise<string[]> {
  for (;;) {
    using log = lastingLog();
    const running = startCli(["write", log.name, "--tee", ...SMALL]);
    const { pid = 0, stdin } = running.process;
    stdin?.on("error", () => {});
    const say = (text: string) => new Promise<void>((done) => stdin?.write(text, () => done()));
    await say("first\n");
    await running.until((stdout) => stdout === "first\n");
    const start = performance.now();
    running.signal("SIGTERM");
    if (standsStill) {
      await sleep(300);
      process.kill(pid, "SIGSTOP");
    }
    await say("last words\n");
    const isInTime = performance.now() - start < 700;
    if (standsStill) {
      await sleep(1000);
      process.kill(pid, "SIGCONT");
    }
    assert.equal((await running.ended()).code, 0);
    // Else it was this process that stood still, and said them too late.
    if (isInTime) return readAll(log.target);
  }
}

test("write ends at SIGTERM, with the last words of the application", async () => {
  assert.deepEqual(await withLastWords(false), ["first", "last words"]);
});

test("write takes last lines that were written in time, though it reads them late", {
  skip: needsSignals,
}, async () => {
  assert.deepEqual(await withLastWords(true), ["first", "last words"]);
});

test("write ends at SIGTERM though its input never pauses", { skip: needsSignals }, async () => {
  const name = uniqueName();
  const running = startCli(["write", name, ...SMALL]);
  const { stdin } = running.process;
  stdin?.on("error", () => {});
  const lines = "an application that has always more to say\n".repeat(100);
  const pump = (error?: Error | null) => void (error ?? stdin?.write(lines, pump));
  pump();
  {
    using reader = await ShmLogReader.waitFor(name);
    while (reader.newestSequenceNumber() < 1000) await sleep(10);
  }
  running.signal("SIGTERM");
  const { code, stderr } = await running.ended();
  assert.deepEqual([code, stderr], [0, ""]);
});

test("write --tee ends quietly when nobody reads its output", async () => {
  const name = uniqueName();
  const running = startCli(["write", name, "--tee", "--remove", ...SMALL]);
  running.process.stdin?.on("error", () => {});
  running.process.stdin?.write("first\n");
  await running.until((stdout) => stdout === "first\n");
  running.process.stdout?.destroy();
  const timer = setInterval(() => running.process.stdin?.write("more\n"), 10);
  const { code, stderr } = await running.ended();
  clearInterval(timer);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.ok(!SharedMemory.exists(name));
});

test("write takes \\r\\n for a line end, and --tee leaves it", { skip: sameOnAll }, () => {
  const path = `${folder}/crlf.ring`;
  const { stdout } = runCli(
    ["write", path, "--tee", ...SMALL],
    "one\r\ntwo\nthree\r",
  );
  assert.equal(stdout, "one\r\ntwo\nthree\r");
  const lines = ['{"seq":1,"text":"one"}\n', '{"seq":3,"text":"three\\r"}\n'];
  assert.equal(runCli(["tail", path, "--grep", "e$", "-o", "json"]).stdout, lines.join(""));
});
