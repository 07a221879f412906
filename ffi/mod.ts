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
 * ## In containers
 *
 * - **Room.** A container has 64 MiB of /dev/shm unless it is told otherwise; a segment that does not
 *   fit is a `NoSpaceError` at its creation. `docker run --shm-size=1g`, `shm_size: 1g` in a compose
 *   file, in Kubernetes an `emptyDir` with `medium: Memory` mounted at /dev/shm. What lies there counts
 *   as memory of the container.
 * - **Who sees it.** Each container has a /dev/shm of its own. A reader in another one needs the same:
 *   `--ipc=shareable` for the writer and `--ipc=container:NAME` for the reader; containers of one pod
 *   mount the same volume. Or take a file on a volume that both have: `{ path }`.
 * - **Users.** Segments have mode 0600, so the reader must be the same user by number. For another one
 *   in the same group: `mode: 0o640`. Only the user whose segment it is can be its writer again.
 * - **A restart** of a container in its pod keeps a volume, and so the log, for `ifExists: "resume"`; one
 *   that is made anew has an empty /dev/shm. A file on a volume outlives both.
 *
 * ## As a service
 *
 * ```ini
 * [Service]
 * User=app
 * # A folder of our own: nobody else can take the name. In the program: { path: "/run/app/log" }
 * RuntimeDirectory=app
 * # Or else systemd empties it when the service stops, and with it the last words.
 * RuntimeDirectoryPreserve=yes
 * ExecStart=/usr/bin/deno run --allow-ffi --allow-read --allow-write app.ts
 * ```
 *
 * Readers outside do not see what a service has in a /dev/shm of its own (`TemporaryFileSystem=/dev/shm`).
 * systemd-logind removes the segments of a user who logs out (`RemoveIPC=yes`), but not those of system
 * users.
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
export type { Access, Advice, ObjectIdentity, SegmentIdentity } from "./system.ts";
