/**
 * Native memory for Deno, Bun and Node: named shared memory and mapped files as ArrayBuffers.
 *
 * ```ts
 * import { SharedMemory } from "@ouroboros/log/ffi";
 *
 * using memory = SharedMemory.create("/doc-memory", 4096);
 * console.log(memory.buffer.byteLength, SharedMemory.exists("/doc-memory")); // 4096 true
 * SharedMemory.unlink("/doc-memory");
 * ```
 *
 * The guides say what differs: [Containers and services](src/guides/containers.md),
 * [Windows and macOS](src/guides/platforms.md).
 *
 * @module
 */

export {
  ClosedError,
  type ErrorCode,
  NativeUnavailableError,
  NoSpaceError,
  OuroborosError,
  PermissionDeniedError,
  SegmentExistsError,
  SegmentNotFoundError,
  SystemCallError,
  WriterLockedError,
} from "../src/errors.ts";
export { STRONG_ORDER } from "./current_system.ts";
export { Doorbell } from "./doorbell.ts";
export { FileLock } from "./file_lock.ts";
export { MappedFile } from "./mapped_file.ts";
export { Mapping, type MappingParts } from "./mapping.ts";
export type { CreateOptions, OpenOptions } from "./memory_options.ts";
export { NamedSemaphore, type SemaphoreOptions } from "./named_semaphore.ts";
export { isSameFile, PartialFile, type PartialFileOptions } from "./partial_file.ts";
export { onProcessEnd } from "./process_end.ts";
export { type FastEncoding, textEncoding } from "./text_encoding.ts";
export { type SharedCreateOptions, SharedMemory, type SharedOpenOptions } from "./shared_memory.ts";
export type { Access, Advice, ObjectIdentity, SegmentIdentity } from "./system.ts";
