/**
 * What a reader under torture has seen so far, in shared memory: it is still there when the reader
 * is killed.
 */

import { SharedMemory } from "../../ffi/mod.ts";

const FIELDS = [
  "start",
  "last",
  "read",
  "lost",
  "overruns",
  "wrong",
  "twice",
  // Of the lives of the log before this one: how many they were, and how many entries were read.
  "lives",
  "readBefore",
] as const;

/** The counts of one reader. */
export type Counts = Record<(typeof FIELDS)[number], number>;

/** The counts of one reader, for it and for who started it. */
export class Scores implements Disposable {
  readonly #memory: SharedMemory;
  readonly #fields: Float64Array;

  private constructor(memory: SharedMemory) {
    this.#memory = memory;
    this.#fields = new Float64Array(memory.buffer);
  }

  /** Counts of nothing, under a new name. */
  static create(name: string): Scores {
    return new Scores(SharedMemory.create(name, 8 * FIELDS.length));
  }

  /** The counts that somebody created. */
  static open(name: string): Scores {
    return new Scores(SharedMemory.open(name, { access: "read-write" }));
  }

  /** What to open them by. */
  get name(): string {
    return this.#memory.name;
  }

  /** Stores the counts. */
  set(counts: Counts): void {
    FIELDS.forEach((field, index) => this.#fields[index] = counts[field]);
  }

  /** The counts as they were stored last. */
  get(): Counts {
    return Object.fromEntries(FIELDS.map((field, i) => [field, this.#fields[i]])) as Counts;
  }

  /** Ends them for this process, and their name. */
  [Symbol.dispose](): void {
    this.#memory.close();
    SharedMemory.unlink(this.#memory.name);
  }
}
