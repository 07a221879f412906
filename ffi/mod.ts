/**
 * Native memory for Deno, Bun and Node: named shared memory and mapped files as ArrayBuffers.
 *
 * @example
 * ```ts
 * import { SharedMemory } from "@ouroboros/log/ffi";
 *
 * using memory = SharedMemory.create("/doc-memory", 4096);
 * console.log(memory.buffer.byteLength, SharedMemory.exists("/doc-memory")); // 4096 true
 * SharedMemory.unlink("/doc-memory");
 * ```
 *
 * @module
 */

export { STRONG_ORDER } from "./current_system.ts";
export { Doorbell } from "./doorbell.ts";
export { MappedFile } from "./mapped_file.ts";
export { type CreateOptions, Mapping, type MappingParts, type OpenOptions } from "./mapping.ts";
export { NamedSemaphore, type SemaphoreOptions } from "./named_semaphore.ts";
export { isSameFile, PartialFile, type PartialFileOptions } from "./partial_file.ts";
export { onProcessEnd } from "./process_end.ts";
export { type FastEncoding, textEncoding } from "./text_encoding.ts";
export { SharedMemory, type SharedOpenOptions } from "./shared_memory.ts";
export type { Access, Advice, SegmentIdentity } from "./system.ts";
