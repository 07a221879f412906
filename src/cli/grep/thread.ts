/**
 * Regular expressions in a thread of their own, which can be left alone when they take too long: no
 * runtime can interrupt one in its own thread, not by a signal either.
 *
 * @module
 */

import process from "node:process";
import { Worker } from "node:worker_threads";

/** Words of the memory that the two threads share. */
const [REQUEST, ANSWER, LENGTH, RESULT, WORDS] = [0, 1, 2, 3, 4];
/** Room for texts, in UTF-16 units; more if one is longer. */
const ROOM = 1 << 16;
/** How long a thread may take to start, or to come to the limit of its processor time, in milliseconds. */
const PATIENCE = 20_000;
/** How long to wait before the processor time is looked at again, in milliseconds. */
const SLICE = 20;
/** Threads that were left alone and run still. */
let leftAlone = 0;
/** How many threads are reckoned with at most: where they never end, that would take longer and longer. */
const MOST_SHARES = 4;

interface Task {
  pattern: string;
  flags: string;
  control: Int32Array<SharedArrayBuffer>;
  text: Uint16Array<SharedArrayBuffer>;
}

/** What the thread runs; made into its source, so it may use nothing of this module. */
function answer({ pattern, flags, control, text }: Task): void {
  const regExp = new RegExp(pattern, flags);
  // The first answer says that the thread is there.
  for (let number = 0;;) {
    Atomics.store(control, 1, number + 1);
    Atomics.notify(control, 1);
    Atomics.wait(control, 0, number);
    // Acquire: pairs with the store of the request, after its text.
    number = Atomics.load(control, 0);
    let asked = "";
    for (let at = 0; at < control[2]; at += 4096) {
      asked += String.fromCharCode(...text.subarray(at, Math.min(at + 4096, control[2])));
    }
    control[3] = regExp.test(asked) ? 1 : 0;
  }
}

/** A pattern that is tried in another thread. */
export class PatternThread {
  readonly #regExp: RegExp;
  #worker: Worker | undefined;
  #control = new Int32Array(new SharedArrayBuffer(0));
  #text = new Uint16Array(new SharedArrayBuffer(0));

  constructor(regExp: RegExp) {
    this.#regExp = regExp;
  }

  /**
   * Whether the pattern matches a text; undefined if that takes longer than `limit` milliseconds of
   * processor time. On a busy machine that is more by the clock.
   */
  test(text: string, limit: number): boolean | undefined {
    if (this.#worker === undefined || text.length > this.#text.length) this.#start(text.length);
    for (let i = 0; i < text.length; i++) this.#text[i] = text.charCodeAt(i);
    const control = this.#control;
    control[LENGTH] = text.length;
    const number = control[REQUEST] + 1;
    // Release: pairs with the thread's load.
    Atomics.store(control, REQUEST, number);
    Atomics.notify(control, REQUEST);
    if (this.#hasAnswered(number + 1, limit)) return control[RESULT] === 1;
    this.#stop();
    return undefined;
  }

  #start(length: number): void {
    this.#stop();
    const { source: pattern, flags } = this.#regExp;
    this.#control = new Int32Array(new SharedArrayBuffer(4 * WORDS));
    this.#text = new Uint16Array(new SharedArrayBuffer(2 * Math.max(length, ROOM)));
    const workerData: Task = { pattern, flags, control: this.#control, text: this.#text };
    // From its source: a bundle, or a compiled program, has no file for it.
    const code = `import { workerData } from "node:worker_threads";(${answer})(workerData);`;
    const url = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
    this.#worker = new Worker(url, { workerData, execArgv: [] });
    this.#worker.on("error", () => {});
    this.#worker.unref();
    if (!this.#hasAnswered(1, PATIENCE)) {
      throw new Error(
        "--grep needs a thread for this pattern, and none could be started: use a simpler pattern",
      );
    }
  }

  /** Waits for an answer. This thread takes no time meanwhile: what the process takes is of the others. */
  #hasAnswered(number: number, limit: number): boolean {
    const start = performance.now();
    const before = processorTime();
    for (;;) {
      const last = Atomics.load(this.#control, ANSWER);
      if (last >= number) return true;
      const elapsed = performance.now() - start;
      const share = limit * Math.min(1 + leftAlone, MOST_SHARES);
      const isOver = elapsed >= limit && processorTime() - before >= share;
      if (isOver || elapsed >= PATIENCE) return false;
      Atomics.wait(this.#control, ANSWER, last, Math.max(limit - elapsed, SLICE));
    }
  }

  #stop(): void {
    const worker = this.#worker;
    if (worker === undefined) return;
    // Bun lets it run to its end first, as one of many threads.
    leftAlone++;
    worker.once("exit", () => leftAlone--);
    worker.terminate();
    this.#worker = undefined;
  }
}

/** The processor time of this process so far, in milliseconds. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
