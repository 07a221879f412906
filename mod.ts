/**
 * A rotating log in shared memory: one writer, many readers, no locks, no system call per entry.
 *
 * {@linkcode ShmLogWriter} and {@linkcode ShmLogReader} work on named shared memory or on a file;
 * {@linkcode Writer} and {@linkcode Reader} on any `ArrayBuffer` or `SharedArrayBuffer`.
 *
 * ## A log on any memory
 *
 * ```ts
 * import { Reader, segmentSize, Writer } from "@ouroboros/log";
 *
 * const memory = new SharedArrayBuffer(segmentSize(16, 65536));
 * const writer = Writer.create(memory, { chunkCount: 16 });
 * writer.write("hello");
 * for (const entry of new Reader(memory)) console.log(entry.sequenceNumber, entry.text);
 * ```
 *
 * ## Which structure
 *
 * | what you have | take |
 * |---|---|
 * | lines or records that are worth reading for a while; who reads may come late, or after a crash | the log: this module |
 * | items of which each must be taken once, and none be lost with a process | `@ouroboros/log/ring`, a queue in a file |
 * | messages of which only the newest count, or programs that use the C++ library circular-buffer | `@ouroboros/log/circular` |
 * | typed, stamped events from one thread to another, or kept for ever | `@ouroboros/log/events` |
 *
 * ## How large
 *
 * A log forgets its oldest entries a chunk at a time, so of N chunks N − 1 are always there:
 *
 * ```text
 * entries that it reaches back = (chunks − 1) × chunk size / (bytes of an entry, up to a multiple of 4, + 4)
 * ```
 *
 * How long that is, for entries of 100 bytes, by entries per second:
 *
 * | chunks × size | entries | 100/s | 1,000/s | 10,000/s | 100,000/s |
 * |---|--:|--:|--:|--:|--:|
 * | 16 × 64 KiB = 1 MiB | 9,452 | 95 s | 9 s | 0.9 s | 0.09 s |
 * | 16 × 1 MiB, the default | 151,236 | 25 min | 2.5 min | 15 s | 1.5 s |
 * | 16 × 16 MiB = 256 MiB | 2,419,790 | 6.7 h | 40 min | 4 min | 24 s |
 * | 64 × 32 MiB = 2 GiB | 20,326,242 | 2.4 days | 5.6 h | 34 min | 3.4 min |
 *
 * More chunks forget in smaller steps, and cost a look at a longer table now and then: 16 to 64 are
 * good. An entry may be as large as the log, but one that is larger than a chunk takes several. The
 * memory is taken at once, so a full /dev/shm is an error at the start and not a crash in the night.
 *
 * ## From other languages
 *
 * The bytes are those of the C++ library `ouroboros`, format version 1, so its C++, Python and Go
 * readers read what is written here, and what they write is read here. (Later versions of that library
 * write format version 2, which has another header: what was written by them is an
 * {@linkcode UnsupportedLogError} here, and they refuse what is written here. 1.1.0 is of version 1.)
 *
 * C++: what `data` shows is shared memory, so it is copied first, and believed after `is_valid()`.
 *
 * ```cpp
 * #include <iostream>
 * #include <ouroboros/shm_log_reader.hpp>
 *
 * int main() {
 *   ouroboros::shm_log_reader log;
 *   if (!log.configure("/app", ouroboros::reader::read_strategy::from_lowest)) return 1;
 *   while (auto entry = log.read_next_entry()) {
 *     std::string text(entry->data);
 *     if (entry->is_valid()) std::cout << entry->sequence_number << ' ' << text << '\n';
 *   }
 * }
 * ```
 *
 * Go: `Data` is a copy, which is believed after `IsValid()`.
 *
 * ```go
 * log, err := ouroboros.NewReader("/app") // github.com/steinwurf/ouroboros/go/ouroboros
 * if err != nil {
 * 	return err
 * }
 * defer log.Close()
 * for entry := log.ReadNextEntry(); entry != nil; entry = log.ReadNextEntry() {
 * 	text := string(entry.Data)
 * 	if entry.IsValid() {
 * 		fmt.Println(entry.SequenceNumber, text)
 * 	}
 * }
 * ```
 *
 * Python: it maps the log itself, and must be allowed to write to it. Python's `SharedMemory` takes what
 * it opens for its own, and **removes the log when the process ends**, unless it is kept from that before
 * the reader is made. An entry keeps the log mapped: let go of the last one before the end.
 *
 * ```py
 * from multiprocessing import resource_tracker
 * from ouroboros_py import Reader
 *
 * resource_tracker.register = lambda name, kind: None # or else the log goes when this process ends
 *
 * with Reader("/app") as log:
 *     while (entry := log.read_next_entry()) is not None: # None: no more for now; ask again later
 *         if entry.is_valid():
 *             print(entry.sequence_number, entry.data.decode(errors="replace"))
 * ```
 *
 * What to know of them:
 *
 * - After an overrun they go on in the newest chunk; what is still intact before it is lost to them.
 *   Go and Python start in the newest chunk, too, once the first lap is over.
 * - They trust the bytes: on a damaged segment they may abort, panic, read beyond it, or loop for ever.
 * - None of them waits: "no entry" is an answer, and you choose when to ask again.
 * - The C++ writer takes no lock, and can't go on with a segment that its process left behind.
 *
 * For a look without any of them: a reader of a log that stands still, or
 * nearly, for it stops at what is overwritten while it looks. It only reads, and removes nothing.
 *
 * ```python
 * import mmap, struct, sys
 *
 * COMMITTED = 1 << 63
 *
 * def entries(path):
 *     """Yields (sequence number, bytes) of all entries, the oldest first."""
 *     with open(path, "rb") as file:
 *         log = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
 *     magic, version, count = struct.unpack_from("<8sII", log)
 *     if magic != b"GOLBORUO" or version != 1:
 *         raise ValueError("not a log")
 *     row = lambda index: struct.unpack_from("<QQ", log, 16 + 16 * index)
 *     rows = [row(index) for index in range(count)]
 *     chunks = [(token, index) for index, (start, token) in enumerate(rows) if start & COMMITTED]
 *     for token, index in sorted(chunks):
 *         at, number = rows[index][0] - COMMITTED, token
 *         # Chunks of one lap follow each other.
 *         after = rows[index + 1] if index + 1 < count else (0, 0)
 *         end = after[0] - COMMITTED if after[0] & COMMITTED and after[1] > token else len(log)
 *         while at + 4 <= end:
 *             header = struct.unpack_from("<I", log, at)[0]
 *             length = header & 0x7FFFFFFF
 *             if not header >> 31 or length < 4:
 *                 break
 *             payload = log[at + 4 : at + length]
 *             if row(index) != rows[index]:
 *                 break
 *             number += 1
 *             yield number, payload
 *             at += (length + 3) & ~3
 *
 * if __name__ == "__main__":
 *     for number, payload in entries(sys.argv[1]):
 *         print(number, payload.decode(errors="replace"))
 * ```
 *
 * Shared memory of the name `/app` is the file `/dev/shm/app` on Linux.
 *
 * ## Security
 *
 * Who may do what is decided by the permissions of the segment, and by nothing else: the format
 * has no signatures and no secrets.
 *
 * | who          | can                                                                                               | cannot                                                                                                                                                     |
 * | ------------ | ------------------------------------------------------------------------------------------------- | ---------------------------------------------------------------------------------------------------------------------------------------------------------- |
 * | may read it  | read every entry that is still there; hold its lock, and so keep the next writer from resuming it | change a byte, or disturb a writer at work or other readers                                                                                                |
 * | may write it | forge and change entries, numbers and counts; truncate it                                         | make a reader crash, hang, read outside of the segment, or take more memory than the segment has (truncation: see below); lead the writer outside of it    |
 * | neither      | take the name first, and so keep the writer from starting                                         | be followed, written to, replaced or removed by a writer: what belongs to another user, is no log, is a symbolic link or a pipe is an error, for root, too |
 *
 * - **Modes.** A segment has mode 0600, exactly, unless `mode` says otherwise; 0640 and a group is
 *   enough for readers of other users. Give nobody the right to write: there is one writer.
 * - **Read-only readers.** They need no right to write, not for locks either. A reader trusts
 *   nothing that it reads: each length and offset is checked against the segment before it is
 *   used, and a call takes a bounded number of steps. What it hands out is a copy; only `forEach`
 *   shows the memory itself, which a forger may change while you look.
 * - **Truncation.** Touching a mapped byte that is no longer there kills the process (SIGBUS), on
 *   every system. Before each batch a reader looks whether the segment is as long as it was, so
 *   what remains is a window of microseconds within a batch. `{ copyMode: "pread" }` closes it:
 *   such a reader copies by system calls and never faults; it is slower, above all in the chunk
 *   that is being written. The writer has no such mode: whoever may truncate its segment can kill
 *   it. Only the owner of a segment and who may write it can truncate it.
 * - **Text.** Entries are bytes from somebody else. `tail` shows control characters as escapes on
 *   a terminal; your own code must do the like.
 * - **Names.** `/dev/shm` belongs to all users of a machine: names are first come, first served.
 *   For logs that nobody may block, use a file in a folder of your own:
 *   `{ path: "/run/my-app/log" }`.
 * - **Cleaning up.** A closed log is removed by its writer, one that crashed stays, for that is
 *   its purpose: `ouroboros list`, `ouroboros remove`. What was written stays in memory, readable
 *   under its mode, until it is overwritten or removed. A worker that is ended by
 *   `worker.terminate()` keeps its lock until the process ends.
 * - **Backups.** Put a file back under another inode: write it beside the log, then rename it into
 *   place. Readers and cursors see that it is another one. Written over in place (`cp`, `rsync --inplace`)
 *   it looks like the same log: the writer gives numbers a second time, and whoever stood beyond the end
 *   of the backup goes on from its number. The entries up to there are passed over, and `lostEntries`
 *   does not count them: nothing in the bytes tells. Under a writer that is alive it is damage.
 * - **Not protected:** secrets in entries; a kernel or machine crash (a file keeps what `flush()`
 *   wrote); two writers of which one is another library's, which knows no lock; anything against
 *   root.
 *
 * Reports of holes: an issue at the repository, without the exploit; it will be asked for in
 * private.
 *
 * @module
 */

