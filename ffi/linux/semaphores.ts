/**
 * Named semaphores of Linux, of which only our own are opened.
 *
 * @module
 */

import {
  PermissionDeniedError,
  SegmentExistsError,
  SegmentNotFoundError,
  SystemCallError,
} from "../../src/errors.ts";
import type { Semaphores, System } from "../system.ts";

/** The size of a `sem_t` of 64 bits in bytes, of glibc and of musl. */
const SIZE = 32;
/** How often one that comes and goes is tried before it is an error. */
const ATTEMPTS = 100;

/**
 * Semaphores that are files `sem.NAME` beside segments. `sem_open` maps whatever it finds there: an
 * empty file of a stranger kills the process, and so does one that is cut off later. So it only makes
 * them, which is one step, and what is there is mapped here, after a look at the very same file.
 */
export function linuxSemaphores(
  exclusive: Semaphores,
  system: Pick<System, "openShared" | "isOwn" | "owner" | "size" | "map" | "unmap" | "close">,
): Semaphores {
  const mapped = new Set<bigint>();

  function openThere(name: string): bigint {
    const descriptor = system.openShared(name.replace(/^\//, "/sem."), "read-write");
    const what = `semaphore "${name}"`;
    try {
      if (!system.isOwn(descriptor)) {
        throw new PermissionDeniedError(
          `${what} belongs to another user, ${system.owner(descriptor)}: it is left as it is`,
        );
      }
      const size = system.size(descriptor);
      if (size !== SIZE) {
        throw new SystemCallError(
          `${what} is a file of ${size} bytes, but a semaphore has ${SIZE}`,
          0,
        );
      }
      const address = system.map(descriptor, SIZE, "read-write", what);
      mapped.add(address);
      return address;
    } finally {
      system.close(descriptor);
    }
  }

  return {
    ...exclusive,
    open(name, mode, value) {
      for (let attempt = 1;; attempt++) {
        try {
          return openThere(name);
        } catch (error) {
          if (!(error instanceof SegmentNotFoundError)) throw error;
        }
        try {
          return exclusive.open(name, mode, value);
        } catch (error) {
          if (!(error instanceof SegmentExistsError) || attempt === ATTEMPTS) throw error;
        }
      }
    },
    close(address) {
      if (mapped.delete(address)) system.unmap(address, SIZE);
      else exclusive.close(address);
    },
  };
}
