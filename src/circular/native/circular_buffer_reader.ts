/**
 * The reader of a circular buffer in shared memory.
 *
 * @module
 */

import { SharedMemory as Segment, STRONG_ORDER } from "../../../ffi/mod.ts";
import { STATE_SIZE } from "../layout.ts";
import { CircularReader } from "../reader.ts";
import type { ReadResult } from "../reader_options.ts";
import { ClosedError, SegmentTruncatedError } from "../../errors.ts";
import { compilerFence, fullFence } from "../../fence.ts";
import { polled } from "../../following.ts";
import { checkSegment, CountedMemory } from "./counted_memory.ts";
import { checkSpec, type CircularBufferSpec, writerSemaphore } from "./spec.ts";
import {
  checkOptions,
  flag,
  LONGEST_SLEEP,
  milliseconds,
  oneOf,
  signal as isSignal,
} from "../../base/options.ts";
import { inspectable } from "../../base/inspectable.ts";

/** How a {@linkcode CircularBufferReader} is made. */
export interface CircularBufferReaderOptions {
  /**
   * Whether the reader counts itself, as the original's do: while it is open nobody removes the buffer,
   * and if it is the last one, it does. For that it must be allowed to write to the segments. Without,
   * it maps them read-only, leaves no trace, and continues to read what it has when the name is gone.
   * Default true.
   */
  counted?: boolean;
  /** What `read()` does when the writer lapped this reader. Default `"skip"`. */
  onLap?: "skip" | "throw";
}

/** How to wait for messages. */
export interface CircularFollowOptions {
  /** Ends the waiting. */
  signal?: AbortSignal;
  /** How long to sleep between two looks, in milliseconds. Default 1. */
  interval?: number;
}

/**
 * Reads a circular buffer that another process writes. It starts at the newest: with what is written
 * next.
 *
 * @example
 * ```ts
 * import { CircularBufferReader, CircularBufferWriter } from "@ouroboros/log/circular";
 *
 * const name = `/doc-follow-${process.pid}`;
 * const spec = { indexName: `${name}-index`, dataName: `${name}-data`, capacity: 65536 };
 * using writer = CircularBufferWriter.open(spec);
 * using reader = CircularBufferReader.open(spec, { counted: false });
 * writer.write(new Uint8Array([1, 2, 3]));
 * for await (const message of reader.follow({ signal: AbortSignal.timeout(5000) })) {
 *   console.log(message.length, reader.lostBytes); // 3 0
 *   break;
 * }
 * ```
 */
export class CircularBufferReader implements Disposable {
  readonly #index: Segment | CountedMemory;
  readonly #data: Segment | CountedMemory;
  readonly #semaphoreName: string;
  readonly #reader: CircularReader;
  #isClosed = false;

