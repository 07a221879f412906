/**
 * Names with a slot: `"/app.{slot}"` is the first of `/app.0`, `/app.1`, … that a writer can have.
 *
 * A writer takes its lock anyway, and by that alone it takes its slot, too: two that begin at the same
 * moment can't have the same one, and what a killed one held is free. So there are never more slots than
 * processes that lived at the same time, and one that starts again continues the log that it, or its like,
 * has left.
 *
 * @module
 */

import {
  LogFinishedError,
  type OuroborosError,
  PermissionDeniedError,
  SegmentExistsError,
  UnsupportedLogError,
  WriterLockedError,
} from "./errors.ts";
import { checkName } from "./base/arguments.ts";
import { type Check, integer } from "./base/options.ts";

/** What stands for the number in a name. */
const SLOT = "{slot}";
/** How many slots there are by default. */
const DEFAULT_SLOTS = 64;

/** What the option `slots` may be. */
export const slotsCheck: Check = integer(1, 65536);

/** Whether a name, or path, has a slot. */
export function hasSlot(name: string): boolean {
  checkName("name or path", name);
  return name.includes(SLOT);
}

/** The name with that number for its slot. */
export function inSlot(name: string, slot: number): string {
  return name.replaceAll(SLOT, String(slot));
}

/**
 * What `open` gives for the first slot of `name` that it can open; for the name itself if it has none.
 *
 * @throws {WriterLockedError} if no slot is free
 */
export function openSlot<T>(
  name: string,
  slots: number | undefined,
  open: (name: string) => T,
): T {
  if (!hasSlot(name)) return open(name);
  return openFirst(name, slots, (slot) => open(inSlot(name, slot)));
}

/** Whether a free slot is looked for: errors of those that are taken are seen by nobody. */
export let isSearching = false;

/** The same by number. */
export function openFirst<T>(
  name: string,
  slots: number = DEFAULT_SLOTS,
  open: (slot: number) => T,
): T {
  let refused: OuroborosError | undefined;
  let isHeld = false;
  for (let slot = 0; slot < slots; slot++) {
    isSearching = true;
    try {
      return open(slot);
    } catch (error) {
      if (!isTaken(error)) throw error;
      isHeld ||= error instanceof WriterLockedError;
      refused ??= error;
    } finally {
      isSearching = false;
    }
  }
  // Where nobody writes there is something wrong with all of them, and the first says what.
  if (!isHeld && refused !== undefined) throw refused;
  throw new WriterLockedError(
    `all ${slots} slots of "${name}" have living writers: raise the option "slots"`,
  );
}

/**
 * Whether others have the name: a writer that is alive, another user, something that is no log. A log that
 * was finished stays as it is, until it is removed.
 */
function isTaken(error: unknown): error is OuroborosError {
  return error instanceof WriterLockedError || error instanceof PermissionDeniedError ||
    error instanceof SegmentExistsError || error instanceof UnsupportedLogError ||
    error instanceof LogFinishedError;
}
