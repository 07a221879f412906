/**
 * What a logger is made of, beyond what its users see.
 *
 * @module
 */

import type { LoggerState } from "./state.ts";
import type { Logger } from "./types.ts";

/** Its state. A child has its own. */
export const STATE: unique symbol = Symbol("ouroboros.logger.state");
/** The number of its level. A child whose level was not set has its parent's. */
export const LEVEL: unique symbol = Symbol("ouroboros.logger.level");

/** A logger, and what is behind it. */
export interface LoggerInternals extends Logger {
  [STATE]: LoggerState;
  [LEVEL]: number;
  /** The logging methods, which are set with the level. */
  // deno-lint-ignore no-explicit-any
  [name: string]: any;
}
