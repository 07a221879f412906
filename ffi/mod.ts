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
 * ## In containers
 *
 * - **Room.** A container has 64 MiB of /dev/shm unless it is told otherwise; a segment that does not
 *   fit is a `NoSpaceError` at its creation. `docker run --shm-size=1g`, `shm_size: 1g` in a compose
 *   file, in Kubernetes an `emptyDir` with `medium: Memory` mounted at /dev/shm.
 * - **Memory.** What lies there counts as memory of the container, or of the systemd service with
 *   `MemoryMax`: who exceeds the limit is killed, even within `create()`. A segment larger than the limit
 *   is a `NoSpaceError`; one that fits only without the program beside it can't be known. If no
 *   size is given, a log takes at most an eighth of it (`SharedMemory.memoryLimit`).
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
 * ; A folder of our own: nobody else can take the name. In the program: { path: "/run/app/log" }
 * RuntimeDirectory=app
 * ; Or else systemd empties it when the service stops, and with it the last words.
 * RuntimeDirectoryPreserve=yes
 * ExecStart=/usr/bin/deno run --allow-ffi --allow-read=/run/app --allow-write=/run/app /srv/app/main.ts
 * ```
 *
 * Readers outside do not see what a service has in a /dev/shm of its own (`TemporaryFileSystem=/dev/shm`).
 * systemd-logind removes the segments of a user who logs out (`RemoveIPC=yes`), but not those of system
 * users.
 *
 * ## On Windows
 *
 * The same code runs on Windows (x64) with Deno, Bun and Node, as far as Wine can show: nobody has
 * run it on a real Windows yet. What the system does otherwise cannot be hidden:
 *
 * - **A segment lives as long as somebody has it open.** There is nothing to unlink: a log goes
 *   when its writer and all readers have closed it, whatever `unlinkOnClose` says.
 *   `SharedMemory.persists` is `false` there. What shall outlive its processes goes into a file.
 * - `ifExists: "resume"` goes on with the log that a reader has kept, and its numbers; for a
 *   service that restarts it is the one to take. `"replace"` can't take a name away from readers:
 *   while one has the log open it is a `SegmentExistsError`. `isReplaced()` is `false` as long as
 *   a reader has its log open, so `tail -f` and `record` end by Ctrl-C, and `tail -F` goes on with a
 *   writer that resumes. `list`, `top` and the list of `serve` keep nothing open.
 * - **Names are used as they are**, as the C++ library does: `/app` and `app` are two segments,
 *   and `Global\app` is one for all sessions. Take ASCII where C++ programs are to find it, and in
 *   Git Bash a name without a slash.
 * - **Segments have whole pages.** The C++ readers take all of the last page for the log, so our
 *   writer does, too: `segmentSize` and `chunkSize` are a little larger than asked for. A log
 *   whose writer ends before that, as the C++ one may, is read correctly.
 * - The writer's lock is a named mutex; when its process or thread dies, the system gives it to
 *   the next one. A file is locked behind its end (`LockFileEx`).
 * - A file that somebody has mapped can't be removed or cut off: `remove`, `ifExists: "replace"`
 *   and `unlinkOnClose` of a log in a file are a `PermissionDeniedError` while readers have it
 *   open.
 * - Of a circular buffer the capacity is known by the size of its segment: two that end in the
 *   same page are not told apart, so take the same on both sides.
 * - `mode` means nothing: a segment is for its user, a file has the rights of its folder. There is
 *   no `notify` (no futex between processes: followers look by themselves), and memory is always
 *   reserved.
 * - `SharedMemory.list()`, and with it `ouroboros list`, `top` and `serve`, knows the segments that
 *   somebody has open with this library; one that only a C++ program has open is found by its name.
 * - Commands end in order by Ctrl-C, Ctrl-Break, and when their console is closed. There is nothing
 *   else by which a process asks another one to end: what `kill` does is `TerminateProcess`.
 * - A log of a sink, of `write --keep` and of `replay` outlives its process only in a file.
 *
 * `deno task test --on windows` runs the tests with the Windows builds of the runtimes in Wine, those of
 * the command line, too, and says what it leaves out, and what is missing where that can't be.
 *
 * ## On macOS
 *
 * A log behaves as on Linux, but for this: a name has 30 bytes (a semaphore's 29);
 * `SharedMemory.list()` and `ouroboros list` have nothing to list; `notify` does nothing,
 * followers poll; memory can't be set aside for a segment. A file in `/var/tmp` stands for the
 * lock of a segment, for which Deno wants `--allow-read=/var/tmp --allow-write=/var/tmp`; it goes
 * when the segment does. The identity and exact size of a segment are in its last page, behind its
 * end: of another program's segment only whole pages are known, and a cursor into one starts anew.
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
