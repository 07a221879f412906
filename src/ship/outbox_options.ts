/**
 * How an outbox sends, and what it counts.
 *
 * @module
 */

import type { OutMessage } from "./out_message.ts";

/** How much may be on its way, and what to do about what is not taken. */
export interface OutboxOptions {
  /** The most messages. */
  maxMessages: number;
  /** The most bytes of payloads, unless it is a single one. */
  maxBytes: number;
  /** How long the first message that has no answer may wait for it, in ms, until all are sent again. */
  ackTimeout: number;
  /** What becomes of a message that is larger than the server takes. */
  tooLarge: "gap" | "truncate";
  /** Told of each message, in order, as soon as it and all before it are in the stream. */
  onSettled: (message: OutMessage) => void;
  /** Told that the stream takes nothing at the moment, and why; `undefined`: it does again. */
  onRefused: (refusal: Refusal | undefined) => void;
  /** Told that no answer comes; to look whether the connection is alive. It is sent again afterwards. */
  onSilence: () => Promise<void>;
}

/** What was counted. */
export interface OutboxCounts {
  /** Messages that were sent, each once. */
  sent: number;
  /** Messages that were sent again. */
  resent: number;
  /** Messages of which the server said that it had them already. */
  duplicates: number;
  /** Answers that were refusals. */
  refused: number;
  /** Entries that were cut. */
  truncated: number;
}
/** What messages are sent by. */
export interface Carrier {
  /** Whether there is somebody at the other end. */
  readonly isConnected: boolean;
  /** The largest message in bytes, headers included. */
  readonly mostBytes: number;
  /** Sends a message. The answer comes back with the same ticket and attempt. */
  publish(
    subject: string,
    headers: Uint8Array,
    payload: Uint8Array,
    attempt: number,
    ticket: number,
  ): void;
}

/** Why a message was not taken. */
export interface Refusal {
  /** The server's number of the reason; 0 if nobody was there to take it. */
  readonly code: number;
  /** The server's words. */
  readonly description: string;
}
