/**
 * What carries messages to a receiver: NATS, or memory in tests. What is received of it, in which order
 * and what is missing, is not its business.
 *
 * @module
 */

import type { LogMessage } from "./message.ts";

/** A message that has come. */
export interface Incoming {
  /** Its place in the order in which the carrier keeps messages; it grows. */
  readonly place: number;
  /** How often messages have begun to come again: after those that were done with, in their order. */
  readonly epoch: number;
  /**
   * What it says, once: memory may be shared with others. `undefined`: it is not from a forwarder;
   * `"distrusted"`: it is not from where it says.
   */
  unpack(): LogMessage | "distrusted" | undefined;
}

/**
 * Gives messages in their order, without a hole. Those that were not done with come again after a lost
 * connection, in another epoch, from the first one on; and single ones may at any time.
 */
export interface Receiver {
  /** Whether nothing was received before: all that was ever kept is seen, or has been forgotten. */
  readonly isNew: boolean;
  /** The place of the first message that is kept, as far as is known. */
  readonly firstPlace: number;
  /** How many messages may be without `done()` until no more come. */
  readonly mostUndone: number;
  /**
   * Gives what has come, waiting for it up to `time` ms; nothing then, or when it has ended.
   * What is not taken stays with the other side, but for a bounded part.
   *
   * @throws {OuroborosError} what ended it
   */
  take(time: number): Promise<Incoming[]>;
  /**
   * Messages were handled, for good: they need not come again, as far as is known.
   *
   * @param floor the place up to which all were handled: if messages come again, those after it do
   */
  done(messages: readonly Incoming[], floor: number): void;
  /** Asks what `firstPlace` is by now. */
  refresh(): Promise<void>;
  /** Whether all was taken that was there in the beginning, or what is left of it. */
  isAtEnd(): Promise<boolean>;
  /** Ends it. What was done is known to the other side when this is fulfilled, if it is there. */
  close(): Promise<void>;
}

/** A way to the messages of many logs. */
export interface ReceiveCarrier {
  /** Where they come from: the state of a receiver is kept for that. */
  readonly place: { readonly stream: string; readonly consumer: string };
  /**
   * Connects, however long that takes.
   *
   * @param signal ends it, and the receiver: what waits then, waits no longer
   * @throws {OuroborosError} what will not get better by itself
   * @throws {DOMException} the reason of `signal` when it is aborted
   */
  open(signal: AbortSignal): Promise<Receiver>;
}
