/** The thread that notices when the main one stands still. */

import assert from "node:assert/strict";
import test from "node:test";
import { type LogTarget, Reader, segmentSize, ShmLogReader, Writer } from "../../mod.ts";
import { EntrySink } from "../../src/sinks/mod.ts";
import { Watchdog } from "../../src/sinks/watchdog.ts";
import { recognizeRecord } from "../../src/records/recognize.ts";
import { unlinkMemory } from "../../src/log/native/target.ts";
import { lastingLog } from "../support/lasting.ts";
import { complaintsIn, notOnWindows } from "../support/platform.ts";
import { runtimeName, startChild, thisRuntime } from "../support/runtime.ts";

const blocked = new URL("children/blocked.ts", import.meta.url);
const isNode = runtimeName === "node";

interface Entry {
  time: string;
  level: string;
  msg: string;
  blocked: boolean;
  blockedMs: number;
  pid: number;
  about: string;
  stack?: string;
}

/** The log of the watchdog beside a log. */
function besides(target: LogTarget): LogTarget {
  return typeof target === "string" ? `${target}.watch` : { path: `${target.path}.watch` };
}

function entriesOf(target: LogTarget): Entry[] {
  using reader = ShmLogReader.open(target);
  return [...reader].map(({ text }) => {
    assert.equal(recognizeRecord(text)?.logger, "ouroboros.watchdog");
    return JSON.parse(text);
  });
}

/** Starts a process that stands still, and gives what its watchdog has written when it has ended. */
async function watch(
  how: string,
  { times = 1, flags = [] }: { times?: number; flags?: string[] } = {},
): Promise<{ code: number | string; stderr: string; entries: Entry[]; lines: string[] }> {
  using log = lastingLog("watchdog");
  const target = besides(log.target);
  const on = { ...thisRuntime, run: [...thisRuntime.run, ...flags] };
  const child = startChild(blocked, [how, JSON.stringify(log.target), times], on);
  let stderr = "";
  child.process.stderr?.on("data", (text: string) => stderr += text);
  if (how === "kill") {
    while (await child.nextLine() !== "now");
    while (!isThere(target)) await new Promise((resolve) => setTimeout(resolve, 50));
    await child.kill();
  }
  const code = await child.ended();
  try {
    using reader = ShmLogReader.open(log.target);
    const lines = [...reader].map(({ text }) => text);
    const entries = entriesOf(target);
    // Not "log", which would hide the log that the entry is from.
    const name = typeof log.target === "string" ? log.target : log.target.path;
    assert.deepEqual([...new Set(entries.map(({ about }) => about))], entries.length ? [name] : []);
    return { code, stderr: complaintsIn(stderr), entries, lines };
  } finally {
    unlinkMemory(target);
  }
}

function isThere(target: LogTarget): boolean {
  try {
    return entriesOf(target).at(-1)?.blocked === true;
  } catch {
    return false;
  }
}

/**
 * The words on each time that the process stood still. A busy machine may stop a thread by itself, which
 * is seen, too.
 */
function blocksIn(lines: string[], entries: Entry[]): [begin: Entry, end: Entry][] {
  const times = lines.flatMap((line) => [...line.matchAll(/^(\d+) to (\d+)$/g)]);
  return times.map(([, from, to]) => {
    const begins = entries.flatMap(({ blocked, time }, i) =>
      blocked && Date.parse(time) >= Number(from) && Date.parse(time) <= Number(to) ? [i] : []
    );
    assert.equal(begins.length, 1, JSON.stringify(entries));
    return [entries[begins[0]], entries[begins[0] + 1]];
  });
}

/** That a block was seen, on Node where it was, and its end. */
function isSeen(
  [[begin, end], ...more]: [Entry, Entry][],
  place: RegExp | "any" | undefined,
): void {
  assert.equal(more.length, 0);
  assert.deepEqual([begin.blocked, begin.level], [true, "error"]);
  assert.match(begin.msg, /^the main thread has been blocked for \d+ ms/);
  assert.ok(begin.blockedMs >= 200, `${begin.blockedMs}`);
  if (isNode && place instanceof RegExp) assert.match(begin.stack ?? "", place);
  else if (place === undefined || !isNode) assert.equal(begin.stack, undefined);
  assert.deepEqual([end.blocked, end.level], [false, "warn"]);
  assert.ok(end.blockedMs > begin.blockedMs, `${end.blockedMs}`);
}

test("a main thread that stands still is noticed, with where it stands, and when it moves again", async () => {
  const { code, stderr, entries, lines } = await watch("spin");
  // It has kept the process neither from its end, nor from anything else.
  assert.deepEqual([code, stderr, lines.at(-1)], [0, "", "last words"]);
  isSeen(blocksIn(lines, entries), /^ {4}at .*\n*.*standStill \(file:.*blocked\.ts:\d+:\d+\)/m);
});

test("one that is killed while it stands still has left word of that", async () => {
  const { entries } = await watch("kill");
  const last = entries.at(-1);
  assert.equal(last?.blocked, true);
  if (isNode) assert.match(last?.stack ?? "", /standStill/);
});

test("one that stands in a system call is not held when it returns", {
  skip: notOnWindows("Windows has no program that sleeps for less than a second"),
}, async () => {
  const { code, stderr, entries, lines } = await watch("call");
  assert.deepEqual([code, stderr, lines.at(-1)], [0, "", "last words"]);
  // If it returns soon enough, the stack is that of the call.
  isSeen(blocksIn(lines, entries), "any");
});

test("each time is noticed, also right before process.exit()", async () => {
  const { code, entries, lines } = await watch("exit", { times: 4 });
  assert.deepEqual([code, lines.at(-1)], [3, "last words"]);
  const blocks = blocksIn(lines, entries);
  assert.equal(blocks.length, 4);
  if (isNode) { for (const [{ stack }] of blocks) assert.match(stack ?? "", /standStill/); }
});

test("a process that is debugged is not stopped by us", { skip: !isNode }, async () => {
  const { code, entries, lines } = await watch("spin", { flags: ["--inspect=127.0.0.1:0"] });
  assert.equal(code, 0);
  isSeen(blocksIn(lines, entries), undefined);
});

test("the end of a process does not wait for a watchdog that has not begun", () => {
  const { wait } = Atomics;
  let waits = 0;
  using log = lastingLog("watchdog");
  const name = typeof log.target === "string" ? log.target : log.target.path;
  const watchdog = new Watchdog("1s", { log: name, onError: (error) => assert.fail(`${error}`) });
  Atomics.wait = () => {
    waits++;
    return "timed-out";
  };
  try {
    watchdog.stop();
    watchdog.awaitEnd();
  } finally {
    Atomics.wait = wait;
  }
  assert.equal(waits, 0);
});

test("a watchdog needs a duration, and a log with a name", () => {
  const memory = new ArrayBuffer(segmentSize(4, 65536));
  const writer = Writer.create(memory, { chunkCount: 4 });
  assert.throws(() => new EntrySink({ writer, watchdog: "1s" }), /must be a ShmLogWriter/);
  for (const watchdog of ["1", "often", "10ms"]) {
    assert.throws(() => new EntrySink({ target: "/never", watchdog }), RangeError);
  }
  assert.throws(() => new EntrySink({ target: "/never", watchdog: 1000 as never }), TypeError);
  assert.equal(new Reader(memory).read(), undefined);
});
