/**
 * Shared memory that counts its users in its first word, as the original library does.
 *
 * @module
 */

import { SharedMemory as Segment } from "../../../ffi/mod.ts";
import {
  PermissionDeniedError,
  SegmentExistsError,
  SegmentNotFoundError,
  UnsupportedBufferError,
  WriterLockedError,
} from "../../errors.ts";
import { CONTENT_OFFSET, ORIGINAL_EXTRA, REFERENCE_COUNT_WORD } from "../layout.ts";
import { SemaphoreLock, underLock } from "./semaphore_lock.ts";
import { checkOptions, flag, mode as isMode } from "../../base/options.ts";
import { sleepSync } from "../../base/sleep_sync.ts";
import { inspectable } from "../../base/inspectable.ts";
import { checkOwner } from "../../take_over.ts";

/** How counted memory is opened. */
export interface CountedMemoryOptions {
  /** Whether to make the segment if it does not exist. Default true. */
  create?: boolean;
  /**
   * Whether a segment that is made has the size that the original library wants: 64 bytes and the
   * content, whose end then lies beyond the file's, in its last page. Default false.
   */
  originalSize?: boolean;
  /** The permission bits of a segment that is made. Default 0o600. */
  mode?: number;
}

/** How often a segment that appears and disappears is tried before it is an error. */
const ATTEMPTS = 100;
/** How long to wait for the end of a removal, in milliseconds. */
const REMOVAL_ATTEMPTS = 1000;
/** The count of a segment that is being removed: a process that counts itself in stays below 0. */
const REMOVING = -(2 ** 30);

/**
 * A segment with an `i32` at 0 that counts how often it is open, and content from byte 256 on. The last
 * one to close it removes it, and its semaphore.
 *
 * A process that is killed stays in the count: then the segment stays, too, until somebody removes
 * it (`remove()`).
 *
 * @example
 * ```ts
 * import { CountedMemory } from "@ouroboros/log/circular";
 *
 * const name = `/doc-counted-${process.pid}`;
 * using one = CountedMemory.open(name, 1000);
 * using two = CountedMemory.open(name, 1000);
 * console.log(one.referenceCount); // 2
 * two.close();
 * one.close(); // and the segment is gone
 * console.log(CountedMemory.exists(name)); // false
 * ```
 */
export class CountedMemory implements Disposable {
  readonly #segment: Segment;
  readonly #count: Int32Array;
  readonly #mode: number;

  private constructor(segment: Segment, mode: number) {
    this.#segment = segment;
    this.#mode = mode;
    this.#count = new Int32Array(segment.buffer, 0, REFERENCE_COUNT_WORD + 1);
  }

  /**
   * Opens a segment, or makes it, and counts itself.
   *
   * @param size how many bytes of content it has
   * @throws {SegmentNotFoundError} if it does not exist and `create` is false
   * @throws {UnsupportedBufferError} if it has not the size for so much content
   * @throws {NoSpaceError} if there is no memory for it
   * @throws {PermissionDeniedError} if the system refuses, or it belongs to another user
   * @throws {WriterLockedError} if a process that is paused holds up its removal
   * @throws {RangeError} if name, size or mode is not usable
   * @throws {TypeError} if an option has the wrong type
   */
  static open(name: string, size: number, options: CountedMemoryOptions = {}): CountedMemory {
    checkOptions("CountedMemory", options, { create: flag, originalSize: flag, mode: isMode });
    const { create = true, originalSize = false, mode = 0o600 } = options;
    if (!Number.isSafeInteger(size) || size < 1) {
      throw new RangeError(`size of ${size} bytes is not a positive integer`);
    }
    // Not to leave the lock of what is not there.
    if (!create && !Segment.exists(name)) {
      throw new SegmentNotFoundError(
        `no circular buffer: there is no segment "${Segment.normalizeName(name)}"`,
      );
    }
    try {
      return underLock(name, mode, openOrMake);
    } catch (error) {
      // A stranger's is left as it is.
      const isOurs = !(error instanceof PermissionDeniedError);
      if (isOurs && !Segment.exists(name)) SemaphoreLock.unlink(name);
      throw error;
    }

    function openOrMake(): CountedMemory {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        // The original makes segments under the same lock; others may not.
        const segment = openIfThere(name, size, create) ??
          makeUnlessThere(name, size, originalSize, mode);
        const memory = segment && counted(segment);
        if (memory !== undefined) return memory;
        // Its maker may not be running. It may have another semaphore than we: the last one to close
        // a segment removes the one for which we waited.
        sleepSync(1);
      }
      throw new SegmentExistsError(
        `segment "${name}" is empty or keeps changing: remove it if the process that made it is dead`,
      );
    }

