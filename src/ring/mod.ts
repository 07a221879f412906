/**
 * A persistent ring in a memory-mapped file: first in, first out; when it is full the oldest items are
 * dropped. Items survive the process, however it ends. The Python library
 * [mmringbuffer](https://github.com/whiskerlabs/mmringbuffer) reads the file.
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
 * ## When to use it
 *
 * Use it for items that must survive the process and are taken once: samples to be uploaded, jobs, the
 * last lines before a crash. One handle at a time has the file open. The original has a bug, by which the
 * end of a lap may not be found. Files that are written here do not have it.
 *
 * A damaged file is a `CorruptRingError`. `MemMapRingBuffer.repair(path)` keeps what is intact, and
 * refuses a file that is not a ring. `reset(path)` makes an empty ring of any file. A crash of the machine
 * leaves what `flush()` had written.
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
