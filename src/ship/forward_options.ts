/**
 * How a log is forwarded, whatever carries it, and what is counted.
 *
 * @module
 */

import type { Cursor } from "../log/native/cursor.ts";
import { followChecks, type OnAbandoned } from "../log/native/follow.ts";
import {
  callback,
  type Checks,
  integer,
  LONGEST_SLEEP,
  milliseconds,
  oneOf,
  signal,
  text,
} from "../base/options.ts";
import type { GapMessage } from "./message.ts";

/** The most messages that may be on their way: for each there is an object. */
const MOST_IN_FLIGHT = 1 << 16;

/** How a log is forwarded, whatever carries it. */
export interface ShipOptions {
  /** What this machine is called. Default: what the system says. */
  host?: string;
  /**
   * The path of a file that remembers how far this forwarder got, and the key of its message ids. Only
   * its owner may read it. Without it, a forwarder begins from the start each time, and receivers drop what is
   * sent once more by its number.
   */
  state?: string;
  /**
   * Where to begin when no state file says so: with the `"oldest"` entry that the reader gives, with
   * those that are `"new"` from now on, or with the entry of a sequence number. Default `"oldest"`.
   */
  from?: "oldest" | "new" | number;
  /**
   * Whether to send an entry, by its bytes, which must not be kept or changed. A line of a container runtime
   * that is in several entries is asked once, as a whole, with the number of its last one, and all of these
   * are sent or none; a second after its beginning it is asked as far as it is there. What it leaves out is
   * missing on purpose: messages say how many entries before them were left out, so receivers don't take
   * these for lost. Default: all are sent. If it throws, the forwarding ends with that error.
   */
  select?: (bytes: Uint8Array, sequenceNumber: number) => boolean;
  /**
   * What to do with an entry that is larger than what carries it takes: a `"gap"` says that it is
   * missing, or its beginning is sent and the message says how long it was (`"truncate"`). Default
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
  /**
   * What to do when no writer can add to the log any more, as of `follow()`: `"end"` ends the forwarding.
   * Default `"reopen"`, which continues with the next log of that name.
   */
  onAbandoned?: OnAbandoned;
  /** Called with each gap, when it is noticed. */
  onGap?: (gap: GapMessage) => void;
  /** Called with what is not fatal. */
  onTrouble?: (trouble: ForwardTrouble) => void;
}

/** What keeps a forwarder from forwarding, for a while. */
export interface ForwardTrouble {
  /**
   * - `"refused"`: nothing is taken at the moment, by a full stream for instance; `"resumed"`: it is again.
   * - `"silent"`: there was no answer for `ackTimeout`.
   * - `"state"`: the state file could not be written.
   * - `"replaced"`: the state file is of a segment that is gone, or has lost its end with its machine;
   *   what came after its last entry is not known.
   * - `"duplicate"`: messages that were sent for the first time were known already. Another publisher
   *   has the key of this forwarder, and the entries may be missing.
   * - `"rejected"`: the other side took messages, and threw some of them away: it says how many.
   */
  readonly type: "refused" | "resumed" | "silent" | "state" | "replaced" | "duplicate" | "rejected";
  /** In words, perhaps of the server. */
  readonly message: string;
}

/** What a forwarder has done, and how far behind it is. */
export interface ForwardStats {
  /** Messages that were sent, each counted once. */
  readonly sent: number;
  /** Messages that were sent again, since it was not known whether they had arrived. */
  readonly resent: number;
  /** Entries that have arrived. */
  readonly acknowledged: number;
  /** Bytes of these entries. */
  readonly bytes: number;
  /** Messages that were known already. */
  readonly duplicates: number;
  /** Gap records that have arrived. */
  readonly gaps: number;
  /** Entries that these gaps are of. */
  readonly lostEntries: number;
  /** Entries that `select` left out, and that the other side knows of. */
  readonly filtered: number;
  /** Entries that were cut. */
  readonly truncated: number;
  /** Messages that have arrived, and that the other side threw away. NATS throws none away. */
  readonly rejected: number;
  /** Messages on their way. */
  readonly inFlight: number;
  /** How many entries of the log have not arrived yet. */
  readonly lagEntries: number;
  /** For how many seconds the oldest of them has been there, about. */
  readonly lagSeconds: number;
  /** Why nothing is taken at the moment, if so. */
  readonly refusal: string | undefined;
  /** Whether there is a server at the other end. */
  readonly isConnected: boolean;
  /** The place in the log up to which everything has arrived. */
  readonly position: Cursor;
}

const fromWord = oneOf("oldest", "new");

export const shipChecks: Checks<ShipOptions> = {
  host(name, value) {
    text(name, value);
    if (value === "") {
      throw new RangeError("host is empty: leave it out for the name of the system");
    }
  },
  state: text,
  from(name, value) {
    if (typeof value === "number") integer(0)(name, value);
    else fromWord(name, value);
  },
  select: callback,
  tooLarge: oneOf("gap", "truncate"),
  maxInFlight: integer(1, MOST_IN_FLIGHT),
  maxInFlightBytes: integer(1, undefined, "bytes"),
  ackTimeout: milliseconds(1, LONGEST_SLEEP),
  closeTimeout: milliseconds(0, LONGEST_SLEEP),
  signal,
  maxSleep: milliseconds(1, LONGEST_SLEEP),
  onAbandoned: followChecks.onAbandoned,
  onGap: callback,
  onTrouble: callback,
};
