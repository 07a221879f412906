/**
 * How memory is created and opened, and which sizes and modes it can have.
 *
 * @module
 */

import { system } from "./current_system.ts";
import type { Access } from "./system.ts";
import { callback, type Checks, flag, mode as isMode, oneOf } from "../src/base/options.ts";

/** How memory is created. */
export interface CreateOptions<T = unknown> {
  /**
   * The permission bits, exact: the umask takes nothing away. Default 0o600. No effect on
   * Windows, where a segment is for its user, and a file has the rights of its folder.
   */
  mode?: number;
  /**
   * Whether memory, or disk, is set aside for all of it. Default true. Without it,
   * creation is quick and takes no room, but a later store that finds none kills the process (SIGBUS). On
   * Windows there is always room for all of it; on macOS no memory can be set aside for a segment.
   */
  reserve?: boolean;
  /**
   * Whether it is locked as soon as it is there, see {@linkcode Mapping.tryLock}. If another process
   * was faster, a `WriterLockedError` is thrown. Default false.
   */
  lock?: boolean;
  /**
   * Whether it takes its name away from what has it, in one step: an open by that name finds the one or
   * the other, and never none. The caller holds the lock of that. On Linux only, and in file systems that
   * have files without names; elsewhere it is a `NativeUnavailableError`. Default false.
   */
  replaces?: boolean;
  /**
   * Called with the memory, of zeros, before others can find it: on Linux it gets its name when this
   * returns. Elsewhere, and in file systems that can't do that, it has its name already. If this
   * throws, nothing is left of the memory. It may be called again, with another memory.
   */
  prepare?: (memory: T) => void;
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

/** What {@linkcode CreateOptions} may be. */
export const createChecks: Checks<CreateOptions> = {
  mode: isMode,
  reserve: flag,
  lock: flag,
  replaces: flag,
  prepare: callback,
};

/** What {@linkcode OpenOptions} may be. */
export const openChecks: Checks<OpenOptions> = { access: oneOf("read", "read-write") };
