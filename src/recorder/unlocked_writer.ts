/**
 * Writers that take no lock, as that of the C++ library.
 *
 * @module
 */

import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { targetOf } from "../log/native/target.ts";

/**
 * Whether a living process may write to the log of that name, or path, though it holds no lock: whether it
 * has mapped it for writing. Where that is not known, it may.
 */
export function hasUnlockedWriter(name: string): boolean {
  if (process.platform !== "linux") return true;
  const end = `${typeof targetOf(name) === "string" ? `/dev/shm${name}` : name}\n`;
  try {
    return readdirSync("/proc").some((pid) => /^\d+$/.test(pid) && isMapped(pid, end));
  } catch {
    return true;
  }
}

/** Whether a process has mapped for writing what has a path with that end of a line. */
function isMapped(pid: string, end: string): boolean {
  try {
    const maps = readFileSync(`/proc/${pid}/maps`, "utf8");
    for (let at = maps.indexOf(end); at >= 0; at = maps.indexOf(end, at + 1)) {
      // 7f0c8a000000-7f0c8b000000 rw-s 00000000 00:1a 5678   /dev/shm/app
      if (/^\S+ .w.s /.test(maps.slice(maps.lastIndexOf("\n", at) + 1, at))) return true;
    }
  } catch {
    // It has ended, or is another user's.
  }
  return false;
}
