/**
 * A persistent ring in a memory-mapped file: first in, first out, and when it is full the oldest items
 * go. What was put survives the process, however it ends; the Python library mmringbuffer reads it.
 *
 * ```ts
 * import { tmpdir } from "node:os";
 * import { rmSync } from "node:fs";
 * import { MemMapRingBuffer } from "@ouroboros/log/ring";
 *
 * const path = `${tmpdir()}/doc-ring-${process.pid}`;
 * {
 *   using ring = MemMapRingBuffer.open(path, 65536);
 *   ring.put("survives a kill -9");
 * }
 * using ring = MemMapRingBuffer.open(path);
 * console.log(new TextDecoder().decode(ring.get())); // survives a kill -9
 * ring.close();
 * rmSync(path);
 * ```
 *
 * ## When, and what not
 *
 * For what must not be lost when a process dies, and must be taken only once: samples to be
 * uploaded, jobs, the last words of a crash. One handle at a time has it. The original's own bug,
 * a lap whose end nobody can find, is not in files that are written here.
 *
 * A file that somebody damaged is a `CorruptRingError`; `MemMapRingBuffer.repair(path)` keeps what
 * is sound, and refuses what is not a ring; `reset(path)` makes an empty ring of whatever it is. A crash of
 * the machine leaves what `flush()` had written.
 *
 * @module
 */

export {
  ClosedError,
  CorruptRingError,
  type ErrorCode,
  NativeUnavailableError,
  NoSpaceError,
  OuroborosError,
  PermissionDeniedError,
  SegmentExistsError,
  SegmentNotFoundError,
  SystemCallError,
  WriterLockedError,
} from "../errors.ts";
export type { MemoryLike } from "../memory.ts";
export { MemMapRingBuffer, type RingOptions } from "./native/mem_map_ring_buffer.ts";
export { repairRing, type RingRepair } from "./repair.ts";
export { Ring } from "./ring.ts";
