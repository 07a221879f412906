/** A program that is run and recorded: its lines, its end. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import os from "node:os";
import process from "node:process";
import test from "node:test";
import { type LogTarget, ShmLogReader, ShmLogWriter } from "../../mod.ts";
import { Outlet } from "../../src/recorder/outlet.ts";
import { type RunOptions, runProgram, type RunResult } from "../../src/recorder/run.ts";
import { cliCommand } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { lastingLog } from "../support/lasting.ts";
import { complaintsIn, isWindows, needsExec, needsSignals } from "../support/platform.ts";
import { thisExecutable } from "../../scripts/runtimes.ts";

const folder = testFolder("run");

const isLinux = process.platform === "linux";

/** The lines of a log, without their times. */
function linesOf(target: LogTarget): string[] {
  using reader = ShmLogReader.open(target, { strategy: "oldest" });
  return [...reader].map(({ text }) => text.slice(31));
}

/** Runs a program with a log of its own; gives its lines, and what the last entry says. */
async function recorded(
  command: readonly string[],
  options: Partial<RunOptions> = {},
): Promise<RunResult & { lines: string[]; end: Record<string, unknown>; warnings: string[] }> {
  using log = lastingLog("run");
  const warnings: string[] = [];
  const result = await runProgram({
    command,
    target: log.target,
    log: { size: 1 << 20 },
    isQuiet: true,
    onWarning: (message) => warnings.push(message),
    ...options,
  });
  const lines = linesOf(log.target);
  const last = lines.pop() ?? "";
  assert.match(last, /^stderr F \{"level"/);
  return { ...result, lines, end: JSON.parse(last.slice(9)), warnings };
}

const sh = (script: string) => ["sh", "-c", script];
const unrunnable = `${folder}/unrunnable`;
writeFileSync(unrunnable, "#!/bin/sh\n", { mode: 0o600 });

/** Ways to end: the exit code, the level and the words of the last entry. */
const ways: [command: string[], exitCode: number, level: string, words: string][] = [
  [sh("exit 0"), 0, "info", "sh exited with 0"],
  [sh("exit 3"), 3, "error", "sh exited with 3"],
  [sh("exit 255"), 255, "error", "sh exited with 255"],
  [sh("exit 137"), 137, "error", "sh exited with 137"],
  [sh("kill -TERM $$"), 143, "fatal", "sh ended by SIGTERM"],
  [sh("kill -KILL $$"), 137, "fatal", "sh ended by SIGKILL"],
  [sh("ulimit -c 0; kill -SEGV $$"), 139, "fatal", "sh ended by SIGSEGV"],
  [sh("ulimit -c 0; kill -ABRT $$"), 134, "fatal", "sh ended by SIGABRT"],
  [sh("kill -HUP $$"), 129, "fatal", "sh ended by SIGHUP"],
  [sh("kill -PIPE $$"), 141, "fatal", "sh ended by SIGPIPE"],
  [sh("kill -USR1 $$"), 138, "fatal", "sh ended by SIGUSR1"],
  [["nothing-of-this-name"], 127, "error", "nothing-of-this-name was not started: no program"],
];

for (const [command, exitCode, level, words] of ways) {
  test(`run of ${command.at(-1)} ends with ${exitCode}, and says so`, {
    skip: needsSignals || (exitCode === 127 && needsExec),
  }, async () => {
    const result = await recorded(command);
    assert.equal(result.exitCode, exitCode);
    assert.equal(result.end.level, level);
    assert.equal(String(result.end.msg).slice(0, words.length), words);
    assert.deepEqual(result.warnings, []);
    if (exitCode === 127) return;
    const { pid, exitCode: own, signal, runTimeMs } = result.end;
    assert.ok(Number(pid) > 1 && Number(runTimeMs) > 0);
    assert.ok(typeof own === "number" ? own === exitCode : typeof signal === "string");
  });
}

test("run of what is no program ends with 126", { skip: needsSignals || needsExec }, async () => {
  const { exitCode, end } = await recorded([unrunnable]);
  assert.equal(exitCode, 126);
  assert.match(String(end.msg), /not started: .*unrunnable/);
});

test("run records both streams line by line, also a last line without an end", async () => {
  const script = "process.stdout.write('one\\ntwo');process.stderr.write('err\\r\\n')";
  const runtime = "Deno" in globalThis ? [thisExecutable, "eval"] : [thisExecutable, "-e"];
  const { lines, exitCode } = await recorded([
    ...runtime,
    `import process from "process";${script}`,
  ]);
  assert.equal(exitCode, 0);
  const own = lines.filter((line) => complaintsIn(`${line.replace(/^stderr F /, "")}\n`) !== "");
  assert.deepEqual(own.sort(), ["stderr F err", "stdout F one", "stdout F two"]);
});

test("run gives a program pipes that it can open again", { skip: !isLinux }, async () => {
  const { lines, exitCode } = await recorded(sh("echo out > /dev/stdout; echo err > /dev/stderr"));
  assert.equal(exitCode, 0);
  assert.deepEqual([...lines].sort(), ["stderr F err", "stdout F out"]);
});

test(
  "run gives a program the signals as usual, and its environment",
  { skip: !isLinux || needsExec },
  async () => {
    process.env.OUROBOROS_TEST_RUN = "ä b=c";
    const { lines } = await recorded(
      sh('grep -E "^Sig(Ign|Blk)" /proc/self/status | tr -d "\\t"; echo "$OUROBOROS_TEST_RUN"'),
    );
    delete process.env.OUROBOROS_TEST_RUN;
    assert.deepEqual(
      lines,
      [
        "stdout F SigBlk:0000000000000000",
        "stdout F SigIgn:0000000000000000",
        "stdout F ä b=c",
      ].map((line) => Buffer.from(line).toString()),
    );
  },
);

test("run hands on arguments and variables that are not UTF-8", { skip: !isLinux }, () => {
  using log = lastingLog("run-bytes");
  const [command, args] = cliCommand([
    "run",
    "--log",
    log.name,
    "--size",
    "1MiB",
    "--",
    "sh",
    "-c",
  ]);
  const shell = `export X="$(printf 'a\\377b')"; exec "$@" "$(printf 'l\\351.txt')"`;
  const program = 'printf "%s %s" "$X" "$1" | od -An -tx1';
  const run = ["-c", shell, "sh", command, ...args, program, "sh"];
  const { stdout } = spawnSync("sh", run, { encoding: "utf8" });
  assert.equal(stdout.trim(), "61 ff 62 20 6c e9 2e 74 78 74");
});

test("run says what a program took", { skip: !isLinux }, async () => {
  const { end } = await recorded(sh("i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done"));
  assert.ok(Number(end.userCpuMs) > 1, `${end.userCpuMs}`);
  assert.ok(Number(end.userCpuMs) < 60_000);
  assert.ok(Number(end.runTimeMs) >= Number(end.userCpuMs) / os.cpus().length);
  assert.equal(end.coreDumped, undefined);
  const large = "b=$(head -c 50000000 /dev/zero | tr '\\0' x); sleep 1.2; kill -KILL $$";
  const killed = await recorded(sh(large));
  assert.ok(Number(killed.end.maxMemoryBytes) > 50e6, `${killed.end.maxMemoryBytes}`);
  assert.equal(killed.end.coreDumped, false);
  assert.notEqual(killed.end.oomKilled, true);
});

test("run records a program that closes its output, and waits for its end", {
  skip: needsSignals,
}, async () => {
  const { lines, exitCode } = await recorded(sh("echo one; exec >&- 2>&-; sleep 0.3; exit 5"));
  assert.deepEqual(lines, ["stdout F one"]);
  assert.equal(exitCode, 5);
});

test("run ends with the program, though what that started has its output", {
  skip: !isLinux,
}, async () => {
  const { lines, exitCode, warnings } = await recorded(
    sh("sleep 0.5; sleep 60 & echo last; echo $! >&2; exit 4"),
  );
  const left = lines.find((line) => line.startsWith("stderr F "))?.slice(9);
  // It is still there: an error otherwise.
  process.kill(Number(left));
  assert.equal(exitCode, 4);
  assert.deepEqual(lines.sort(), [`stderr F ${left}`, "stdout F last"]);
  assert.match(warnings.join(), /^processes that sh has left behind still have its output/);
});

test("run keeps all of what was in the pipes at the end", { skip: needsSignals }, async () => {
  const { lines } = await recorded(
    sh("i=0; while [ $i -lt 20000 ]; do echo line-$i; i=$((i+1)); done; echo end >&2"),
    { log: { size: 4 << 20 } },
  );
  assert.equal(lines.filter((line) => line.startsWith("stdout F line-")).length, 20_000);
  assert.ok(lines.includes("stderr F end"));
});

test("run ends a program whose reader is gone, also where its socket was reset", {
  skip: needsSignals,
}, async (t) => {
  for (const code of ["EPIPE", "ECONNRESET"]) {
    // So it is where the reader closes a socket while bytes are being written to it.
    const write = t.mock.method(
      Outlet.prototype,
      "write",
      () => Promise.reject(Object.assign(new Error(code), { code })),
    );
    using log = lastingLog("run");
    const onWarning = (warning: string) => assert.fail(warning);
    const { exitCode, ending } = await runProgram({
      command: ["yes"],
      target: log.target,
      onWarning,
    });
    write.mock.restore();
    assert.deepEqual([exitCode, ending.isRequested], [141, true]);
  }
});

test("run saves the log of a crash, with the last error that it finds", {
  skip: needsSignals,
}, async () => {
  const save = `${folder}/new/crashes`;
  const crash = sh("echo fine; echo 'TypeError: x is not' >&2; echo '    at foo' >&2; exit 1");
  const { saved, lastError } = await recorded(crash, { save });
  assert.equal(lastError, "TypeError: x is not");
  assert.equal(saved?.entries, 4);
  assert.match(saved?.path ?? "", /crashes\/sh-\d{8}T\d{6}Z-\d+\.log$/);
  assert.equal(linesOf({ path: saved!.path }).length, 4);
  const json = `echo '{"level":"error","msg":"no database"}'; echo bye >&2; kill -KILL $$`;
  assert.equal((await recorded(sh(json), { save })).lastError, "no database");
  assert.equal((await recorded(sh("exit 0"), { save })).saved, undefined);
  assert.equal((await recorded(sh("exit 1"), { save, saveOn: "never" })).saved, undefined);
  assert.equal((await recorded(sh("exit 0"), { save, saveOn: "always" })).saved?.entries, 1);
  assert.equal(readdirSync(save).length, 3);
});

test("run runs a program though the log is too small for a line", {
  skip: isWindows && "a segment of Windows",
}, async () => {
  using log = lastingLog("run");
  ShmLogWriter.create(log.target, { chunkSize: 16, chunkCount: 2 }).close();
  const warnings: string[] = [];
  const onWarning = (message: string) => void warnings.push(message);
  const options = { command: sh("echo hi; exit 9"), target: log.target, isQuiet: true, onWarning };
  assert.equal((await runProgram(options)).exitCode, 9);
  assert.match(
    warnings.join(),
    /^nothing is recorded: the entries of the log have at most \d+ bytes/,
  );
});

test("run runs a program though nothing can be recorded or saved", {
  skip: isWindows && "a segment of Windows",
}, async () => {
  using log = lastingLog("run");
  using _writer = ShmLogWriter.create(log.target, { size: 1 << 20 });
  const warnings: string[] = [];
  const onWarning = (message: string) => void warnings.push(message);
  const options = { command: sh("exit 9"), target: log.target, isQuiet: true, onWarning };
  assert.equal((await runProgram(options)).exitCode, 9);
  assert.match(warnings.join(), /^nothing is recorded: .*living writer|writer/);
  const { exitCode, warnings: more } = await recorded(sh("exit 8"), { save: unrunnable });
  assert.equal(exitCode, 8);
  // At once, and again when it was to be done.
  assert.match(more.join(), /^the log will not be saved: .*the log was not saved: /);
});
