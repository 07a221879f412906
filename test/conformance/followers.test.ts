/** What all followers have in common: they end at once, and others have their turn beside a backlog. */

import assert from "node:assert/strict";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import test from "node:test";
import { ShmLogReader, ShmLogWriter } from "../../mod.ts";
import { EventLogReader, EventLogWriter } from "../../src/events/mod.ts";
import { CircularBufferReader, CircularBufferWriter } from "../../src/circular/mod.ts";
import { joinPartsAsync } from "../../src/sinks/mod.ts";
import { newSpec } from "../support/circular_specs.ts";
import { testFolder } from "../support/folder.ts";
import { uniqueName } from "../support/runtime.ts";

const folder = testFolder("followers");

const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));
const bytes = new Uint8Array(10);

/** How to follow a structure, with somebody who writes to it. */
interface Following extends Disposable {
  items(signal?: AbortSignal): AsyncIterableIterator<unknown>;
  write(): void;
}

interface Kind {
  title: string;
  start(): Following;
}

function ofLog(
  items: (reader: ShmLogReader, signal?: AbortSignal) => AsyncIterableIterator<unknown>,
): () => Following {
  return () => {
    const name = uniqueName("followers");
    const writer = ShmLogWriter.create(name, {
      unlinkOnClose: true,
      chunkSize: 65536,
      chunkCount: 4,
    });
    const reader = ShmLogReader.open(name);
    return {
      items: (signal) => items(reader, signal),
      write: () => writer.write(bytes),
      [Symbol.dispose]() {
        reader.close();
        writer.close();
      },
    };
  };
}

const kinds: Kind[] = [
  { title: "follow() of a log", start: ofLog((reader, signal) => reader.follow({ signal })) },
  {
    title: "followBatches() of a log",
    start: ofLog((reader, signal) => reader.followBatches({ signal, maxEntries: 1 })),
  },
  {
    title: "joinPartsAsync()",
    start: ofLog((reader, signal) => joinPartsAsync(reader.follow({ signal }))),
  },
  {
    title: "follow() of a circular buffer",
    start() {
      const spec = newSpec(65536);
      const writer = CircularBufferWriter.open(spec);
      const reader = CircularBufferReader.open(spec);
      return {
        items: (signal) => reader.follow({ signal, interval: 100_000 }),
        write: () => writer.write(bytes),
        [Symbol.dispose]() {
          reader.close();
          writer.close();
        },
      };
    },
  },
  {
    title: "follow() of an event log",
    start() {
      const path = folder + uniqueName();
      const writer = EventLogWriter.create(path);
      const reader = EventLogReader.open(path);
      return {
        items: (signal) => reader.follow({ signal, interval: 100_000 }),
        write: () => writer.writeEvent({ timestamp: 1, type: 1 }, bytes),
        [Symbol.dispose]() {
          reader.close();
          writer.close();
        },
      };
    },
  },
];

for (const { title, start } of kinds) {
  test(`${title}: return() ends it while it waits`, async () => {
    using following = start();
    const items = following.items();
    const waiting = items.next();
    await pause(30);
    assert.deepEqual(await items.return!(7), { value: 7, done: true });
    assert.deepEqual(await waiting, { value: undefined, done: true });
  });

  test(`${title}: throw() ends it while it waits, and between two items`, async () => {
    using following = start();
    const items = following.items();
    const waiting = items.next();
    await pause(30);
    await assert.rejects(items.throw!(new Error("of the sink")), /of the sink/);
    assert.deepEqual(await waiting, { value: undefined, done: true });
    following.write();
    const more = following.items();
    assert.equal((await more.next()).done, false);
    await assert.rejects(more.throw!(new Error("of the sink")), /of the sink/);
    assert.equal((await more.next()).done, true);
  });

  test(`${title}: a pipeline settles when its sink fails while all is quiet`, async () => {
    using following = start();
    const sink = new Writable({ write: () => {} });
    const source = Readable.from(following.items());
    const done = pipeline(source, sink);
    await pause(30);
    sink.destroy(new Error("of the sink"));
    await assert.rejects(done, /of the sink/);
  });

  test(`${title}: an abort ends it while it waits`, async () => {
    using following = start();
    const signal = AbortSignal.timeout(30);
    assert.deepEqual(await following.items(signal).next(), { value: undefined, done: true });
  });

  test(`${title}: timers have their turn during a backlog`, async () => {
    const count = 300;
    using following = start();
    const stop = new AbortController();
    const items = following.items(stop.signal);
    // A circular buffer is read from the newest on, an event log from its start.
    for (let i = 0; i < count; i++) following.write();
    setTimeout(() => stop.abort(), 1);
    let seen = 0;
    for await (const _ of items) {
      seen++;
      for (const end = performance.now() + 1; performance.now() < end;);
    }
    assert.ok(seen > 0 && seen < count, `${seen}`);
  });
}
