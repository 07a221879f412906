/**
 * How a follower waits: eagerly where entries come often, at next to no cost where they don't.
 *
 * After the last entry it looks again at once for some microseconds, then at each turn of the event
 * loop for about as long as entries usually take to come, and then it sleeps: on the writer's bell
 * where there is one, else from 1 ms up, twice as long each time. (A timer's wake-up costs 0.1 to 0.4 ms
 * of CPU time: 50 of them in a second are more than the 1 % that an idle follower may cost.)
 *
 * @module
 */

import type { Doorbell } from "../../../ffi/mod.ts";
import { delay } from "../../async.ts";
import { mustBe } from "../../base/arguments.ts";
import { Turns } from "../../following.ts";

/** How long to look without a pause, in milliseconds. */
const SPIN = 0.02;
/** How long to look at each turn of the event loop, at least and at most, in milliseconds. */
const TURNS_LEAST = 0.05;
const TURNS_MOST = 1;
/** After how long without anything sleeps may be longer, in milliseconds, and how many times. */
const DOZE_AFTER = 1000;
const DOZE_FACTOR = 3;
/** The longest sleep on a bell in milliseconds: one that is missed costs no more than this. */
const BELL_SLICE = 250;

/** How one follower waits. */
export class Patience {
  readonly #maxSleep: number;
  readonly #signal: AbortSignal | undefined;
  // Since when there is nothing; -1: there was something at the last look.
  #idleSince = -1;
  // How long it usually takes until there is something again, in milliseconds.
  #usual = TURNS_MOST;
  #nextSleep: number;
  #armed: Doorbell | undefined;
  readonly #turns = new Turns();

  /** Sleeps at most `maxSleep` milliseconds at a time where no bell rings. */
  constructor(maxSleep: number, signal: AbortSignal | undefined) {
    if (!(maxSleep >= 1)) {
      throw new RangeError(mustBe("maxSleep", maxSleep, "a time in ms of at least 1"));
    }
    this.#maxSleep = maxSleep;
    this.#nextSleep = 1;
    this.#signal = signal;
  }

  /** How long there has been nothing, in milliseconds. */
  get idleTime(): number {
    return this.#idleSince < 0 ? 0 : performance.now() - this.#idleSince;
  }

  /** Something was there. Returns what to wait for so that others get their turn, now and then. */
  found(): Promise<void> | undefined {
    const now = performance.now();
    if (this.#idleSince >= 0) {
      const gap = Math.min(now - this.#idleSince, 4 * TURNS_MOST);
      this.#usual += (gap - this.#usual) / 8;
      this.#idleSince = -1;
    }
    return this.#turns.due(now);
  }

  /**
   * Nothing was there. Returns what to wait for before the next look; undefined: look at once.
   *
   * @param bell what the writer rings, if it does; asked for once it is time to sleep
   */
  pause(bell: () => Doorbell | undefined): Promise<void> | undefined {
    const now = performance.now();
    if (this.#idleSince < 0) {
      this.#idleSince = now;
      this.#nextSleep = 1;
      this.#armed = undefined;
    }
    const idle = now - this.#idleSince;
    if (idle < SPIN) return undefined;
    // Where entries are rare, to burn a core for each would be a bad bargain.
    const turns = this.#usual > TURNS_MOST ? TURNS_LEAST : Math.max(4 * this.#usual, TURNS_LEAST);
    if (idle < Math.min(turns, TURNS_MOST)) return this.#turns.take();
    const rung = bell();
    if (rung === undefined) return this.#sleep(this.#longer(idle));
    // The order that misses nothing: say that we sleep, look once more, sleep.
    // (Of another segment by now, it is another bell.)
    if (this.#armed !== rung) {
      this.#armed = rung;
      rung.arm();
      return undefined;
    }
    this.#armed = undefined;
    this.#turns.sleeps(now);
    return rung.sleep(BELL_SLICE, this.#signal);
  }

  #longer(idle: number): number {
    if (idle > DOZE_AFTER) return DOZE_FACTOR * this.#maxSleep;
    const now = this.#nextSleep;
    this.#nextSleep = Math.min(2 * now, this.#maxSleep);
    return now;
  }

  #sleep(milliseconds: number): Promise<void> {
    this.#turns.sleeps(performance.now() + milliseconds);
    // At the abort it ends, and the follower looks at the signal.
    return delay(milliseconds, { signal: this.#signal }).catch(() => {});
  }
}
