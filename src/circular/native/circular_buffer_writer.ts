/**
 * The writer of a circular buffer in shared memory.
 *
 * @module
 */

import { onProcessEnd, SharedMemory as Segment, STRONG_ORDER } from "../../../ffi/mod.ts";
import { OWNER_MARK, OWNER_WORD, STATE_SIZE } from "../layout.ts";
import { CircularWriter } from "../writer.ts";
import { SegmentNotFoundError, WriterLockedError } from "../../errors.ts";
import { compilerFence, fullFence } from "../../fence.ts";
import { SemaphoreLock } from "./semaphore_lock.ts";
import { CountedMemory, type CountedMemoryOptions } from "./counted_memory.ts";
import { checkSpec, type CircularBufferSpec, writerSemaphore } from "./spec.ts";
import { checkOptions, flag, mode as isMode } from "../../base/options.ts";
import { hasSlot, inSlot, openFirst, slotsCheck } from "../../slots.ts";
import { livingWriter } from "../../take_over.ts";
import { inspectable } from "../../base/inspectable.ts";

/** How a {@linkcode CircularBufferWriter} is made. */
export interface CircularBufferWriterOptions extends Omit<CountedMemoryOptions, "create"> {
  /**
   * Whether to become the writer although the semaphore says that the original library's program is
   * it: only if that program is known to be dead. (Of our own writers that is found out.) Default
   * false.
   */
  breakLock?: boolean;
  /** How many slots there may be for `{slot}` in the names, from 1 on. Default 64. */
  slots?: number;
  /**
   * Whether to close on SIGINT, SIGTERM and at the end of the process. The signal ends the process
   * afterwards, as it would have done. Default false.
   */
  handleSignals?: boolean;
}

/**
 * Writes messages of 1 to 65535 bytes to a circular buffer that other processes read.
 *
 * There is one writer at a time. It holds the semaphore `<data name>-writer`, as the original does,
 * and a lock of the data segment, which the kernel drops when the process dies: then the next writer
 * takes the semaphore over.
 *
 * @example
 * ```ts
 * import { CircularBufferReader, CircularBufferWriter } from "@ouroboros/log/circular";
 *
 * const name = `/doc-circular-${process.pid}`;
 * const spec = { indexName: `${name}-index`, dataName: `${name}-data`, capacity: 65536 };
 * using writer = CircularBufferWriter.open(spec);
 * using reader = CircularBufferReader.open(spec);
 * writer.write(new TextEncoder().encode("hello"));
 * console.log(new TextDecoder().decode(reader.read())); // hello
 * ```
 */
export class CircularBufferWriter implements Disposable {
  /** The names and the size, as readers need them; with its number where a name has a `{slot}`. */
  readonly spec: Readonly<CircularBufferSpec>;
  readonly #index: CountedMemory;
  readonly #data: CountedMemory;
  readonly #semaphore: SemaphoreLock;
  readonly #writer: CircularWriter;
  readonly #forgetProcessEnd: (() => void) | undefined;
  #isClosed = false;

  private constructor(
    spec: CircularBufferSpec,
    index: CountedMemory,
    data: CountedMemory,
    semaphore: SemaphoreLock,
    writer: CircularWriter,
    handleSignals: boolean,
  ) {
    this.spec = spec;
    this.#index = index;
    this.#data = data;
    this.#semaphore = semaphore;
    this.#writer = writer;
    if (handleSignals) this.#forgetProcessEnd = onProcessEnd(() => this.close());
  }

  /**
   * Makes the buffer, or continues the one that is there, and becomes its writer. With `{slot}` in both
   * names it is the first of `0`, `1`, … in its place that no living writer holds, and
   * {@linkcode CircularBufferWriter.spec} says which.
   *
   * @throws {WriterLockedError} if it has a writer that is alive, or one of the original library's
   * that may be
   * @throws {UnsupportedBufferError} if a segment has not the size for the capacity
   * @throws {CorruptBufferError} if an index or the sequence number is impossible
   * @throws {PermissionDeniedError} if the system refuses, or a segment belongs to another user
   * @throws {NoSpaceError} if there is no memory for it
   * @throws {NativeUnavailableError} if this runtime gives no native memory
   * @throws {RangeError} if capacity, mode or a name is not usable
   * @throws {TypeError} if an option has the wrong type
   */
  static open(
    spec: CircularBufferSpec,
    options: CircularBufferWriterOptions = {},
  ): CircularBufferWriter {
    checkSpec(spec);
    checkOptions("CircularBufferWriter", options, {
      breakLock: flag,
      handleSignals: flag,
      originalSize: flag,
      mode: isMode,
      slots: slotsCheck,
    });
    const { indexName, dataName } = spec;
    if (!hasSlot(indexName) && !hasSlot(dataName)) return CircularBufferWriter.#open(spec, options);
    if (!hasSlot(indexName) || !hasSlot(dataName)) {
      throw new RangeError(`of "${indexName}" and "${dataName}" only one has a {slot}`);
    }
    return openFirst(dataName, options.slots, (slot) => {
      const names = { indexName: inSlot(indexName, slot), dataName: inSlot(dataName, slot) };
      return CircularBufferWriter.#open({ ...spec, ...names }, options);
    });
  }

