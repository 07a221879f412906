/**
 * A lock that others take for a moment, only to see whether it is free.
 *
 * @module
 */

import { sleepSync } from "../src/base/sleep_sync.ts";

/** How often to try while only such a look is in the way: at once, then each ms. */
const QUICK_ATTEMPTS = 100;
const ATTEMPTS = 1100;

/** Takes a lock by `tryLock`, unless `isLocked` says that somebody holds it; returns whether it did. */
export function lockPatiently(tryLock: () => boolean, isLocked: () => boolean): boolean {
  for (let i = 0; i < ATTEMPTS; i++) {
    if (tryLock()) return true;
    // A process that only looks shares the lock for a moment, and must not keep it from us.
    if (isLocked()) return false;
    // A looker that was put to sleep in between needs the CPU to be done.
    if (i >= QUICK_ATTEMPTS) sleepSync(1);
  }
  return false;
}
