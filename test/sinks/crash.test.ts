/** Processes that die with words on their lips: the words are in the log. */

import assert from "node:assert/strict";
import { once } from "node:events";
import test from "node:test";
import { type LogTarget, ShmLogReader } from "../../mod.ts";
import { lastingLog } from "../support/lasting.ts";
import { complaintsIn } from "../support/platform.ts";
import { sameOnAll, startChild } from "../support/runtime.ts";
import { messageOf } from "./children/loggers.ts";

const crasher = new URL("children/crasher.ts", import.meta.url);
const kinds = ["pino", "logger", "logtape", "winston", "console", "otel"];
const all = [...Array.from({ length: 100 }, (_, i) => `line ${i + 1}`), "last words"];

interface Death {
  code: number | string;
  stderr: string;
  lines: string[];
}

/** Lets a process die, and reads what it left. */
async function die(kind: string, end: string, uncaught = ""): Promise<Death> {
  using log = lastingLog("sinks");
  const child = startChild(crasher, [kind, JSON.stringify(log.target), end, uncaught]);
  let stderr = "";
  child.process.stderr?.on("data", (text: string) => stderr += text);
  const closed = once(child.process, "close");
  if (end === "wait") {
    while (await child.nextLine() !== "now");
    child.process.kill("SIGKILL");
  } else child.process.stdout?.resume();
  const code = await child.ended();
  await closed;
  return { code, stderr: complaintsIn(stderr), lines: linesOf(log.target) };
}

/** The deaths of a library, at once: a machine has more than one core. */
function deathsOf(kind: string) {
  const deaths = {
    thrown: die(kind, "later"),
    uncaught: die(kind, "later", "uncaught"),
    exit: die(kind, "exit"),
    kill: die(kind, "wait"),
  };
  // Whoever waits for one of them is told; nobody else is.
  for (const death of Object.values(deaths)) death.catch(() => {});
  return deaths;
}

function linesOf(target: LogTarget): string[] {
  using reader = ShmLogReader.open(target);
  assert.equal(reader.isWriterAlive(), false);
  return [...reader].map(({ text }) => text);
}

/** They write as the others do: as pino's stream, and as the logger. */
const ALIKE = ["logtape", "otel"];

for (const kind of kinds) {
  const skip = ALIKE.includes(kind) && sameOnAll;
  let deaths: ReturnType<typeof deathsOf> | undefined;

  test(`${kind}: what was logged before an uncaught error is in the log`, { skip }, async () => {
    deaths ??= deathsOf(kind);
    const { code, stderr, lines } = await deaths.thrown;
    assert.equal(code, 1);
    assert.match(stderr, /boom/);
    assert.deepEqual(lines.map(messageOf), all);
  });

  test(`${kind}: an uncaught error is the last line, and the process ends as without a sink`, {
    skip,
  }, async () => {
    deaths ??= deathsOf(kind);
    const { code, stderr, lines } = await deaths.uncaught;
    const last = lines[lines.length - 1];
    assert.deepEqual(lines.slice(0, -1).map(messageOf), all);
    assert.match(last, /TypeError.*boom/);
    assert.match(last, /crasher\.ts/, "with the place where it was thrown");
    assert.match(last, /E_BOOM/, "with its code");
    assert.doesNotMatch(last, /hunter2/, "without what a logger would redact");
    assert.match(last, /RangeError.*root cause|root cause.*RangeError/s, "with what caused it");
    const plain = await deaths.thrown;
    assert.deepEqual([code, stderr], [plain.code, plain.stderr]);
  });

  test(`${kind}: what was logged before process.exit() is in the log`, { skip }, async () => {
    deaths ??= deathsOf(kind);
    const { code, lines } = await deaths.exit;
    assert.equal(code, 7);
    assert.deepEqual(lines.map(messageOf), all);
  });

  test(`${kind}: what was logged before a SIGKILL is in the log`, { skip }, async () => {
    deaths ??= deathsOf(kind);
    const { code, lines } = await deaths.kill;
    assert.equal(code, "SIGKILL");
    assert.deepEqual(lines.map(messageOf), all);
  });
}

test("an error thrown while the main module runs is the last line", async () => {
  const { code, lines } = await die("pino", "throw", "uncaught");
  assert.equal(code, 1);
  const { level, err } = JSON.parse(lines[lines.length - 1]);
  assert.deepEqual([level, err.type, err.message], [60, "TypeError", "boom"]);
});

test("a rejected promise that nobody handles is the last line", async () => {
  const { code, lines } = await die("pino", "reject", "uncaught");
  assert.equal(code, 1);
  assert.match(messageOf(lines[lines.length - 1]), /boom/);
});

test("pino's transport: what was logged before process.exit() is in the log", async () => {
  const { lines } = await die("transport", "exit");
  assert.deepEqual(lines.map(messageOf), all);
});
