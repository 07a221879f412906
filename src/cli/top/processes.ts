/**
 * Which processes have to do with a log, where the system tells: Linux does, in /proc.
 *
 * @module
 */

import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import process from "node:process";

/** Whether the system tells. */
export const isTold: boolean = process.platform === "linux";

/** A process that has a segment mapped. */
export interface Attached {
  pid: number;
  /** Its name, as it gave it itself: harmless() before it goes to a terminal. */
  name: string;
}

/**
 * The processes that hold a lock for writing, by the inode of the file. An inode is unique within
 * one file system only: whoever asks knows that the segment is locked.
 */
export function writerPids(): Map<string, number> {
  const pids = new Map<string, number>();
  for (const line of lines("/proc/locks")) {
    // 1: FLOCK  ADVISORY  WRITE 1234 00:1a:5678 0 EOF
    const found = /FLOCK +ADVISORY +WRITE +(\d+) [\da-f]+:[\da-f]+:(\d+) /.exec(line);
    if (found !== null) pids.set(found[2], Number(found[1]));
  }
  return pids;
}

/**
 * The processes that have the segment of this name mapped, of those that we may look at. It takes
 * milliseconds: for one log, when somebody asks.
 */
export function attachedTo(name: string): Attached[] {
  const place = name.startsWith("/") && name.indexOf("/", 1) < 0 ? `/dev/shm${name}` : name;
  const found: Attached[] = [];
  for (const pid of folder("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    // Descriptors are quicker to read than maps; ours and those of the C++ library stay open.
    const isAttached = folder(`/proc/${pid}/fd`).some((fd) =>
      link(`/proc/${pid}/fd/${fd}`) === place
    );
    if (isAttached || lines(`/proc/${pid}/maps`).some((line) => line.endsWith(` ${place}`))) {
      found.push({ pid: Number(pid), name: lines(`/proc/${pid}/comm`)[0] ?? "?" });
    }
  }
  return found;
}

function lines(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split("\n");
  } catch {
    // Not there, not any more, or not for us.
    return [];
  }
}

function folder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function link(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
