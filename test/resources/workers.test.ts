/**
 * Workers that come and go, with logs open: what they leave behind.
 *
 * RESOURCES is ten times the number of workers, if WORKERS does not say it. 20000 is what the promise says.
 */

import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { type LogTarget, ShmLogReader, ShmLogWriter, WriterLockedError } from "../../mod.ts";
import { MappedFile, SharedMemory } from "../../ffi/mod.ts";
import { testFolder } from "../support/folder.ts";
import { runtimeName, uniqueName } from "../support/runtime.ts";
import { descriptorsOf, hasProc, mapLines, report, usage } from "../support/usage.ts";
import { whenFree } from "../support/when_free.ts";
import type { Job } from "./children/worker.ts";

const { WORKERS, RESOURCES = 200 } = process.env;
const amount = Number(WORKERS ?? Math.ceil(Number(RESOURCES) / 10));
const folder = testFolder("workers");

const SMALL = { chunkSize: 4096, chunkCount: 4, unlinkOnClose: true };
const skip = hasProc ? false : "no /proc to look at";
const segments = `/dev/shm/ouroboros-workers-${process.pid}-`;
const script = new URL("children/worker.ts", import.meta.url);

/** Runs a worker to its end; gives how many entries it read of each log. */
async function runWorker(job: Job): Promise<number[]> {
  const worker = new Worker(script, { workerData: job });
  const ended = new Promise((resolve) => worker.once("exit", resolve));
  const read = await new Promise<number[]>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`worker ended with ${code}, silent`)));
  });
  if (job.how === "terminate") await worker.terminate();
  await ended;
  return read;
}

/** Logs to work with, which are gone at the end of the test, however it ends. */
interface Logs extends Disposable {
  /** One in shared memory and one in a file, with three entries each, and this thread their writer. */
  logs: LogTarget[];
  /** Places for logs of a worker. */
  own: LogTarget[];
}

let made = 0;

function makeLogs(): Logs {
  const [logs, own]: LogTarget[][] = [1, 2].map((n) => [
    uniqueName("workers"),
    { path: `${folder}/${n}-${made++}` },
  ]);
  const writers = logs.map((target) => ShmLogWriter.create(target, SMALL));
  for (const writer of writers) writer.writeMany(["one", "two", "three"]);
  return {
    logs,
    own,
    [Symbol.dispose]() {
      for (const writer of writers) writer.close();
      for (const target of own) {
        if (typeof target === "string") SharedMemory.unlink(target);
        else MappedFile.unlink(target.path);
      }
    },
  };
}

/** How many maps and descriptors of our logs this process has. */
function held(): { maps: number; descriptors: number } {
  const parts = [segments, `${folder}/`];
  return {
    maps: parts.flatMap(mapLines).length,
    descriptors: parts.flatMap(descriptorsOf).length,
  };
}

test(
  "workers that come and go leave no map, no descriptor and no lock, closing or not",
  { skip },
  async () => {
    using places = makeLogs();
    const { logs, own } = places;
    const ways = ["close", "end", "exit"] as const;
    // What the runtime takes for its first workers is its own affair.
    for (const how of ways) await runWorker({ logs, own, how });
    const mine = held();
    assert.deepEqual(mine, { maps: 2, descriptors: 2 });
    const before = await usage();
    for (let i = 0; i < amount; i++) {
      const how = ways[i % ways.length];
      // Each takes over from the one before: the lock is free, and the numbers go on.
      const read = await runWorker({ logs, own, how });
      assert.deepEqual(read.slice(0, 2), [3, 3]);
      assert.deepEqual(held(), mine, `${how} of worker ${i}`);
    }
    let now = await usage();
    // An engine closes what it had for a worker in its own time.
    for (let i = 0; now.descriptors - before.descriptors >= 20 && i < 100; i++) {
      await sleep(100);
      now = await usage();
    }
    report(`${amount} workers`, before, now);
    assert.ok(
      now.descriptors - before.descriptors < 20,
      `descriptors ${before.descriptors} -> ${now.descriptors}`,
    );
    for (const target of own) {
      using reader = ShmLogReader.open(target);
      assert.equal(reader.inspect().lastSequenceNumber, ways.length + amount);
      assert.equal(reader.isWriterAlive(), false);
    }
  },
);

test("a listener to the exit of a worker can write to a log that is open", { skip }, async () => {
  using places = makeLogs();
  const { logs, own } = places;
  await runWorker({ logs, own, how: "exit event" });
  for (const target of own) {
    using reader = ShmLogReader.open(target);
    assert.deepEqual([...reader].map((entry) => entry.text), ["hello", "bye"]);
  }
});

test(
  "a worker that is terminated leaves what it had open, and nothing more",
  { skip },
  async () => {
    using places = makeLogs();
    const { logs } = places;
    const terminated = Math.ceil(amount / 10);
    await runWorker({ logs, own: [], how: "close" });
    const mine = held();
    for (let i = 0; i < terminated; i++) {
      assert.deepEqual(await runWorker({ logs, own: [], how: "terminate" }), [3, 3]);
      assert.deepEqual(await runWorker({ logs, own: [], how: "close" }), [3, 3]);
    }
    // No runtime runs anything in a worker that is terminated, nor unmaps what it did not map itself.
    assert.equal(held().maps, mine.maps + 2 * terminated);
    // Deno and Node close the descriptors of files, which they opened for us; nobody those of segments.
    const each = runtimeName === "bun" ? 2 : 1;
    const expected = mine.descriptors + each * terminated;
    // In their own time.
    for (let i = 0; held().descriptors > expected && i < 1000; i++) await sleep(10);
    assert.equal(held().descriptors, expected);
  },
);

test("the lock of a worker that was terminated stays until it is needed, and readers read on", {
  skip,
}, async () => {
  using places = makeLogs();
  const { logs, own } = places;
  await runWorker({ logs, own, how: "terminate" });
  for (const target of own) {
    using reader = ShmLogReader.open(target);
    assert.deepEqual([...reader].map((entry) => entry.text), ["hello"]);
    assert.equal(reader.isWriterAlive(), true);
    if (typeof target === "string") {
      // Deno says that it is terminated before its thread is gone.
      using writer = runtimeName === "deno" ? await whenFree(target) : ShmLogWriter.create(target);
      assert.equal(writer.write("again"), 2);
    } else if (runtimeName === "node") {
      // The map holds it, but the descriptor by which it could be given back is closed.
      assert.throws(() => ShmLogWriter.create(target), WriterLockedError);
    }
  }
});
