/**
 * How a process becomes the writer of a log: creation, taking over, and what is not ours to touch.
 *
 * A process that holds the lock of the segment of that name may write to it, or remove the name.
 * So each step is: take the lock, then see whether the name still leads there.
 *
 * @module
 */

import process from "node:process";
import { type CreateOptions, Doorbell, SharedMemory, textEncoding } from "../../../ffi/mod.ts";
import { formatSize } from "../../base/sizes.ts";
import {
  NoSpaceError,
  OuroborosError,
  SegmentExistsError,
  SegmentNotFoundError,
  UnsupportedLogError,
} from "../../errors.ts";
import { checkOwner } from "../../take_over.ts";
import {
  COLLECTED_HEADER,
  isVersion,
  MAGIC,
  SAVED_HEADER,
  segmentSize,
  tableOffset,
  VERSION_WORD,
} from "../layout.ts";
import { couldBeUnfinished, Segment } from "../segment.ts";
import { survey } from "../survey.ts";
import { Writer } from "../writer.ts";
import { lifeOf, type WriterOptions } from "../writer_options.ts";
import { copyLog, markContinued } from "./copy_log.ts";
import { otherShape, shapesOf } from "./shape.ts";
import { fence } from "./source.ts";
import {
  createMemory,
  describeTarget,
  type LogTarget,
  openMemory,
  withName,
  type WritableMemory,
  writerIsAlive,
} from "./target.ts";
import type { ShmLogWriterOptions } from "./writer_options.ts";

/** A log that we are the writer of. */
export interface WrittenLog {
  /** Its memory, locked. */
  memory: WritableMemory;
  /** What writes to that. */
  writer: Writer;
  /** What wakes its readers, if it is to. */
  bell: Doorbell | undefined;
}

/** How much is looked at in one go for what a dead creator has left, in bytes. */
const PIECE = 1 << 20;

const writerOptions: WriterOptions = { fence, encoding: textEncoding };

/** Creates the log, which must not exist. */
export function createNew(target: LogTarget, options: ShmLogWriterOptions): WrittenLog {
  const life = lifeOf(options);
  const shapes = shapesOf(target, options);
  for (;;) {
    const { chunkCount, chunkSize } = shapes.shift()!;
    try {
      // A reader that finds the name finds a log.
      return createLike(target, options, segmentSize(chunkCount, chunkSize, life.version), {
        prepare: (made) => void Segment.format(made.buffer, chunkCount, life, true),
      });
    } catch (error) {
      if (!(error instanceof NoSpaceError) || shapes.length === 0) throw error;
    }
  }
}

function createLike(
  target: LogTarget,
  options: ShmLogWriterOptions,
  size: number,
  more: CreateOptions<WritableMemory>,
): WrittenLog {
  // The system may give more than that: then the chunks share it.
  const memory = createMemory(target, size, { mode: options.mode, lock: true, ...more });
  try {
    // Or else the first lap would wait for each page.
    memory.touch();
    return withBell(memory, options);
  } catch (error) {
    memory.discard();
    throw error;
  }
}

/** Resumes the log in memory that is locked: as it is, or made again in the size that it is to have. */
function resume(
  memory: WritableMemory,
  target: LogTarget,
  options: ShmLogWriterOptions,
): WrittenLog {
  const { size, chunkSize, chunkCount } = options;
  const isSaid = [size, chunkSize, chunkCount].some((value) => value !== undefined);
  const old = isSaid ? Writer.resume(memory.buffer, writerOptions) : undefined;
  const shape = old && otherShape(memory, old, options);
  if (old !== undefined && shape !== undefined) {
    const size = segmentSize(shape.chunkCount, shape.chunkSize, old.version);
    try {
      const prepare = (made: WritableMemory) => {
        copyLog(memory.buffer, old.totalEntriesWritten, made.buffer, shape.chunkCount);
        // Before it has the name, or followers would take it for another log after a kill in between.
        // Where it does not get the name, the resume below clears the mark.
        markContinued(memory.buffer, made.identity);
      };
      const made = createLike(target, options, size, { replaces: true, prepare });
      memory.close();
      return made;
    } catch (error) {
      if (!(error instanceof OuroborosError)) throw error;
      process.emitWarning(
        `log ${describeTarget(target)} keeps its size of ${formatSize(memory.byteLength)}, ` +
          `${formatSize(size)} can't be reserved: ${error.message}`,
        "OuroborosWarning",
      );
    }
  }
  return withBell(memory, options);
}