export {
  ClaimPendingError,
  ClosedError,
  CorruptLogError,
  type ErrorCode,
  NativeUnavailableError,
  NoSpaceError,
  OuroborosError,
  OverrunError,
  PermissionDeniedError,
  ReentrantUseError,
  SegmentExistsError,
  SegmentNotFoundError,
  SegmentTruncatedError,
  SystemCallError,
  UnsupportedLogError,
  WriterLockedError,
} from "./src/errors.ts";
export { compilerFence, type Fence, fullFence } from "./src/fence.ts";
export { EntryBatch } from "./src/log/batch.ts";
export { Claim } from "./src/log/claim.ts";
export { Entry, type EntryJson } from "./src/log/entry.ts";
export { EntryView } from "./src/log/entry_view.ts";
export { type ChunkInfo, type ChunkState, inspect, type LogInfo } from "./src/log/inspect.ts";
export { segmentSize } from "./src/log/layout.ts";
export { Reader } from "./src/log/reader.ts";
export type { OverrunPolicy, ReaderOptions, ReadStrategy } from "./src/log/reader_options.ts";
export {
  type Snapshot,
  snapshot,
  type SnapshotInfo,
  type SnapshotOptions,
} from "./src/log/snapshot.ts";
export { type Damage, type SequenceGap, type Verification, verify } from "./src/log/verify.ts";
export { Writer } from "./src/log/writer.ts";
export type { CreateWriterOptions, WriterOptions } from "./src/log/writer_options.ts";
export type { MemoryLike } from "./src/memory.ts";
export type { TextEncoding, TextWriter } from "./src/utf8.ts";
export type { Continuation, Cursor } from "./src/log/native/cursor.ts";
export type { FollowOptions, OnAbandoned, ReopenEvent } from "./src/log/native/follow.ts";
export { ShmLogReader } from "./src/log/native/shm_log_reader.ts";
export type { ShmLogReaderOptions, WaitOptions } from "./src/log/native/reader_options.ts";
export { type SavedLog, saveLog, type SaveOptions } from "./src/log/native/save.ts";
export { ShmLogWriter } from "./src/log/native/shm_log_writer.ts";
export type { ShmLogWriterOptions } from "./src/log/native/writer_options.ts";
export type { CopyProgress } from "./src/log/snapshot.ts";
export type { CopyMode } from "./src/log/native/source.ts";
export type { LogTarget } from "./src/log/native/target.ts";