    /** Undefined: it is removed by now. */
    function counted(segment: Segment): CountedMemory | undefined {
      const memory = new CountedMemory(segment, mode);
      // Pairs with the last one's compare-exchange in close(): it sees that we are there, or we that it
      // removes the segment.
      if (Atomics.add(memory.#count, REFERENCE_COUNT_WORD, 1) >= 0) return memory;
      Atomics.sub(memory.#count, REFERENCE_COUNT_WORD, 1);
      try {
        awaitRemoval(segment);
      } finally {
        segment.close();
      }
      return undefined;
    }
  }

  /**
   * The memory, with the count, from byte 0 on.
   *
   * @throws {ClosedError} after `close()`
   */
  get buffer(): ArrayBuffer {
    return this.#segment.buffer;
  }

  /** The name, with its `/`. */
  get name(): string {
    return this.#segment.name;
  }

  /**
   * How many handles have it open, those included that were killed.
   *
   * @throws {ClosedError} after `close()`
   */
  get referenceCount(): number {
    // The view of a segment that is closed has no words.
    void this.#segment.buffer;
    return Atomics.load(this.#count, REFERENCE_COUNT_WORD);
  }

  /**
   * The size of the file in bytes at this moment.
   *
   * @throws {ClosedError} after `close()`
   */
  currentSize(): number {
    return this.#segment.currentSize();
  }

  /**
   * Takes the lock that the kernel drops when this process ends; returns whether it is ours.
   *
   * @throws {ClosedError} after `close()`
   */
  tryLock(): boolean {
    return this.#segment.tryLock();
  }

  /**
   * The process that holds that lock, where the system tells.
   *
   * @throws {ClosedError} after `close()`
   */
  lockHolder(): number | undefined {
    return this.#segment.lockHolder();
  }

  /**
   * Counts itself out; the last one removes the segment and its semaphore. May be called twice.
   *
   * @param semaphores names of others that are removed with it
   */
  close(semaphores: readonly string[] = []): void {
    if (this.#segment.closed) return;
    const { name } = this.#segment;
    let isCounted = true;
    const countOut = () => {
      isCounted = false;
      const left = Atomics.sub(this.#count, REFERENCE_COUNT_WORD, 1) - 1;
      if (left <= 0 && Segment.persists) this.#remove(left, semaphores);
    };
    try {
      underLock(name, this.#mode, countOut);
      // What the lock made again after another one was the last.
      if (!Segment.exists(name)) SemaphoreLock.unlink(name);
    } catch (error) {
      // Without a free descriptor there is no semaphore; among ours the removal is safe without.
      if (!isCounted) throw error;
      countOut();
    } finally {
      this.#segment.close();
    }
  }

  /**
   * Removes what nobody is counted in. The semaphore does not suffice: a process that waits for it takes one that was
   * paused for dead. So the kernel's lock tells whether the remover lives, and the count that it removes.
   */
  #remove(count: number, semaphores: readonly string[]): void {
    const segment = this.#segment;
    if (!segment.isOwn() || !segment.tryLock()) return;
    const seen = Atomics.compareExchange(this.#count, REFERENCE_COUNT_WORD, count, REMOVING);
    if (seen !== count || !segment.isCurrent()) return;
    for (const other of semaphores) SemaphoreLock.unlink(other);
    Segment.unlink(segment.name);
    SemaphoreLock.unlink(segment.name);
  }

  /** Closes. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Whether there is a segment of this name. */
  static exists(name: string): boolean {
    return Segment.exists(name);
  }

  /**
   * Removes a segment and its semaphore, whatever the count says; returns whether there was one. A process that
   * has it open keeps it.
   *
   * @throws {PermissionDeniedError} if the system refuses
   */
  static remove(name: string): boolean {
    const wasThere = Segment.unlink(name);
    SemaphoreLock.unlink(name);
    return wasThere;
  }
}

/** Waits for the end of a removal. If the process that began it is dead, this ends it. */
function awaitRemoval(segment: Segment): void {
  for (let attempt = 0; attempt < REMOVAL_ATTEMPTS; attempt++) {
    const isDead = segment.tryLock();
    if (!segment.isCurrent()) return;
    if (isDead) {
      Segment.unlink(segment.name);
      return;
    }
    sleepSync(1);
  }
  throw new WriterLockedError(
    `segment "${segment.name}" is being removed by a process that is paused: try again`,
  );
}

function openIfThere(name: string, size: number, mayMake: boolean): Segment | undefined {
  let segment: Segment;
  try {
    segment = Segment.open(name, { access: "read-write", wholePages: true });
  } catch (error) {
    if (error instanceof SegmentNotFoundError && mayMake) return undefined;
    throw error;
  }
  try {
    checkOwner(`segment "${segment.name}"`, segment);
    checkSegment(segment, size);
    // The original reserves nothing.
    segment.reserve();
    return segment;
  } catch (error) {
    segment.close();
    throw error;
  }
}

function makeUnlessThere(
  name: string,
  size: number,
  originalSize: boolean,
  mode: number,
): Segment | undefined {
  const fileSize = size + (originalSize ? ORIGINAL_EXTRA : CONTENT_OFFSET);
  try {
    // Where a segment goes with its last handle, it has whole pages in any case.
    return Segment.create(name, fileSize, {
      mode,
      wholePages: originalSize && Segment.persists,
      prepare: (segment) => checkSegment(segment, size),
    });
  } catch (error) {
    if (error instanceof SegmentExistsError) return undefined;
    throw error;
  }
}

/**
 * Throws unless the segment is one of ours or the original's with so much content, all of which is
 * there: of the original's, the last 192 bytes may be in a page that is not.
 */
export function checkSegment(segment: Segment, size: number): void {
  const fileSize = segment.currentSize();
  const isOurs = fileSize === Segment.sizeFor(size + CONTENT_OFFSET);
  if (!isOurs && fileSize !== Segment.sizeFor(size + ORIGINAL_EXTRA)) {
    throw new UnsupportedBufferError(
      `segment "${segment.name}" of ${fileSize} bytes is not one of ${size} + ${CONTENT_OFFSET} ` +
        `or ${size} + ${ORIGINAL_EXTRA} bytes`,
    );
  }
  if (segment.byteLength < size + CONTENT_OFFSET) {
    throw new UnsupportedBufferError(
      `segment "${segment.name}" of ${fileSize} bytes ends at a page: there is no room for the last ` +
        `${size + CONTENT_OFFSET - segment.byteLength} bytes of ${size}`,
    );
  }
}

inspectable(CountedMemory, "CountedMemory", ["name", "referenceCount"]);