  private constructor(
    index: Segment | CountedMemory,
    data: Segment | CountedMemory,
    spec: CircularBufferSpec,
    onLap: "skip" | "throw" | undefined,
  ) {
    this.#index = index;
    this.#data = data;
    this.#semaphoreName = writerSemaphore(spec);
    const sizes = [index, data].map((memory) => memory.currentSize());
    this.#reader = new CircularReader(index.buffer, data.buffer, {
      capacity: spec.capacity,
      onLap,
      fence: STRONG_ORDER ? compilerFence : fullFence,
      guard: () => {
        this.#checkOpen();
        for (const [i, memory] of [index, data].entries()) {
          const size = memory.currentSize();
          if (size < sizes[i]) {
            throw new SegmentTruncatedError(
              `segment "${memory.name}" was truncated from ${sizes[i]} to ${size} bytes`,
            );
          }
        }
      },
    });
  }

  /**
   * Opens the buffer that is there.
   *
   * @throws {SegmentNotFoundError} if it does not exist
   * @throws {UnsupportedBufferError} if a segment has not the size for the capacity
   * @throws {CorruptBufferError} if an index or the sequence number is impossible
   * @throws {PermissionDeniedError} if the system refuses; of a counted reader, also if a segment
   * belongs to another user
   * @throws {NativeUnavailableError} if this runtime gives no native memory
   * @throws {RangeError} if the capacity or a name is not usable
   * @throws {TypeError} if `onLap` is neither `"skip"` nor `"throw"`
   */
  static open(
    spec: CircularBufferSpec,
    options: CircularBufferReaderOptions = {},
  ): CircularBufferReader {
    checkSpec(spec);
    checkOptions("CircularBufferReader", options, {
      counted: flag,
      onLap: oneOf("skip", "throw"),
    });
    const { counted = true, onLap } = options;
    const open = counted ? openCounted : openReadOnly;
    const index = open(spec.indexName, STATE_SIZE);
    let data: Segment | CountedMemory | undefined;
    try {
      data = open(spec.dataName, spec.capacity);
      return new CircularBufferReader(index, data, spec, onLap);
    } catch (error) {
      try {
        data?.close();
        index.close();
      } catch {
        // What it failed with first says more.
      }
      throw error;
    }
  }

  /**
   * Reads the next message into memory of its own; undefined if there is no message.
   *
   * @throws {LappedError} if messages were lost and `onLap` is `"throw"`
   * @throws {CorruptBufferError} if the buffer contradicts its format
   * @throws {SegmentTruncatedError} if a segment became shorter
   * @throws {ClosedError} after `close()`
   */
  read(): Uint8Array | undefined;
  /**
   * Reads the next message into `into`: its size in bytes, 0 if there is no message, `"lapped"` if messages
   * were lost, `"too small"` if it does not fit. What `into` holds counts only if a size was given.
   *
   * @throws {CorruptBufferError} if the buffer contradicts its format
   * @throws {SegmentTruncatedError} if a segment became shorter
   * @throws {ClosedError} after `close()`
   */
  read(into: Uint8Array): ReadResult;
  read(into?: Uint8Array): Uint8Array | undefined | ReadResult {
    this.#checkOpen();
    return into === undefined ? this.#reader.read() : this.#reader.read(into);
  }

  /**
   * Reads the next message into `into`, and returns its size in bytes, or `undefined` if there is no message
   * yet, see {@linkcode CircularReader.readInto}.
   *
   * @throws {RangeError} if it does not fit: it says how many bytes are needed, and nothing is taken
   * @throws {TypeError} if `into` is not a Uint8Array
   * @throws {LappedError} if messages were lost and `onLap` is `"throw"`
   * @throws {CorruptBufferError} if the buffer contradicts its format
   * @throws {SegmentTruncatedError} if a segment became shorter
   * @throws {ClosedError} after `close()`
   *
   * @example
   * ```ts
   * import { CircularBufferReader, CircularBufferWriter } from "@ouroboros/log/circular";
   *
   * const name = `/doc-into-${process.pid}`;
   * const spec = { indexName: `${name}-index`, dataName: `${name}-data`, capacity: 65536 };
   * using writer = CircularBufferWriter.open(spec);
   * using reader = CircularBufferReader.open(spec, { counted: false });
   * writer.write(new Uint8Array([1, 2, 3]));
   * const into = new Uint8Array(1024);
   * console.log(reader.readInto(into), reader.readInto(into)); // 3 undefined
   * ```
   */
  readInto(into: Uint8Array): number | undefined {
    this.#checkOpen();
    return this.#reader.readInto(into);
  }

  /**
   * Reads until there is no more.
   *
   * @throws {OuroborosError} what `read()` throws
   */
  *[Symbol.iterator](): IterableIterator<Uint8Array> {
    for (let message = this.read(); message !== undefined; message = this.read()) yield message;
  }

  /**
   * Reads what there is and what comes, until `signal` is aborted: then it ends without an error.
   *
   * @throws {ClosedError} after `close()`
   * @throws {TypeError} if an option has the wrong type
   * @throws {RangeError} if `interval` is not a time from 0 to 2^31 - 1 ms
   */
  follow(options: CircularFollowOptions = {}): AsyncIterableIterator<Uint8Array> {
    checkOptions("follow()", options, {
      signal: isSignal,
      interval: milliseconds(0, LONGEST_SLEEP),
    });
    this.#checkOpen();
    return polled(() => this.read(), options.interval ?? 1, options.signal);
  }

  /** How often the writer lapped this reader. */
  get laps(): number {
    return this.#reader.laps;
  }

  /** How many bytes of messages this reader missed since it started, headers included. */
  get lostBytes(): number {
    return this.#reader.lostBytes;
  }

  /** How many bytes were written before the next message; -1 before the reader has found its place. */
  get sequenceNumber(): number {
    return this.#reader.sequenceNumber;
  }

  /** Ends reading. The last process that is counted removes the buffer. May be called twice. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      this.#data.close([this.#semaphoreName]);
    } finally {
      this.#index.close();
    }
  }

  /** Closes. */
  [Symbol.dispose](): void {
    this.close();
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new ClosedError("the reader is closed: open a new one");
  }
}

function openCounted(name: string, size: number): CountedMemory {
  return CountedMemory.open(name, size, { create: false });
}

function openReadOnly(name: string, size: number): Segment {
  const segment = Segment.open(name, { access: "read", wholePages: true });
  try {
    checkSegment(segment, size);
    return segment;
  } catch (error) {
    segment.close();
    throw error;
  }
}

inspectable(CircularBufferReader, "CircularBufferReader", ["sequenceNumber", "laps", "lostBytes"]);
