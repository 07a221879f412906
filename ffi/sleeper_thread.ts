/**
 * A thread that sleeps in the kernel for another one, which must not.
 *
 * @module
 */

import process from "node:process";
import type { Worker } from "node:worker_threads";
import {
  builtinRequire,
  isWorkerThread,
  requireBase,
  threadEnvironment,
} from "./drivers/runtime.ts";
import { system } from "./current_system.ts";
import { ENDED, READY, SLEEPER, SLEEPER_WORDS, type SleeperTask } from "./sleeper.ts";

const { request, answer, expected, timeout, stop, state } = SLEEPER_WORDS;
/** How long to sleep at a time while the thread starts, in milliseconds. */
const START_SLEEP = 10;
/** The longest sleep in milliseconds, a week or so: twice as long is what timers can wait at most. */
const LONGEST_SLEEP = 2 ** 29;
/** How long the end of the process may wait for the end of a thread, in milliseconds. */
const END_LIMIT = 1000;

// One listener for all: runtimes warn of many.
const threads = new Set<SleeperThread>();

/**
 * At the end of the process: koffi aborts all of it when Node takes a thread away that loads koffi, or
 * is in one of its calls.
 */
function endAll(): void {
  for (const thread of threads) thread.close();
  for (const thread of threads) thread.awaitEnd();
}

/** Whether this thread may have one that sleeps for it: a worker of Node can be terminated, see above. */
function mayStart(): boolean {
  return "Deno" in globalThis || "Bun" in globalThis || !isWorkerThread();
}

/** The thread that sleeps on one word. */
export class SleeperThread {
  readonly #control = new Int32Array(new SharedArrayBuffer(32));
  readonly #address: bigint;
  #hasFailed = false;
  #isClosed = false;

  /** Starts the thread. Where that fails, its state says so: nothing is thrown. */
  constructor(address: bigint) {
    this.#address = address;
    const { futex } = system();
    if (futex === undefined || !mayStart()) {
      this.#hasFailed = true;
      return;
    }
    try {
      // Loaded when it is needed: it takes milliseconds.
      const threadsModule = builtinRequire()("node:worker_threads") as {
        Worker: typeof Worker;
      };
      const task: SleeperTask = {
        address,
        control: this.#control.buffer as SharedArrayBuffer,
        futex: futex.number,
        base: requireBase(),
      };
      const worker = new threadsModule.Worker(SLEEPER, {
        workerData: task,
        eval: true,
        ...threadEnvironment(),
      });
      worker.on("error", () => this.#hasFailed = true);
      worker.on("exit", () => this.#forget());
      worker.unref();
    } catch {
      this.#hasFailed = true;
      return;
    }
    if (threads.size === 0) process.on("exit", endAll);
    threads.add(this);
  }

  /** Whether there is no such thread, and will be none. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /**
   * Resolves when the word is not `value`, or was woken, or the time is over, or on an abort. Until the
   * thread is there, after some milliseconds at the latest.
   */
  sleep(value: number, milliseconds: number, signal?: AbortSignal): Promise<void> {
    const control = this.#control;
    if (Atomics.load(control, state) !== READY) {
      return this.#wait(Math.min(milliseconds, START_SLEEP), signal, state, (now) => now !== 0);
    }
    const number = Atomics.load(control, request) + 1;
    const most = Math.min(milliseconds, LONGEST_SLEEP);
    control[expected] = value;
    control[timeout] = most;
    // Release: pairs with the thread's load of the request.
    Atomics.store(control, request, number);
    Atomics.notify(control, request);
    // What is left of a sleep that was given up may be answered first.
    return this.#wait(2 * most, signal, answer, (last) => last >= number);
  }

  /** Waits for a change of a word of ours that makes it over, for an abort, or for the time. */
  #wait(
    milliseconds: number,
    signal: AbortSignal | undefined,
    word: number,
    isOver: (now: number) => boolean,
  ): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      // A promise of waitAsync does not keep Deno and Node from ending the process; this does.
      const timer = setTimeout(done, milliseconds);
      signal?.addEventListener("abort", done, { once: true });
      if (signal?.aborted) return done();
      const look = (): void => {
        const now = Atomics.load(this.#control, word);
        if (isOver(now)) return done();
        const waiting = Atomics.waitAsync(this.#control, word, now, milliseconds);
        if (!waiting.async) return waiting.value === "timed-out" ? done() : look();
        waiting.value.then((how) => how === "timed-out" ? done() : look());
      };
      look();
    });
  }

  /** Tells the thread to end, which it does soon. */
  close(): void {
    if (this.#isClosed || this.#hasFailed) return;
    this.#isClosed = true;
    Atomics.store(this.#control, stop, 1);
    Atomics.add(this.#control, request, 1);
    Atomics.notify(this.#control, request);
    // Other threads that sleep on the word wake, find nothing, and sleep again.
    system().futex?.wake(this.#address);
  }

  /** Blocks until the thread that was asked to end has ended. */
  awaitEnd(): void {
    const end = performance.now() + END_LIMIT;
    for (let seen = 0; seen !== ENDED && performance.now() < end && !this.#hasFailed;) {
      seen = Atomics.load(this.#control, state);
      if (seen !== ENDED) Atomics.wait(this.#control, state, seen, 10);
      // It may have gone to sleep after the first call.
      system().futex?.wake(this.#address);
    }
  }

  #forget(): void {
    threads.delete(this);
    if (threads.size === 0) process.removeListener("exit", endAll);
  }
}
