/** `select`: what a forwarder leaves out is no loss, wherever it stands, and through restarts. */

import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { ShmLogReader, ShmLogWriter } from "../../mod.ts";
import { Forwarding } from "../../src/ship/forwarding.ts";
import type { ShipOptions } from "../../src/ship/forward_options.ts";
import { testFolder } from "../support/folder.ts";
import { newLog, until } from "../support/forwarding.ts";
import { MemoryCarrier, MemoryStore } from "../support/memory_carrier.ts";
import { needsLastingNames } from "../support/platform.ts";
import { uniqueName } from "../support/runtime.ts";

const options = { skip: needsLastingNames };
const folder = testFolder("filter");

const decoder = new TextDecoder();
/** Whether an entry of the tests has a number that ends with 0. */
const isTenth = (bytes: Uint8Array) => / \d*0 /.test(decoder.decode(bytes));

function start(reader: ShmLogReader, store: MemoryStore, more: ShipOptions = {}) {
  return Forwarding.start(reader, { select: isTenth, ...more }, new MemoryCarrier(store));
}

/** What was sent, in words: `10 (9 before)`, `[12-15 filtered]`. */
function words({ messages }: MemoryStore): string[] {
  return messages.map(({ from, to, reason, filtered }) => {
    const before = filtered > 0 ? ` (${filtered} before)` : "";
    return `${reason === undefined ? from : `[${from}-${to} ${reason}]`}${before}`;
  });
}

test(
  "a message says how many before it were left out, and the last one what is left",
  options,
  async () => {
    using log = newLog();
    log.write(25);
    const store = new MemoryStore();
    await using forwarding = await start(log.reader, store);
    // What was left out need not arrive.
    await forwarding.flush();
    assert.deepEqual(words(store), ["10 (9 before)", "20 (9 before)"]);
    const { lagEntries, lagSeconds, filtered, gaps } = forwarding.stats;
    assert.deepEqual([lagEntries, lagSeconds, filtered, gaps], [0, 0, 18, 0]);
    log.write(10);
    await forwarding.flush();
    log.write(1);
    await forwarding.flush();
    const stats = await forwarding.close();
    assert.deepEqual(words(store).slice(2), ["30 (9 before)", "[31-36 filtered]"]);
    assert.deepEqual([stats.filtered, stats.gaps, stats.lostEntries], [33, 0, 0]);
    assert.equal(stats.position.sequenceNumber, 36);
  },
);

test("where all entries are left out the place moves all the same", options, async () => {
  using log = newLog();
  log.write(5);
  const store = new MemoryStore();
  const state = join(folder, "none.state");
  for (const told of ["[1-5 filtered]", "[6-7 filtered]"]) {
    using reader = ShmLogReader.open(log.writer.name, { strategy: "oldest" });
    await using forwarding = await start(reader, store, { state, select: () => false });
    await forwarding.flush();
    await forwarding.close();
    assert.equal(words(store).at(-1), told);
    log.write(2);
  }
  assert.equal(store.messages.length, 2);
});

test(
  "another run may leave out others: what was not reported comes from there on",
  options,
  async () => {
    using log = newLog();
    log.write(12);
    const store = new MemoryStore();
    const state = join(folder, "other.state");
    {
      using reader = ShmLogReader.open(log.writer.name, { strategy: "oldest" });
      await using forwarding = await start(reader, store, { state });
      await forwarding.flush();
    }
    log.write(3);
    using reader = ShmLogReader.open(log.writer.name, { strategy: "oldest" });
    await using forwarding = await start(reader, store, { state, select: () => true });
    await forwarding.flush();
    assert.deepEqual(words(store), ["10 (9 before)", "[11-12 filtered]", "13", "14", "15"]);
  },
);

