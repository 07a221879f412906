/**
 * Where a log lives: shared memory of a name, or a file.
 *
 * @module
 */

import { resolve } from "node:path";
import { MappedFile, SharedMemory } from "../../../ffi/mod.ts";
import { CorruptLogError, UnsupportedLogError } from "../../errors.ts";
import type { Access, CreateOptions } from "../../../ffi/mod.ts";

/** A log's place: the name of a shared memory segment, with or without its `/`, or a file's path. */
export type LogTarget = string | { path: string };

/** The memory of a log, of either kind. */
export type LogMemory = SharedMemory | MappedFile;

/** The place in words, for messages. */
export function describeTarget(target: LogTarget): string {
  return typeof target === "string"
    ? `"${SharedMemory.normalizeName(target)}"`
    : `file "${target.path}"`;
}

/** The same place, even after the working directory changed. */
export function absoluteTarget(target: LogTarget): LogTarget {
  return typeof target === "string" ? target : { path: resolve(target.path) };
}

/** An error with the name of the log, where only its memory was known. */
export function withName(error: unknown, target: LogTarget): unknown {
  if (error instanceof UnsupportedLogError || error instanceof CorruptLogError) {
    error.message = `${describeTarget(target)}: ${error.message}`;
  }
  return error;
}

/** Makes the memory, which must not exist yet. */
export function createMemory(
  target: LogTarget,
  size: number,
  options: CreateOptions<LogMemory>,
): LogMemory {
  return typeof target === "string"
    ? SharedMemory.create(target, size, options)
    : MappedFile.create(target.path, size, options);
}

/** Opens the memory that is there. */
export function openMemory(target: LogTarget, access: Access): LogMemory {
  return typeof target === "string"
    ? SharedMemory.open(target, { access })
    : MappedFile.open(target.path, { access });
}

/** Removes the name, or the file; returns whether there was one. */
export function unlinkMemory(target: LogTarget): boolean {
  return typeof target === "string" ? SharedMemory.unlink(target) : MappedFile.unlink(target.path);
}
