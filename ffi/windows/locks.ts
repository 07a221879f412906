/**
 * The locks of segments on Windows: named mutexes.
 *
 * A mutex belongs to a thread, and so to what runs in this thread's JavaScript. When a thread ends,
 * however it does, the system gives its mutexes to the next one that asks ("abandoned").
 *
 * @module
 */

import { wide, type WindowsCalls } from "./calls.ts";
import { lockName } from "./names.ts";

const WAIT_OBJECT = 0;
const WAIT_ABANDONED = 0x80;
const WAIT_TIMEOUT = 0x102;

/** The mutexes that this thread has open. */
export class SegmentLocks {
  readonly #calls: WindowsCalls;
  readonly #names = new Map<number, string>();
  // A thread may take its own mutex again: that one handle has it, only we know.
  readonly #held = new Map<string, number>();

  /** None yet. */
  constructor(calls: WindowsCalls) {
    this.#calls = calls;
  }

  /** Whether a handle is that of a mutex. */
  has(handle: number): boolean {
    return this.#names.has(handle);
  }

  /** Opens the mutex of the segment of that name; returns its handle. */
  open(segment: string): number {
    const name = lockName(segment);
    const handle = this.#calls.kernel.CreateMutexW(0n, 0, wide(name));
    const reason = this.#calls.lastError();
    if (BigInt(handle) === 0n) throw this.#calls.failed("CreateMutex", `"${name}"`, reason);
    this.#names.set(Number(handle), name);
    return Number(handle);
  }

  /** Takes the lock; returns whether it was available. */
  tryLock(handle: number): boolean {
    const name = this.#nameOf(handle);
    if (this.#held.has(name)) return this.#held.get(name) === handle;
    const result = this.#calls.kernel.WaitForSingleObject(BigInt(handle), 0);
    const reason = this.#calls.lastError();
    if (result === WAIT_TIMEOUT) return false;
    if (result !== WAIT_OBJECT && result !== WAIT_ABANDONED) {
      throw this.#calls.failed("WaitForSingleObject", `"${name}"`, reason);
    }
    this.#held.set(name, handle);
    return true;
  }

  /** Whether another handle has the lock. */
  isLocked(handle: number): boolean {
    const holder = this.#held.get(this.#nameOf(handle));
    if (holder !== undefined) return holder !== handle;
    // A MUTANT_BASIC_INFORMATION: i32 count, 1 if it is free; then two booleans.
    const information = new Int32Array(new ArrayBuffer(8));
    information[0] = 1;
    const { objects } = this.#calls;
    objects.NtQueryMutant(BigInt(handle), 0, new Uint8Array(information.buffer), 8, 0n);
    return information[0] < 1;
  }

  /** Releases the lock, if this handle has it. */
  unlock(handle: number): void {
    const name = this.#nameOf(handle);
    if (this.#held.get(name) !== handle) return;
    this.#held.delete(name);
    this.#calls.kernel.ReleaseMutex(BigInt(handle));
  }

  /** Releases the lock, and closes. */
  close(handle: number): void {
    this.unlock(handle);
    this.#names.delete(handle);
    this.#calls.kernel.CloseHandle(BigInt(handle));
  }

  #nameOf(handle: number): string {
    const name = this.#names.get(handle);
    if (name === undefined) throw new TypeError(`handle ${handle} is not that of a mutex`);
    return name;
  }
}
