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

/**
 * Merges logs that are written just now: each item waits a moment for earlier ones of the others,
 * which were written before but seen later.
 */
export class LiveMerge<T extends Timed> {
  readonly #hold: number;
  #queues: { items: T[]; arrivals: number[] }[] = [];
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
  async *merged(logs: AsyncIterable<T[]>[]): AsyncGenerator<T[]> {
    this.#queues = logs.map(() => ({ items: [], arrivals: [] }));
    this.#open = logs.length;
    logs.forEach((log, i) => void this.#feed(i, log));
    for (;;) {
      const isLast = this.#open === 0;
      const items = this.#takeDue(isLast ? Infinity : performance.now() - this.#hold);
      for (const wake of this.#wakers.splice(0)) wake();
      if (items.length > 0) yield items;
      if (this.#error !== undefined) throw this.#error.cause;
      if (isLast) return;
      await this.#change();
    }
  }

  /** Takes all that a log gives, at the speed at which it is asked for. */
  async #feed(index: number, batches: AsyncIterable<T[]>): Promise<void> {
    const queue = this.#queues[index];
    try {
      for await (const batch of batches) {
        const now = performance.now();
        for (const item of batch) {
          queue.items.push(item);
          queue.arrivals.push(now);
        }
        this.#wake?.();
        while (queue.items.length >= MOST_HELD) {
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

  /** The items up to the last one that came before a moment; all if one log has too many. */
  #takeDue(moment: number): T[] {
    const heads = this.#queues.map(() => 0);
    const taken: T[] = [];
    const isFull = this.#isFull;
    const isDue = () =>
      isFull || this.#queues.some(({ arrivals }, i) => arrivals[heads[i]] <= moment);
    while (isDue()) {
      const first = indexOfFirst(this.#queues.map(({ items }, i) => items[heads[i]]));
      if (first < 0) break;
      taken.push(this.#queues[first].items[heads[first]++]);
    }
    this.#queues.forEach((queue, i) => {
      queue.items.splice(0, heads[i]);
      queue.arrivals.splice(0, heads[i]);
    });
    return taken;
  }

  /** Waits until something is due or, if nothing waits, until something comes. */
  async #change(): Promise<void> {
    if (this.#isUrgent) return;
    const oldest = Math.min(...this.#queues.map(({ arrivals }) => arrivals[0] ?? Infinity));
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
    return this.#queues.some(({ items }) => items.length >= MOST_HELD);
  }
}
