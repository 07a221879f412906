/**
 * What several logs say, as one sequence by time. Within a log the order is never changed.
 *
 * @module
 */

/** Something that has a place in time; `-Infinity` comes first. */
interface Timed {
  time: number;
}

/** Merges sequences: always the earliest of their next items; of equal ones that of the first one. */
export function merged<T extends Timed>(sequences: Iterable<T>[]): Iterable<T> {
  return sequences.length === 1 ? sequences[0] : mergedAll(sequences);
}

function* mergedAll<T extends Timed>(sequences: Iterable<T>[]): Generator<T> {
  const iterators = sequences.map((sequence) => sequence[Symbol.iterator]());
  const heads = iterators.map((iterator) => iterator.next());
  for (;;) {
    const first = indexOfFirst(heads.map((head) => head.done ? undefined : head.value));
    if (first < 0) return;
    yield heads[first].value;
    heads[first] = iterators[first].next();
  }
}

function indexOfFirst(heads: (Timed | undefined)[]): number {
  let first = -1;
  for (let i = 0; i < heads.length; i++) {
    const head = heads[i];
    if (head !== undefined && (first < 0 || head.time < heads[first]!.time)) first = i;
  }
  return first;
}

/** How long an item waits for earlier ones of other logs, in milliseconds. */
export const HOLD: number = 50;
/** How many items of a log may wait; more are let through at once. */
const MOST_HELD = 4096;
/** How many items are given at once, about. */
const MOST_TAKEN = 8192;

/** A log that is written just now. */
export interface Live<T> {
  /** What comes, in its order. */
  live: AsyncIterable<T[]>;
  /**
   * What has come since and was not returned yet, if it is there without waiting. Called at the
   * beginning of a task.
   */
  more?(): T[];
}

/** A log, and what of it waits. */
class Queue<T extends Timed> {
  readonly more: () => T[];
  #items: T[] = [];
  #arrivals: number[] = [];
  #head = 0;

  constructor(more: () => T[] = () => []) {
    this.more = more;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  get first(): T | undefined {
    return this.#items[this.#head];
  }

  /** When the first one came; `Infinity` if it is empty. */
  get arrival(): number {
    return this.#arrivals[this.#head] ?? Infinity;
  }

  push(items: T[]): void {
    const now = performance.now();
    for (const item of items) {
      this.#items.push(item);
      this.#arrivals.push(now);
    }
  }

  shift(): T {
    const item = this.#items[this.#head++];
    if (this.#head === this.#items.length || this.#head >= MOST_HELD) {
      this.#items.splice(0, this.#head);
      this.#arrivals.splice(0, this.#head);
      this.#head = 0;
    }
    return item;
  }
}

/**
 * Merges logs that are written just now: each item waits a moment for earlier ones of the others,
 * which were written before but seen later. Before an item is let through, each log that seems to have
 * none is looked at: those that are quiet are followed with long sleeps.
 */
export class LiveMerge<T extends Timed> {
  readonly #hold: number;
  #queues: Queue<T>[] = [];
  readonly #wakers: (() => void)[] = [];
  #open = 0;
  #wake: (() => void) | undefined;
  #error: { cause: unknown } | undefined;

  /** Lets each item wait so many milliseconds. */
  constructor(hold: number = HOLD) {
    this.#hold = hold;
  }

  /**
   * What the logs give, as far as it has waited long enough; ends after all of them. May be called
   * once.
   *
   * @throws {unknown} what one of the logs failed with
   */
  async *merged(logs: Live<T>[]): AsyncGenerator<T[]> {
    this.#queues = logs.map((log) => new Queue<T>(log.more && (() => log.more!())));
    this.#open = logs.length;
    logs.forEach(({ live }, i) => void this.#feed(this.#queues[i], live));
    for (;;) {
      // A task of its own: what a log has read is in its queue by then, and nothing on the way.
      await new Promise((resolve) => setImmediate(resolve));
      const isLast = this.#open === 0;
      const items = this.#takeDue(isLast ? Infinity : performance.now() - this.#hold);
      for (const wake of this.#wakers.splice(0)) wake();
      if (items.length > 0) yield items;
      if (this.#error !== undefined) throw this.#error.cause;
      if (isLast && this.#queues.every(({ length }) => length === 0)) return;
      await this.#change();
    }
  }

  /** Takes all that a log gives, at the speed at which it is asked for. */
  async #feed(queue: Queue<T>, batches: AsyncIterable<T[]>): Promise<void> {
    try {
      for await (const batch of batches) {
        queue.push(batch);
        this.#wake?.();
        while (queue.length >= MOST_HELD) {
          await new Promise<void>((resolve) => this.#wakers.push(resolve));
        }
      }
    } catch (error) {
      this.#error ??= { cause: error };
    } finally {
      this.#open--;
      this.#wake?.();
    }
  }

  /** The items up to the last one that came before a moment; all that are there if one log has too many. */
  #takeDue(moment: number): T[] {
    const queues = this.#queues;
    const taken: T[] = [];
    const limit = this.#isFull ? Infinity : moment;
    if (queues.every(({ arrival }) => arrival > limit || arrival === Infinity)) return taken;
    for (const queue of queues) this.#look(queue);
    while (taken.length < MOST_TAKEN && queues.some(({ arrival }) => arrival <= limit)) {
      const first = indexOfFirst(queues.map(({ first }) => first));
      if (first < 0) break;
      taken.push(queues[first].shift());
      this.#look(queues[first]);
    }
    return taken;
  }

  /** Looks whether a log that seems to have nothing has something. */
  #look(queue: Queue<T>): void {
    if (queue.length > 0) return;
    try {
      queue.push(queue.more());
    } catch (error) {
      this.#error ??= { cause: error };
    }
  }

  /** Waits until something is due or, if nothing waits, until something comes. */
  async #change(): Promise<void> {
    if (this.#isUrgent) return;
    const oldest = Math.min(...this.#queues.map(({ arrival }) => arrival));
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      if (oldest === Infinity) this.#wake = resolve;
      else {
        // What comes now waits for no less than what is here.
        this.#wake = () => this.#isUrgent && resolve();
        timer = setTimeout(resolve, Math.max(1, oldest + this.#hold - performance.now()));
      }
    });
    clearTimeout(timer);
    this.#wake = undefined;
  }

  /** Whether there is something to do at once: the end, an error, a flood. */
  get #isUrgent(): boolean {
    return this.#open === 0 || this.#error !== undefined || this.#isFull;
  }

  get #isFull(): boolean {
    return this.#queues.some(({ length }) => length >= MOST_HELD);
  }
}
