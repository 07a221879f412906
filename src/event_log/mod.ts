/**
 * Events: typed, stamped bytes in rings between threads or processes, and in files that are only
 * appended to.
 *
 * {@linkcode EventLogWriter} and {@linkcode EventLogReader} work on files, {@linkcode SpscRingBuffer}
 * on memory that two threads or processes share, {@linkcode EventDispatcher} hands what comes out of
 * a ring to several consumers. {@linkcode EventWriter} and {@linkcode EventReader} are the log on any
 * `ArrayBuffer`.
 *
 * @example From a ring into a file
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
 * rmSync(path);
 * ```
 *
 * @module
 */

export * from "../errors.ts";
export { compilerFence, type Fence, fullFence } from "../fence.ts";
export type { Advice } from "../../ffi/mod.ts";
export {
  type ConsumerStatistics,
  type DispatcherStatistics,
  type EventConsumer,
  EventDispatcher,
  type EventSource,
} from "../events/dispatcher.ts";
export { type EventFields, EventHeader, type EventInput } from "../events/event_header.ts";
export type { EventView } from "../events/event_view.ts";
export { type EventCursor, EventReader, type EventReaderOptions } from "../events/log_reader.ts";
export {
  type CreateEventWriterOptions,
  EventWriter,
  type EventWriterOptions,
} from "../events/log_writer.ts";
export { RingBuffer } from "../events/ring_buffer.ts";
export type { SpscConsumer } from "../events/spsc_consumer.ts";
export type { SpscProducer } from "../events/spsc_producer.ts";
export { SpscRingBuffer, type SpscSides } from "../events/spsc_ring.ts";
export type { StoredEvent } from "../events/stored_event.ts";
export { EventLogReader, type FollowOptions } from "./reader.ts";
export {
  type CreateEventLogOptions,
  EventLogWriter,
  type OpenEventLogOptions,
  type RecoverEventLogOptions,
} from "./writer.ts";
