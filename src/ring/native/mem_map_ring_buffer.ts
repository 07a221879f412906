/**
 * The ring in a memory-mapped file.
 *
 * @module
 */

import { MappedFile } from "../../../ffi/mod.ts";
import { ClosedError, SegmentExistsError, SegmentNotFoundError } from "../../errors.ts";
import { checkCapacity, fileSize } from "../layout.ts";
import { repairRing, type RingRepair } from "../repair.ts";
import { Ring } from "../ring.ts";
import { checkOptions, mode as isMode } from "../../base/options.ts";
import { inspectable } from "../../base/inspectable.ts";
import { openSlot, slotsCheck } from "../../slots.ts";
import { takeOverFile } from "../../take_over.ts";

/** How many times a file that appears and disappears is tried. */
const ATTEMPTS = 100;

/** How a {@linkcode MemMapRingBuffer} is opened. */
export interface RingOptions {
  /** The permission bits of a file that is made. Default 0o600. */
  mode?: number;
  /** How many slots there may be for `{slot}` in the path, from 1 on. Default 64. */
  slots?: number;
}

/**
 * A ring of items in a file, for one handle at a time. A lock keeps other handles out, of other
 * processes and of this one, and the kernel releases it with the process. Threads send their items to
 * the one that has it open.
 *
 * `put` and `get` are a few stores into mapped memory, without a system call. Items survive a kill of
 * the process. A crash of the machine leaves what `flush()` had written.
 *
 * @example
 * ```ts
 * import { tmpdir } from "node:os";
 * import { rmSync } from "node:fs";
 * import { MemMapRingBuffer } from "@ouroboros/log/ring";
 *
 * const path = `${tmpdir()}/doc-ring-class-${process.pid}`;
 * using ring = new MemMapRingBuffer(path, 1024);
 * for (const word of ["vanilla", "tandoor", "sunsets"]) ring.put(word);
 * for (const item of ring) console.log(item.length); // 7
 * ring.clear();
 * console.log(ring.isEmpty, ring.capacity); // true 1024
 * ring.close();
 * rmSync(path);
 * ```
 */
export class MemMapRingBuffer implements Disposable, Iterable<Uint8Array> {
  readonly #file: MappedFile;
  readonly #ring: Ring;

  /**
   * Opens the ring in a file, or makes the file; the same as {@linkcode MemMapRingBuffer.open}.
   *
   * @param path the file; with `{slot}` in it the first of `0`, `1`, … in its place that no other handle has
   * open
   * @param capacity how many bytes the items may have together, with a header of 4 bytes each; needed
   * to make a file, else checked if it is given
   * @throws {WriterLockedError} if another handle has it open
   * @throws {CorruptRingError} if it is something else, or a ring that is damaged: the message says
   * which. Nothing is changed then
   * @throws {SegmentNotFoundError} if it does not exist and no capacity is given
   * @throws {RangeError} if the capacity is not usable, or not that of the file
   * @throws {NoSpaceError} if the disk has no room for it
   * @throws {PermissionDeniedError} if the system refuses, or the file belongs to another user
   * @throws {TypeError} if an option has the wrong type
   */
  constructor(path: string, capacity?: number, options: RingOptions = {}) {
    checkOptions("MemMapRingBuffer", options, { mode: isMode, slots: slotsCheck });
    const { file, ring } = openSlot(path, options.slots, (slot) => {
      const file = openLocked(slot, capacity, options);
      try {
        return { file, ring: new Ring(file.buffer) };
      } catch (error) {
        file.close();
        throw error;
      }
    });
    this.#file = file;
    this.#ring = ring;
  }

  /** Opens the ring in a file, or makes the file: see the constructor. */
  static open(path: string, capacity?: number, options: RingOptions = {}): MemMapRingBuffer {
    return new MemMapRingBuffer(path, capacity, options);
  }

  /**
   * Repairs a damaged file, or one that the original left in a state that it cannot read itself, see
   * {@linkcode repairRing}.
   *
   * @throws {CorruptRingError} if it is not a ring but some other file: then nothing is changed
   * @throws {WriterLockedError} if a handle has it open
   * @throws {SegmentNotFoundError} if it does not exist
   * @throws {RangeError} if it is too small for a ring
   */
  static repair(path: string): RingRepair {
    using file = openLocked(path, undefined, {});
    return repairRing(file.buffer);
  }

  /**
   * Makes an empty ring of a file, whatever is in it.
   *
   * @throws {WriterLockedError} if a handle has it open
   * @throws {SegmentNotFoundError} if it does not exist
   * @throws {RangeError} if it is too small for a ring
   */
  static reset(path: string): void {
    using file = openLocked(path, undefined, {});
    Ring.format(file.buffer);
  }

  /** The path of the file, absolute. */
  get path(): string {
    return this.#file.path;
  }

  /**
   * How many bytes the items may have together, with their headers of 4 bytes.
   *
   * @throws {ClosedError} after `close()`
   */
  get capacity(): number {
    return this.#open().capacity;
  }

  /**
   * The size of the largest item in bytes.
   *
   * @throws {ClosedError} after `close()`
   */
  get maxItemSize(): number {
    return this.#open().maxItemSize;
  }

