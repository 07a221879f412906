/**
 * Mapped memory: the view, its end, its lock. What shared memory and mapped files have in common.
 *
 * @module
 */

import { ClosedError, PermissionDeniedError } from "../src/errors.ts";
import { system } from "./current_system.ts";
import { forgetLock, rememberLock, takeFromEarlier } from "./held_locks.ts";
import { exchange, type Holding, keepSafe, mapView, release } from "./holding.ts";
import { oneOf } from "../src/base/options.ts";
import { checkSize } from "./memory_options.ts";
import type { Access, Advice, SegmentIdentity } from "./system.ts";

const checkAdvice = oneOf("normal", "sequential", "random", "willneed");

/** What a mapping is made of. */
export interface MappingParts {
  /** The descriptor of the object. */
  descriptor: number;
  /** Closes the descriptor. */
  closeDescriptor: (descriptor: number) => void;
  /** How many bytes to map. */
  byteLength: number;
  /** What it may be used for. */
  access: Access;
  /** What it is called in messages. */
  what: string;
  /** The name of a segment; undefined for a file. */
  name: string | undefined;
  /** Whether this process has just made the object. Default false. */
  isMade?: boolean;
}

/**
 * Memory that is mapped into this process: see {@linkcode SharedMemory} and {@linkcode MappedFile}.
 *
 * After `close()` its `buffer` is detached: views of it have length 0 and cannot reach the memory.
 *
 * @example
 * ```ts
 * import { type Mapping, SharedMemory } from "@ouroboros/log/ffi";
 *
 * function claim(memory: Mapping): string {
 *   return memory.tryLock() ? "ours" : "somebody else's";
 * }
 * using memory = SharedMemory.create(`/doc-mapping-${process.pid}`, 4096);
 * console.log(claim(memory), memory.isCurrent()); // ours true
 * SharedMemory.unlink(memory.name);
 * ```
 */
export abstract class Mapping implements Disposable {
  /** Whether the memory may be written to. A store into a `"read"` mapping kills the process. */
  readonly access: Access;
  /** Which object is mapped, even when its name is gone. */
  readonly identity: SegmentIdentity;
  readonly #what: string;
  readonly #name: string | undefined;
  readonly #descriptor: number;
  #holding: Holding;
  #buffer: ArrayBuffer;
  #lockDescriptor = -1;
  // The user that has made it here, if it was made here.
  #maker: number | undefined;
  #isLockHeld = false;
  // What a later evaluation of this library in this process does to have the lock.
  #letGo: () => void = () => this.close();

  /** Maps an open object. Subclasses do this. */
  protected constructor(parts: MappingParts) {
    const { descriptor, byteLength, access, what } = parts;
    this.access = access;
    this.identity = system().identify(descriptor);
    this.#what = what;
    this.#name = parts.name;
    if (parts.isMade) this.#maker = system().user();
    this.#descriptor = descriptor;
    const { address, buffer } = mapView(descriptor, byteLength, access, what);
    this.#buffer = buffer;
    this.#holding = {
      address,
      byteLength,
      descriptors: new Set([descriptor]),
      closeDescriptor: parts.closeDescriptor,
      isReleased: false,
    };
    keepSafe(this.#holding, this.#buffer);
  }

  /**
   * The mapped memory. Of a `"read"` mapping it must never be written to, not even by a failing
   * `Atomics.compareExchange`: that kills the process (SIGSEGV). In Bun `Atomics.load` is a write.
   * Don't transfer it (`postMessage`, `transfer()`): map the memory where it is needed.
   *
   * @throws {ClosedError} after `close()`
   */
  get buffer(): ArrayBuffer {
    this.#checkOpen();
    return this.#buffer;
  }

  /** The size of the mapping in bytes. */
  get byteLength(): number {
    return this.#holding.byteLength;
  }

  /** Whether `close()` was called. */
  get closed(): boolean {
    return this.#holding.isReleased;
  }

