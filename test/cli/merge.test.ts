/** Several sequences, merged by time. */

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import test from "node:test";
import { HOLD, LiveMerge, merged } from "../../src/cli/tail/merge.ts";
import { baseSeed, Random } from "../support/random.ts";

interface Item {
  log: number;
  index: number;
  time: number;
}

const itemsOf = (log: number, times: number[]): Item[] =>
  times.map((time, index) => ({ log, index, time }));
const timesOf = (items: Iterable<Item>) => [...items].map(({ time }) => time);

/** Fails unless the items of each log come in their order, and all of them. */
function checkOrder(items: Item[], counts: number[]): void {
  const next = counts.map(() => 0);
  for (const { log, index } of items) assert.equal(index, next[log]++);
  assert.deepEqual(next, counts);
}

test("merged() gives the items of sorted sequences sorted, of equal ones the first log's first", () => {
  const items = [...merged([itemsOf(0, [1, 3, 3, 9]), itemsOf(1, [2, 3, 4]), itemsOf(2, [])])];
  assert.deepEqual(timesOf(items), [1, 2, 3, 3, 3, 4, 9]);
  assert.deepEqual(items.slice(2, 5).map(({ log }) => log), [0, 0, 1]);
});

test("merged() never changes the order within a sequence", () => {
  const items = [
    ...merged([itemsOf(0, [5, 1, 6]), itemsOf(1, [2, 7]), itemsOf(2, [-Infinity, 0])]),
  ];
  checkOrder(items, [3, 2, 2]);
  assert.deepEqual(timesOf(items), [-Infinity, 0, 2, 5, 1, 6, 7]);
});

test("merged() takes from a sequence only what it needs", () => {
  let taken = 0;
  function* endless() {
    for (let time = 0;; time++, taken++) yield { log: 0, index: time, time };
  }
  const iterator = merged([endless(), itemsOf(1, [2.5])])[Symbol.iterator]();
  for (let i = 0; i < 4; i++) iterator.next();
  assert.ok(taken <= 4);
});

/** All that a live merge gives. */
async function collect(merge: LiveMerge<Item>, logs: AsyncIterable<Item[]>[]): Promise<Item[]> {
  const all: Item[] = [];
  for await (const items of merge.merged(logs.map((live) => ({ live })))) all.push(...items);
  return all;
}

test("LiveMerge puts what comes within its window in order", async () => {
  async function* first() {
    yield itemsOf(0, [10, 30]);
    await sleep(1);
  }
  async function* second() {
    await sleep(1);
    yield itemsOf(1, [5, 20, 40]);
  }
  // So long that nothing is let through before all has come, however late the timers are.
  const items = await collect(new LiveMerge(60_000), [first(), second()]);
  assert.deepEqual(timesOf(items), [5, 10, 20, 30, 40]);
});

test("LiveMerge lets items through that came long before those of others", async () => {
  let seen = () => {};
  const isSeen = new Promise<void>((resolve) => seen = resolve);
  async function* first() {
    yield itemsOf(0, [10, 30]);
    await isSeen;
  }
  async function* second() {
    await isSeen;
    yield itemsOf(1, [5, 20, 40]);
  }
  const all: number[][] = [];
  for await (
    const items of new LiveMerge<Item>(1).merged([{ live: first() }, { live: second() }])
  ) {
    all.push(timesOf(items));
    seen();
  }
  assert.deepEqual(all.flat(), [10, 30, 5, 20, 40]);
});

test("LiveMerge does not wait for logs that say nothing, nor for the end", async () => {
  const end = new AbortController();
  async function* talking() {
    yield itemsOf(0, [1, 2]);
    await sleep(60_000, undefined, { signal: end.signal }).catch(() => {});
  }
  async function* silent(): AsyncGenerator<Item[]> {
    await sleep(60_000, undefined, { signal: end.signal }).catch(() => {});
    yield [];
  }
  const groups = new LiveMerge<Item>().merged([{ live: talking() }, { live: silent() }]);
  const { value } = await groups.next();
  assert.deepEqual(timesOf(value), [1, 2]);
  end.abort();
  assert.equal((await groups.next()).done, true);
});

