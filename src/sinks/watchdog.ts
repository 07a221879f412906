/**
 * A thread that notices when the main thread does not move: it writes that into a log of its own, with the
 * stack of the main thread where the runtime gives it.
 *
 * @module
 */

import process from "node:process";
// Those of the program may be a test's.
import { clearInterval, setInterval } from "node:timers";
import type { Worker } from "node:worker_threads";
import { durationCheck, parseDuration } from "../base/durations.ts";
import type { Check } from "../base/options.ts";
import { builtinRequire, isWorkerThread, threadEnvironment } from "../../ffi/drivers/runtime.ts";
import { unref } from "./vitals.ts";

/** The `logger` of the entries. */
export const WATCHDOG_LOGGER = "ouroboros.watchdog";
/** What its log is called: the name of the log that it belongs to, and this. */
export const WATCHDOG_SUFFIX = ".watch";

const LEAST_LIMIT = 100;
/** How often the main thread shows that it moves, while it may stand still once as long. */
const BEATS = 4;
/** How long the end of the process may wait for the end of the thread, in milliseconds. */
const END_LIMIT = 1000;

/** Words of the memory that the two threads share. */
export const WATCHDOG_WORDS = {
  /** Counted up by the main thread whenever it moves. */
  beat: 0,
  /** 1: the thread is to end. */
  stop: 1,
  /** 1: the thread has ended. */
  ended: 2,
  /** 1: somebody debugs the process, and decides when it moves. */
  isDebugged: 3,
  /** 1: the thread has begun; 2: it must not begin any more. The first one of the two decides. */
  begun: 4,
} as const;
const { beat, stop, ended, isDebugged, begun } = WATCHDOG_WORDS;

/** What the thread is given. */
export interface WatchdogTask {
  /** The memory with {@linkcode WATCHDOG_WORDS}. */
  words: Int32Array<SharedArrayBuffer>;
  /** How long the main thread may stand still, in milliseconds. */
  limit: number;
  /** The log that it belongs to, by its name, or path. */
  log: string;
  /** Whether its own log is removed at the end. */
  unlinks: boolean;
}

/** What the option `watchdog` may be. */
export const watchdogCheck: Check = durationCheck(LEAST_LIMIT, '"1s" or "500ms"');

// One listener for all: runtimes warn of many.
const watchdogs = new Set<Watchdog>();

/** At the end of the process: Node must not take a thread away that is in a native call. */
function endAll(): void {
  for (const watchdog of watchdogs) watchdog.stop();
  for (const watchdog of watchdogs) watchdog.awaitEnd();
}

/** Watches this thread, if it is the main one of the process. It keeps no process alive. */
export class Watchdog {
  readonly #words = new Int32Array(new SharedArrayBuffer(20));
  readonly #timer: ReturnType<typeof setInterval> | undefined;
  #hasEnded = true;

  /** Starts the thread. What goes wrong with it, then or later, is reported. Throws nothing. */
  constructor(
    limit: string,
    { log, unlinks = false, onError }: {
      log: string;
      unlinks?: boolean;
      onError: (error: unknown) => void;
    },
  ) {
    if (isWorkerThread()) return;
    const task: WatchdogTask = {
      words: this.#words,
      limit: parseDuration(limit) ?? NaN,
      log,
      unlinks,
    };
    try {
      this.#start(task, onError);
    } catch (error) {
      onError(error);
      return;
    }
    this.#timer = setInterval(() => this.#move(), task.limit / BEATS);
    unref(this.#timer);
  }

  #start(task: WatchdogTask, onError: (error: unknown) => void): void {
    const threads = builtinRequire()("node:worker_threads") as { Worker: typeof Worker };
    const file = new URL(`./watchdog_thread.${isSource() ? "ts" : "js"}`, import.meta.url);
    const worker = new threads.Worker(
      `import(${JSON.stringify(file.href)}).then(({ watchMainThread }) => watchMainThread());`,
      {
        eval: true,
        name: WATCHDOG_LOGGER,
        workerData: task,
        execArgv: [],
        ...threadEnvironment(),
      },
    );
    this.#hasEnded = false;
    worker.on("error", (error) => {
      this.#hasEnded = true;
      onError(error);
    });
    worker.on("exit", () => this.#forget());
    worker.unref();
    if (watchdogs.size === 0) process.on("exit", endAll);
    watchdogs.add(this);
  }

  #move(): void {
    const words = this.#words;
    if (isInspected()) words[isDebugged] = 1;
    // Pairs with the wait of the thread.
    Atomics.add(words, beat, 1);
    Atomics.notify(words, beat);
  }

  /** Tells the thread to end, which it does soon. */
  stop(): void {
    clearInterval(this.#timer);
    Atomics.store(this.#words, stop, 1);
    this.#move();
  }

  /**
   * Blocks until the thread that was asked to end has ended. One that has not begun calls nothing native, and
   * in Node it does not begin while the main thread blocks.
   */
  awaitEnd(): void {
    // Pairs with the exchange in `watchMainThread`.
    if (Atomics.compareExchange(this.#words, begun, 0, 2) === 0) return;
    const end = performance.now() + END_LIMIT;
    while (!this.#hasEnded && performance.now() < end) {
      if (Atomics.load(this.#words, ended) === 1) return;
      Atomics.wait(this.#words, ended, 0, 10);
    }
  }

  #forget(): void {
    this.#hasEnded = true;
    clearInterval(this.#timer);
    watchdogs.delete(this);
    if (watchdogs.size === 0) process.removeListener("exit", endAll);
  }
}

/** Whether this runs from the sources, and not from the npm package. */
function isSource(): boolean {
  return import.meta.url.endsWith(".ts");
}

/** Whether a debugger may hold the main thread; only Node has one that we could get in the way of. */
function isInspected(): boolean {
  if ("Deno" in globalThis || "Bun" in globalThis) return false;
  try {
    return process.getBuiltinModule("node:inspector").url() !== undefined;
  } catch {
    // Node can be built without it.
    return false;
  }
}
