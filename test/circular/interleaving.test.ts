/**
 * The real writer stopped between any two of its stores, and the real reader run there; writers and
 * readers that are wrong in one thing must be caught by the same checks.
 */

import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import { CircularReader } from "../../src/shm_circular/mod.ts";
import { circularSizes, CircularWriter } from "../../src/shm_circular/mod.ts";
import { CheckedCircularReader, Written } from "../support/circular.ts";
import { baseSeed, Random } from "../support/random.ts";

const RUNS = Number(process.env.INTERLEAVING_RUNS ?? 20);
const CAPACITIES = [16, 33, 64, 100, 200];

/** One store: a byte range of index (0) or data (1) memory. */
interface Store {
  segment: 0 | 1;
  offset: number;
  bytes: Uint8Array;
}

/** What a writer did, store by store. */
interface History {
  capacity: number;
  index: Uint8Array;
  data: Uint8Array;
  stores: Store[];
  /** Whether the writer does not claim, as the original's. */
  isForeign?: boolean;
  written: Written;
  /** After how many stores so many bytes are published. */
  published: [stores: number, total: number][];
}

/** Notes each store of views of two memories, by standing in for the ways to store. */
class Recorder {
  readonly stores: Store[] = [];
  readonly #memories: [Uint8Array, Uint8Array];
  readonly #known: [Uint8Array, Uint8Array];

  constructor(index: ArrayBuffer, data: ArrayBuffer) {
    this.#memories = [new Uint8Array(index), new Uint8Array(data)];
    this.#known = [this.#memories[0].slice(), this.#memories[1].slice()];
  }

  /**
   * Runs `write`. Bytes that changed since the last atomic access become stores one by one, first
   * those of W, then data, then the rest: the order of the program, in which atomic stores are seen
   * as they happen.
   */
  record(write: () => void): void {
    const { store, load } = Atomics;
    // deno-lint-ignore no-this-alias
    const recorder = this;
    Atomics.store = function (view: Int32Array, index: number, value: number): number {
      recorder.#note();
      const result = store(view, index, value);
      recorder.#note();
      return result;
    } as typeof store;
    Atomics.load = function (view: Int32Array, index: number): number {
      recorder.#note();
      return load(view, index);
    } as typeof load;
    try {
      write();
    } finally {
      Atomics.store = store;
      Atomics.load = load;
    }
    this.#note();
  }

  #note(): void {
    this.#noteRange(0, 320, 328);
    this.#noteRange(1, 0, this.#memories[1].length, 3);
    this.#noteRange(0, 384, this.#memories[0].length, 8);
    this.#noteRange(0, 0, 384);
  }

  /** Words of aligned memory change at once; bytes of messages a few at a time. */
  #noteRange(segment: 0 | 1, from: number, to: number, step: number = 4): void {
    const memory = this.#memories[segment];
    const known = this.#known[segment];
    for (let at = from; at < to; at += step) {
      const end = Math.min(at + step, to);
      if (!memory.subarray(at, end).some((byte, i) => byte !== known[at + i])) continue;
      const bytes = memory.slice(at, end);
      known.set(bytes, at);
      this.stores.push({ segment, offset: at, bytes });
    }
  }
}

/** Random messages, from an empty buffer or one that is near 4 GiB. */
function makeHistory(random: Random, messages: number): History {
  const capacity = CAPACITIES[random.below(CAPACITIES.length)];
  const sizes = circularSizes(capacity);
  const index = new ArrayBuffer(sizes.index);
  const data = new ArrayBuffer(sizes.data);
  const start = random.below(3) === 0 ? 2 ** 32 - random.below(4 * capacity) : 0;
  new DataView(index).setBigUint64(384, BigInt(start), true);
  const written = new Written(start);
  const image = [new Uint8Array(index).slice(), new Uint8Array(data).slice()];
  const recorder = new Recorder(index, data);
  const published: [number, number][] = [[0, start]];
  let writer: CircularWriter | undefined;
  recorder.record(() => writer = new CircularWriter(index, data, { capacity }));
  for (let n = 0; n < messages; n++) {
    const message = written.next(1 + random.below(Math.min(writer!.maxMessageSize, 30)));
    recorder.record(() => writer!.write(message));
    published.push([recorder.stores.length, written.total]);
    if (random.below(20) > 0) continue;
    recorder.record(() => {
      if (random.below(2) === 0) writer!.close();
      writer = new CircularWriter(index, data, { capacity });
    });
  }
  return { capacity, index: image[0], data: image[1], stores: recorder.stores, written, published };
}

/** Memory on which the stores happen when we want them to. */
class Replay {
  readonly index: ArrayBuffer;
  readonly data: ArrayBuffer;
  position = 0;
  readonly #history: History;
  readonly #memories: [Uint8Array, Uint8Array];

