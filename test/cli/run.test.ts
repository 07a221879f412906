/** `ouroboros run`, and lines of container runtimes in other commands. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import test from "node:test";
import { type LogTarget, ShmLogReader, ShmLogWriter } from "../../mod.ts";
import { cliCommand, runCli, runHere, startCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { lastingLog } from "../support/lasting.ts";
import { needsSignals } from "../support/platform.ts";
import { baseSeed, payloadOf } from "../support/random.ts";
import { sameOnAll } from "../support/runtime.ts";

const folder = testFolder("run-cli");

const SMALL = ["--size", "1MiB"];

/** The lines of a log, without their times; the last one is the end. */
function linesOf(target: LogTarget): string[] {
  using reader = ShmLogReader.open(target, { strategy: "oldest" });
  return [...reader].map(({ text }) => text.slice(31));
}

test("run passes all bytes on, and the exit code, and says where the log of a crash is", {
  skip: needsSignals,
}, () => {
  console.log(`seed ${baseSeed}`);
  using log = lastingLog("run");
  const bytes = payloadOf(baseSeed, 300_000);
  writeFileSync(`${folder}/bytes`, bytes);
  const [command, args] = cliCommand(["run", "--log", log.name, ...SMALL, "--save", folder]);
  const script = `cat ${folder}/bytes; echo 'Error: no' >&2; exit 7`;
  const { status, stdout, stderr } = spawnSync(command, [...args, "--", "sh", "-c", script]);
  assert.equal(status, 7);
  assert.ok(Buffer.compare(stdout, bytes) === 0);
  const [own, ours] = stderr.toString().split("\n");
  assert.equal(own, "Error: no");
  assert.match(
    ours,
    /^ouroboros: sh exited with 7: \d+ entries saved in \S+\/sh-\S+\.log; last error: Error: no$/,
  );
  const [saved] = readdirSync(folder).filter((name) => name.startsWith("sh-"));
  assert.deepEqual(linesOf({ path: `${folder}/${saved}` }), linesOf(log.target));
});

test("run takes a program without --, leaves its options to it, and gives it the input", {
  skip: needsSignals,
}, () => {
  using log = lastingLog("run");
  const result = runCli(["run", "--log", log.name, ...SMALL, "cat", "-n", "-"], "in\n");
  assert.deepEqual(result, { code: 0, stdout: "     1\tin\n", stderr: "" });
  assert.equal(linesOf(log.target)[0], "stdout F      1\tin");
});

test("run ends with a program that does not read its input", { skip: needsSignals }, async () => {
  using log = lastingLog("run");
  const running = startCli(["run", "--log", log.name, ...SMALL, "--", "echo", "done"]);
  running.process.stdin?.on("error", () => {});
  running.process.stdin?.write("x".repeat(1 << 18));
  assert.deepEqual(await running.ended(), { code: 0, stdout: "done\n", stderr: "" });
});

test("run forwards signals, as often as they come, and waits for the program", {
  skip: needsSignals,
}, async () => {
  using log = lastingLog("run");
  const script = "trap 'echo usr' USR2; trap 'echo int' INT; trap 'echo term; exit 6' TERM; " +
    "echo ready; while :; do sleep 0.05; done";
  const running = startCli(["run", "--log", log.name, ...SMALL, "--", "sh", "-c", script]);
  const pid = running.process.pid!;
  await running.until((text) => text === "ready\n");
  let expected = "ready\n";
  for (const [signal, said] of [["SIGINT", "int"], ["SIGINT", "int"], ["SIGUSR2", "usr"]]) {
    process.kill(pid, signal);
    expected += `${said}\n`;
    await running.until((text) => text === expected);
  }
  running.signal("SIGTERM");
  assert.deepEqual(await running.ended(), { code: 6, stdout: `${expected}term\n`, stderr: "" });
});

