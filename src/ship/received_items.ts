/**
 * What is given next to who receives, and what was given so far.
 *
 * @module
 */

import type { FeedMessage } from "./carriers/nats/feed_message.ts";
import type { LogSource } from "./message.ts";
import {
  type MissingReason,
  type ReceivedEntry,
  ReceivedGap,
  type ReceivedItem,
} from "./received.ts";
import type { SequenceSink, TrackedSource } from "./sequence_check.ts";

/** A message, and the entry in it. */
export interface Incoming {
  readonly message: FeedMessage;
  entry: ReceivedEntry | undefined;
}

/** A log that entries come from. */
export interface Source {
  readonly log: LogSource;
  /** The number in the stream of the last message that was given. */
  streamSequence: number;
}

/** A log, and how far it was given. */
export type Tracked = TrackedSource<Source, Incoming, MissingReason>;

/** The items of a batch, in order, with the messages that are done with when they are handled. */
export class ReceivedItems implements SequenceSink<Source, Incoming, MissingReason> {
  /** How many entries there were so far, and how many bytes they had. */
  entries = 0;
  bytes = 0;
  /** How many gaps there were so far. */
  gaps = 0;
  missingEntries = 0;
  unexplainedEntries = 0;
  #items: ReceivedItem[] = [];
  #messages: FeedMessage[] = [];
  /** How many of these messages are done with after the first so many items. */
  #marks: number[] = [];

  /** The items of this batch. */
  get items(): ReceivedItem[] {
    return this.#items;
  }

  /** The next entry of a log. */
  entry(source: Source, _sequenceNumber: number, { message, entry }: Incoming): void {
    this.entries++;
    this.bytes += entry!.bytes.length;
    source.streamSequence = entry!.streamSequence;
    this.#messages.push(message);
    this.#give(entry!);
  }

  /** The next entries of a log are missing. */
  gap({ log }: Source, from: number, to: number, reason: MissingReason): void {
    const gap = new ReceivedGap(log, from, to, reason);
    this.gaps++;
    this.missingEntries += gap.count;
    if (reason === "unexplained") this.unexplainedEntries += gap.count;
    this.#give(gap);
  }

  /** Nothing more comes of a message. */
  settled({ message }: Incoming): void {
    this.skip(message);
  }

  /** A message that says nothing. */
  skip(message: FeedMessage): void {
    this.#messages.push(message);
  }

  /** The first so many items were handled: gives them, and their messages, and begins another batch. */
  handled(count: number): { items: ReceivedItem[]; messages: FeedMessage[] } {
    const isWhole = count === this.#items.length;
    const last = count === 0 ? 0 : this.#marks[count - 1];
    const handled = {
      items: isWhole ? this.#items : this.#items.slice(0, count),
      messages: isWhole ? this.#messages : this.#messages.slice(0, last),
    };
    this.#items = [];
    this.#messages = [];
    this.#marks = [];
    return handled;
  }

  #give(item: ReceivedItem): void {
    this.#items.push(item);
    this.#marks.push(this.#messages.length);
  }
}