  constructor(history: History) {
    this.#history = history;
    this.index = history.index.slice().buffer as ArrayBuffer;
    this.data = history.data.slice().buffer as ArrayBuffer;
    this.#memories = [new Uint8Array(this.index), new Uint8Array(this.data)];
  }

  step(count: number): void {
    const { stores } = this.#history;
    for (; count > 0 && this.position < stores.length; count--) {
      const { segment, offset, bytes } = stores[this.position++];
      this.#memories[segment].set(bytes, offset);
    }
  }
}

type ReaderMaker = (replay: Replay, history: History, interrupt: () => void) => CircularReader;

const realReader: ReaderMaker = ({ index, data }, { capacity }, fence) =>
  new CircularReader(index, data, { capacity, fence });

/** At each point a reader that was there from the start, or from there on, is interrupted once. */
function checkInterruptions(history: History, random: Random, make: ReaderMaker): void {
  for (let point = random.below(5); point <= history.stores.length; point += 1 + random.below(6)) {
    for (let interrupted = 0, fences = 1; interrupted < fences; interrupted++) {
      const replay = new Replay(history);
      let count = -1;
      const stores = [1, 2, 3, 5, 9, 20, 60][random.below(7)];
      const interrupt = () => {
        if (count >= 0 && count++ === interrupted) replay.step(stores);
      };
      replay.step(Math.max(0, point - random.below(60)));
      const reader = new CheckedCircularReader(make(replay, history, interrupt), history.written);
      replay.step(point - replay.position);
      count = 0;
      reader.take(1 + random.below(3), random);
      fences = Math.max(fences, Math.min(count, 25));
      count = -1;
      replay.step(Infinity);
      reader.finish(random);
    }
  }
}

/** A reader from start to end, with some stores at each fence, that of its start too. */
function checkRandomly(history: History, random: Random, make: ReaderMaker): void {
  const replay = new Replay(history);
  const pace = 2 + random.below(30);
  const interrupt = () => {
    if (random.below(3) === 0) replay.step(random.below(pace));
  };
  replay.step(random.below(history.stores.length));
  const reader = new CheckedCircularReader(make(replay, history, interrupt), history.written);
  while (replay.position < history.stores.length) {
    replay.step(random.below(pace));
    reader.take(1 + random.below(3), random);
  }
  reader.take(Infinity, random);
}

/** At each point the writer dies: the next one goes on, and a reader follows. */
function checkDeaths(history: History, random: Random, make: ReaderMaker): void {
  for (let point = 0; point <= history.stores.length; point++) {
    const replay = new Replay(history);
    replay.step(Math.max(0, point - random.below(60)));
    const reader = new CheckedCircularReader(make(replay, history, () => {}), history.written);
    replay.step(point - replay.position);
    const { index, data } = replay;
    const { capacity } = history;
    let writer = new CircularWriter(index, data, { capacity });
    const known = history.published.filter(([stores]) => stores <= point).at(-1)![1];
    const next = history.published.find(([stores]) => stores > point)?.[1];
    const right = [known, next];
    // Where nobody can know, all readers begin anew.
    if (history.isForeign) right.push(known + capacity + 1, (next ?? known) + capacity + 1);
    assert.ok(
      right.includes(writer.sequenceNumber),
      `${writer.sequenceNumber} is not one of ${right} after store ${point}`,
    );
    // Now and then that one is followed at once, or after a little, closed or killed too.
    for (let n = random.below(3); n > 0; n--) {
      if (random.below(2) === 0) writer.close();
      writer = new CircularWriter(index, data, { capacity });
    }
    if (random.below(2) === 0) writer.close();
    reader.take(Infinity, random);
    writer = new CircularWriter(index, data, { capacity });
    const late = new CircularReader(index, data, { capacity });
    for (let n = 0; n < 30; n++) {
      const message = new Uint8Array(1 + n % Math.min(9, writer.maxMessageSize)).fill(n);
      writer.write(message);
      assert.deepEqual(reader.reader.read(), message);
      assert.deepEqual(late.read(), message);
    }
  }
}

function forEachHistory(check: (history: History, random: Random) => void): void {
  for (let i = 0; i < RUNS; i++) {
    const random = new Random(baseSeed + i);
    try {
      check(makeHistory(random, 30), random);
    } catch (error) {
      throw new Error(`run with SEED=${baseSeed + i} INTERLEAVING_RUNS=1`, { cause: error });
    }
  }
}

test(`a reader interrupted by any store gives nothing torn (seed ${baseSeed}, ${RUNS} histories)`, () => {
  forEachHistory((history, random) => checkInterruptions(history, random, realReader));
});

