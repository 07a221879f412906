/** The stores of a writer, one by one, so that others can be run between any two of them. */

/** One store to the segment, or one that nobody can see half of. */
export interface Store {
  /** Index of the first 32-bit word. */
  word: number;
  /** What was stored: one word, or two for a row's half. */
  values: number[];
  /** Whether it was an atomic store: what was stored before is visible before it. */
  isAtomic: boolean;
  /** How many entries are published once it is visible. */
  published: number;
}

/** Records what a writer stores to a memory. */
export class Journal {
  readonly stores: Store[] = [];
  /** The memory as it was when recording began. */
  readonly image: Int32Array;
  readonly #words: Int32Array;
  readonly #known: Int32Array;
  #published: number;

  /** Records the stores to `memory`, which holds `published` entries. */
  constructor(memory: ArrayBuffer, published: number = 0) {
    this.#words = new Int32Array(memory, 0, memory.byteLength >>> 2);
    this.image = this.#words.slice();
    this.#known = this.#words.slice();
    this.#published = published;
  }

  /**
   * Runs `write`, which publishes entries with its last store; gives what it gives: the total.
   *
   * Atomic stores are seen as they happen. Plain ones are found by comparison at the next atomic
   * one; the writer makes them in the order of their addresses.
   */
  record(write: () => number): number {
    const { store } = Atomics;
    // deno-lint-ignore no-this-alias
    const journal = this;
    Atomics.store = function (view: Int32Array, index: number, value: number): number {
      journal.#notePlain();
      const before = journal.stores.length;
      const result = store(view, index, value);
      journal.#notePlain();
      // A row's half changes two words at once; what it does not change is none.
      const made = journal.stores.splice(before);
      if (made.length > 0) {
        const word = made[0].word;
        const values = made.length === 1
          ? made[0].values
          : Array.from(journal.#words.subarray(word, made[made.length - 1].word + 1));
        journal.stores.push({ word, values, isAtomic: true, published: journal.#published });
      }
      return result;
    } as typeof store;
    try {
      this.#published = write();
    } finally {
      Atomics.store = store;
    }
    this.#notePlain();
    const last = this.stores.at(-1);
    if (last !== undefined) last.published = this.#published;
    return this.#published;
  }

  #notePlain(): void {
    for (let word = 0; word < this.#words.length; word++) {
      if (this.#words[word] === this.#known[word]) continue;
      this.#known[word] = this.#words[word];
      this.stores.push({
        word,
        values: [this.#words[word]],
        isAtomic: false,
        published: this.#published,
      });
    }
  }
}

/** A memory on which recorded stores happen when we want them to. */
export class Replay {
  readonly memory: ArrayBuffer;
  readonly #words: Int32Array;
  readonly #stores: readonly Store[];
  #next = 0;

  /** Begins with `image`, before the first of `stores`. */
  constructor(image: Int32Array, size: number, stores: readonly Store[]) {
    this.memory = new ArrayBuffer(size);
    this.#words = new Int32Array(this.memory, 0, size >>> 2);
    this.#words.set(image);
    this.#stores = stores;
  }

  /** How many stores have happened. */
  get position(): number {
    return this.#next;
  }

  /** Lets the next `count` stores happen. */
  step(count: number = 1): void {
    for (; count > 0 && this.#next < this.#stores.length; count--) {
      const { word, values } = this.#stores[this.#next++];
      // No set() of an array, which takes several times as long: this is the inmost loop of many tests.
      for (let i = 0; i < values.length; i++) this.#words[word + i] = values[i];
    }
  }

  /** Lets all that is left happen. */
  finish(): void {
    this.step(Infinity);
  }

  /** How many entries are published by now. */
  get published(): number {
    return this.#next === 0 ? 0 : this.#stores[this.#next - 1].published;
  }
}
