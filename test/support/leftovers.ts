/** Logs that tests have made, and that nobody needs any more. */

import process from "node:process";
import { SharedMemory } from "../../ffi/mod.ts";

/** A name of `uniqueName()`, with the process that made it: the first number, for more may follow. */
const NAME = /^\/o(?:uroboros)?-.*?-(\d+)-\d+/;

/** Removes what this process has made, and what others have that ended without doing so. */
export function removeLeftovers(ofOurOwn: boolean): void {
  for (const name of listed()) {
    const pid = Number(NAME.exec(name)?.[1] ?? NaN);
    if (pid === process.pid ? ofOurOwn : pid > 0 && !isAlive(pid)) remove(name);
  }
}

function listed(): string[] {
  if (!SharedMemory.persists) return [];
  try {
    return SharedMemory.list();
  } catch {
    // macOS has no list; and a test may have taken the right away.
    return [];
  }
}

function remove(name: string): void {
  try {
    SharedMemory.unlink(name);
  } catch {
    // It is another user's.
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code !== "ESRCH";
  }
}
