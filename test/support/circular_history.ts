/** What a writer of a circular buffer did, store by store. */

import { circularSizes, CircularWriter } from "../../src/circular/mod.ts";
import { Written } from "./circular.ts";
import type { Random } from "./random.ts";

const CAPACITIES = [16, 33, 64, 100, 200];

/** One store: a byte range of index (0) or data (1) memory. */
export interface Store {
  segment: 0 | 1;
  offset: number;
  bytes: Uint8Array;
}

/** What a writer did, store by store. */
export interface History {
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
export function makeHistory(random: Random, messages: number): History {
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
export class Replay {
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

/** The original's kind of writer: the same stores, without the claims. */
export function withoutClaims(history: History): History {
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

/** The history with only those stores that are wanted. */
function rewrite(history: History, wants: (store: Store) => boolean): History {
  return { ...history, stores: history.stores.filter(wants) };
}