  /**
   * The size of the object in bytes at this moment. If it is less than `byteLength`, the object
   * became shorter, and touching what is missing kills the process (SIGBUS). Takes under 1 µs.
   *
   * @throws {ClosedError} after `close()`
   */
  currentSize(): number {
    this.#checkOpen();
    return system().size(this.#descriptor);
  }

  /**
   * Whether some of it has no memory, or disk, reserved. A program that only sets the size of an object
   * leaves such holes. Where none is left, even a load from a hole of `buffer` kills the process (SIGBUS);
   * `read()` does not. False on macOS and Windows, where that is not known, or never so.
   *
   * @throws {ClosedError} after `close()`
   */
  hasHoles(): boolean {
    this.#checkOpen();
    return system().hasHoles(this.#descriptor);
  }

  /**
   * Whether all names of the object were removed, on Linux; elsewhere `undefined`. An object that can't be
   * found any more may still have its name: where its container has ended, and its file system with it.
   *
   * @throws {ClosedError} after `close()`
   * @internal
   */
  isUnlinked(): boolean | undefined {
    this.#checkOpen();
    return system().isUnlinked?.(this.#descriptor);
  }

  /**
   * Copies bytes from `offset` on into private memory by a system call (pread). Unlike a load from
   * `buffer`, it cannot kill the process when the object became shorter. Takes under 1 µs,
   * and then 0.1 ns a byte.
   *
   * @returns how many bytes there were: fewer than `target` has if the object ends before
   * @throws {ClosedError} after `close()`
   * @throws {SystemCallError} if the system refuses
   *
   * @example
   * ```ts
   * import { SharedMemory } from "@ouroboros/log/ffi";
   *
   * using memory = SharedMemory.create(`/doc-read-${process.pid}`, 4096);
   * new Uint8Array(memory.buffer)[4095] = 7;
   * const target = new Uint8Array(new ArrayBuffer(16));
   * console.log(memory.read(target, 4095), target[0]); // 1 7
   * SharedMemory.unlink(memory.name);
   * ```
   */
  read(target: Uint8Array, offset: number): number {
    this.#checkOpen();
    return system().read(this.#descriptor, target, offset, this.#what);
  }

  /**
   * Sets memory or disk aside for all of it, as when it is created: of what has holes, made by another
   * program or restored from a backup, a store that finds no room kills the process (SIGBUS). A file
   * system that shares blocks between files (btrfs; XFS after a reflink copy) may still have none.
   *
   * @throws {NoSpaceError} if there is no room for it
   * @throws {PermissionDeniedError} if it is mapped read-only
   * @throws {ClosedError} after `close()`
   */
  reserve(): void {
    const size = this.currentSize();
    this.#checkWritable();
    system().reserve(this.#descriptor, size, this.#what, this.#name === undefined);
  }

  /**
   * The number of the user who owns the object at this moment. On Windows it is the last part of the
   * owner's security identifier, which others may have, too: see {@linkcode Mapping.isOwn}.
   *
   * @throws {ClosedError} after `close()`
   */
  owner(): number {
    this.#checkOpen();
    return system().owner(this.#descriptor);
  }

  /**
   * Whether the user that this process acts for (its effective user) owns the object. In a user
   * namespace of Linux all users that it does not know look alike: what may be theirs is not our own,
   * unless it was made by this handle.
   *
   * @throws {ClosedError} after `close()`
   */
  isOwn(): boolean {
    this.#checkOpen();
    const isMade = this.#maker === system().user() && this.owner() === this.#maker;
    return isMade || system().isOwn(this.#descriptor);
  }

  /**
   * Whether the name, or path, still leads to this very object.
   *
   * @throws {PermissionDeniedError} if the system does not let us look
   */
  abstract isCurrent(): boolean;

  /**
   * Closes, and removes the name, or the file, while the lock is still held. It must be our own: see
   * {@linkcode Mapping.isCurrent}. On Windows a segment has no name to be removed, it goes when all
   * have closed it; and a file that others have mapped can't be removed.
   *
   * @throws {PermissionDeniedError} if the system refuses: then it is closed, and stays
   * @throws {ClosedError} after `close()`
   */
  abstract remove(): void;

  /**
   * Removes what was made and can't be used: the name, or the file, if it still leads to this object.
   * Throws nothing: why it can't be used says more than why it can't be removed. May be called twice.
   */
  discard(): void {
    if (this.closed) return;
    try {
      if (this.isCurrent()) this.remove();
    } catch {
      // Then it stays.
    }
    this.close();
  }

  /**
   * Takes the lock of the object, which one handle at a time can hold, in all processes. The kernel
   * takes it back when the handle is closed or its process dies. On macOS a file in `/var/tmp` stands
   * for the lock of a segment, which Deno must be allowed to read and write.
   *
   * @returns whether this handle has the lock now
   * @throws {PermissionDeniedError} on macOS, if that file can't be made
   * @throws {SegmentNotFoundError} on macOS, if the segment is one whose creator is not done
   * @throws {ClosedError} after `close()`
   */
  tryLock(): boolean {
    this.#checkOpen();
    if (this.#isLockHeld) return true;
    const lockable = this.#lockable();
    this.#isLockHeld = system().lock(lockable) ||
      takeFromEarlier(this.identity) && system().lock(lockable);
    if (this.#isLockHeld) this.#remember();
    return this.#isLockHeld;
  }

  /**
   * Says what to call when a later evaluation of this library in the same process takes the lock, as with
   * `bun --hot` or in a test runner: it must close this memory. Default: that is all.
   *
   * @internal
   */
  onLetGo(callback: () => void): void {
    if (this.#isLockHeld) forgetLock(this.identity, this.#letGo);
    this.#letGo = callback;
    if (this.#isLockHeld) this.#remember();
  }

  /** Releases the lock, if this handle has it; after `close()` it has not. */
  unlock(): void {
    // After close() the descriptor's number may be somebody else's.
    if (!this.#isLockHeld || this.closed) return;
    this.#isLockHeld = false;
    forgetLock(this.identity, this.#letGo);
    system().unlock(this.#lockable());
  }

  /**
   * Whether another handle holds the lock. Looking keeps nobody from taking it.
   *
   * @throws {ClosedError} after `close()`
   */
  isLocked(): boolean {
    this.#checkOpen();
    if (this.#isLockHeld) return false;
    return system().isLocked(this.#lockable());
  }

  /**
   * The process that holds the lock, if another handle has it and the system tells: Linux does, of
   * processes that are seen from here.
   *
   * @returns the number of the process, or `undefined`
   * @throws {ClosedError} after `close()`
   */
  lockHolder(): number | undefined {
    this.#checkOpen();
    const holder = this.#isLockHeld ? undefined : system().lockHolder?.(this.#lockable());
    // Where it has ended meanwhile, what was found is of another file with the same inode, on another disk.
    return holder !== undefined && this.isLocked() ? holder : undefined;
  }

  /**
   * Writes the memory to its file (msync), and waits until it is on the disk unless `wait` is false.
   * For shared memory there is no disk, and so nothing to do.
   *
   * @throws {ClosedError} after `close()`
   * @throws {SystemCallError} if the disk refuses
   */
  flush(options: { wait?: boolean } = {}): void {
    this.#checkOpen();
    const { address } = this.#holding;
    system().flush(this.#descriptor, address, this.byteLength, options.wait ?? true, this.#what);
  }

  /**
   * Has the system bring all pages for writing now, which else it does at the first store to each: for
   * the only writer.
   *
   * @throws {PermissionDeniedError} if it is mapped read-only
   * @throws {ClosedError} after `close()`
   */
  touch(): void {
    this.#checkOpen();
    this.#checkWritable();
    const words = new Int32Array(this.#buffer, 0, this.#buffer.byteLength >>> 2);
    const page = system().pageSize / 4;
    // A store that changes nothing.
    for (let at = 0; at < words.length; at += page) Atomics.add(words, at, 0);
  }

  /**
   * Tells the system how the memory will be used, so that it reads ahead, or does not. Only a hint.
   *
   * @throws {ClosedError} after `close()`
   * @throws {TypeError} if `advice` is not one of its values
   * @throws {SystemCallError} if the system refuses
   */
  advise(advice: Advice): void {
    this.#checkOpen();
    checkAdvice("advice", advice);
    system().advise(this.#holding.address, this.byteLength, advice, this.#what);
  }

  /**
   * Maps the object again, as large as it is now: `buffer` is another one then, and all views of the
   * one before have ended. Nothing happens if it has the size that is mapped. A lock is kept.
   *
   * @returns whether it had another size
   * @throws {ClosedError} after `close()`
   * @throws {RangeError} if it is empty by now, or too large for this runtime: then the mapping stays
   * as it was
   * @throws {NoSpaceError} if there are no addresses for it: then the mapping stays as it was
   */
  remap(): boolean {
    const byteLength = this.currentSize();
    if (byteLength === this.byteLength) return false;
    checkSize(byteLength, this.#what);
    const old = this.#holding;
    // First the new one: if that fails, the old one is still there.
    const { address, buffer } = mapView(this.#descriptor, byteLength, this.access, this.#what);
    this.#holding = { ...old, address, byteLength };
    exchange(old, this.#buffer, this.#holding, buffer);
    this.#buffer = buffer;
    return true;
  }

  /** Gives a file another size, with room set aside for all of it. */
  protected setSize(size: number): void {
    const before = this.currentSize();
    try {
      // Room first, as where a file is made.
      system().reserve(this.#descriptor, size, this.#what, true);
      system().setSize(this.#descriptor, size, this.#what);
    } catch (error) {
      system().setSize(this.#descriptor, before, this.#what);
      throw error;
    }
  }

  /**
   * Ends the views, unmaps the memory and drops the lock. May be called twice.
   *
   * A mapping that is forgotten is closed when the garbage collector finds it, and one that a worker
   * of `node:worker_threads` leaves open at its end is closed then, after the listeners to `exit`
   * that were there when it was opened; if one was added later, it stays. What a worker has mapped
   * that is ended by `worker.terminate()` stays in any case until the process ends: no runtime runs anything
   * in the worker then. Tell such a worker to close first. On Linux another handle of the process gets the
   * lock of its segments when it asks for it; that of a file stays, too, except in Bun. The same goes for the
   * workers of the web (`new Worker()` without an import) in Deno.
   */
  close(): void {
    this.#closeAround();
  }

  /** Closes. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Closes, and does something in between: nothing is mapped any more, and the lock is still held. */
  protected closeAround(action: () => void): void {
    this.#checkOpen();
    this.#closeAround(action);
  }

  #closeAround(action?: () => void): void {
    if (this.#isLockHeld) forgetLock(this.identity, this.#letGo);
    release(this.#holding, this.#buffer, action);
  }

  #remember(): void {
    rememberLock(this.identity, this.#letGo);
    this.#holding.lock = this.#lockDescriptor;
  }

  #checkWritable(): void {
    if (this.access === "read") {
      throw new PermissionDeniedError(`${this.#what} is mapped read-only`);
    }
  }

  #checkOpen(): void {
    if (this.closed) throw new ClosedError(`${this.#what} is closed`);
  }

  #lockable(): number {
    if (this.#lockDescriptor < 0) {
      this.#lockDescriptor = system().lockDescriptor(this.#descriptor, this.#name);
      this.#holding.descriptors.add(this.#lockDescriptor);
    }
    return this.#lockDescriptor;
  }
}
