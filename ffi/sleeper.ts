/**
 * What the thread of `SleeperThread` runs: it sleeps, says that it woke, and waits to be asked again.
 *
 * @module
 */

import { workerData } from "node:worker_threads";
import { system } from "./current_system.ts";
import { ENDED, READY, SLEEPER_WORDS, type SleeperTask } from "./sleeper_thread.ts";

const { request, answer, expected, timeout, stop, state } = SLEEPER_WORDS;
const { address, control } = workerData as SleeperTask;
const words = new Int32Array(control);
const { futex } = system();

/** Also to be awakened at the end of the process. */
function say(now: number): void {
  Atomics.store(words, state, now);
  Atomics.notify(words, state);
}

say(READY);
for (let done = 0;;) {
  Atomics.wait(words, request, done);
  // Acquire: pairs with the store of the request, after what it asks for.
  done = Atomics.load(words, request);
  const isLast = Atomics.load(words, stop) === 1;
  if (!isLast) futex?.wait(address, words[expected], words[timeout]);
  // Pairs with the look at the answer in SleeperThread.sleep(). Also at the end: who closes the bell
  // right after it was told to sleep keeps nobody waiting.
  Atomics.store(words, answer, done);
  Atomics.notify(words, answer);
  if (isLast) break;
}
say(ENDED);
