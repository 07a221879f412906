/**
 * The address of a stream of NATS, as it stands in the place of a log.
 *
 * @module
 */

import { InvalidArgumentError } from "commander";

/** A stream on a server, and which of its subjects. */
export interface StreamTarget {
  /** The address of the server. */
  readonly server: string;
  /** The stream. */
  readonly stream: string;
  /** Only these subjects. */
  readonly subject?: string;
}

/** Servers with commas between, a stream, and perhaps a subject. */
const STREAM_ADDRESS = /^(\w+:\/\/[^/]+(?:,\w+:\/\/[^/]+)*)\/([^/\s]+)(?:\/(\S+))?$/;

/** Whether an argument is the address of a stream. */
export function isStreamAddress(text: string): boolean {
  return /^(nats|tls|wss?):\/\//i.test(text);
}

/** A stream by its address: `nats://HOST:PORT/STREAM/SUBJECT`, the subject as it is. */
export function streamArgument(text: string): StreamTarget {
  const [, server, stream, subject] = STREAM_ADDRESS.exec(text) ?? [];
  if (stream === undefined) {
    throw new InvalidArgumentError("nats://HOST:PORT/STREAM or …/STREAM/SUBJECT is expected.");
  }
  return { server, stream, ...subject !== undefined && { subject } };
}
