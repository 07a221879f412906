/** Events: into a log, out of it, and from one worker through a ring and another into a file. */

import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { Worker } from "node:worker_threads";
import { MappedFile } from "../ffi/mod.ts";
import { EventLogReader, EventLogWriter, SpscRingBuffer } from "../src/events/mod.ts";
import { Batch, EVENT, isEvent } from "./events/stream.ts";
import { digits, type Report, runtimeTitle } from "./report.ts";
import { median } from "./timing.ts";

const COUNT = Number(process.env.EVENTS ?? 10_000_000);
const ALONE = Math.min(COUNT, 2_000_000);
const ROUNDS = 5;
const BATCHES = [1, 64];
const RING = 1 << 20;
const FLOOR = "`Uint8Array.set` of 80 bytes into a mapped file";

/** Runs everything of events. */
export async function benchEvents(_: unknown, onCase: () => void): Promise<Report> {
  const path = `${tmpdir()}/ouroboros-bench-${process.pid}.events`;
  const times = new Map<string, number[]>();
  const note = (name: string, count: number, milliseconds: number) => {
    const ns = 1e6 * milliseconds / count;
    times.set(name, [...times.get(name) ?? [], ns]);
    onCase();
  };
  for (let round = 0; round < ROUNDS; round++) {
    note(FLOOR, ALONE, copyAlone(path));
    note("`EventLogWriter.writeEvent`, `prefault`", ALONE, writeAlone(path, 1, true));
    rmSync(path);
    for (const batch of BATCHES) {
      const name = batch === 1 ? "`EventLogWriter.writeEvent`" : "`writeMany`, 64 at once";
      note(name, ALONE, writeAlone(path, batch));
      if (batch === 1) {
        note("`replay`, a sum of timestamps and lengths", ALONE, replayAlone(path));
        note("`readInto`, the same", ALONE, readIntoAlone(path));
        note("`for of`, the same", ALONE, iterateAlone(path));
        note("`replay`, every byte that varies checked", ALONE, check(path, ALONE));
      }
      rmSync(path);
    }
  }
  for (const batch of BATCHES) {
    for (let round = 0; round < 3; round++) {
      const name = `worker → ring → worker → file, ${batch === 1 ? "one" : batch} at once`;
      note(name, COUNT, await pipeline(path, batch));
      check(path, COUNT);
      rmSync(path);
    }
  }
  const floor = median(times.get(FLOOR) ?? []);
  return {
    name: "events",
    tables: [{
      title: `${runtimeTitle()}: events of 64 bytes of payload (median of the rounds)`,
      head: ["", "ns", "million/s", "best million/s", "time to the floor's"],
      rows: [...times].map(([name, all]) => [
        name,
        digits(median(all)),
        digits(1000 / median(all)),
        digits(1000 / Math.min(...all)),
        `${digits(median(all) / floor)}×`,
      ]),
    }],
    notes: [
      `${
        COUNT.toLocaleString("en-US")
      } events through the pipeline, each of which was in the file ` +
      "at the end of the time, and replayed and checked afterwards. " +
      `${
        ALONE.toLocaleString("en-US")
      } in the other rows, always into a new file: the first touch ` +
      "of its pages is in the time.",
    ],
    data: Object.fromEntries(times),
  };
}

function timed(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function copyAlone(path: string): number {
  using file = MappedFile.create(path, 64 + ALONE * EVENT);
  const target = new Uint8Array(file.buffer);
  const source = new Uint8Array(new ArrayBuffer(EVENT));
  const milliseconds = timed(() => {
    for (let i = 0; i < ALONE; i++) {
      source[0] = i;
      target.set(source, 64 + i * EVENT);
    }
  });
  rmSync(path);
  return milliseconds;
}

function writeAlone(path: string, batch: number, prefault: boolean = false): number {
  using log = EventLogWriter.create(path, { capacity: 64 + ALONE * EVENT, prefault });
  const made = new Batch(batch);
  const milliseconds = timed(() => {
    if (batch === 1) {
      const [event] = made.events;
      for (let number = 0; number < ALONE; number++) {
        made.fill(number);
        log.writeEvent(event, event.payload);
      }
    } else {
      for (let number = 0; number < ALONE; number += batch) {
        made.fill(number);
        log.writeMany(made.events);
      }
    }
  });
  if (log.eventCount !== ALONE) throw new Error(`${log.eventCount} of ${ALONE} events written`);
  return milliseconds;
}

function replayAlone(path: string): number {
  using reader = EventLogReader.open(path);
  let sum = 0;
  return timed(() => {
    const count = reader.replay((event) => sum = (sum + event.timestamp + event.length) | 0);
    if (count !== ALONE || Number.isNaN(sum)) {
      throw new Error(`${count} of ${ALONE} events replayed`);
    }
  });
}

function readIntoAlone(path: string): number {
  using reader = EventLogReader.open(path);
  const cursor = reader.start();
  const into = new Uint8Array(new ArrayBuffer(EVENT));
  const view = new DataView(into.buffer);
  let sum = 0;
  let count = 0;
  const milliseconds = timed(() => {
    for (
      let n = reader.readInto(cursor, into);
      n !== undefined;
      n = reader.readInto(cursor, into)
    ) {
      sum = (sum + view.getUint32(0, true) + n) | 0;
      count++;
    }
  });
  if (count !== ALONE || Number.isNaN(sum)) throw new Error(`${count} of ${ALONE} events read`);
  return milliseconds;
}

function iterateAlone(path: string): number {
  using reader = EventLogReader.open(path);
  let sum = 0;
  let count = 0;
  const milliseconds = timed(() => {
    for (const event of reader) {
      sum = (sum + Number(event.timestamp) + event.payload.length) | 0;
      count++;
    }
  });
  if (count !== ALONE || Number.isNaN(sum)) throw new Error(`${count} of ${ALONE} events read`);
  return milliseconds;
}

/** Replays a log and checks each event; gives the milliseconds. */
function check(path: string, expected: number): number {
  using reader = EventLogReader.open(path);
  let number = 0;
  let wrong = 0;
  const milliseconds = timed(() => {
    reader.replay((event) => {
      if (!isEvent(event, number++)) wrong++;
    });
  });
  if (number !== expected || wrong > 0) {
    throw new Error(`${number} events of ${expected}, ${wrong} of them wrong`);
  }
  return milliseconds;
}

async function pipeline(path: string, batch: number): Promise<number> {
  const { memory } = SpscRingBuffer.create(RING);
  const start = (side: string) => {
    return new Worker(new URL("events/side.ts", import.meta.url), {
      workerData: { side, memory, count: COUNT, batch, path },
    });
  };
  const next = (worker: Worker) =>
    new Promise((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
      worker.once("exit", () => reject(new Error("a worker ended early")));
    });
  const workers = [start("consumer"), start("producer")];
  await Promise.all(workers.map(next));
  const begin = performance.now();
  for (const worker of workers) worker.postMessage("go");
  await Promise.all(workers.map(next));
  const milliseconds = performance.now() - begin;
  await Promise.all(workers.map((worker) => worker.terminate()));
  return milliseconds;
}
