/**
 * Locks that a thread has left which is gone: a worker that was terminated runs nothing at its end, and
 * its descriptors stay open as long as the process lives.
 *
 * The kernel can remember a thread as the owner of an open file (F_SETOWN_EX, made for signals), and
 * says whether that thread is still there. So each lock says which thread took it, and any other thread
 * of the process can see that nobody holds it any more, and give it back.
 *
 * @module
 */

import type { Driver, SymbolTable } from "../drivers/native.ts";

const CALLS = {
  // It takes any arguments after the command; here they go where those of a plain function go.
  fcntl: { parameters: ["i32", "i32", "bytes"], result: "i32" },
  gettid: { parameters: [], result: "i32" },
} as const satisfies SymbolTable;

const F_SETOWN_EX = 15;
const F_GETOWN_EX = 16;
const F_OWNER_TID = 0;
/** After how many numbers in a row without a descriptor the search ends: the lowest ones are given first. */
const LARGEST_GAP = 64;

/** What is done with the threads of locks. */
export interface ThreadLocks {
  /** Says that this thread holds the lock of a descriptor. */
  mark(descriptor: number): void;
  /**
   * The descriptors of this process that are of the same object, and that no living thread has marked.
   *
   * @param isSame whether a descriptor is; `undefined`: it is not open
   */
  deserted(isSame: (descriptor: number) => boolean | undefined): number[];
}

/** By the libc of that name; undefined if that lacks a call. */
export function threadLocks(native: Driver, libc: string): ThreadLocks | undefined {
  let calls;
  try {
    calls = native.open(libc, CALLS);
  } catch {
    // A glibc before 2.30 has no gettid.
    return undefined;
  }
  const { fcntl, gettid } = calls;
  // A struct f_owner_ex: what kind of number it is, and the number.
  const owner = new Int32Array(new ArrayBuffer(8));
  const bytes = new Uint8Array(owner.buffer);
  return {
    mark(descriptor) {
      owner[0] = F_OWNER_TID;
      owner[1] = gettid();
      fcntl(descriptor, F_SETOWN_EX, bytes);
    },
    deserted(isSame) {
      const found: number[] = [];
      for (let descriptor = 3, last = 3; descriptor - last < LARGEST_GAP; descriptor++) {
        const same = isSame(descriptor);
        if (same !== undefined) last = descriptor;
        if (!same) continue;
        owner.fill(-1);
        // The number of a thread that is gone is 0, and so is that of a descriptor without a mark.
        if (fcntl(descriptor, F_GETOWN_EX, bytes) === 0 && owner[1] === 0) found.push(descriptor);
      }
      return found;
    },
  };
}