test(
  "what was left out before a loss, or before the log was replaced, is no part of it",
  options,
  async () => {
    const name = uniqueName("filter");
    const store = new MemoryStore();
    const make = () =>
      ShmLogWriter.create(name, { chunkSize: 256, chunkCount: 2, ifExists: "replace" });
    const writer = make();
    using reader = ShmLogReader.open(name, { strategy: "oldest", onDamage: "skip" });
    const write = (writer: ShmLogWriter, from: number, to: number) => {
      for (let i = from; i <= to; i++) writer.write(`entry ${i} `);
    };
    write(writer, 1, 3);
    await using forwarding = await start(reader, store, { maxSleep: 1 });
    await forwarding.flush();
    // Without a pause for the reader.
    write(writer, 4, 99);
    await forwarding.flush();
    const [first] = store.messages;
    assert.deepEqual([first.reason, first.filtered], ["overwritten", first.from - 1]);
    assert.ok(first.from <= 4 && first.to > 50, words(store)[0]);
    write(writer, 100, 102);
    await forwarding.flush();
    assert.match(words(store).at(-1)!, /^100 \(\d+ before\)$/);
    writer.close({ unlink: false });
    const next = make();
    write(next, 1, 10);
    await until(() => words(store).at(-1) === "10 (9 before)");
    next.close({ unlink: true });
    assert.deepEqual(words(store).slice(-2), ["[101-102 filtered]", "10 (9 before)"]);
  },
);

test(
  "what the function throws ends the forwarding, and what was read before it is kept",
  options,
  async () => {
    using log = newLog();
    log.write(12);
    const store = new MemoryStore();
    const forwarding = await start(log.reader, store, {
      select(bytes, sequenceNumber) {
        if (sequenceNumber === 12) throw new RangeError("no");
        return isTenth(bytes);
      },
    });
    await assert.rejects(forwarding.done, { name: "RangeError", message: "no" });
    assert.deepEqual(words(store), ["10 (9 before)", "[11-11 filtered]"]);
  },
);

/** An entry as `run` records it. */
const part = (head: string) => `2026-11-29T20:00:00.123456789Z ${head}`;

test(
  "a line in several entries is asked once, and one without an end does not hold others up",
  options,
  async () => {
    using log = newLog();
    const store = new MemoryStore();
    const asked: [number, string][] = [];
    const select = (bytes: Uint8Array, number: number) => {
      const text = decoder.decode(bytes);
      asked.push([number, text.slice(31)]);
      return text.includes("yes");
    };
    await using forwarding = await start(log.reader, store, { select, maxSleep: 1 });
    for (const head of ["stdout P y", "stderr F yes", "stderr F no", "stdout F es"]) {
      log.writer.write(part(head));
    }
    await forwarding.flush();
    assert.deepEqual(words(store), ["1", "2", "4 (1 before)"]);
    assert.deepEqual(asked, [[2, "stderr F yes"], [3, "stderr F no"], [4, "stdout F yes"]]);
    // Only a beginning.
    log.writer.write(part("stdout P no end"));
    log.writer.write(part("stderr F yes"));
    await forwarding.flush();
    assert.deepEqual(words(store).slice(3), ["6 (1 before)"]);
    assert.equal(forwarding.stats.position.sequenceNumber, 6);
  },
);

test("a forwarder that ends within a line leaves all of it to the next one", options, async (t) => {
  using log = newLog();
  const store = new MemoryStore();
  const state = join(folder, "line.state");
  const select = (bytes: Uint8Array) => decoder.decode(bytes).includes("yes");
  const forward = async (then: (forwarding: Forwarding) => Promise<void>) => {
    using reader = ShmLogReader.open(log.writer.name, { strategy: "oldest" });
    await using forwarding = await start(reader, store, { select, state, maxSleep: 1 });
    await then(forwarding);
  };
  const began = performance.now();
  await forward(async () => {
    log.writer.write(part("stdout F yes"));
    log.writer.write(part("stdout P ye"));
    log.writer.write(part("stderr F yes"));
    await until(() => store.messages.length > 0);
  });
  // The end of a line is waited for for a second.
  if (performance.now() - began > 1000) return t.skip("this machine stood still for a second");
  assert.deepEqual(words(store), ["1"]);
  log.writer.write(part("stdout F s"));
  await forward((forwarding) => forwarding.flush());
  assert.deepEqual(words(store), ["1", "2", "3", "4"]);
});
