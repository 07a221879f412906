/** Several logs as one: by time, with those that come and go, and what is lost counted. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { SharedMemory } from "../../ffi/mod.ts";
import {
  ClosedError,
  LogSet,
  type SetEntry,
  ShmLogWriter,
  type ShmLogWriterOptions,
  SystemCallError,
} from "../../mod.ts";
import { notOnMac, notOnWindows } from "../support/platform.ts";
import { Random } from "../support/random.ts";
import { runScript, uniqueName } from "../support/runtime.ts";

const skip = notOnMac("macOS has no list of shared memory") ||
  notOnWindows("names of Windows go with their last handle");

const options: ShmLogWriterOptions = { size: "64KiB", unlinkOnClose: true };

function line(time: number, text: string): string {
  return JSON.stringify({ time: 1_700_000_000_000 + time, level: 30, msg: text });
}

/** The last part of the name, and the message. */
function short({ name, entry }: SetEntry): string {
  const text = entry.text.startsWith("{") ? JSON.parse(entry.text).msg : entry.text;
  return `${name.slice(name.lastIndexOf(".") + 1)}:${text}`;
}

/** What a set gives until there is as much as expected. */
async function followed(set: LogSet, count: number): Promise<string[]> {
  const found: string[] = [];
  const signal = AbortSignal.timeout(30_000);
  for await (const item of set.follow({ signal })) {
    if (found.push(short(item)) === count) break;
  }
  return found;
}

test("read() gives the entries of all logs by time, and each once", { skip }, () => {
  const name = uniqueName("set");
  using a = ShmLogWriter.create(`${name}.a`, options);
  using b = ShmLogWriter.create(`${name}.b`, options);
  a.write(line(1000, "1"));
  b.write(line(2000, "2"));
  a.write(line(3000, "3"));
  // Its time is before that of the entry before it, and it comes after that all the same.
  a.write(line(500, "3, too"));
  b.write("2, without a time");
  b.write(line(4000, "4"));
  using set = LogSet.open(`${name}.*`);
  const expected = ["a:1", "b:2", "b:2, without a time", "a:3", "a:3, too", "b:4"];
  assert.deepEqual([...set.read()].map(short), expected);
  assert.deepEqual([...set.read()], []);
  b.write(line(5000, "5"));
  assert.deepEqual([...set.read()].map(short), ["b:5"]);
  assert.deepEqual(set.members.map((member) => [member.name, member.lastSequenceNumber]), [
    [`${name}.a`, 3],
    [`${name}.b`, 4],
  ]);
});

test("from says where to start, and timeOf what the time is", { skip }, () => {
  const name = uniqueName("set");
  using a = ShmLogWriter.create(`${name}.a`, options);
  using b = ShmLogWriter.create(`${name}.b`, options);
  a.write("7 before");
  using set = LogSet.open(`${name}.*`, {
    from: "new",
    timeOf: ({ text }) => Number.parseInt(text, 10),
  });
  a.write("9 a");
  b.write("8 b");
  const times = [...set.read()].map((item) => [item.time, item.entry.text]);
  assert.deepEqual(times, [[8, "8 b"], [9, "9 a"]]);
});

