/**
 * Where a log lives: shared memory of a name, or a file.
 *
 * @module
 */

import { resolve, sep } from "node:path";
import { type Access, type CreateOptions, MappedFile, SharedMemory } from "../../../ffi/mod.ts";
import {
  CorruptLogError,
  LogFinishedError,
  SegmentExistsError,
  SegmentNotFoundError,
  UnsupportedLogError,
  type WriterLockedError,
} from "../../errors.ts";
import { UnpackedFile } from "./unpacked_file.ts";
import { checkName } from "../../base/arguments.ts";
import { livingWriter } from "../../take_over.ts";

/** Where a log is: the name of a shared memory segment, with or without its `/`, or a file's path. */
export type LogTarget = string | { path: string };

/** What is a path on Windows: a drive, or a backslash that is not that of a space of names. */
const WINDOWS_PATH = /^[a-z]:|^(?!(?:Global|Local)\\[^\\]*$).*\\/i;

/** The place that text means: `/app` or `app` is shared memory, what has a slash further on is a file. */
export function targetOf(text: string): LogTarget {
  const isPath = text.indexOf("/", 1) >= 0 || (sep === "\\" && WINDOWS_PATH.test(text));
  return isPath ? { path: text } : text;
}

/** The memory of a log to which a writer can add, of either kind. */
export type WritableMemory = SharedMemory | MappedFile;

/** The memory of a log. */
export type LogMemory = WritableMemory | UnpackedFile;

/**
 * The name, or the path.
 *
 * @throws {TypeError} if it is no target
 * @throws {RangeError} if it is empty
 */
export function placeOf(target: LogTarget): string {
  const isFile = typeof target === "object" && target !== null && "path" in target;
  const place: unknown = isFile ? target.path : target;
  if (isFile) checkName("target.path", place);
  else checkName("target", place, 'a name like "/app", or { path: "./app.log" }');
  return place as string;
}

/** The place in words, for messages. */
export function describeTarget(target: LogTarget): string {
  return typeof target === "string"
    ? `"${SharedMemory.normalizeName(target)}"`
    : `file "${target.path}"`;
}

/** The same place, even after the working directory changed. */
export function absoluteTarget(target: LogTarget): LogTarget {
  placeOf(target);
  if (typeof target === "string" || UnpackedFile.given(target.path) !== undefined) return target;
  return { path: resolve(target.path) };
}

/** An error with the name of the log, where only its memory was known. */
export function withName(error: unknown, target: LogTarget): unknown {
  if (
    error instanceof UnsupportedLogError || error instanceof CorruptLogError ||
    error instanceof LogFinishedError
  ) {
    error.message = `log ${describeTarget(target)}: ${error.message}`;
  }
  return error;
}

/** Makes the memory, which must not exist yet. */
export function createMemory(
  target: LogTarget,
  size: number,
  options: CreateOptions<WritableMemory>,
): WritableMemory {
  try {
    return typeof target === "string"
      ? SharedMemory.create(target, size, options)
      : MappedFile.create(target.path, size, options);
  } catch (error) {
    if (error instanceof SegmentExistsError) {
      error.message = `log ${describeTarget(target)} exists already: ` +
        'use ifExists: "resume" or "replace"';
    }
    throw error;
  }
}

/** Opens the memory that is there; to read also that of a compressed file. */
export function openMemory(target: LogTarget, access: "read"): LogMemory;
export function openMemory(target: LogTarget, access: "read-write"): WritableMemory;
export function openMemory(target: LogTarget, access: Access): LogMemory {
  placeOf(target);
  try {
    if (typeof target === "string") return SharedMemory.open(target, { access });
    if (access !== "read") return MappedFile.open(target.path, { access });
    const given = UnpackedFile.given(target.path);
    if (given !== undefined) return given;
    const file = MappedFile.open(target.path, { access });
    return UnpackedFile.of(file) ?? file;
  } catch (error) {
    if (error instanceof SegmentNotFoundError) {
      error.message = error.message.replace(/^no shared memory named/, "no log named");
    }
    throw error;
  }
}

/** The error for a log whose writer is alive. */
export function writerIsAlive(memory: WritableMemory, target: LogTarget): WriterLockedError {
  const slot = typeof target === "string"
    ? `"${SharedMemory.normalizeName(target)}.{slot}"`
    : `{ path: "${target.path}.{slot}" }`;
  const nextStep = `use one log per process: target ${slot}`;
  return livingWriter(`log ${describeTarget(target)}`, memory, nextStep);
}

/** Removes the name, or the file; returns whether there was one. */
export function unlinkMemory(target: LogTarget): boolean {
  return typeof target === "string" ? SharedMemory.unlink(target) : MappedFile.unlink(target.path);
}
