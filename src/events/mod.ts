/**
 * Events: typed, stamped bytes in rings between threads or processes, and in files that are only
 * appended to.
 *
 * {@linkcode EventLogWriter} and {@linkcode EventLogReader} work on files, {@linkcode SpscRingBuffer}
 * on memory that two threads or processes share, {@linkcode EventDispatcher} hands what comes out of
 * a ring to several consumers. {@linkcode EventWriter} and {@linkcode EventReader} are the log on any
 * `ArrayBuffer`.
 *
 * ## From a ring into a file
 *
 * ```ts
 * import { tmpdir } from "node:os";
 * import { rmSync } from "node:fs";
 * import { EventLogReader, EventLogWriter, SpscRingBuffer } from "@ouroboros/log/events";
 *
 * const { producer, consumer } = SpscRingBuffer.create(65536).split();
 * producer.writeEvent({ timestamp: 1, type: 7 }, new TextEncoder().encode("hello"));
 *
 * const path = `${tmpdir()}/doc-events-mod-${process.pid}.log`;
 * using log = EventLogWriter.create(path, { grow: 1 << 20 });
 * log.writeFrom(consumer);
 * using reader = EventLogReader.open(path);
 * console.log([...reader].map((event) => event.text).join()); // hello
 * reader.close();
 * log.close();
 * rmSync(path);
 * ```
 *
 * ## What to know
 *
 * - **Use it** for events that must all be kept: audit trails, recordings to be replayed. The rotating
 *   log forgets the oldest entries when room runs out, and never blocks its writer.
 * - **What was reported as written is in the file**, however the process ends. `writeEvent` returns
 *   `false` if there is no room, `writeMany` how many were stored. `EventLogWriter.open`
 *   continues after the last whole event; `recover` scans when the header is damaged. Against a
 *   crash of the machine: `sync()`, `syncAsync()`; the format has no checksums.
 * - **A full ring returns `false`**. To wait, use `waitNotFull` and `waitNotEmpty`, each with an `Async`
 *   form. Threads wake each other. Between processes (a ring on `SharedMemory`) the side that waits looks
 *   every millisecond.
 * - **Handlers see events in place**, without a copy: keep `event.copy()`.
 *   `event.timestamp` is a number, exact up to 2^53; `timestampBigInt` is exact for nanoseconds
 *   since 1970.
 * - Files are smaller than 4 GiB. The writers of ringlog take no lock: use one writer at a time.
 *
 * Million events of 64 bytes a second: the lowest and the highest of the medians of four runs of
 * `deno task bench events` on each runtime, on two cores that did other work, too. Every event
 * is new, in a file whose pages were not touched before; `prefault: true` took 20 to
 * 44 % off the time of `writeEvent`. Of the 10 million that went from worker to worker each was in
 * the file at the end, replayed, and checked.
 *
 * |                                                 |    Deno |    Bun | Node 26 | Node 24 |
 * | ----------------------------------------------- | ------: | -----: | ------: | ------: |
 * | `Uint8Array.set` of 80 bytes into a mapped file |   20–36 |  21–35 |   12–33 |   12–37 |
 * | `EventLogWriter.writeEvent`                     |   11–19 | 9.8–24 |  7.2–18 |  8.5–18 |
 * | `writeMany`, 64 at once                         |   14–26 |  16–22 |   12–25 |   11–23 |
 * | `replay`, each event checked                    |   35–70 |  40–88 |   37–68 |   32–59 |
 * | worker → ring → worker → file, one at once      | 2.5–9.7 | 2.9–12 | 3.4–5.7 |  3.6–10 |
 * | worker → ring → worker → file, 64 at once       |  5.8–24 | 4.4–12 | 5.8–9.8 | 5.8–9.6 |
 *
 * @module
 */

export {
  ClosedError,
  CorruptLogError,
  type ErrorCode,
  NativeUnavailableError,
  NoSpaceError,
  OuroborosError,
  PermissionDeniedError,
  ReentrantUseError,
  SegmentExistsError,
  SegmentNotFoundError,
  SegmentTruncatedError,
  SystemCallError,
  UnsupportedLogError,
  WriterLockedError,
} from "../errors.ts";
export type { MemoryLike } from "../memory.ts";
export { compilerFence, type Fence, fullFence } from "../fence.ts";
export {
  type ConsumerStatistics,
  type DispatcherStatistics,
  type EventConsumer,
  EventDispatcher,
  type EventSource,
} from "./dispatcher.ts";
export { type EventFields, EventHeader, type EventInput } from "./event_header.ts";
export type { EventView } from "./event_view.ts";
export { type EventCursor, EventReader, type EventReaderOptions } from "./log_reader.ts";
export {
  type CreateEventWriterOptions,
  EventWriter,
  type EventWriterOptions,
} from "./log_writer.ts";
export { RingBuffer } from "./ring_buffer.ts";
export type { SpscConsumer } from "./spsc_consumer.ts";
export type { SpscProducer } from "./spsc_producer.ts";
export { SpscRingBuffer, type SpscSides } from "./spsc_ring.ts";
export type { StoredEvent, StoredEventJson } from "./stored_event.ts";
export { type Advice, type EventFollowOptions, EventLogReader } from "./native/event_log_reader.ts";
export { EventLogWriter } from "./native/event_log_writer.ts";
export type {
  CreateEventLogOptions,
  OpenEventLogOptions,
  RecoverEventLogOptions,
} from "./native/writer_options.ts";
