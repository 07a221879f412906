/**
 * What `ouroboros doctor` finds.
 *
 * @module
 */

import { OuroborosError } from "../../errors.ts";
import { explain } from "../process/exit.ts";

/** How it is: as it should be, usable with less than that, or not usable. */
export type Status = "ok" | "warning" | "broken";

/** What was found where one thing was looked at. */
export interface Finding {
  /** What was looked at. */
  readonly check: string;
  readonly status: Status;
  /** What was found, in a line. */
  readonly found: string;
  /** What to do about it. */
  readonly todo?: string;
  /** The same in values, for programs: sizes in bytes. */
  readonly values?: Readonly<Record<string, unknown>>;
}

/**
 * Makes findings. If the library fails in it, that is broken, with what to do; if it may not look, that
 * is a warning.
 */
export async function examine(
  check: string,
  look: () => Finding[] | Promise<Finding[]>,
  todo?: string,
): Promise<Finding[]> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof OuroborosError) {
      const values = { code: error.code };
      const found = explain(error);
      return [{ check, status: "broken", found, ...todo !== undefined && { todo }, values }];
    }
    if (!(error instanceof Error && ("code" in error || error.name === "NotCapable"))) throw error;
    return [{ check, status: "warning", found: `not known: ${error.message}` }];
  }
}
