/**
 * How a log is forwarded, and what is counted.
 *
 * @module
 */

import type { Cursor } from "../../../log/native/cursor.ts";
import type { NatsLink, NatsOptions } from "./connect.ts";
import { checkDomain, checkStreamName } from "./checks.ts";
import type { GapMessage } from "../../message.ts";
import { checkNewStream, type NewStreamOptions } from "./new_stream.ts";
import {
  anything,
  callback,
  checkOptions,
  type Checks,
  flag,
  integer,
  LONGEST_SLEEP,
  milliseconds,
  oneOf,
  signal,
  text,
} from "../../../base/options.ts";
import { natsChecks } from "./nats_options.ts";

/** The most messages that may be on their way: for each there is an object. */
const MOST_IN_FLIGHT = 1 << 16;

/** How a log is forwarded. */
export interface ForwardOptions extends NatsOptions {
  /** The stream that takes the entries. */
  stream: string;
  /**
   * The subject, in which `{host}`, `{name}` and `{segment}` are replaced. Default
   * `"logs.{host}.{name}"`: entry 7 of `/app` on the machine `web-1` goes to `logs.web-1.app`.
   */
  subject?: string;
  /** What this machine is called. Default: what the system says. */
  host?: string;
  /** Makes the stream if it is not there; one that is there stays as it is. Default `false`. */
  createStream?: boolean | NewStreamOptions;
  /** The domain of JetStream, where there are several. */
  domain?: string;
  /** A connection to share; it stays open at the end. Default: one for this forwarder alone. */
  link?: NatsLink;
  /**
   * The path of a file that remembers how far this forwarder got. Without it, it begins anew each time,
   * and what is sent once more is dropped by the server, within its window, or by the receiver.
   */
  state?: string;
  /**
   * Where to begin when no state file says so: with the `"oldest"` entry that the reader gives, or with
   * those that are `"new"` from now on. Default `"oldest"`.
   */
  start?: "oldest" | "new";
  /**
   * What to do with an entry that is larger than the server or the stream takes: a `"gap"` says that it
   * is missing, or its beginning goes and the message says how long it was (`"truncate"`). Default
   * `"gap"`.
   */
  tooLarge?: "gap" | "truncate";
  /** The most messages on their way. Default 4096. */
  maxInFlight?: number;
  /** The most bytes of entries on their way, which are kept as copies. Default 4 MiB. */
  maxInFlightBytes?: number;
  /**
   * For how many milliseconds a message may hold up all others without an answer, until everything that
   * has none is sent again. Default 5000.
   */
  ackTimeout?: number;
  /** How long `close()` waits for answers, in milliseconds. Default 5000. */
  closeTimeout?: number;
  /** Ends the forwarding as `close()` does. */
  signal?: AbortSignal;
  /** The longest sleep of the reader between two looks, in milliseconds. Default 20. */
  maxSleep?: number;
  /** Whether to go on with the segment that took the name when the writer began anew. Default `true`. */
  reopen?: boolean;
  /** Told of each gap, when it is noticed. */
  onGap?: (gap: GapMessage) => void;
  /** Told of what is not fatal: what the stream does not take, and a state file that can't be written. */
  onTrouble?: (trouble: ForwardTrouble) => void;
}

/** What keeps a forwarder from forwarding, for a while. */
export interface ForwardTrouble {
  /**
   * `"refused"`: the stream takes nothing at the moment, for one that is full for instance; `"resumed"`:
   * it does again; `"silent"`: there was no answer for `ackTimeout`; `"state"`: the state file could not
   * be written; `"replaced"`: the state file is of a segment that is gone, or has lost its end with its
   * machine, and what came after its last entry was not seen by anybody.
   */
  readonly type: "refused" | "resumed" | "silent" | "state" | "replaced";
  /** In words, perhaps of the server. */
  readonly message: string;
}

/** What a forwarder has done, and how far behind it is. */
export interface ForwardStats {
  /** Messages that were sent, each counted once. */
  readonly sent: number;
  /** Messages that were sent again, since nobody knew whether they had arrived. */
  readonly resent: number;
  /** Entries that are in the stream. */
  readonly acknowledged: number;
  /** Bytes of these entries. */
  readonly bytes: number;
  /** Messages that the server had already. */
  readonly duplicates: number;
  /** Gap records that are in the stream. */
  readonly gaps: number;
  /** Entries that these gaps are of. */
  readonly lostEntries: number;
  /** Entries that were cut. */
  readonly truncated: number;
  /** Messages on their way. */
  readonly inFlight: number;
  /** How many entries of the log are not in the stream yet. */
  readonly lagEntries: number;
  /** For how many seconds the oldest of them has been there, about. */
  readonly lagSeconds: number;
  /** Why the stream takes nothing at the moment, if so. */
  readonly refusal: string | undefined;
  /** Whether there is a server at the other end. */
  readonly isConnected: boolean;
  /** The place in the log up to which everything is in the stream. */
  readonly position: Cursor;
}

/** What {@linkcode ForwardOptions} may be. */
const forwardChecks: Checks<ForwardOptions> = {
  ...natsChecks,
  stream: (_name, value) => checkStreamName(value),
  subject: text,
  host(name, value) {
    text(name, value);
    if (value === "") {
      throw new RangeError("host is empty: leave it out for the name of the system");
    }
  },
  createStream(name, value) {
    if (typeof value === "object") checkNewStream(value as NewStreamOptions);
    else flag(name, value);
  },
  domain: (_name, value) => checkDomain(value),
  link: anything,
  state: text,
  start: oneOf("oldest", "new"),
  tooLarge: oneOf("gap", "truncate"),
  maxInFlight: integer(1, MOST_IN_FLIGHT),
  maxInFlightBytes: integer(1, undefined, "bytes"),
  ackTimeout: milliseconds(1, LONGEST_SLEEP),
  closeTimeout: milliseconds(0, LONGEST_SLEEP),
  signal,
  maxSleep: milliseconds(1, LONGEST_SLEEP),
  reopen: flag,
  onGap: callback,
  onTrouble: callback,
};

/**
 * Checks the options, but for what a connection needs.
 *
 * @throws {RangeError} if a number or a name is not usable
 * @throws {TypeError} if there is no such choice
 */
export function checkForwardOptions(options: ForwardOptions): void {
  checkOptions("forward()", options, forwardChecks);
  checkStreamName(options.stream);
}
