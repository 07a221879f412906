/**
 * How a command ends without success: by a code, or by an error in words.
 *
 * @module
 */

import { OuroborosError } from "../../errors.ts";

/** Ends the command with an exit code. All has been said by then. */
export class ExitError extends Error {
  /** The exit code. */
  readonly exitCode: number;

  /** Makes the end with this code. */
  constructor(exitCode: number) {
    super(`exit code ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** One line for what the world did to us; for a mistake of our own, where it happened, too. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isExpected = error instanceof OuroborosError || error instanceof RangeError ||
    "code" in error;
  return isExpected ? error.message : error.stack ?? error.message;
}
