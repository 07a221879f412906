/**
 * A lock that is a named semaphore, as the original library has it.
 *
 * @module
 */

import { NamedSemaphore, type SemaphoreOptions, SharedMemory } from "../../../ffi/mod.ts";
import { sleepSync } from "../../base/sleep_sync.ts";
import { WriterLockedError } from "../../errors.ts";

/** How often `acquireWithin()` tries at least, however late it is. */
const LEAST_LOOKS = 100;

/**
 * A lock among processes: a named semaphore of value 1 (free) or 0 (held).
 *
 * A process that dies holding it does not release it, and looks like one that is slow: a caller that
 * uses it must know how long it may be held. `close()` releases it.
 *
 * @example
 * ```ts
 * import { SemaphoreLock } from "@ouroboros/log/circular";
 *
 * using lock = new SemaphoreLock(`/doc-lock-${process.pid}`);
 * using other = new SemaphoreLock(lock.name);
 * console.log(lock.acquire(), other.acquire()); // true false
 * lock.release();
 * console.log(other.acquire()); // true
 * SemaphoreLock.unlink(lock.name);
 * ```
 */
export class SemaphoreLock implements Disposable {
  readonly #semaphore: NamedSemaphore;
  #isHeld = false;

  /**
   * Opens the semaphore, which is made, and free, if it does not exist.
   *
   * @throws {PermissionDeniedError} if the system refuses
   * @throws {RangeError} if the name is not usable
   * @throws {TypeError} if an option has the wrong type
   */
  constructor(name: string, options: Pick<SemaphoreOptions, "mode"> = {}) {
    this.#semaphore = new NamedSemaphore(name, { ...options, value: 1 });
  }

  /** The name, with its `/`. */
  get name(): string {
    return this.#semaphore.name;
  }

  /** Whether this handle holds it. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /**
   * Takes the lock if it is free, at once; returns whether this handle has it now.
   *
   * @throws {ClosedError} after `close()`
   */
  acquire(): boolean {
    return this.#isHeld ||= this.#semaphore.tryWait();
  }

  /**
   * Takes the lock, and tries for so many milliseconds; blocks the thread meanwhile.
   *
   * @throws {ClosedError} after `close()`
   */
  acquireWithin(milliseconds: number): boolean {
    const end = performance.now() + milliseconds;
    for (let looks = 1; !this.acquire(); looks++) {
      // No clock alone says so: this process may have been stopped meanwhile, and the holder with it.
      if (performance.now() >= end && looks >= Math.min(milliseconds, LEAST_LOOKS)) return false;
      sleepSync(1);
    }
    return true;
  }

  /**
   * Makes a lock ours that another process holds: only for a caller that knows that the holder is dead.
   *
   * @throws {ClosedError} after `close()`
   */
  inherit(): void {
    // The value is 0, as it is while somebody holds it; if it is 1, take that.
    if (!this.#isHeld) this.#semaphore.tryWait();
    this.#isHeld = true;
  }

  /** Releases the lock, if this handle has it. */
  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#semaphore.post();
  }

  /** Releases the lock and closes. May be called twice. */
  close(): void {
    try {
      this.release();
    } finally {
      this.#semaphore.close();
    }
  }

  /** Closes. */
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Removes the name; returns whether there was one.
   *
   * @throws {PermissionDeniedError} if the system refuses
   */
  static unlink(name: string): boolean {
    return NamedSemaphore.unlink(name);
  }
}

/** How long the lock of a segment's creation and removal may be held, in milliseconds. */
const PATIENCE = 1000;

/**
 * Does something under the lock of a segment's creation and removal, which is held for microseconds:
 * a process that holds it for a second is dead, and the semaphore is made again.
 */
export function underLock<T>(name: string, mode: number, action: () => T): T {
  for (;;) {
    using lock = new SemaphoreLock(name, { mode });
    if (lock.acquireWithin(PATIENCE)) return action();
    // One of the dead goes with its handles there: this one's holder lives, and may for long.
    if (!SharedMemory.persists) {
      throw new WriterLockedError(`the lock of "${name}" is held for more than ${PATIENCE} ms`);
    }
    SemaphoreLock.unlink(name);
  }
}