/** A writer that rings the bell of its readers, if there is one and `notify` asks for it. */
function withBell(
  memory: WritableMemory,
  { notify = false }: ShmLogWriterOptions,
  begin: "resume" | "restart" = "resume",
): WrittenLog {
  const bell = memory instanceof SharedMemory ? Doorbell.of(memory) : undefined;
  try {
    // A writer that does not ring takes away what one that did may have left, and was killed.
    bell?.attend(notify);
    if (bell === undefined || !notify) {
      bell?.close();
      return { memory, writer: Writer[begin](memory.buffer, writerOptions), bell: undefined };
    }
    const ringing = { ...writerOptions, onCommit: () => bell.ring() };
    return { memory, writer: Writer[begin](memory.buffer, ringing), bell };
  } catch (error) {
    bell?.close();
    throw error;
  }
}

/** Takes over the log, or creates it. Undefined: it changes hands; try again. */
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

/** Takes over the log that exists. Undefined: it does not exist, or was replaced meanwhile. */
function takeOver(target: LogTarget, options: ShmLogWriterOptions): WrittenLog | undefined {
  let memory: WritableMemory;
  try {
    memory = openMemory(target, "read-write");
  } catch (error) {
    if (error instanceof SegmentNotFoundError) return undefined;
    throw error;
  }
  try {
    // Before a byte of it is looked at: others may cut it off, and let it grow, at any moment.
    checkOwner(`log ${describeTarget(target)}`, memory);
    if (!memory.tryLock()) throw writerIsAlive(memory, target);
    if (!memory.isCurrent()) {
      memory.close();
      return undefined;
    }
    const unfinished = isUnfinished(memory);
    if (!unfinished) checkMagic(memory);
    if (options.ifExists === "replace" || unfinished) {
      // We hold the lock, so it has no writer; nor has one that was never finished.
      memory.remove();
      const made = createUnlessThere(target, options);
      if (made === undefined && !unfinished) checkReplaceable(target);
      return made;
    }
    // It may have been made by another program, or restored from a backup, and have holes: a look at one on a
    // full disk ends the process.
    memory.reserve();
    if (options.ifExists !== "restart") checkNotSaved(memory, target, options.ifExists);
    return options.ifExists === "restart"
      ? withBell(memory, options, "restart")
      : resume(memory, target, options);
  } catch (error) {
    memory.close();
    throw withName(error, target);
  }
}

/** Throws if it was saved: new entries would take the place of what is to be kept. */
function checkNotSaved(
  { buffer }: WritableMemory,
  target: LogTarget,
  ifExists: ShmLogWriterOptions["ifExists"],
): void {
  const { header } = survey(new Segment(buffer), fence).end;
  if (header === SAVED_HEADER && ifExists === undefined) {
    throw new SegmentExistsError(
      `log ${
        describeTarget(target)
      } was saved, and new entries would overwrite its oldest ones: choose another ` +
        'name; or continue it with ifExists: "resume", or replace it with ifExists: "replace"',
    );
  }
  if (header === COLLECTED_HEADER) {
    throw new SegmentExistsError(
      `log ${describeTarget(target)} has entries of several logs, and can't be continued: choose ` +
        'another name, or replace it with ifExists: "replace"',
    );
  }
}

/** What an error says where there is no `ifExists`. */
export function withoutIfExists({ message }: Error): string {
  return message.replace(/[;,] or (?:continue|replace) it with ifExists: .*$/s, "");
}

/** Throws if the name can't have been freed while others have the segment open. */
function checkReplaceable(target: LogTarget): void {
  if (typeof target !== "string" || SharedMemory.persists) return;
  throw new SegmentExistsError(
    `log ${
      describeTarget(target)
    } has readers, and this system can't replace it before they have ` +
      "closed it: " +
      'use ifExists: "resume"',
  );
}

/** Throws unless the memory is a log, and of a version that is known. */
function checkMagic(memory: WritableMemory): void {
  const start = new DataView(new ArrayBuffer(tableOffset(1)));
  memory.read(new Uint8Array(start.buffer), 0);
  if (start.getBigUint64(0, true) !== MAGIC) {
    throw new UnsupportedLogError(
      `${memory.byteLength} bytes that are not a log. They were not changed: ` +
        "choose another name, or remove it",
    );
  }
  const version = start.getUint32(4 * VERSION_WORD, true);
  if (isVersion(version)) return;
  throw new UnsupportedLogError(
    `version ${version} of the format: only versions 1 and 2 are known. It was not changed: ` +
      `remove it if it is not needed`,
    version,
  );
}

/**
 * Whether it is what a creator leaves that died before the magic. By system calls: to look at a hole
 * of mapped memory takes memory.
 */
function isUnfinished(memory: WritableMemory): boolean {
  const piece = Buffer.alloc(Math.min(PIECE, memory.byteLength));
  let zeros: Buffer | undefined;
  for (let at = 0; at < memory.byteLength;) {
    const count = memory.read(piece, at);
    if (count === 0) break;
    const bytes = piece.subarray(0, count);
    if (at === 0 && !couldBeUnfinished(bytes)) return false;
    if (at > 0 && !bytes.equals((zeros ??= Buffer.alloc(PIECE)).subarray(0, count))) return false;
    at += count;
  }
  return true;
}