test("LiveMerge gives all items once, each log's in order, whenever they come", async () => {
  const random = new Random(baseSeed);
  const counts = [0, 0, 0];
  async function* log(which: number) {
    for (let round = 0; round < 12; round++) {
      const start = counts[which];
      // Now and then more than may be held, and with a clock that goes backwards.
      const size = random.below(5) === 0 ? 5000 : random.below(20);
      counts[which] += size;
      yield Array.from({ length: size }, (_, i) => ({
        log: which,
        index: start + i,
        time: 1000 * which + random.below(100),
      }));
      if (random.below(3) === 0) await sleep(random.below(HOLD / 2));
    }
  }
  const items = await collect(new LiveMerge(), [log(0), log(1), log(2)]);
  try {
    checkOrder(items, counts);
  } catch (error) {
    throw new Error(`SEED=${baseSeed}`, { cause: error });
  }
});

test("LiveMerge fails with what a log fails with, after what it gave before", async () => {
  async function* failing() {
    yield itemsOf(0, [1]);
    await sleep(2 * HOLD);
    throw new Error("lost it");
  }
  const seen: Item[] = [];
  const run = async () => {
    for await (const items of new LiveMerge<Item>().merged([{ live: failing() }])) {
      seen.push(...items);
    }
  };
  await assert.rejects(run, /lost it/);
  assert.deepEqual(timesOf(seen), [1]);
});

test("merged() sorts what comes after moments without a place, like the last items of long logs", () => {
  const pause = (log: number): Item => ({ log, index: -1, time: -Infinity });
  const sequences = [0, 1, 2].map((log) => [
    ...Array.from({ length: 5 - log }, () => pause(log)),
    ...itemsOf(log, Array.from({ length: 40 }, (_, i) => 3 * i + log)),
  ]);
  const items = [...merged(sequences)].filter(({ index }) => index >= 0);
  assert.deepEqual(timesOf(items), Array.from({ length: 120 }, (_, i) => i));
});

test("LiveMerge puts a backlog of any length in order, however differently fast it comes", async () => {
  const counts = [30_000, 10_000, 3];
  const steps = [1, 3, 10_000];
  const logs = counts.map((count, which) => {
    const all = itemsOf(which, Array.from({ length: count }, (_, i) => i * steps[which]));
    const more = () => all.splice(0, 4096);
    async function* live() {
      while (all.length > 0) yield more();
    }
    return { live: live(), more };
  });
  const items: Item[] = [];
  for await (const some of new LiveMerge<Item>().merged(logs)) items.push(...some);
  checkOrder(items, counts);
  for (let i = 1; i < items.length; i++) assert.ok(items[i - 1].time <= items[i].time, `${i}`);
});

test("LiveMerge looks into quiet logs before it lets something through", async () => {
  const end = new AbortController();
  const asleep = itemsOf(1, [1, 2, 3]);
  async function* talking() {
    yield itemsOf(0, [2.5, 4]);
    await sleep(60_000, undefined, { signal: end.signal }).catch(() => {});
  }
  async function* quiet(): AsyncGenerator<Item[]> {
    await sleep(60_000, undefined, { signal: end.signal }).catch(() => {});
    yield [];
  }
  const groups = new LiveMerge<Item>(1).merged([
    { live: talking() },
    { live: quiet(), more: () => asleep.splice(0) },
  ]);
  const seen: Item[] = [];
  while (seen.length < 5) seen.push(...(await groups.next()).value);
  assert.deepEqual(timesOf(seen), [1, 2, 2.5, 3, 4]);
  end.abort();
  assert.equal((await groups.next()).done, true);
});
