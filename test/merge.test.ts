/** Several sequences, merged by time. */

import assert from "node:assert/strict";
import test from "node:test";
import { HOLD, LiveMerge, type LiveMergeOptions, type LiveSource, merged } from "../src/merge.ts";
import { baseSeed, Random } from "./support/random.ts";

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

test("merged() orders items of the same time by a finer one, and asks it of no others", () => {
  const asked: number[] = [];
  const items = [...merged(
    [itemsOf(1, [1, 3, 5, 5]), itemsOf(0, [2, 3, 4, 5])],
    ({ log, time }) => {
      asked.push(time);
      return log;
    },
  )];
  assert.deepEqual(items.map(({ log, time }) => [log, time]), [
    [1, 1],
    [0, 2],
    [0, 3],
    [1, 3],
    [0, 4],
    [0, 5],
    [1, 5],
    [1, 5],
  ]);
  assert.deepEqual([...new Set(asked)], [3, 5]);
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

test("merged() sorts what comes after moments without a place, like the last items of long logs", () => {
  const pause = (log: number): Item => ({ log, index: -1, time: -Infinity });
  const sequences = [0, 1, 2].map((log) => [
    ...Array.from({ length: 5 - log }, () => pause(log)),
    ...itemsOf(log, Array.from({ length: 40 }, (_, i) => 3 * i + log)),
  ]);
  const items = [...merged(sequences)].filter(({ index }) => index >= 0);
  assert.deepEqual(timesOf(items), Array.from({ length: 120 }, (_, i) => i));
});

/** A log that gives what `next` gives, until that is undefined. */
function source(next: () => Item[] | undefined): LiveSource<Item> {
  let isEnded = false;
  return {
    poll() {
      const items = next();
      isEnded = items === undefined;
      return items ?? [];
    },
    get isEnded() {
      return isEnded;
    },
  };
}

/** A log that gives these at one look each. */
function steps(...batches: Item[][]): LiveSource<Item> {
  return source(() => batches.shift());
}

async function collect(
  sources: LiveSource<Item>[],
  options: LiveMergeOptions<Item> = {},
): Promise<Item[]> {
  const merge = new LiveMerge<Item>(options);
  for (const one of sources) merge.add(one);
  const all: Item[] = [];
  for await (const items of merge.merged()) all.push(...items);
  return all;
}

test("LiveMerge puts what comes within its window in order", async () => {
  const first = steps(itemsOf(0, [10, 30]), []);
  const second = steps([], [], itemsOf(1, [5, 20, 40]));
  // So long that nothing is let through before all has come, however late the timers are.
  const items = await collect([first, second], { hold: 60_000 });
  assert.deepEqual(timesOf(items), [5, 10, 20, 30, 40]);
});

test("LiveMerge lets items through that came long before those of others", async () => {
  let isSeen = false;
  const first = [itemsOf(0, [10, 30])];
  const second = [itemsOf(1, [5, 20, 40])];
  const merge = new LiveMerge<Item>({ hold: 1 });
  merge.add(source(() => isSeen ? first.shift() : first.shift() ?? []));
  merge.add(source(() => isSeen ? second.shift() : []));
  const all: number[][] = [];
  for await (const items of merge.merged()) {
    all.push(timesOf(items));
    isSeen = true;
  }
  assert.deepEqual(all.flat(), [10, 30, 5, 20, 40]);
});

test("LiveMerge does not wait for logs that say nothing, nor for the end", async () => {
  const end = new AbortController();
  const talking = [itemsOf(0, [1, 2])];
  const merge = new LiveMerge<Item>({ signal: end.signal });
  merge.add(source(() => talking.shift() ?? []));
  merge.add(source(() => []));
  const groups = merge.merged();
  const { value } = await groups.next();
  assert.deepEqual(timesOf(value), [1, 2]);
  setTimeout(() => end.abort(), 20);
  assert.equal((await groups.next()).done, true);
});

test("LiveMerge takes logs that are added later, and does not end before", async () => {
  const end = new AbortController();
  let looks = 0;
  const merge = new LiveMerge<Item>({
    hold: 1,
    signal: end.signal,
    look: () => ++looks === 1 && merge.add(steps(itemsOf(1, [7]))),
  });
  merge.add(steps(itemsOf(0, [1])));
  const groups = merge.merged();
  assert.deepEqual(timesOf((await groups.next()).value), [1]);
  assert.deepEqual(timesOf((await groups.next()).value), [7]);
  end.abort();
  assert.equal((await groups.next()).done, true);
});

test("LiveMerge does not rest for long because this process stood still in a round, or in a look", {
  timeout: 60_000,
}, async (t) => {
  const { now } = performance;
  for (const where of ["round", "look"]) {
    // Many minutes pass by the clock, as in a container that is paused.
    let stopped = 0;
    const stop = () => void (stopped = 1_000_000);
    const clock = t.mock.method(performance, "now", () => now.call(performance) + stopped);
    let isAdded = false;
    let polls = 0;
    const end = AbortSignal.timeout(20_000);
    const merge = new LiveMerge<Item>({
      hold: 1,
      signal: end,
      look() {
        // Only what it finds at a later look ends the wait.
        if (stopped === 0 && where === "look" && polls > 3) return stop();
        if (stopped > 0 && !isAdded) merge.add(steps(itemsOf(0, [1])));
        isAdded = stopped > 0;
      },
    });
    merge.add(source(() => {
      if (++polls === 5 && where === "round") stop();
      return [];
    }));
    const { value } = await merge.merged().next();
    assert.deepEqual(timesOf(value ?? []), [1], where);
    clock.mock.restore();
  }
});

test("LiveMerge fails with what a log fails with, after what it gave before", async () => {
  const batches = [itemsOf(0, [1])];
  const failing = source(() => {
    if (batches.length === 0) throw new Error("lost it");
    return batches.shift();
  });
  const merge = new LiveMerge<Item>();
  merge.add(failing);
  const seen: Item[] = [];
  const run = async () => {
    for await (const items of merge.merged()) seen.push(...items);
  };
  await assert.rejects(run, /lost it/);
  assert.deepEqual(timesOf(seen), [1]);
});

test("LiveMerge puts a backlog of any length in order, however differently fast it comes", async () => {
  const counts = [30_000, 10_000, 3];
  const distances = [1, 3, 10_000];
  const logs = counts.map((count, which) => {
    const all = itemsOf(which, Array.from({ length: count }, (_, i) => i * distances[which]));
    return source(() => all.length > 0 ? all.splice(0, 4096) : undefined);
  });
  const items = await collect(logs);
  checkOrder(items, counts);
  for (let i = 1; i < items.length; i++) assert.ok(items[i - 1].time <= items[i].time, `${i}`);
});

test("LiveMerge looks into empty logs again before it lets a flood through", async () => {
  let polls = 0;
  // It has nothing when it is looked at first, and then something earlier.
  const quiet = source(() => [[], itemsOf(0, [-1])][polls++]);
  const flood = steps(itemsOf(1, Array.from({ length: 5000 }, (_, i) => i)));
  const items = await collect([quiet, flood]);
  assert.deepEqual(timesOf(items.slice(0, 2)), [-1, 0]);
});

/** What a merge must give: always the earliest of the next items of all logs. */
function simplyMerged(logs: Item[][]): Item[] {
  const rest = logs.map((items) => [...items]);
  const all: Item[] = [];
  for (;;) {
    let first = -1;
    rest.forEach((items, i) => {
      if (items.length > 0 && (first < 0 || items[0].time < rest[first][0].time)) first = i;
    });
    if (first < 0) return all;
    all.push(rest[first].shift()!);
  }
}

/** Logs of any shape: of one time, with clocks that go backwards, that begin without a time, or empty. */
function anyLogs(random: Random): Item[][] {
  return Array.from({ length: 1 + random.below(7) }, (_, log) => {
    let time = random.below(3) === 0 ? -Infinity : random.below(50);
    const [back, step] = [random.below(4), 1 + random.below(20)];
    return itemsOf(
      log,
      Array.from({ length: random.below(4) * random.below(30) }, () => {
        if (random.below(5) > 0) time = Math.max(time, 0) + random.below(step);
        if (random.below(8) < back) time -= random.below(30);
        return time;
      }),
    );
  });
}

test("property: merged() gives any logs as a simple merge does", () => {
  const random = new Random(baseSeed);
  for (let round = 0; round < 3000; round++) {
    const logs = anyLogs(random);
    assert.deepEqual([...merged(logs)], simplyMerged(logs), `SEED=${baseSeed} round ${round}`);
  }
});

test("property: LiveMerge gives what is there as a simple merge does, however it is cut", async () => {
  const random = new Random(baseSeed);
  const rounds = Array.from({ length: 1000 }, async (_, round) => {
    const logs = anyLogs(random);
    const pieces = logs.map((items) => {
      const rest = [...items];
      return source(() => rest.length > 0 ? rest.splice(0, 1 + random.below(10)) : undefined);
    });
    // All comes within the window.
    const items = await collect(pieces, { hold: 60_000 });
    assert.deepEqual(items, simplyMerged(logs), `SEED=${baseSeed} round ${round}`);
  });
  await Promise.all(rounds);
});

test("property: LiveMerge gives all once, each log's in order, whenever they come", async () => {
  const random = new Random(baseSeed);
  const counts = [0, 0, 0];
  const logs = counts.map((_, which) => {
    let round = 0;
    let due = 0;
    return source(() => {
      if (performance.now() < due) return [];
      due = performance.now() + (random.below(3) === 0 ? random.below(HOLD / 2) : 0);
      if (round++ === 12) return undefined;
      const start = counts[which];
      // Now and then more than may be held, and with a clock that goes backwards.
      const size = random.below(5) === 0 ? 5000 : random.below(20);
      counts[which] += size;
      return Array.from({ length: size }, (_, i) => ({
        log: which,
        index: start + i,
        time: 1000 * which + random.below(100),
      }));
    });
  });
  const items = await collect(logs);
  try {
    checkOrder(items, counts);
  } catch (error) {
    throw new Error(`SEED=${baseSeed}`, { cause: error });
  }
});
