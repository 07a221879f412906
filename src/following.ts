/**
 * What all followers have in common: they end at once, and let others have their turn.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { abortWith, delay } from "./async.ts";

/** How long the event loop may wait for its turn while there is always another item, in milliseconds. */
const LATENCY = 10;

/**
 * Makes `items`, which end when `stop` is aborted, answer `return()` and `throw()` at once: a generator
 * that waits would only look at them when the next item comes. (Node's `pipeline()` ends what it reads
 * from by `throw()`, a loop by `return()`.)
 */
export function endable<T extends AsyncGenerator<unknown>>(items: T, stop: AbortController): T {
  const leave = items.return.bind(items);
  const fail = items.throw.bind(items);
  items.return = (value) => {
    stop.abort();
    return leave(value);
  };
  items.throw = (error) => {
    stop.abort();
    return fail(error);
  };
  return items;
}

/** How long sockets may wait where only a timer lets them have their turn, in milliseconds. */
const SOCKET_LATENCY = 50;
/** Deno looks for what sockets have only after some two hundred of `setImmediate()`, or before a timer. */
const IS_DENO = "Deno" in globalThis;

/** The turns of the event loop, as one follower sees them: all else waits for the next one. */
export class Turns {
  #last = performance.now();
  #lastTimer = this.#last;

  /** What to wait for between two items, if it is time that others had their turn. */
  due(now: number = performance.now()): Promise<void> | undefined {
    return now - this.#last < LATENCY ? undefined : this.take();
  }

  /** Waits for one turn. */
  take(): Promise<void> {
    this.#last = performance.now();
    if (IS_DENO && this.#last - this.#lastTimer >= SOCKET_LATENCY) {
      this.#lastTimer = this.#last;
      return delay(0);
    }
    return new Promise((resolve) => setImmediate(resolve));
  }

  /** Knows that others have their turn until then. */
  sleeps(until: number): void {
    this.#last = this.#lastTimer = until;
  }
}

/**
 * How long a piece of work takes that is done again and again, by which its pauses are measured: the shorter
 * one of the last two times. A machine that is busy, or stood still, may make any of them seconds long.
 */
export class WorkTime {
  #last = 0;

  /** It has taken so many milliseconds by the clock; returns what to reckon with. */
  took(milliseconds: number): number {
    const least = Math.min(milliseconds, this.#last);
    this.#last = milliseconds;
    return least;
  }
}

/**
 * Yields one item after the other, looking again every `interval` milliseconds while nothing is there, until
 * `signal` is aborted: then it ends without an error.
 */
export function polled<T>(
  next: () => T | undefined,
  interval: number,
  signal: AbortSignal | undefined,
): AsyncIterableIterator<T> {
  const stop = new AbortController();
  return endable(steps(next, interval, signal, stop), stop);
}

async function* steps<T>(
  next: () => T | undefined,
  interval: number,
  signal: AbortSignal | undefined,
  stop: AbortController,
): AsyncGenerator<T, void, undefined> {
  using _linked = abortWith(stop, signal);
  const turns = new Turns();
  while (!stop.signal.aborted) {
    const item = next();
    if (item === undefined) {
      turns.sleeps(performance.now());
      await delay(interval, { signal: stop.signal }).catch(() => {});
      continue;
    }
    yield item;
    const turn = turns.due();
    if (turn !== undefined) await turn;
  }
}
