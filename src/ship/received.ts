/**
 * What comes out of a stream: entries and gaps of many logs.
 *
 * @module
 */

import { decodeText } from "../decode_text.ts";
import type { GapReason, LogSource } from "./message.ts";

/** Why entries were not received. */
export type MissingReason =
  /** The forwarder says so. */
  | GapReason
  /** The stream has forgotten them before they were read. */
  | "not in the stream"
  /** An earlier receiver has had them, or the stream has forgotten them: nobody knows. */
  | "before this receiver"
  /** There is a hole in the numbers, and nothing has come to fill it. */
  | "unexplained";

/**
 * An entry of a log of some machine.
 *
 * @example
 * ```ts
 * import { ReceivedEntry } from "@ouroboros/log/nats";
 *
 * // As receive() gives it; here for a test of what takes it.
 * const source = { host: "web-1", name: "/app", segment: "1a-2b-3c" };
 * const bytes = new TextEncoder().encode("service started");
 * const entry = new ReceivedEntry(source, 7, 1_700_000_000_000, bytes, undefined, 4711);
 * console.log(entry.source.host, entry.sequenceNumber, entry.text); // web-1 7 service started
 * ```
 */
export class ReceivedEntry {
  /** It is an entry. */
  readonly kind = "entry";
  /** The log that it was written to. The same object for all entries of a log. */
  readonly source: LogSource;
  /** The number that it has there. */
  readonly sequenceNumber: number;
  /** When it was read there, in milliseconds since 1970; 0 if that is not known. */
  readonly time: number;
  /** Its bytes: private memory, which may be shared with messages that came with it. */
  readonly bytes: Uint8Array;
  /** How many bytes it had, if it was cut to fit into a message. */
  readonly truncatedFrom: number | undefined;
  /** The number of its message in the stream. */
  readonly streamSequence: number;

  /** Makes an entry. */
  constructor(
    source: LogSource,
    sequenceNumber: number,
    time: number,
    bytes: Uint8Array,
    truncatedFrom: number | undefined,
    streamSequence: number,
  ) {
    this.source = source;
    this.sequenceNumber = sequenceNumber;
    this.time = time;
    this.bytes = bytes;
    this.truncatedFrom = truncatedFrom;
    this.streamSequence = streamSequence;
  }

  /** Its bytes decoded as UTF-8 at each call. Bytes that are not UTF-8 become U+FFFD. */
  get text(): string {
    return decodeText(this.bytes);
  }
}

/**
 * Entries of a log that were not received, in the place where they would be.
 *
 * @example
 * ```ts
 * import { ReceivedGap } from "@ouroboros/log/nats";
 *
 * // As receive() gives it; here for a test of what takes it.
 * const source = { host: "web-1", name: "/app", segment: "1a-2b-3c" };
 * const gap = new ReceivedGap(source, 5, 8, "overwritten");
 * console.log(`entries ${gap.from} to ${gap.to}`, gap.count, gap.reason); // entries 5 to 8 4 overwritten
 * ```
 */
export class ReceivedGap {
  /** It is a gap. */
  readonly kind = "gap";
  /** The log that they were written to. */
  readonly source: LogSource;
  /** The number of the first one there. */
  readonly from: number;
  /** The number of the last one. */
  readonly to: number;
  /** Why they are missing. */
  readonly reason: MissingReason;

  /** Makes a gap. */
  constructor(source: LogSource, from: number, to: number, reason: MissingReason) {
    this.source = source;
    this.from = from;
    this.to = to;
    this.reason = reason;
  }

  /** How many they are. */
  get count(): number {
    return this.to - this.from + 1;
  }
}

/** What `receive()` gives. */
export type ReceivedItem = ReceivedEntry | ReceivedGap;

/** What was received so far. */
export interface ReceiveSummary {
  /** How many entries. */
  readonly entries: number;
  /** Their bytes. */
  readonly bytes: number;
  /** How many messages said nothing new: they were dropped. */
  readonly duplicates: number;
  /** How many gaps, but for those in which nothing is missing. */
  readonly gaps: number;
  /** How many entries are missing in them. */
  readonly missingEntries: number;
  /** How many of these have no explanation, and are missing between others. */
  readonly unexplainedEntries: number;
  /** How many entries the forwarders left out on purpose (`select`): they are not missing. */
  readonly filteredEntries: number;
  /** How many messages were none of a forwarder: they were passed over. */
  readonly foreignMessages: number;
  /** How many were on another subject than that of the log that they claim to be of: passed over, too. */
  readonly distrustedMessages: number;
  /** How many logs they are from. */
  readonly sources: number;
  /** How many messages wait for others that come before them. */
  readonly held: number;
}