  static #open(
    spec: CircularBufferSpec,
    options: CircularBufferWriterOptions,
  ): CircularBufferWriter {
    const { breakLock = false, handleSignals = false, originalSize, mode } = options;
    const index = CountedMemory.open(spec.indexName, STATE_SIZE, { originalSize, mode });
    let data: CountedMemory | undefined;
    let semaphore: SemaphoreLock | undefined;
    let isTheirs = false;
    try {
      data = CountedMemory.open(spec.dataName, spec.capacity, { originalSize, mode });
      // First the lock that dies with its holder: only one of us gets as far as the semaphore.
      if (!data.tryLock()) {
        throw writerIsAlive(data);
      }
      semaphore = new SemaphoreLock(writerSemaphore(spec), { mode });
      const mark = new Int32Array(index.buffer, OWNER_WORD * 4, 1);
      if (!semaphore.acquire()) {
        // It is held, but by none of us that is alive. The mark says whether one of us held it last.
        isTheirs = mark[0] !== OWNER_MARK && !breakLock;
        if (isTheirs) {
          throw new WriterLockedError(
            `circular buffer "${data.name}" has a writer of another library: if that is dead, ` +
              "use breakLock: true",
          );
        }
        semaphore.inherit();
      }
      // Plain: pairs with the look above, of a later writer that got the lock after our death.
      mark[0] = OWNER_MARK;
      const writer = new CircularWriter(index.buffer, data.buffer, {
        capacity: spec.capacity,
        strongOrder: STRONG_ORDER,
        fence: STRONG_ORDER ? compilerFence : fullFence,
      });
      return new CircularBufferWriter(spec, index, data, semaphore, writer, handleSignals);
    } catch (error) {
      try {
        giveBack(index, data, semaphore, isTheirs);
      } catch {
        // What it failed with first says more.
      }
      throw error;
    }
  }

  /**
   * Writes one message: bytes, or text as UTF-8. No system call, no lock, no waiting.
   *
   * @throws {TypeError} if it is neither
   * @throws {RangeError} if it is empty or larger than {@linkcode CircularBufferWriter.maxMessageSize}
   * @throws {ClosedError} after `close()`
   */
  write(message: Uint8Array | string): void {
    this.#writer.write(message);
  }

  /** How many bytes hold messages. */
  get capacity(): number {
    return this.#writer.capacity;
  }

  /** The size of the largest message in bytes. */
  get maxMessageSize(): number {
    return this.#writer.maxMessageSize;
  }

  /** How many bytes were ever written to this buffer, headers included. */
  get sequenceNumber(): number {
    return this.#writer.sequenceNumber;
  }

  /**
   * How many handles have the buffer open, this one and those that were killed included.
   *
   * @throws {ClosedError} after `close()`
   */
  get referenceCount(): number {
    return this.#index.referenceCount;
  }

  /**
   * Ends writing. The last one to close the buffer, writer or counted reader, removes it. May be
   * called twice.
   */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#forgetProcessEnd?.();
    this.#writer.close();
    giveBack(this.#index, this.#data, this.#semaphore);
  }

  /** Closes. */
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Removes the segments and semaphores of a buffer that crashed processes have left in the count.
   * A process that has them open keeps them.
   *
   * @returns whether there was a segment
   * @throws {WriterLockedError} if it has a writer of ours that is alive
   * @throws {PermissionDeniedError} if the system refuses
   */
  static remove(spec: CircularBufferSpec): boolean {
    checkSpec(spec);
    try {
      using data = Segment.open(spec.dataName);
      if (data.isLocked()) {
        throw writerIsAlive(data);
      }
    } catch (error) {
      if (!(error instanceof SegmentNotFoundError)) throw error;
    }
    SemaphoreLock.unlink(writerSemaphore(spec));
    const hadData = CountedMemory.remove(spec.dataName);
    return CountedMemory.remove(spec.indexName) || hadData;
  }
}

/**
 * The writer's semaphore first, while the lock keeps others of us away; then the memory. If one can't be
 * given back, the rest is all the same.
 */
function giveBack(
  index: CountedMemory,
  data: CountedMemory | undefined,
  semaphore: SemaphoreLock | undefined,
  isTheirs: boolean = false,
): void {
  try {
    if (semaphore?.isHeld) new Int32Array(index.buffer, OWNER_WORD * 4, 1)[0] = 0;
    semaphore?.close();
  } finally {
    try {
      // If we are the last one, and it is not another library's, nobody holds it or waits for it.
      data?.close(semaphore && !isTheirs ? [semaphore.name] : []);
    } finally {
      index.close();
    }
  }
}

inspectable(CircularBufferWriter, "CircularBufferWriter", ["capacity", "sequenceNumber"]);

function writerIsAlive(
  data: { readonly name: string; lockHolder(): number | undefined },
): WriterLockedError {
  const nextStep = "use one buffer per process, with {slot} in both names";
  return livingWriter(`circular buffer "${data.name}"`, data, nextStep);
}
