/**
 * Events: typed, stamped bytes in rings between threads or processes, and in files that are only
 * appended to.
 *
 * {@linkcode EventLogWriter} and {@linkcode EventLogReader} work on files, {@linkcode SpscRingBuffer}
 * on memory that two threads or processes share, {@linkcode EventDispatcher} hands what comes out of
 * a ring to several consumers. {@linkcode EventWriter} and {@linkcode EventReader} are the log on any
 * `ArrayBuffer`. Logs have the format of the Rust library
 * [ringlog](https://github.com/kartiktoogoated/ringlog).
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
 * Use them for events that must all be kept. [Other structures](src/guides/structures.md) says what they
 * promise, and how fast they are.
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