test("no signal of those that programs use ends run before its program", {
  skip: process.platform !== "linux" && "signals of Linux",
}, async () => {
  using log = lastingLog("run");
  const script = "trap 'echo alarm' ALRM; trap 'echo real' 40; trap 'echo term; exit 6' TERM; " +
    "echo ready; kill -40 $$; while :; do sleep 0.05; done";
  const running = startCli(["run", "--log", log.name, ...SMALL, "--", "sh", "-c", script]);
  const pid = running.process.pid!;
  // The program has signals as usual, though run ignores some.
  await running.until((text) => text === "ready\nreal\n");
  // musl keeps 34 for itself; its own of real time begin with 35.
  spawnSync("sh", ["-c", `for s in 16 35 40 64 ALRM; do kill -$s ${pid}; done`]);
  await running.until((text) => text === "ready\nreal\nalarm\n");
  running.signal("SIGTERM");
  assert.deepEqual(await running.ended(), {
    code: 6,
    stdout: "ready\nreal\nalarm\nterm\n",
    stderr: "",
  });
});

test("run is no crash if the program was asked to end", { skip: needsSignals }, async () => {
  using log = lastingLog("run");
  const save = `${folder}/asked`;
  const program = ["sh", "-c", "echo ready; exec sleep 60"];
  const running = startCli(["run", "--log", log.name, ...SMALL, "--save", save, "--", ...program]);
  await running.until((stdout) => stdout === "ready\n");
  running.signal("SIGTERM");
  const { code, stderr } = await running.ended();
  assert.deepEqual([code, stderr], [143, ""]);
  const end = JSON.parse(linesOf(log.target).at(-1)!.slice(9));
  assert.deepEqual([end.level, end.signal], ["info", "SIGTERM"]);
  assert.deepEqual(readdirSync(save), []);
});

test("run that is killed is a closed pipe to the program, and leaves what was printed", {
  skip: needsSignals,
}, async () => {
  using log = lastingLog("run");
  const script = `trap 'echo "$0" > ${folder}/ended' EXIT; trap '' PIPE
    echo $$; while echo line; do sleep 0.05; done 2>/dev/null`;
  const running = startCli(["run", "--log", log.name, ...SMALL, "--", "sh", "-c", script]);
  await running.until((text) => text.endsWith("line\nline\n"));
  const program = Number(running.stdout.split("\n")[0]);
  running.process.kill("SIGKILL");
  await running.ended();
  const lines = linesOf(log.target);
  assert.deepEqual(lines.slice(0, 3), [
    `stdout F ${program}`,
    "stdout F line",
    "stdout F line",
  ]);
  // It has seen an error of its own write, and ends by itself.
  while (!readdirSync(folder).includes("ended")) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  // The next one continues the log.
  runCli(["run", "-q", "--log", log.name, "--", "echo", "next"]);
  assert.equal(linesOf(log.target).at(-2), "stdout F next");
});

test("run passes the end of its reader on to the program", { skip: needsSignals }, async () => {
  using log = lastingLog("run");
  const [command, args] = cliCommand(["run", "--log", log.name, ...SMALL, "--", "yes"]);
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  const code = new Promise((resolve) => child.once("exit", resolve));
  await new Promise((resolve) => child.stdout.once("data", resolve));
  child.stdout.destroy();
  assert.equal(await code, 141);
  const end = JSON.parse(linesOf(log.target).at(-1)!.slice(9));
  assert.deepEqual([end.level, end.signal], ["info", "SIGPIPE"]);
});

test(
  "run names its mistakes, and those of the command line",
  { skip: needsSignals || sameOnAll },
  async () => {
    using log = lastingLog("run");
    const missing = runCli(["run", "--log", log.name, ...SMALL, "--", "nothing-of-this-name"]);
    assert.deepEqual(missing, {
      code: 127,
      stdout: "",
      stderr: 'ouroboros: no program "nothing-of-this-name"\n',
    });
    const cases: [args: string[], message: RegExp][] = [
      [["run"], /missing required argument 'command'/],
      [["run", "--save-on", "always", "true"], /--save-on needs a folder: --save <folder>/],
      [["run", "--save-on", "often", "true"], /Allowed choices are crash, always, never/],
      [["run", "--size", "big", "true"], /A size like/],
      [["run", "--mask", "(", "true"], /is not a regular expression/],
    ];
    for (const [args, message] of cases) {
      const { code, stderr } = await runHere(...args);
      assert.equal(code, 2, args.join(" "));
      assert.match(stderr, message);
    }
  },
);

