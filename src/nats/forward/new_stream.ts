/**
 * Streams that are made.
 *
 * @module
 */

import type { StreamConfig } from "@nats-io/jetstream";
import { checkChoice, checkInteger } from "../checks.ts";

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
  const { maxBytes = 1, maxMessages = 1, maxMessageSize = 1, replicas = 1 } = options;
  const { maxAge = 0, duplicateWindow = 0 } = options;
  for (const [name, value] of Object.entries({ maxBytes, maxMessages, maxMessageSize })) {
    checkInteger(name, value, 1);
  }
  checkInteger("replicas", replicas, 1, MOST_REPLICAS);
  for (const [name, value] of Object.entries({ maxAge, duplicateWindow })) {
    if (!(value >= 0 && value < Infinity)) {
      throw new RangeError(`${name} is ${value}: no time in ms`);
    }
  }
  checkChoice("discard", options.discard ?? "old", ["old", "new"]);
  checkChoice("storage", options.storage ?? "file", ["file", "memory"]);
}

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
