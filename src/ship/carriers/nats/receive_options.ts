/**
 * How to receive.
 *
 * @module
 */

import { checkName } from "./nats_options.ts";
import type { NatsLink, NatsOptions } from "./connect.ts";
import {
  anything,
  checkOptions,
  type Checks,
  flag,
  integer,
  oneOf,
  signal,
  text,
} from "../../../base/options.ts";
import { natsChecks } from "./nats_options.ts";

/** What to receive, and from where. */
export interface ReceiveOptions extends NatsOptions {
  /** A connection to use, and to leave open, instead of one of our own. */
  link?: NatsLink;
  /** The name of the stream. */
  stream: string;
  /** Only messages of these subjects: `"logs.web-1.*"`. Default: all of the stream. */
  subject?: string;
  /**
   * The name of a durable consumer, made if it is not there: the server remembers by it what was
   * handled, so that the next receiver goes on there. There is one receiver at a time for a consumer;
   * its description, if nobody else has given it one, says which.
   * Without it each receiver begins where `start` says, and the server remembers nothing.
   */
  consumer?: string;
  /**
   * The path of a file in which the last number of each log is kept, so that nothing is given twice
   * after a restart, not even what was handled and could not be acknowledged. With a `consumer` only.
   */
  state?: string;
  /**
   * Where to begin if there is no such consumer: with the oldest message of the stream, after the
   * newest, or at a number of the stream. Default `"oldest"`.
   */
  start?: "oldest" | "latest" | { readonly streamSequence: number };
  /** Whether to wait for more at the end of the stream. Default `true`. */
  follow?: boolean;
  /** The domain of JetStream, for a server that is a leaf of others. */
  domain?: string;
  /** Ends the iteration, without an error. */
  signal?: AbortSignal;
  /**
   * How long a message waits for one that comes before it, in milliseconds, until what is missing is
   * given as an unexplained gap. Default 30,000.
   */
  maxHold?: number;
  /** How many messages may wait so, over all logs. Default 65,536. */
  maxHeldMessages?: number;
  /** How many bytes of them. Default 64 MiB. */
  maxHeldBytes?: number;
  /** How many messages may be on their way, or here and not yet asked for. Default 4096. */
  window?: number;
  /**
   * Of how many logs the numbers are kept; of more, those that were heard of longest ago are
   * forgotten, and begin anew. Default 65,536.
   */
  maxSources?: number;
}

/** The options with what is not said, checked. */
export interface CheckedOptions extends ReceiveOptions {
  start: NonNullable<ReceiveOptions["start"]>;
  follow: boolean;
  maxHold: number;
  maxHeldMessages: number;
  maxHeldBytes: number;
  maxSources: number;
}

/** What {@linkcode ReceiveOptions} may be. */
export const receiveChecks: Checks<ReceiveOptions> = {
  ...natsChecks,
  link: anything,
  stream: (_name, value) => checkName("stream", value),
  subject: subjectCheck,
  consumer: (_name, value) => checkName("consumer", value),
  state: text,
  start(name, value) {
    if (typeof value !== "object" || value === null) return startWord(name, value);
    integer(1)("start.streamSequence", Object(value).streamSequence);
  },
  follow: flag,
  domain: (_name, value) => checkName("domain", value),
  signal,
  maxHold: integer(0, undefined, "ms"),
  maxHeldMessages: integer(0),
  maxHeldBytes: integer(0, undefined, "bytes"),
  window: integer(1),
  maxSources: integer(1),
};

const startWord = oneOf("oldest", "latest");

function subjectCheck(name: string, value: unknown): void {
  text(name, value);
  const subject = value as string;
  if (/^(?:[^\s.*>]+|\*)(?:\.(?:[^\s.*>]+|\*))*(?:\.>)?$|^>$/.test(subject)) return;
  throw new RangeError(`"${subject}" is no subject`);
}

/**
 * Checks the options.
 *
 * @throws {RangeError} if a number or a name is not usable
 * @throws {TypeError} if there is a state file and no consumer
 */
export function checkReceiveOptions(options: ReceiveOptions): CheckedOptions {
  checkOptions("receive()", options, receiveChecks);
  checkName("stream", options.stream);
  const { consumer, state, start = "oldest" } = options;
  if (state !== undefined && consumer === undefined) {
    throw new TypeError(
      "a state file is of use with a durable consumer only: name a consumer, too",
    );
  }
  return {
    ...options,
    start,
    follow: options.follow ?? true,
    maxHold: options.maxHold ?? 30_000,
    maxHeldMessages: options.maxHeldMessages ?? 65_536,
    maxHeldBytes: options.maxHeldBytes ?? 64 << 20,
    maxSources: options.maxSources ?? 65_536,
  };
}