test("run masks in the log, and prints what the program prints", {
  skip: sameOnAll || needsSignals,
}, () => {
  using log = lastingLog("run");
  const mask = ["--mask", "(?i)token=\\S+", "--mask", "\\d{16}"];
  const said = "Token=abc card 1234567812345678 end";
  const { stdout } = runCli(["run", "--log", log.name, ...SMALL, ...mask, "--", "echo", said]);
  assert.equal(stdout, `${said}\n`);
  assert.equal(linesOf(log.target)[0], "stdout F *** card *** end");
});

/** The command line of `run` in an example of the guide, with a log, a folder and a program of ours. */
function guideCommand(words: readonly string[], log: string, save: string): string[] {
  const ours = words.slice(words.findIndex((word) => /\bouroboros$/.test(word)) + 1);
  assert.equal(ours[0], "run");
  ours[ours.indexOf("--log") + 1] = log;
  ours[ours.indexOf("--save") + 1] = save;
  return [...ours.slice(0, ours.indexOf("--") + 1), "sh", "-c", "echo $PPID; exit 7"];
}

test("run as the guide has it for systemd and as an entrypoint saves a crash", {
  skip: needsSignals || sameOnAll,
}, () => {
  const guide = readFileSync(new URL("../../src/guides/crashes.md", import.meta.url), "utf8");
  const unit = /^ExecStart=(\S+ run .*)$/m.exec(guide)![1].split(" ");
  const entrypoint = [/^ENTRYPOINT (.*)$/m, /^CMD (.*)$/m].flatMap((line) =>
    JSON.parse(line.exec(guide)![1])
  );
  // Neither has a shell: words are as they stand there.
  assert.deepEqual([unit, entrypoint].map((words) => words.includes("/app.{slot}")), [true, true]);
  for (const words of [unit, entrypoint]) {
    using log = lastingLog("run");
    const save = mkdtempSync(`${folder}/guide-`);
    const { code, stderr } = runCli(guideCommand(words, log.name, save));
    assert.equal(code, 7);
    assert.match(stderr, /^ouroboros: sh exited with 7: 2 entries saved in /);
    assert.equal(readdirSync(save).length, 1);
  }
});

const TIME = "2026-11-29T20:00:00.123456789Z";

test(
  "tail knows the stream, the level and the fields of a line of a program",
  { skip: sameOnAll },
  () => {
    using log = lastingLog("run");
    {
      using writer = ShmLogWriter.create(log.target, { size: 1 << 20, unlinkOnClose: false });
      writer.write(`${TIME} stdout F {"level":30,"time":1700000000000,"msg":"started","port":80}`);
      writer.write(`${TIME} stderr F boom`);
      writer.write(`${TIME} stdout F {"level":50,"time":1700000000000,"msg":"failed"}`);
      writer.write("no such line");
    }
    const tail = (...args: string[]) => runCli(["tail", log.name, "--all", ...args]).stdout;
    assert.equal(tail("--stream", "stderr"), `${TIME} stderr F boom\n`);
    assert.equal(
      tail("--stream", "stdout", "-p", "error").match(/"msg":"\w+"/g)?.join(),
      '"msg":"failed"',
    );
    const pretty = tail("-o", "pretty").split("\n");
    assert.match(pretty[0], / INFO {2}started port=80$/);
    assert.match(pretty[1], / - {5}boom$/);
    assert.equal(pretty[3], "no such line");
  },
);

test("write --stamp writes lines as run does; long ones in parts, which tail shows whole", {
  skip: sameOnAll,
}, () => {
  using log = lastingLog("run");
  const long = `${"ä".repeat(100_000)} needle ${"€".repeat(10_000)}`;
  runCli(
    ["write", log.name, "--stamp", "--chunk-size", "1MiB", "--chunks", "2"],
    `one\r\n${long}\nthree`,
  );
  const lines = linesOf(log.target);
  assert.deepEqual([lines[0], lines.at(-1)], ["stdout F one", "stdout F three"]);
  assert.ok(lines.length > 4 && lines.slice(1, -2).every((line) => line.startsWith("stdout P ")));
  const tail = (...args: string[]) => runCli(["tail", log.name, ...args]).stdout;
  const whole = tail("-n", "2", "-o", "text").split("\n");
  assert.equal(whole.length, 3);
  assert.ok(whole[0].slice(31) === `stdout F ${long}`);
  assert.equal(JSON.parse(tail("--all", "--json", "-g", "ä needle €")).text, whole[0]);
});
