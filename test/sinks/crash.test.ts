/** Processes that die with words on their lips: the words are in the log. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { SharedMemory } from "../../ffi/mod.ts";
import { ShmLogReader } from "../../mod.ts";
import { runtimeName, scriptCommand, startChild, uniqueName } from "../support/runtime.ts";
import { messageOf } from "./children/loggers.ts";

const crasher = new URL("children/crasher.ts", import.meta.url);
const kinds = ["pino", "logtape", "winston", "console", "otel"];
const all = [...Array.from({ length: 100 }, (_, i) => `line ${i + 1}`), "last words"];

interface Death {
  code: number | null;
  stderr: string;
  lines: string[];
}

/** Lets a process die, and reads what it left. */
function die(kind: string, end: string, uncaught = ""): Death {
  const name = uniqueName("sinks");
  const [command, args] = scriptCommand(fileURLToPath(crasher));
  try {
    const { status, stderr } = spawnSync(command, [...args, kind, name, end, uncaught], {
      encoding: "utf8",
      env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined },
      timeout: 60_000,
    });
    return { code: status, stderr, lines: linesOf(name) };
  } finally {
    SharedMemory.unlink(name);
  }
}

function linesOf(name: string): string[] {
  using reader = ShmLogReader.open(name);
  assert.equal(reader.isWriterAlive(), false);
  return [...reader].map(({ text }) => text);
}

for (const kind of kinds) {
  let plain: Death;

  test(`${kind}: what was logged before an uncaught error is in the log`, () => {
    plain = die(kind, "later");
    assert.equal(plain.code, 1);
    assert.match(plain.stderr, /boom/);
    assert.deepEqual(plain.lines.map(messageOf), all);
  });

  test(`${kind}: an uncaught error is the last line, and the process ends as ever`, () => {
    const { code, stderr, lines } = die(kind, "later", "uncaught");
    const last = lines.pop() ?? "";
    assert.deepEqual(lines.map(messageOf), all);
    assert.match(last, /TypeError.*boom/);
    assert.match(last, /crasher\.ts/, "with the place where it was thrown");
    assert.deepEqual([code, stderr], [plain.code, plain.stderr]);
  });

  test(`${kind}: what was logged before process.exit() is in the log`, () => {
    const { code, lines } = die(kind, "exit");
    assert.equal(code, 7);
    assert.deepEqual(lines.map(messageOf), all);
  });

  test(`${kind}: what was logged before a SIGKILL is in the log`, async () => {
    const name = uniqueName("sinks");
    try {
      const child = startChild(crasher, [kind, name, "wait"]);
      while (await child.nextLine() !== "now");
      await child.kill();
      assert.deepEqual(linesOf(name).map(messageOf), all);
    } finally {
      SharedMemory.unlink(name);
    }
  });
}

test("an error thrown while the main module runs is the last line", () => {
  const { code, lines } = die("pino", "throw", "uncaught");
  assert.equal(code, 1);
  const { level, err } = JSON.parse(lines[lines.length - 1]);
  assert.deepEqual([level, err.type, err.message], [60, "TypeError", "boom"]);
});

test("a rejected promise that nobody handles is the last line", {
  skip: runtimeName === "bun" && "Bun 1.4 tells nobody of rejected promises",
}, () => {
  const { code, lines } = die("pino", "reject", "uncaught");
  assert.equal(code, 1);
  assert.match(messageOf(lines[lines.length - 1]), /boom/);
});

test("pino's transport: what was logged before process.exit() is in the log", () => {
  const { lines } = die("transport", "exit");
  assert.deepEqual(lines.map(messageOf), all);
});
