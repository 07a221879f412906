/**
 * How the writer of an event log in a file is made.
 *
 * @module
 */

import { MAX_LOG_SIZE } from "../layout.ts";
import { type Checks, flag, integer, mode, number, oneOf } from "../../base/options.ts";
import { slotsCheck } from "../../slots.ts";

/** How an `EventLogWriter` continues with a log. */
export interface OpenEventLogOptions {
  /**
   * By how many bytes at least the file grows when it is full: a multiple of that, mapped again. The
   * larger, the rarer. Default 0: a full log stays full. The file does not keep it: give it each time
   * that the log is opened.
   */
  grow?: number;
  /** How many slots there may be for `{slot}` in the path, from 1 on. Default 64. */
  slots?: number;
}

/** How an event log is created. */
export interface CreateEventLogOptions extends OpenEventLogOptions {
  /** The size of the file in bytes; at least 4,096 are taken. Default 1 MiB. */
  capacity?: number;
  /** When the log was created, in seconds since 1970. Default: now. */
  createdAt?: number;
  /** The magic: `"EVIL"` as the original's code, or `"EVTL"` as its documentation. Default `"EVIL"`. */
  magic?: "EVIL" | "EVTL";
  /** The permission bits of the file. Default 0o600: nobody else may read it. */
  mode?: number;
  /**
   * Whether to touch all of the file now, which takes longer the larger it is, so that no write has
   * to wait for the system to bring a page. Default `false`.
   */
  prefault?: boolean;
}

/** How a damaged log is opened. */
export interface RecoverEventLogOptions extends OpenEventLogOptions {
  /** Whether to believe that it is an event log when its magic or version does not say so. */
  force?: boolean;
}

const size = integer(0, MAX_LOG_SIZE, "bytes");

/** What {@linkcode OpenEventLogOptions} may be. */
export const openChecks: Checks<OpenEventLogOptions> = { grow: size, slots: slotsCheck };

/** What {@linkcode CreateEventLogOptions} may be. */
export const createChecks: Checks<CreateEventLogOptions> = {
  ...openChecks,
  capacity: size,
  createdAt: number,
  magic: oneOf("EVIL", "EVTL"),
  mode,
  prefault: flag,
};
