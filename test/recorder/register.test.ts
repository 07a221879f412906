/** Applications that are recorded without a change: what they printed, and how they ended, is in the log. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { SharedMemory } from "../../ffi/mod.ts";
import { ShmLogReader } from "../../mod.ts";
import { recognizeRecord } from "../../src/records/recognize.ts";
import type { LogRecord } from "../../src/records/record.ts";
import { denoFlags } from "../../scripts/runtimes.ts";
import { runCli } from "../support/cli.ts";
import { complaintsIn, needsLastingNames } from "../support/platform.ts";
import { runtimeName, sameOnAll, thisRuntime, uniqueName } from "../support/runtime.ts";

const register = new URL("../../src/recorder/register.ts", import.meta.url).href;
const pathOf = (name: string) => fileURLToPath(new URL(`children/${name}`, import.meta.url));
const isBun = runtimeName === "bun";

/** How this runtime loads the module first, and then a file. */
function recorded(flags: string[] = []): string[] {
  if (runtimeName === "deno") return ["run", "-A", ...denoFlags, ...flags, "--preload", register];
  return [...flags, isBun ? "--preload" : "--import", isBun ? fileURLToPath(register) : register];
}

interface Outcome {
  code: number | string;
  stdout: string;
  stderr: string;
}

interface RunOptions {
  flags?: string[];
  env?: Record<string, string>;
  /** Kills it when it has printed this. */
  killAfter?: string;
}

/** Runs a file that is recorded in a log. */
async function run(
  log: string,
  file: string,
  args: string[],
  { flags, env, killAfter }: RunOptions = {},
): Promise<Outcome> {
  const before = log === "" ? thisRuntime.run : recorded(flags);
  const child = spawn(thisRuntime.path, [...before, pathOf(file), ...args], {
    env: {
      ...process.env,
      NO_COLOR: "1",
      OUROBOROS_LOG: log,
      OUROBOROS_SIZE: "256KiB",
      CHILD_ARGS: JSON.stringify(before),
      ...env,
    },
  });
  const outcome: Outcome = { code: "", stdout: "", stderr: "" };
  const look = () => {
    const all = outcome.stdout + outcome.stderr;
    if (killAfter !== undefined && all.includes(killAfter)) child.kill("SIGKILL");
  };
  collect(child, "stdout", (text) => outcome.stdout += text, look);
  collect(child, "stderr", (text) => outcome.stderr += text, look);
  const [code, signal] = await once(child, "close");
  return { ...outcome, code: code ?? signal, stderr: complaintsIn(outcome.stderr) };
}

function collect(
  child: ChildProcess,
  name: "stdout" | "stderr",
  take: (text: string) => void,
  look: () => void,
): void {
  child[name]!.setEncoding("utf8").on("data", (text: string) => {
    take(text);
    look();
  });
}

/** What is in a log. */
function recordsOf(name: string): LogRecord[] {
  using reader = ShmLogReader.open(name);
  assert.equal(reader.isWriterAlive(), false);
  return [...reader].map(({ text }) => {
    const record = recognizeRecord(text);
    assert.ok(record, text);
    return record;
  });
}

/** The messages of records; what the runtime and the recorder say of the start and the end is not among them. */
function messagesOf(records: LogRecord[]): string[] {
  return records.filter(({ logger }) => logger !== "ouroboros.register")
    .map(({ message }) => message ?? "");
}

/** The last thing that was recorded of the process itself. */
function lastOf(records: LogRecord[]): LogRecord {
  return records.findLast(({ logger }) => logger === "ouroboros.register")!;
}

const smallHeap = runtimeName === "deno"
  ? ["--v8-flags=--max-old-space-size=64"]
  : ["--max-old-space-size=64"];
const DEADLY = ["kill", "blocked"];

