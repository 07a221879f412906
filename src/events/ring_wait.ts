/**
 * Waiting for the other side of a ring.
 *
 * The side that waits sets its flag, looks once more, and sleeps on the other's position; the other stores its
 * position, and then looks at the flag. So one of the two sees what the other did, where a load is
 * not done before an earlier atomic store, as on x86-64; elsewhere a wake-up may be missed, and the
 * side that waits finds out by itself: it never sleeps longer than a slice.
 *
 * @module
 */

import { isSharedBuffer } from "../memory.ts";
import { sleepSync } from "../base/sleep_sync.ts";
import { milliseconds } from "../base/options.ts";

/** The longest sleep on shared memory in milliseconds. */
const SLICE = 10;
/** The sleep between two looks at memory on which nobody can be woken, in milliseconds. */
const PAUSE = 1;
/** How many times to look before going to sleep: a few microseconds. */
const LOOKS = 100;

/** What a side of a ring waits for. */
export interface Wait {
  /** The words of the ring. */
  readonly words: Int32Array;
  /** The word with the position of the other side. */
  readonly position: number;
  /** The word with the flag of the side that waits. */
  readonly flag: number;
  /** Whether it is there; looks at the position again. */
  isOver(): boolean;
}

/** Blocks the thread until it is over, or `timeout` milliseconds have passed; returns whether it is. */
export function waitFor(wait: Wait, timeout: number): boolean {
  const { words, position, flag } = wait;
  checkTimeout(timeout);
  for (let i = 0; i < LOOKS; i++) if (wait.isOver()) return true;
  const until = performance.now() + timeout;
  const isShared = isSharedBuffer(words.buffer);
  try {
    for (;;) {
      if (isShared) Atomics.store(words, flag, 1);
      const seen = isShared ? Atomics.load(words, position) : 0;
      if (wait.isOver()) return true;
      const left = until - performance.now();
      if (left <= 0) return false;
      if (isShared) Atomics.wait(words, position, seen, Math.min(left, SLICE));
      else sleepSync(Math.min(left, PAUSE));
    }
  } finally {
    if (isShared) Atomics.store(words, flag, 0);
  }
}

/** As `waitFor`, without blocking the thread. */
export async function waitForAsync(
  wait: Wait,
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { words, position, flag } = wait;
  checkTimeout(timeout);
  const until = performance.now() + timeout;
  const isShared = isSharedBuffer(words.buffer);
  try {
    for (;;) {
      signal?.throwIfAborted();
      if (isShared) Atomics.store(words, flag, 1);
      const seen = isShared ? Atomics.load(words, position) : 0;
      if (wait.isOver()) return true;
      const left = until - performance.now();
      if (left <= 0) return false;
      if (isShared) await wakeUp(words, position, seen, Math.min(left, SLICE));
      else await new Promise((resolve) => setTimeout(resolve, Math.min(left, PAUSE)));
    }
  } finally {
    if (isShared) Atomics.store(words, flag, 0);
  }
}

/** Resolves when the word is no longer `seen` and somebody says so, or the time is over. */
async function wakeUp(
  words: Int32Array,
  index: number,
  seen: number,
  milliseconds: number,
): Promise<void> {
  const { async, value } = Atomics.waitAsync(words, index, seen, milliseconds);
  if (!async) return;
  let timer: ReturnType<typeof setTimeout> | undefined;
  // A promise of waitAsync alone does not keep Deno and Node from ending the process.
  const timeOver = new Promise((resolve) => timer = setTimeout(resolve, milliseconds));
  await Promise.race([value, timeOver]);
  clearTimeout(timer);
}

/** Wakes the other side if it waits for our position, which was stored atomically just before. */
export function wake(words: Int32Array, position: number, flag: number): void {
  if (words[flag] !== 0) Atomics.notify(words, position);
}

function checkTimeout(timeout: number): void {
  milliseconds(0)("timeout", timeout);
}