test(`a reader among random stores gives nothing torn (seed ${baseSeed}, ${RUNS} histories)`, () => {
  forEachHistory((history, random) => {
    for (let n = 0; n < 20; n++) checkRandomly(history, random, realReader);
  });
});

test(`after death at any store the next writer goes on (seed ${baseSeed}, ${RUNS} histories)`, () => {
  forEachHistory((history, random) => checkDeaths(history, random, realReader));
});

/** The original's kind of writer: the same stores, without the claims. */
function withoutClaims(history: History): History {
  const foreign = rewrite(history, ({ segment, offset }) => segment === 1 || offset < 392);
  const kept = foreign.stores.map((store) => history.stores.indexOf(store));
  return {
    ...foreign,
    isForeign: true,
    published: history.published.map(([stores, total]) => [
      kept.filter((at) => at < stores).length,
      total,
    ]),
  };
}

test(`a reader of a writer that does not claim gives nothing torn (seed ${baseSeed})`, () => {
  forEachHistory((history, random) => {
    const foreign = withoutClaims(history);
    checkInterruptions(foreign, random, realReader);
    for (let n = 0; n < 20; n++) checkRandomly(foreign, random, realReader);
  });
});

test(`after death of a writer that does not claim the next one goes on (seed ${baseSeed})`, () => {
  forEachHistory((history, random) => checkDeaths(withoutClaims(history), random, realReader));
});

/** The history with only those stores that are wanted. */
function rewrite(history: History, wants: (store: Store) => boolean): History {
  return { ...history, stores: history.stores.filter(wants) };
}

/** Each store put off until just after the next one that is `before`. */
function delay(
  history: History,
  late: (s: Store) => boolean,
  until: (s: Store) => boolean,
): History {
  const stores: Store[] = [];
  let waiting: Store[] = [];
  for (const store of history.stores) {
    if (late(store)) waiting.push(store);
    else {
      stores.push(store);
      if (until(store)) {
        stores.push(...waiting);
        waiting = [];
      }
    }
  }
  return { ...history, stores: [...stores, ...waiting] };
}

const isAt = (offset: number, size = 8) => (store: Store) =>
  store.segment === 0 && store.offset >= offset && store.offset < offset + size;
const isData = ({ segment }: Store) => segment === 1;

const WRONG_WRITERS: Record<string, (history: History) => History> = {
  "publishes S before the bytes": (history) => delay(history, isData, isAt(384)),
  "claims after the bytes": (history) => delay(history, isAt(400), isAt(384)),
  "does not claim, and sets W after the bytes": (history) =>
    delay(withoutClaims(history), isAt(320), isAt(384)),
  "changes the base after its version": (history) => delay(history, isAt(416), isAt(320)),
};

/** The real reader with another look at the memory: what a fence would have kept in order. */
const WRONG_READERS: Record<string, ReaderMaker> = {
  // As the original's readers do.
  "looks only at what is published": (replay, history, interrupt) => {
    const seen = replay.index.slice(0);
    const look = () => {
      new Uint8Array(seen).set(new Uint8Array(replay.index));
      const state = new BigUint64Array(seen);
      state[40] = state[32]; // W = R
      state[50] = 0n; // no claim
    };
    return new CircularReader(seen, replay.data, {
      capacity: history.capacity,
      guard: look,
      fence: () => {
        interrupt();
        look();
      },
    });
  },
  "sees the state as it was before the copy": (replay, history, interrupt) => {
    const frozen = replay.index.slice(0);
    let isFrozen = false;
    return new CircularReader(frozen, replay.data, {
      capacity: history.capacity,
      guard: () => {
        new Uint8Array(frozen).set(new Uint8Array(replay.index));
        isFrozen = true;
      },
      fence: () => {
        if (!isFrozen) new Uint8Array(frozen).set(new Uint8Array(replay.index));
        interrupt();
      },
    });
  },
};

function isCaught(change: (history: History) => History, make: ReaderMaker, i: number): boolean {
  const random = new Random(baseSeed + i);
  const history = change(makeHistory(random, 30));
  try {
    checkInterruptions(history, random, make);
    for (let n = 0; n < 20; n++) checkRandomly(history, random, make);
    return false;
  } catch {
    return true;
  }
}

for (const [title, change] of Object.entries(WRONG_WRITERS)) {
  test(`the checks catch a writer that ${title} (seed ${baseSeed})`, () => {
    assert.ok(Array.from({ length: 40 }).some((_, i) => isCaught(change, realReader, i)));
  });
}

for (const [title, make] of Object.entries(WRONG_READERS)) {
  test(`the checks catch a reader that ${title} (seed ${baseSeed})`, () => {
    assert.ok(Array.from({ length: 40 }).some((_, i) => isCaught((same) => same, make, i)));
  });
}