  /**
   * Whether there is no item.
   *
   * @throws {ClosedError} after `close()`
   */
  get isEmpty(): boolean {
    return this.#open().isEmpty;
  }

  /**
   * How many items there are. They are counted at the first call.
   *
   * @throws {CorruptRingError} if the bytes contradict the format
   * @throws {ClosedError} after `close()`
   */
  get length(): number {
    return this.#open().length;
  }

  /**
   * Appends an item: text as UTF-8, or bytes. If there is no room, the oldest items are dropped.
   *
   * @throws {RangeError} if it is larger than {@linkcode MemMapRingBuffer.maxItemSize}
   * @throws {CorruptRingError} if items had to go, and the bytes contradict the format
   * @throws {ClosedError} after `close()`
   */
  put(item: Uint8Array | string): void {
    this.#open().put(item);
  }

  /**
   * Takes the oldest item out: a copy of it, or `undefined` if there is no item.
   *
   * @throws {CorruptRingError} if the bytes contradict the format: then nothing changes
   * @throws {ClosedError} after `close()`
   */
  get(): Uint8Array | undefined {
    return this.#open().get();
  }

  /**
   * Takes the oldest item out into `into`, and returns its size in bytes, or `undefined` if there is
   * no item, see {@linkcode Ring.readInto}: several times faster than `get()`, which makes a copy of its
   * own.
   *
   * @throws {RangeError} if it does not fit: it says how many bytes are needed, and nothing is taken
   * @throws {TypeError} if `into` is not a Uint8Array
   * @throws {CorruptRingError} if the bytes contradict the format: then nothing changes
   * @throws {ClosedError} after `close()`
   *
   * @example
   * ```ts
   * import { tmpdir } from "node:os";
   * import { rmSync } from "node:fs";
   * import { MemMapRingBuffer } from "@ouroboros/log/ring";
   *
   * const path = `${tmpdir()}/doc-ring-into-${process.pid}`;
   * using ring = MemMapRingBuffer.open(path, 1024);
   * ring.put("hello");
   * const into = new Uint8Array(ring.maxItemSize);
   * console.log(ring.readInto(into), ring.readInto(into)); // 5 undefined
   * ring.close();
   * rmSync(path);
   * ```
   */
  readInto(into: Uint8Array): number | undefined {
    return this.#open().readInto(into);
  }

  /**
   * A copy of the oldest item, which stays; `undefined` if there is no item.
   *
   * @throws {CorruptRingError} if the bytes contradict the format
   * @throws {ClosedError} after `close()`
   */
  peek(): Uint8Array | undefined {
    return this.#open().peek();
  }

  /**
   * Removes all items, and their bytes.
   *
   * @throws {ClosedError} after `close()`
   */
  clear(): void {
    this.#open().clear();
  }

  /**
   * Writes what changed to the disk (msync), and waits for that.
   *
   * @throws {ClosedError} after `close()`
   * @throws {SystemCallError} if the disk refuses
   */
  flush(): void {
    this.#file.flush();
  }

  /**
   * Iterates over copies of the items from the oldest on, which stay; see {@linkcode Ring}.
   *
   * @throws {CorruptRingError} if the bytes contradict the format
   * @throws {ClosedError} after `close()`, within the iteration, too
   */
  *[Symbol.iterator](): IterableIterator<Uint8Array> {
    for (const item of this.#open()) {
      yield item;
      this.#open();
    }
  }

  /** Unmaps the file, and drops the lock. The items stay. May be called twice. */
  close(): void {
    this.#file.close();
  }

  /** Closes. */
  [Symbol.dispose](): void {
    this.close();
  }

  #open(): Ring {
    if (this.#file.closed) {
      throw new ClosedError(`ring "${this.#file.path}" is closed: open it again`);
    }
    return this.#ring;
  }
}

/** Opens the file, or makes it, and takes its lock. A file of zeros is an empty ring. */
function openLocked(path: string, capacity: number | undefined, options: RingOptions): MappedFile {
  if (capacity !== undefined) checkCapacity(capacity);
  const size = capacity === undefined ? undefined : fileSize(capacity);
  for (let attempt = 0;; attempt++) {
    try {
      return takeOver(path, capacity, size);
    } catch (error) {
      if (!(error instanceof SegmentNotFoundError) || size === undefined) throw error;
    }
    try {
      return MappedFile.create(path, size, { mode: options.mode, lock: true });
    } catch (error) {
      if (!(error instanceof SegmentExistsError) || attempt === ATTEMPTS) throw error;
    }
  }
}

/** Opens the file that is there, and takes its lock. */
function takeOver(
  path: string,
  capacity: number | undefined,
  size: number | undefined,
): MappedFile {
  const what = `ring "${path}"`;
  return takeOverFile(
    path,
    what,
    "one handle at a time can have it",
    (file) => {
      if (size !== undefined && file.byteLength !== size) {
        throw new RangeError(
          `${what} has ${file.byteLength} bytes, but a capacity of ${capacity} takes ${size}: ` +
            `leave the capacity out, or choose another path`,
        );
      }
      // It may have been made by another program, or restored from a backup, and have holes.
      file.reserve();
      return file;
    },
  );
}

inspectable(MemMapRingBuffer, "MemMapRingBuffer", ["path", "capacity", "isEmpty"]);