/** What the log says of each end. */
const reasons: Record<string, (records: LogRecord[], outcome: Outcome) => void> = {
  kill: isSilent,
  blocked: isSilent,
  memory(records, outcome) {
    assert.ok(outcome.code === "SIGABRT" || outcome.code === "SIGTRAP", `${outcome.code}`);
    isSilent(records);
  },
  uncaught(records, { code }) {
    assert.equal(code, 1);
    const { message, level, fields } = errorOf(records);
    assert.deepEqual([message, level], ["uncaught TypeError: boom", "fatal"]);
    const err = fields.err as Fields;
    assert.match(err.stack, /application\.ts/);
    assert.equal(err.password, undefined);
    assert.equal(err.cause.message, "no database");
    assert.deepEqual([err.cause.cause.message, err.cause.cause.code], [
      "connection refused",
      "ECONNREFUSED",
    ]);
    endedWith(records, 1);
  },
  reject(records, { code }) {
    assert.equal(code, 1);
    assert.equal(errorOf(records).message, "uncaught RangeError: nobody handles this");
    endedWith(records, 1);
  },
  stack(records, { code }) {
    assert.equal(code, 1);
    assert.match(errorOf(records).message ?? "", /^uncaught RangeError: Maximum call stack/);
    endedWith(records, 1);
  },
  exit(records, { code }) {
    assert.equal(code, 3);
    endedWith(records, 3);
  },
};

// deno-lint-ignore no-explicit-any
type Fields = any;

function errorOf(records: LogRecord[]): LogRecord {
  const found = records.find(({ message }) => message?.startsWith("uncaught "));
  assert.ok(found, JSON.stringify(records));
  return found;
}

/** Deno reports the end of a process with an uncaught error to nobody. */
function endedWith(records: LogRecord[], exitCode: number): void {
  const last = lastOf(records);
  if (runtimeName === "deno" && exitCode === 1) assert.match(last.message ?? "", /^uncaught/);
  else {
    assert.deepEqual([last.message, last.level, last.fields.exitCode], [
      `exit code ${exitCode}`,
      exitCode === 0 ? "info" : "error",
      exitCode,
    ]);
  }
}

/** Of this end nobody in the process can say a word: the log ends with what the program has said. */
function isSilent(records: LogRecord[]): void {
  assert.doesNotMatch(lastOf(records).message ?? "", /exit code|uncaught/);
}

// Each framework meets several ends, and each end several frameworks.
const cases: [framework: string, end: string][] = [
  ["console", "uncaught"],
  ["pino", "kill"],
  ["pino", "uncaught"],
  ["winston", "exit"],
  ["winston", "stack"],
  ["fastify", "blocked"],
  ["fastify", "uncaught"],
  ["hono", "memory"],
  ["hono", "reject"],
  ["express", "exit"],
  ["express", "kill"],
];
const frameworks = ["console", "pino", "winston", "fastify", "hono", "express"];
/** Where Bun runs all of these: each end, and each framework, once is enough. */
const MET_ELSEWHERE = ["pino uncaught", "fastify uncaught", "express kill", "winston exit"];
const all = frameworks.flatMap((each) =>
  Object.keys(reasons).map((end): [string, string] => [each, end])
);

for (const [framework, end] of process.env.REGISTER_ALL ? all : cases) {
  test(`${framework}, recorded: its last lines and the reason of its end, ${end}`, {
    skip: needsLastingNames ||
      MET_ELSEWHERE.includes(`${framework} ${end}`) && sameOnAll ||
      (end === "memory" && isBun && "Bun has no limit of its heap"),
  }, async () => {
    const name = uniqueName("register");
    const outcome = await run(`${name}.{slot}`, "application.ts", [framework, end], {
      ...DEADLY.includes(end) && { killAfter: "last words" },
      ...end === "memory" && { flags: smallHeap },
    });
    try {
      const records = recordsOf(`${name}.0`);
      const messages = messagesOf(records);
      const at = messages.indexOf("last words");
      assert.ok(at > 0, messages.join("\n"));
      assert.equal(messages.lastIndexOf("last words"), at, "it is there once");
      assert.match(messages.slice(0, at).join("\n"), /hello|answered|incoming request/);
      reasons[end](records, outcome);
    } finally {
      SharedMemory.unlink(`${name}.0`);
    }
  });
}

