/**
 * The stream that takes a log's entries: looked for, made if that is asked for, and checked.
 *
 * @module
 */

import type { JetStreamManager, StreamConfig, StreamInfo } from "@nats-io/jetstream";
import { StreamUnusableError } from "../../../errors.ts";
import { checkArray } from "../../../base/arguments.ts";
import { checkOptions, type Checks, integer, milliseconds, oneOf } from "../../../base/options.ts";
import { delay } from "../../../async.ts";
import type { NatsLink } from "./connect.ts";
import { closedError, codeOf, explained, isForbidden, isPassing, managerOf } from "./client.ts";
import { Backoff } from "./dial.ts";
import { takesSubject } from "./subject.ts";

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
  /** For how many milliseconds it keeps a message. Default: forever. */
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
 * @throws {TypeError} if an option is not one of its values
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

function newStreamConfig(
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

/** The longest pause between two attempts, in milliseconds. */
const LONGEST_PAUSE = 2000;
/** What the server says when two make a stream at once. */
const NAME_IN_USE = 10058;

/**
 * Looks for the stream, makes it if it is not there and `create` is given, and checks that it takes
 * the subjects. While there is no server, it waits for one.
 *
 * @returns the largest message in bytes, headers included; infinite if the stream has no limit of its own
 * @throws {StreamUnusableError} if there is no JetStream, no such stream, or it takes other subjects
 * @throws {NatsRefusedError} if the link is closed since a server does not let us in
 * @throws {ClosedError} if it is closed for another reason
 */
export async function prepareStream(
  link: NatsLink,
  stream: string,
  subjects: readonly string[],
  options: {
    create?: NewStreamOptions & { subjects: readonly string[] };
    domain?: string;
    signal?: AbortSignal;
  } = {},
): Promise<number> {
  const { create, domain, signal } = options;
  signal?.throwIfAborted();
  const backoff = new Backoff(LONGEST_PAUSE);
  for (;;) {
    try {
      const manager = await managerOf(link.client, domain);
      const { config } = await findOrMake(manager, stream, create);
      checkUse(config, subjects);
      const size = config.max_msg_size ?? -1;
      return size > 0 ? size : Infinity;
    } catch (error) {
      // Who may only publish may not ask what there is: then the first answer will tell.
      if (isForbidden(error) && create === undefined) return Infinity;
      if (!isPassing(error)) throw explained(error, stream);
      const later = delay(backoff.delay(), { signal }).then(() => "later");
      const ended = await Promise.race([link.closed, later]);
      if (ended !== "later") throw ended ?? closedError();
    }
  }
}

async function findOrMake(
  manager: JetStreamManager,
  stream: string,
  create: NewStreamOptions & { subjects: readonly string[] } | undefined,
): Promise<StreamInfo> {
  try {
    return await manager.streams.info(stream);
  } catch (error) {
    if (create === undefined || (error as Error).name !== "StreamNotFoundError") throw error;
  }
  try {
    const config = newStreamConfig(stream, create);
    return await manager.streams.add(config as Parameters<typeof manager.streams.add>[0]);
  } catch (error) {
    // Somebody else was quicker.
    if (codeOf(error) !== NAME_IN_USE) throw error;
    return await manager.streams.info(stream);
  }
}

/** Throws unless the stream takes all subjects, now and later, and says so. */
function checkUse(config: StreamConfig, subjects: readonly string[]): void {
  const takers = config.subjects ?? [];
  const refused = subjects.find((subject) => !takers.some((one) => takesSubject(one, subject)));
  const wrong = config.sealed
    ? "is sealed: it takes nothing any more"
    : config.no_ack
    ? "acknowledges nothing (no_ack): what it has would not be known"
    : takers.length === 0
    ? "takes no subjects: it is filled from other streams"
    : refused !== undefined
    ? `takes ${takers.join(", ")}, but not "${refused}"`
    : undefined;
  if (wrong !== undefined) throw new StreamUnusableError(`stream "${config.name}" ${wrong}`);
}

/** A place in a stream, and how many messages from there on are not wanted. */
export interface LastMessages {
  readonly streamSequence: number;
  /** How many messages there are from it on before the last ones. */
  readonly excess: number;
}

/**
 * Finds the last `count` messages of a stream that are of a subject.
 *
 * @throws {StreamUnusableError} if there is no such stream
 */
export async function lastMessages(
  link: NatsLink,
  { stream, subject, domain }: { stream: string; subject?: string; domain?: string },
  count: number,
): Promise<LastMessages> {
  try {
    const jsm = await managerOf(link.client, domain);
    const { first_seq: first, last_seq: last } = (await jsm.streams.info(stream)).state;
    // Others may be in between: so it is looked further back each time.
    for (let distance = count;; distance *= 8) {
      const from = Math.max(first, last - distance + 1, 1);
      const found = await countFrom(jsm, stream, subject, from);
      if (found >= count || from <= first) {
        return { streamSequence: from, excess: Math.max(0, found - count) };
      }
    }
  } catch (error) {
    throw explained(error, stream);
  }
}

/** How many messages of a subject there are from a number of the stream on. */
async function countFrom(
  jsm: JetStreamManager,
  stream: string,
  subject: string | undefined,
  sequence: number,
): Promise<number> {
  const { name, num_pending } = await jsm.consumers.add(stream, {
    ...subject !== undefined && subject !== ">" && { filter_subject: subject },
    deliver_policy: "by_start_sequence",
    opt_start_seq: sequence,
    ack_policy: "none",
    inactive_threshold: 5e9,
    mem_storage: true,
    num_replicas: 1,
  });
  // If that is not permitted, the server forgets it in a moment.
  await jsm.consumers.delete(stream, name).catch(() => {});
  return num_pending;
}
