/**
 * Named semaphores.
 *
 * @module
 */

import { ClosedError } from "../src/errors.ts";
import { system } from "./current_system.ts";
import { SharedMemory } from "./shared_memory.ts";
import { checkOptions, integer, mode as isMode } from "../src/base/options.ts";
import { inspectable } from "../src/base/inspectable.ts";

/** How a semaphore is opened. */
export interface SemaphoreOptions {
  /** Its value if it is made. Default 1: free. */
  value?: number;
  /** The permission bits if it is made, less the umask. Default 0o600. */
  mode?: number;
}

/**
 * A named semaphore (`sem_open`), a count that processes share. It stays until its name is unlinked.
 * A process that dies while it holds the semaphore does not release it.
 *
 * @example
 * ```ts
 * import { NamedSemaphore } from "@ouroboros/log/ffi";
 *
 * using semaphore = new NamedSemaphore(`/doc-semaphore-${process.pid}`);
 * console.log(semaphore.tryWait(), semaphore.tryWait()); // true false
 * semaphore.post();
 * NamedSemaphore.unlink(semaphore.name);
 * ```
 */
export class NamedSemaphore implements Disposable {
  /** The name, with its `/`. */
  readonly name: string;
  readonly #address: bigint;
  #isClosed = false;

  /**
   * Opens the semaphore, which is made if it does not exist. On Linux it must belong to this user: what a
   * stranger put there may be no semaphore at all.
   *
   * @throws {PermissionDeniedError} if the system refuses, or on Linux if it belongs to another user
   * @throws {SystemCallError} if something else is in its place
   * @throws {RangeError} if the name (251 bytes at most on Linux, 29 on macOS), value or mode is not usable
   * @throws {NativeUnavailableError} if this runtime gives no native functions
   * @throws {TypeError} if an option has the wrong type
   */
  constructor(name: string, options: SemaphoreOptions = {}) {
    checkOptions("NamedSemaphore", options, { value: integer(0, 0x7fffffff), mode: isMode });
    const { value = 1, mode = 0o600 } = options;
    this.name = normalizeSemaphoreName(name);
    this.#address = system().semaphores().open(this.name, mode, value);
  }

  /**
   * Takes one off the count if it is above 0; returns whether it was. Never waits.
   *
   * @throws {ClosedError} after `close()`
   */
  tryWait(): boolean {
    this.#checkOpen();
    return system().semaphores().tryWait(this.#address, this.name);
  }

  /**
   * Adds one to the count.
   *
   * @throws {ClosedError} after `close()`
   * @throws {SystemCallError} if the count is as large as can be
   */
  post(): void {
    this.#checkOpen();
    system().semaphores().post(this.#address, this.name);
  }

  /** Closes; the count stays as it is. May be called twice. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    system().semaphores().close(this.#address);
  }

  /** Closes. */
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Removes a name. A process that has the semaphore open keeps it; one that opens the name gets a new one.
   *
   * @returns whether there was one
   * @throws {PermissionDeniedError} if the system refuses
   */
  static unlink(name: string): boolean {
    return system().semaphores().unlink(normalizeSemaphoreName(name));
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new ClosedError(`semaphore "${this.name}" is closed`);
  }
}

/** On Linux a semaphore is a file `sem.NAME`, with that much less room for the name. */
function normalizeSemaphoreName(name: string): string {
  const normal = SharedMemory.normalizeName(name);
  const length = new TextEncoder().encode(normal).length - 1;
  const most = system().maxNameLength - system().semaphores().prefixLength;
  if (length > most) {
    throw new RangeError(`semaphore name of ${length} bytes exceeds the maximum of ${most}`);
  }
  return normal;
}

inspectable(NamedSemaphore, "NamedSemaphore", ["name"]);
