/**
 * What carries messages from one machine to others: NATS, a collector of OpenTelemetry, or memory in
 * tests. Nothing else in this folder knows of networks.
 *
 * A carrier of `forward()` keeps no promise but these: it gives an answer to what it has sent, or none;
 * and it says when the connection was lost and is there again. The outbox does all the rest.
 *
 * @module
 */

import type { GapReason, LogMessage, LogSource } from "./message.ts";

/** A message to be sent. It may change after `send()`, but for its bytes. */
export interface Outgoing {
  /** Where the entries are from; the same object for all of a segment. */
  readonly source: LogSource;
  /** The number of the entry, or of the first one of a gap. */
  readonly from: number;
  /** The same, or the number of the last one of a gap. */
  readonly to: number;
  /** Why it is a gap; `undefined`: it is an entry. */
  readonly reason: GapReason | undefined;
  /** How many entries directly before it were left out on purpose: this message says so. */
  readonly filtered: number;
  /** The size of the entry in bytes, as it is sent. */
  readonly size: number;
  /** The bytes of the entry; empty for a gap. Nothing writes to that memory again. */
  readonly bytes: Uint8Array;
  /** How many bytes it had, if it was cut. */
  readonly cutFrom: number | undefined;
  /** When it was read, in milliseconds since 1970. */
  readonly time: number;
  /** Its place in the order of all. An answer names it, and the attempt. */
  readonly ticket: number;
  /** In which attempt it is sent: a later one may send it again. */
  readonly attempt: number;
}

/** Why a message was not taken. */
export interface Refusal {
  /**
   * `"later"`: nothing is taken at the moment; `"too large"`: this message, of that size; `"never"`:
   * this message, whatever its size.
   */
  readonly kind: "later" | "too large" | "never";
  /** In words of the other side, or of the carrier. */
  readonly description: string;
  /** For how many milliseconds nothing is to be sent, if the other side says so. */
  readonly pause?: number;
}

/** What a carrier reports about what it was given to send. It may be called at any time after `open()`. */
export interface Answers {
  /** The other side has a message, perhaps since before. */
  acknowledged(attempt: number, ticket: number, isDuplicate: boolean): void;
  /** It does not take it. */
  refused(attempt: number, ticket: number, refusal: Refusal): void;
  /**
   * So many of those that are acknowledged are thrown away there, for good. Which ones is not known.
   */
  rejected(count: number, description: string): void;
  /** What had no answer by now gets none: the connection is lost. */
  disconnected(): void;
  /** There is a connection again, or another. */
  connected(): void;
  /** Nothing can be sent, or no answer received, and that will not change. */
  failed(error: unknown): void;
}

/** Sends messages. */
export interface Sender {
  /** Whether there is somebody at the other end, as far as is known. */
  readonly isConnected: boolean;
  /** How many bytes that entry may have at most, with what goes with it. */
  mostBytes(message: Outgoing): number;
  /** Sends a message: now, or with others in a moment. It does not throw. */
  send(message: Outgoing): void;
  /**
   * There was no answer for `time` ms. Looks whether the connection is alive, and makes another if it is
   * not. Everything without an answer is sent again afterwards. It does not throw.
   */
  checkAlive(time: number, signal: AbortSignal): Promise<void>;
  /** Takes no more answers, and closes the connection if it is its own. */
  close(): Promise<void>;
}

/** A way for messages of one log. */
export interface SendCarrier {
  /** Where they go, in words: the state of a forwarder is kept for that. */
  readonly route: readonly string[];
  /** What is wrong with a source, before anything is begun: throws a RangeError. */
  checkSource(source: LogSource): void;
  /**
   * Connects, however long that takes.
   *
   * @param secret 16 random bytes that only this forwarder knows, the same after a restart
   * @param source where the first messages are from
   * @throws {OuroborosError} what will not get better by itself
   * @throws {DOMException} the reason of `signal` when it is aborted
   */
  open(
    answers: Answers,
    secret: Uint8Array,
    source: LogSource,
    signal: AbortSignal | undefined,
  ): Promise<Sender>;
}

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
