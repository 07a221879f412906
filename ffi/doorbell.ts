/**
 * A bell in shared memory: a process that waits sleeps in the kernel, one that rings makes a system call
 * only when somebody sleeps.
 *
 * ```text
 *   last page of the segment
 *  ├──────────────┬─────┬──────────────┬────────────────┬───────────────┬──────────┬───────┤
 *  │ the segment  │ pad │ u32: mark, a │ u32: 1, if any │ u32: rings so │ reserved │ zeros │
 *  │ up to its end│     │ ringer works │ sleeper waits  │ far (futex)   │          │       │
 *  └──────────────┴─────┴──────────────┴────────────────┴───────────────┴──────────┴───────┘
 *                       a multiple of 16
 * ```
 *
 * The bell lies in what the last page has left behind the end of the segment: memory that all
 * processes that map the page share, that no size counts, and that goes when the segment goes. So no format knows of
 * it, and there is nothing to name, to clean up, or to forget. A segment that ends at the end of a
 * page has no room for one; nor has a file, whose last page the system cleans when it writes it out.
 *
 * @module
 */

import { OuroborosError } from "../src/errors.ts";
import { STRONG_ORDER, system } from "./current_system.ts";
import { type Holding, keepSafe, mapView, release } from "./holding.ts";
import type { SharedMemory } from "./shared_memory.ts";
import { SleeperThread } from "./sleeper_thread.ts";
import type { Futex } from "./system.ts";

/** Says that somebody rings. */
const MARK = 0x4c4c4542;
const MARK_WORD = 0;
const SLEEPERS_WORD = 1;
const RINGS_WORD = 2;
const BELL_SIZE = 16;

/** As the memory of a bell that is forgotten is given back, its thread ends. */
const forgotten = new FinalizationRegistry<SleeperThread>((thread) => thread.close());

/**
 * The bell of a shared memory segment. One side rings it after it has changed the segment; others arm
 * it, look at the segment once more, and sleep.
 *
 * @example
 * ```ts
 * import { Doorbell, SharedMemory } from "@ouroboros/log/ffi";
 *
 * using memory = SharedMemory.create(`/doc-bell-${process.pid}`, 5000);
 * using bell = Doorbell.of(memory);
 * bell?.attend();
 * bell?.ring(); // nobody sleeps: one look at a word
 * SharedMemory.unlink(memory.name);
 * ```
 */
export class Doorbell implements Disposable {
  readonly #futex: Futex;
  readonly #holding: Holding;
  readonly #buffer: ArrayBuffer;
  readonly #words: Int32Array;
  readonly #descriptor: number;
  readonly #segmentSize: number;
  readonly #address: bigint;
  #seen = 0;
  #thread: SleeperThread | undefined;

  private constructor(futex: Futex, descriptor: number, segmentSize: number, name: string) {
    const { pageSize } = system();
    const pageStart = segmentSize - segmentSize % pageSize;
    const offset = bellOffset(segmentSize) - pageStart;
    const what = `"${name}"`;
    const { address, buffer } = mapView(descriptor, pageSize, "read-write", what, pageStart);
    this.#futex = futex;
    this.#descriptor = descriptor;
    this.#segmentSize = segmentSize;
    this.#address = address + BigInt(offset + 4 * RINGS_WORD);
    this.#buffer = buffer;
    this.#words = new Int32Array(this.#buffer, offset, BELL_SIZE / 4);
    this.#holding = {
      address,
      byteLength: pageSize,
      descriptors: new Set([descriptor]),
      closeDescriptor: (open) => system().close(open),
      isReleased: false,
    };
    keepSafe(this.#holding, this.#buffer);
  }

