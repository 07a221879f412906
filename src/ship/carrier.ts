/**
 * What an outbox needs of a connection.
 *
 * @module
 */

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