test("patterns are those of names and of paths, several at once", { skip }, () => {
  const name = uniqueName("set");
  const folder = mkdtempSync(join(tmpdir(), "ouroboros-set-"));
  try {
    using shared = ShmLogWriter.create(`${name}.0`, options);
    using _other = ShmLogWriter.create(`${name}.other`, options);
    using file = ShmLogWriter.create({ path: join(folder, "one.log") }, { size: "64KiB" });
    shared.write("shared");
    file.write("file");
    using set = LogSet.open([`${name}.[0-9]`, { path: join(folder, "*.log") }]);
    assert.deepEqual([...set.read()].map(({ entry }) => entry.text).sort(), ["file", "shared"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
  assert.throws(() => LogSet.open(`${name}.[z-a]`), RangeError);
  assert.throws(() => LogSet.open(name, { from: "now" as never }), TypeError);
});

test("follow() gives what is there, what comes, and logs that come later", { skip }, async () => {
  const name = uniqueName("set");
  const joined: string[] = [];
  const left: string[] = [];
  using set = LogSet.open(`${name}.*`, {
    onJoin: (log) => joined.push(log.slice(-1)),
    onLeave: (log) => left.push(log.slice(-1)),
  });
  const a = ShmLogWriter.create(`${name}.a`, options);
  a.write("1");
  const later = setTimeout(() => {
    a.write("2");
    a.close();
    using b = ShmLogWriter.create(`${name}.b`, { ...options, unlinkOnClose: false });
    b.write("3");
  }, 200);
  assert.deepEqual(await followed(set, 3), ["a:1", "a:2", "b:3"]);
  clearTimeout(later);
  const signal = AbortSignal.timeout(20_000);
  const rest = set.follow({ signal });
  const next = rest.next();
  while (left.length === 0 && !signal.aborted) await delay(20);
  assert.deepEqual([joined, left], [["a", "b"], ["a"]]);
  assert.deepEqual(set.members.map((member) => member.name), [`${name}.b`]);
  await rest.return?.();
  await next;
});

test(
  "a log that is made again under its name is read on, and what is lost is counted",
  { skip },
  async () => {
    const name = uniqueName("set");
    const small: ShmLogWriterOptions = { size: "4KiB", chunkCount: 4, unlinkOnClose: true };
    using a = ShmLogWriter.create(`${name}.a`, small);
    using set = LogSet.open(`${name}.*`);
    a.write("first");
    assert.deepEqual([...set.read()].map(short), ["a:first"]);
    for (let i = 0; i < 500; i++) a.write(`${i} ${"x".repeat(50)}`);
    const read = [...set.read()].length;
    assert.equal(read + set.lostEntries, 500);
    assert.equal(set.members[0].lostEntries, set.lostEntries);
    const lost = set.lostEntries;
    a.close();
    using again = ShmLogWriter.create(`${name}.a`, small);
    again.write("again");
    assert.deepEqual(await followed(set, 1), ["a:again"]);
    assert.equal(set.lostEntries, lost);
  },
);

test("one that can't be read is reported, and the others are read", { skip }, async () => {
  const name = uniqueName("set");
  using a = ShmLogWriter.create(`${name}.a`, options);
  a.write("1");
  // The magic, and nothing that it vouches for.
  using damaged = SharedMemory.create(`${name}.b`, 4096);
  new Uint8Array(damaged.buffer).set(new TextEncoder().encode("GOLBORUO"));
  new Uint8Array(damaged.buffer)[8] = 1;
  const errors: string[] = [];
  using set = LogSet.open(`${name}.*`, {
    onError: ({ code }, log) => errors.push(`${code} ${log}`),
  });
  assert.deepEqual(await followed(set, 1), ["a:1"]);
  assert.deepEqual(errors, [`CORRUPT_LOG ${name}.b`]);
  assert.equal(
    set.members.find((member) => member.name === `${name}.b`)?.error?.code,
    "CORRUPT_LOG",
  );
  SharedMemory.unlink(`${name}.b`);
});

test("follow() ends with its signal, and with the set", { skip }, async () => {
  const name = uniqueName("set");
  using set = LogSet.open(`${name}.*`);
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 50);
  for await (const _ of set.follow({ signal: stop.signal })) assert.fail("there is nothing");
  const items = set.follow();
  const next = items.next();
  await delay(20);
  set.close();
  await assert.rejects(next, ClosedError);
  assert.throws(() => set.follow(), ClosedError);
  assert.throws(() => [...set.read()], ClosedError);
});

test("any logs are read in order: by time, and within each as they were written", { skip }, () => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
  const random = new Random(seed);
  for (let run = 0; run < 20; run++) {
    const name = uniqueName("set");
    const count = 1 + random.below(5);
    const writers = Array.from(
      { length: count },
      (_, i) => ShmLogWriter.create(`${name}.${i}`, options),
    );
    // What a log is to give next, and the time of its last entry, by which one without a time goes.
    const rest: { text: string; time: number }[][] = writers.map(() => []);
    const last = writers.map(() => -Infinity);
    const counts = writers.map(() => 0);
    using set = LogSet.open(`${name}.*`);
    for (let round = 0; round < 3; round++) {
      for (const [log, writer] of writers.entries()) {
        for (let n = random.below(40); n > 0; n--) {
          const text = `${log}/${counts[log]++}`;
          // Some have no time, and some one that is before that of the entry before.
          if (random.below(5) === 0) writer.write(text);
          else {
            const time = random.below(1000);
            last[log] = 1_700_000_000_000 + time;
            writer.write(line(time, text));
          }
          rest[log].push({ text, time: last[log] });
        }
      }
      // The earliest next one of all, again and again: of equal ones that of the first log.
      const expected: string[] = [];
      for (;;) {
        const heads = rest.filter((list) => list.length > 0);
        if (heads.length === 0) break;
        expected.push(heads.reduce((a, b) => b[0].time < a[0].time ? b : a).shift()!.text);
      }
      const found = [...set.read()].map((item) => short(item).replace(/^\d+:/, ""));
      assert.deepEqual(found, expected, `seed ${seed}, run ${run}`);
    }
    for (const writer of writers) writer.close();
  }
});

test("follow() continues where there was no descriptor to look for others with", {
  skip,
}, async (t) => {
  const name = uniqueName("set");
  using a = ShmLogWriter.create(`${name}.a`, options);
  a.write("1");
  using set = LogSet.open(`${name}.*`);
  let failures = 0;
  const list = t.mock.method(SharedMemory, "list", () => {
    failures++;
    throw new SystemCallError("readdir failed", constants.errno.EMFILE);
  });
  const found = followed(set, 2);
  while (failures < 2) await delay(10);
  list.mock.restore();
  using b = ShmLogWriter.create(`${name}.b`, options);
  b.write("2");
  assert.deepEqual(await found, ["a:1", "b:2"]);
});

test("more logs than there may be open files is an error that says so, and leaves none open", {
  skip,
}, () => {
  const child = new URL("children/many_members.ts", import.meta.url);
  const { stdout, stderr } = runScript(child, [200], {
    before: ["sh", "-c", 'ulimit -n 150 && exec "$@"', "sh"],
  });
  assert.match(
    stdout,
    /^only \d+ of 200 logs can be open at once: raise .*ulimit -n.*\n10\n$/,
    stderr,
  );
});
