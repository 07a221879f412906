/**
 * Who becomes the writer of a log: creation, taking over, and what is not ours to touch.
 *
 * Whoever holds the lock of the segment that the name leads to may write to it, or remove the name.
 * So each step is: take the lock, then see whether the name still leads there.
 *
 * @module
 */

import {
  type CreateOptions,
  Doorbell,
  SharedMemory,
  STRONG_ORDER,
  textEncoding,
} from "../../ffi/mod.ts";
import {
  PermissionDeniedError,
  SegmentExistsError,
  SegmentNotFoundError,
  UnsupportedLogError,
  WriterLockedError,
} from "../errors.ts";
import { compilerFence, fullFence } from "../fence.ts";
import { MAGIC, segmentSize } from "../log/layout.ts";
import { isUnfinished } from "../log/segment.ts";
import { Writer } from "../log/writer.ts";
import type { WriterOptions } from "../log/writer_options.ts";
import {
  createMemory,
  describeTarget,
  type LogMemory,
  type LogTarget,
  openMemory,
} from "./target.ts";
import type { ShmLogWriterOptions } from "./writer_options.ts";

/** A log that we are the writer of. */
export interface WrittenLog {
  /** Its memory, locked. */
  memory: LogMemory;
  /** What writes to that. */
  writer: Writer;
  /** What wakes its readers, if it is to. */
  bell: Doorbell | undefined;
}

const writerOptions: WriterOptions = {
  fence: STRONG_ORDER ? compilerFence : fullFence,
  encoding: textEncoding,
};

/** Creates the log, which must not exist. Undefined: somebody took it from us; try again. */
export function createNew(target: LogTarget, options: ShmLogWriterOptions): WrittenLog | undefined {
  const { chunkSize = 1 << 20, chunkCount = 16, mode } = options;
  const createOptions: CreateOptions = mode === undefined ? {} : { mode };
  // The system may give more than that: then the chunks share it.
  const memory = createMemory(target, segmentSize(chunkCount, chunkSize), createOptions);
  try {
    // Between these two lines somebody else may take it for a dead creator's: then it is theirs.
    if (!memory.tryLock()) throw locked(memory, target);
    // They may be done with it, too, and have removed it.
    if (!memory.isCurrent()) {
      memory.close();
      return undefined;
    }
    return withBell(
      memory,
      options,
      (more) => Writer.create(memory.buffer, { ...more, chunkCount }),
    );
  } catch (error) {
    memory.discard();
    throw error;
  }
}

/** A writer that rings the bell of its readers, if there is one and that is wanted. */
function withBell(
  memory: LogMemory,
  { notify = false }: ShmLogWriterOptions,
  write: (options: WriterOptions) => Writer,
): WrittenLog {
  const bell = memory instanceof SharedMemory ? Doorbell.of(memory) : undefined;
  try {
    // A writer that does not ring takes away what one that did may have left, and was killed.
    bell?.attend(notify);
    if (bell === undefined || !notify) {
      bell?.close();
      return { memory, writer: write(writerOptions), bell: undefined };
    }
    return { memory, writer: write({ ...writerOptions, onCommit: () => bell.ring() }), bell };
  } catch (error) {
    bell?.close();
    throw error;
  }
}

/** Takes over the log, or creates it if there is none. Undefined: it changes hands; try again. */
export function createOrTakeOver(
  target: LogTarget,
  options: ShmLogWriterOptions,
): WrittenLog | undefined {
  return takeOver(target, options) ?? createUnlessThere(target, options);
}

function createUnlessThere(
  target: LogTarget,
  options: ShmLogWriterOptions,
): WrittenLog | undefined {
  try {
    return createNew(target, options);
  } catch (error) {
    if (error instanceof SegmentExistsError) return undefined;
    throw error;
  }
}

/** Takes over the log that exists. Undefined: there is none, or it was replaced meanwhile. */
function takeOver(target: LogTarget, options: ShmLogWriterOptions): WrittenLog | undefined {
  let memory: LogMemory;
  try {
    memory = openMemory(target, "read-write");
  } catch (error) {
    if (error instanceof SegmentNotFoundError) return undefined;
    throw error;
  }
  try {
    if (!memory.tryLock()) throw locked(memory, target);
    if (!memory.isCurrent()) {
      memory.close();
      return undefined;
    }
    const unfinished = isUnfinished(memory.buffer);
    checkOurs(memory, target, unfinished);
    if (options.ifExists === "replace" || unfinished) {
      // With the lock in our hand it has no writer; nor has one that was never finished.
      memory.remove();
      const made = createUnlessThere(target, options);
      if (made === undefined && !unfinished) checkReplaceable(target);
      return made;
    }
    // The log keeps its own shape: what it was made with, not what we would make.
    return withBell(memory, options, (more) => Writer.resume(memory.buffer, more));
  } catch (error) {
    memory.close();
    throw error;
  }
}

/** Throws if the name can't have been freed while others have the segment open. */
function checkReplaceable(target: LogTarget): void {
  if (typeof target !== "string" || SharedMemory.persists) return;
  throw new SegmentExistsError(
    `log ${
      describeTarget(target)
    } is open elsewhere: here it can only be resumed, or replaced when ` +
      "all have closed it",
  );
}

/**
 * Throws unless the memory is a log, or what is left of its creation, of our own user. Whoever took
 * the name first, with a mode that lets us write, would else get all that we have to say.
 */
function checkOurs(memory: LogMemory, target: LogTarget, unfinished: boolean): void {
  const what = describeTarget(target);
  if (!unfinished && !hasMagic(memory.buffer)) {
    throw new UnsupportedLogError(
      `${what} of ${memory.byteLength} bytes is not a log: it is left as it is`,
    );
  }
  if (!memory.isOwn()) {
    throw new PermissionDeniedError(
      `log ${what} belongs to another user, ${memory.owner()}: it is left as it is`,
    );
  }
}

/** Whether it is a log, of whatever version. */
function hasMagic(buffer: ArrayBuffer): boolean {
  return buffer.byteLength >= 8 && new DataView(buffer).getBigUint64(0, true) === MAGIC;
}

function locked(memory: LogMemory, target: LogTarget): WriterLockedError {
  memory.close();
  return new WriterLockedError(`log ${describeTarget(target)} has a writer that is alive`);
}
