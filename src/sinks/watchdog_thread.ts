/**
 * The thread that watches the main one.
 *
 * @module
 */

import process from "node:process";
import { delay } from "../async.ts";
import { WriterLockedError } from "../errors.ts";
import { ShmLogWriter } from "../log/native/shm_log_writer.ts";
import { targetOf } from "../log/native/target.ts";
import { MainStack } from "./main_stack.ts";
import { WATCHDOG_LOGGER, WATCHDOG_SUFFIX, WATCHDOG_WORDS, type WatchdogTask } from "./watchdog.ts";

const { beat, stop, ended, isDebugged, begun } = WATCHDOG_WORDS;
/** The size of its log, in bytes: some hundred entries. */
const SIZE = 256 * 1024;
/** One that was closed a moment ago may still have the log; in milliseconds. */
const LOCK_LIMIT = 2000;
/** A wait that takes so much longer was that of a process that was stopped; in milliseconds. */
const SLACK = 100;

/** What the thread does, from its start to its end. */
export async function watchMainThread(): Promise<void> {
  const { workerData } = process.getBuiltinModule("node:worker_threads");
  const task: WatchdogTask = workerData;
  // Pairs with the exchange in `awaitEnd`: the process that ends does not wait for a thread that is not here yet.
  if (Atomics.compareExchange(task.words, begun, 0, 1) !== 0) return;
  try {
    await new MainWatch(task).run();
  } finally {
    Atomics.store(task.words, ended, 1);
    Atomics.notify(task.words, ended);
  }
}

/** What the thread knows of the main one. */
class MainWatch {
  readonly #task: WatchdogTask;
  readonly #words: Int32Array<SharedArrayBuffer>;
  #stack: MainStack | undefined;

  constructor(task: WatchdogTask) {
    this.#task = task;
    this.#words = task.words;
  }

  async run(): Promise<void> {
    const writer = await this.#open();
    // Told to stop before it had begun.
    if (writer === undefined) return;
    try {
      // What was missed while it opened the log begins now.
      while (!this.#isStopped) await this.#watch(writer);
      for (let waited = 0; this.#stack?.isOpen && waited < LOCK_LIMIT; waited += 10) {
        await delay(10);
      }
    } finally {
      writer.close({ unlink: this.#task.unlinks });
    }
  }

  get #isStopped(): boolean {
    return Atomics.load(this.#words, stop) === 1;
  }

  async #open(): Promise<ShmLogWriter | undefined> {
    const target = targetOf(this.#task.log + WATCHDOG_SUFFIX);
    const end = performance.now() + LOCK_LIMIT;
    while (!this.#isStopped) {
      try {
        return ShmLogWriter.create(target, { size: SIZE });
      } catch (error) {
        if (!(error instanceof WriterLockedError) || performance.now() > end) throw error;
        await delay(20);
      }
    }
  }

  /** Waits for the next movement, and writes what there is to say if it does not come. */
  async #watch(writer: ShmLogWriter): Promise<void> {
    const { limit } = this.#task;
    const seen = Atomics.load(this.#words, beat);
    const start = performance.now();
    // Pairs with the movement that is counted and told in `Watchdog`. The last one before a block may be as
    // old as the time between two.
    const most = limit * 1.25;
    if (Atomics.wait(this.#words, beat, seen, most) !== "timed-out") return;
    if (performance.now() - start > most + SLACK) return;
    const stack = await this.#takeStack();
    this.#say(writer, "error", true, performance.now() - start, stack);
    // Node tells us what the main thread answers in turns of the event loop only.
    while (this.#stack?.isOpen && Atomics.load(this.#words, beat) === seen) await delay(10);
    Atomics.wait(this.#words, beat, seen);
    this.#say(writer, "warn", false, performance.now() - start);
  }

  /** The stack of the main thread, unless a debugger has it, or has not answered to the last look. */
  #takeStack(): Promise<string | undefined> {
    const isNode = !("Deno" in globalThis) && !("Bun" in globalThis);
    const isFree = this.#words[isDebugged] === 0 && !this.#stack?.isOpen;
    if (!isNode || !isFree) return Promise.resolve(undefined);
    this.#stack = new MainStack();
    return this.#stack.take();
  }

  #say(
    writer: ShmLogWriter,
    level: string,
    blocked: boolean,
    milliseconds: number,
    stack?: string,
  ): void {
    const blockedMs = Math.round(milliseconds);
    const [place] = /(?<=^ *at ).*/.exec(stack ?? "") ?? [];
    const msg = blocked
      ? `the main thread has been blocked for ${blockedMs} ms${place ? `, in ${place}` : ""}`
      : `the main thread moves again, after ${blockedMs} ms`;
    writer.write(JSON.stringify({
      time: new Date().toISOString(),
      level,
      logger: WATCHDOG_LOGGER,
      msg,
      blocked,
      blockedMs,
      pid: process.pid,
      // Not "log", which is the one that this entry is from.
      about: this.#task.log,
      stack,
    }));
  }
}
