/**
 * How memory is created and opened, and which sizes and modes it can have.
 *
 * @module
 */

import { system } from "./current_system.ts";
import type { Access } from "./system.ts";

/** How memory is created. */
export interface CreateOptions {
  /**
   * The permission bits, exact: the umask takes nothing away. Default 0o600. On Windows, which has
   * other rights, nothing comes of it: a segment is for its user, a file has the rights of its folder.
   */
  mode?: number;
  /**
   * Whether memory, or disk, is set aside for all of it. Default true. Without it, creating is
   * quick and takes no room, and a store that finds none later kills the process (SIGBUS). On
   * Windows there is always room for all of it; on macOS no memory can be set aside for a segment.
   */
  reserve?: boolean;
}

/** How memory is opened. */
export interface OpenOptions {
  /** Whether it may be written to. Default `"read"`. */
  access?: Access;
}

/** Throws a RangeError unless `size` is a size that this runtime can map. */
export function checkSize(size: number, what: string): void {
  if (!Number.isSafeInteger(size) || size < 1) {
    throw new RangeError(`${what} of ${size} bytes: the size must be a positive integer`);
  }
  const { maxView } = system();
  if (size > maxView) {
    throw new RangeError(
      `${what} of ${size} bytes exceeds the ${maxView} that this runtime can map`,
    );
  }
}

/** Throws a RangeError unless `mode` is a set of permission bits. */
export function checkMode(mode: number): void {
  if (!Number.isInteger(mode) || mode < 0 || mode > 0o777) {
    throw new RangeError(`mode ${mode} is not from 0 to 0o777`);
  }
}
