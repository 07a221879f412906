/**
 * Errors in words.
 *
 * @module
 */

import { OuroborosError } from "../../errors.ts";

/** One line for what the world did to us; for a mistake of our own, where it happened, too. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isExpected = error instanceof OuroborosError || error instanceof RangeError ||
    "code" in error;
  return isExpected ? error.message : error.stack ?? error.message;
}