  /**
   * The bell of `memory`; undefined if it has none: the system has no futex, there is no room behind
   * the end, its name leads to another segment by now, or we may not write to it.
   */
  static of(memory: SharedMemory): Doorbell | undefined {
    const { futex, pageSize } = system();
    const { name, byteLength, identity } = memory;
    const room = pageSize - byteLength % pageSize;
    if (futex === undefined || room === pageSize) return undefined;
    if (bellOffset(byteLength) + BELL_SIZE > byteLength + room) return undefined;
    let descriptor: number | undefined;
    try {
      descriptor = system().openShared(name, "read-write");
      const { device, inode } = system().identify(descriptor);
      if (device === identity.device && inode === identity.inode) {
        const bell = new Doorbell(futex, descriptor, byteLength, name);
        descriptor = undefined;
        return bell;
      }
    } catch (error) {
      // A bell saves time; without one everything works as well.
      if (!(error instanceof OuroborosError)) throw error;
    } finally {
      if (descriptor !== undefined) system().close(descriptor);
    }
    return undefined;
  }

  /** Says whether this bell will be rung from now on. Wakes processes that sleep. */
  attend(isAttended: boolean = true): void {
    Atomics.store(this.#words, MARK_WORD, isAttended ? MARK : 0);
    this.ring();
  }

  /**
   * Wakes all sleepers, after something was changed by an atomic store. Takes nanoseconds if nothing
   * sleeps.
   */
  ring(): void {
    // Pairs with the sleeper's atomic store in arm(): we see that it sleeps, or it sees our change when
    // it looks once more. That needs our atomic store to be done before this load: on x86-64 it is (a
    // locked instruction), and engines move no plain load over it, which costs half of an atomic one.
    const sleepers = STRONG_ORDER
      ? this.#words[SLEEPERS_WORD]
      : Atomics.load(this.#words, SLEEPERS_WORD);
    if (sleepers === 0) return;
    Atomics.store(this.#words, SLEEPERS_WORD, 0);
    // A process that armed the bell before this and does not sleep yet finds another number than it saw.
    Atomics.add(this.#words, RINGS_WORD, 1);
    this.#futex.wake(this.#address);
  }

  /** Whether a process said that it will ring this bell, and all of it is there. */
  isAttended(): boolean {
    return this.#isThere() && Atomics.load(this.#words, MARK_WORD) === MARK;
  }

  /**
   * Whether the bell can end a `sleep()`. That needs a thread, for which Node with `--permission` needs
   * `--allow-worker`. If it cannot be started, this is `false` after the first sleep.
   */
  get canSleep(): boolean {
    return this.#thread?.hasFailed !== true;
  }

  /** Announces a sleep. Look at the segment once more after this. */
  arm(): void {
    if (!this.#isThere()) return;
    this.#seen = Atomics.load(this.#words, RINGS_WORD);
    // Pairs with the load in ring().
    Atomics.store(this.#words, SLEEPERS_WORD, 1);
  }

  /** Sleeps until the bell rings, `milliseconds` have passed, or `signal` is aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (this.#thread === undefined) {
      this.#thread = new SleeperThread(this.#address);
      forgotten.register(this, this.#thread);
    }
    return this.#thread.sleep(this.#seen, milliseconds, signal);
  }

  /** Sleeps as `sleep()` does, but blocks the thread: it wakes sooner by half. */
  sleepSync(milliseconds: number): void {
    this.#futex.wait(this.#address, this.#seen, milliseconds);
  }

  /** Ends the thread that sleeps for us, and unmaps the page. May be called twice. */
  close(): void {
    if (this.#holding.isReleased) return;
    if (this.#thread !== undefined) {
      // Not to be woken before it sleeps: it finds another number than the one that it was given.
      if (this.#isThere()) Atomics.add(this.#words, RINGS_WORD, 1);
      this.#thread.close();
    }
    release(this.#holding, this.#buffer);
  }

  /** Closes. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Whether the page is there still: to touch one that was cut off kills the process. */
  #isThere(): boolean {
    return system().size(this.#descriptor) >= this.#segmentSize;
  }
}

function bellOffset(segmentSize: number): number {
  return Math.ceil(segmentSize / BELL_SIZE) * BELL_SIZE;
}