test("what is printed and the exit code are those of a process that is not recorded", {
  skip: needsLastingNames,
}, async () => {
  const name = uniqueName("register");
  const steady = ({ stdout, stderr, code }: Outcome) => {
    return [code, stdout, stderr].map((each) => String(each).replace(/\d+/g, "#"));
  };
  for (const end of ["uncaught", "reject", "nothing"]) {
    const both = [name, ""].map((log) => run(log, "application.ts", ["winston", end]));
    const [recorded, plain] = await Promise.all(both);
    const [ours, theirs] = [steady(recorded), steady(plain)];
    // Bun prints fewer places of an error once somebody has asked for its stack.
    if (isBun) {
      for (const lines of [ours, theirs]) lines[2] = lines[2].replace(/^ +at .*\n/gm, "");
    }
    assert.deepEqual(ours, theirs);
  }
  assert.equal(messagesOf(recordsOf(name)).length, 6);
  SharedMemory.unlink(name);
});

test("workers and children have logs of their own", { skip: needsLastingNames }, async () => {
  const name = uniqueName("register");
  const { stdout } = await run(`${name}.{slot}`, "family.ts", []);
  assert.match(stdout, /main thread[^]*worker[^]*child/);
  const logs = readdirSync("/dev/shm").filter((file) => file.startsWith(`${name.slice(1)}.`));
  const texts = logs.sort().map((log) => messagesOf(recordsOf(log)));
  // Node and Bun let the main thread print what a worker prints: so it is in both logs.
  const own = (text: string) => texts.findLastIndex((messages) => messages.includes(text));
  assert.equal(own("in the main thread"), 0);
  // The worker has ended when the child begins, so its log is free.
  assert.deepEqual([own("in the worker"), own("in the child")], [1, 1]);
  const { stdout: tailed } = runCli(["tail", `${name}.*`]);
  assert.match(tailed, /main thread[^]*worker[^]*child/);
  for (const log of logs) SharedMemory.unlink(log);
});

test("OUROBOROS_LEVEL leaves out what is less important", { skip: needsLastingNames }, async () => {
  const name = uniqueName("register");
  await run(name, "application.ts", ["pino", "uncaught"], { env: { OUROBOROS_LEVEL: "warn" } });
  const records = recordsOf(name);
  assert.deepEqual(messagesOf(records), []);
  assert.equal(errorOf(records).level, "fatal");
  SharedMemory.unlink(name);
});

test("OUROBOROS_SAVE keeps the log of a crash in a file", { skip: needsLastingNames }, async () => {
  const name = uniqueName("register");
  const folder = mkdtempSync(join(tmpdir(), "ouroboros-register-"));
  const env = { OUROBOROS_SAVE: folder };
  await run(name, "application.ts", ["console", "uncaught"], { env });
  await run(name, "application.ts", ["console", "nothing"], { env });
  const files = readdirSync(folder);
  assert.equal(files.length, 1);
  using reader = ShmLogReader.open({ path: join(folder, files[0]) });
  const texts = [...reader].map(({ text }) => text);
  assert.match(texts.join("\n"), /last words[^]*uncaught TypeError: boom/);
  rmSync(folder, { recursive: true });
  SharedMemory.unlink(name);
});

test("a start that can't be recorded is a start as any other", async () => {
  const name = uniqueName("register");
  const wrong: Record<string, string>[] = [{ OUROBOROS_SIZE: "many" }, { OUROBOROS_LEVEL: "loud" }];
  for (const env of wrong) {
    const { code, stdout, stderr } = await run(name, "application.ts", ["hono", "exit"], { env });
    assert.deepEqual([code, stderr], [3, ""]);
    assert.match(stdout, /last words/);
  }
  assert.equal(SharedMemory.exists(name), false);
});
