/**
 * Streams that are made.
 *
 * @module
 */

import type { StreamConfig } from "@nats-io/jetstream";
import { checkArray } from "../../../base/arguments.ts";
import { checkOptions, type Checks, integer, milliseconds, oneOf } from "../../../base/options.ts";

const NANOSECONDS = 1_000_000;
const DUPLICATE_WINDOW = 120_000;
/** The server has no more copies. */
const MOST_REPLICAS = 5;

/** How a stream is made that is not there. */
export interface NewStreamOptions {
  /** The subjects that it takes. Default: all that the template of the subject may become. */
  subjects?: readonly string[];
  /** The most bytes that it keeps. Default: as many as the server lets it have. */
  maxBytes?: number;
  /** The most messages that it keeps. Default: any number. */
  maxMessages?: number;
  /** For how many milliseconds it keeps a message. Default: for ever. */
  maxAge?: number;
  /** The largest message that it takes, in bytes, headers included. Default: what the server takes. */
  maxMessageSize?: number;
  /** On how many servers of a cluster it is. Default 1. */
  replicas?: number;
  /**
   * For how many milliseconds it knows the messages that it has, so that one that is sent again is not
   * there twice. Default: 2 minutes, or `maxAge` if that is less.
   */
  duplicateWindow?: number;
  /** What it does when it is full: forget the `"old"` messages, or refuse the `"new"`. Default `"old"`. */
  discard?: "old" | "new";
  /** Where it is. Default `"file"`. */
  storage?: "file" | "memory";
}

/**
 * Checks the options.
 *
 * @throws {RangeError} if a number is not usable
 * @throws {TypeError} if there is no such choice
 */
export function checkNewStream(options: NewStreamOptions): void {
  checkOptions("createStream", options, newStreamChecks);
}

const size = integer(1);
const time = milliseconds(0, Number.MAX_SAFE_INTEGER);
const newStreamChecks: Checks<NewStreamOptions> = {
  subjects: checkArray,
  maxBytes: size,
  maxMessages: size,
  maxAge: time,
  maxMessageSize: size,
  replicas: integer(1, MOST_REPLICAS),
  duplicateWindow: time,
  discard: oneOf("old", "new"),
  storage: oneOf("file", "memory"),
};

/** The stream as the server is told of it. */
export function newStreamConfig(
  name: string,
  create: NewStreamOptions & { subjects: readonly string[] },
): Partial<StreamConfig> {
  const { maxAge = 0, duplicateWindow } = create;
  // The server wants it to be no longer than messages live.
  const window = duplicateWindow ?? (maxAge > 0 ? Math.min(maxAge, DUPLICATE_WINDOW) : undefined);
  return {
    name,
    subjects: [...create.subjects],
    max_bytes: create.maxBytes ?? -1,
    max_msgs: create.maxMessages ?? -1,
    max_age: maxAge * NANOSECONDS,
    max_msg_size: create.maxMessageSize ?? -1,
    num_replicas: create.replicas ?? 1,
    ...window !== undefined && { duplicate_window: window * NANOSECONDS },
    discard: (create.discard ?? "old") as StreamConfig["discard"],
    storage: (create.storage ?? "file") as StreamConfig["storage"],
  };
}
