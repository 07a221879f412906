/**
 * Which processes have a log open, where the system says so: Linux does, in /proc.
 *
 * @module
 */

import { readdirSync, readFileSync, statSync } from "node:fs";
import process from "node:process";

/** Whether the system says so. */
export const knowsProcesses: boolean = process.platform === "linux";

/** A process that has a segment mapped. */
export interface Attached {
  pid: number;
  /** Its name, as it gave it itself: harmless() before it goes to a terminal. */
  name: string;
}

/**
 * The processes that hold a lock for writing, by the inode of the file: as `lockHolder()` of a segment, for many
 * at once. The caller knows that the segment is locked.
 */
export function writerPids(locks: readonly string[] = lines("/proc/locks")): Map<string, number> {
  const pids = new Map<string, number>();
  for (const line of locks) {
    // 1: FLOCK  ADVISORY  WRITE 1234 00:1a:5678 0 EOF
    const [, pid, inode] = /FLOCK +ADVISORY +WRITE +(-?\d+) [\da-f]+:[\da-f]+:(\d+) /.exec(line) ??
      [];
    // An inode is unique within its file system only: of two it is not known which one it is.
    if (inode !== undefined) pids.set(inode, pids.has(inode) ? NaN : Number(pid));
  }
  // Of another container it is 0, or -1.
  for (const [inode, pid] of pids) if (!(pid > 0)) pids.delete(inode);
  return pids;
}

/**
 * The processes that have the segment of this name mapped, of those that we may look at. It takes
 * milliseconds: for one log, when somebody asks.
 */
export function attachedTo(name: string): Attached[] {
  const place = name.startsWith("/") && name.indexOf("/", 1) < 0 ? `/dev/shm${name}` : name;
  const inode = inodeOf(place);
  if (inode === undefined) return [];
  const found: Attached[] = [];
  for (const pid of folder("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    // By the inode, not by the path: what got its name when it was complete has none there.
    // Descriptors are quicker to read than maps; ours and those of the C++ library stay open.
    const isAttached = folder(`/proc/${pid}/fd`).some((fd) =>
      inodeOf(`/proc/${pid}/fd/${fd}`) === inode
    );
    if (isAttached || lines(`/proc/${pid}/maps`).some((line) => isOf(line, inode))) {
      found.push({ pid: Number(pid), name: lines(`/proc/${pid}/comm`)[0] ?? "?" });
    }
  }
  return found;
}

/** Device and inode, as a line of maps has them: `00:1a 5678`. */
function inodeOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    // As the C library puts major and minor numbers together.
    const major = (dev >> 8n) & 0xfffn;
    const minor = (dev & 0xffn) | ((dev >> 12n) & 0xfff00n);
    const [a, b] = [major, minor].map((number) => number.toString(16).padStart(2, "0"));
    return `${a}:${b} ${ino}`;
  } catch {
    return undefined;
  }
}

function isOf(line: string, inode: string): boolean {
  const [, , , device, number] = line.split(/\s+/, 5);
  return `${device} ${number}` === inode;
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
