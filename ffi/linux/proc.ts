/**
 * What Linux tells in small files: read by libc, so that no runtime has to allow it.
 *
 * @module
 */

import { constants } from "node:fs";
import { cString } from "../posix/strings.ts";
import type { Driver, SymbolTable } from "../drivers/native.ts";

const CALLS = {
  // The function takes any arguments after the flags; here they go where those of a plain one go.
  open: { parameters: ["bytes", "i32", "i32"], result: "i32" },
  read: { parameters: ["i32", "bytes", "u64"], result: "i64" },
  close: { parameters: ["i32"], result: "i32" },
} as const satisfies SymbolTable;

const O_CLOEXEC = 0o2000000;
/** How many bytes there is room for at first: most of these files have less. */
const ROOM = 16384;
/** How many users there are, as the system counts them. */
const ALL_USERS = 0xffff_ffff;

/** Reads a small file; undefined if it can't be read. */
export type ReadText = (path: string) => string | undefined;

/** What reads small files by the libc of that name. */
export function textReader(native: Driver, libc: string): ReadText {
  const { open, read, close } = native.open(libc, CALLS);
  return (path) => {
    const descriptor = open(cString(path), constants.O_RDONLY | O_CLOEXEC, 0);
    if (descriptor < 0) return undefined;
    let bytes = new Uint8Array(new ArrayBuffer(ROOM));
    let length = 0;
    for (;;) {
      if (length === bytes.length) {
        const larger = new Uint8Array(new ArrayBuffer(2 * length));
        larger.set(bytes);
        bytes = larger;
      }
      const rest = bytes.subarray(length);
      const count = Number(read(descriptor, rest, BigInt(rest.length)));
      if (count <= 0) break;
      length += count;
    }
    close(descriptor);
    return new TextDecoder().decode(bytes.subarray(0, length));
  };
}

/**
 * The process that holds the lock of an object with that inode for writing; undefined if it is not
 * known, or not seen from here, as in another container.
 */
export function lockHolder(inode: bigint, read: ReadText): number | undefined {
  // 1: FLOCK  ADVISORY  WRITE 1234 00:1a:5678 0 EOF
  const line = new RegExp(`FLOCK +ADVISORY +WRITE +(-?\\d+) [\\da-f]+:[\\da-f]+:${inode} `, "g");
  const pids = [...(read("/proc/locks") ?? "").matchAll(line)].map(([, pid]) => Number(pid));
  // An inode is unique within its file system only, and file systems have several numbers.
  return pids.length === 1 && pids[0] > 0 ? pids[0] : undefined;
}

/**
 * Whether a user's number may stand for others, too: in a user namespace all users that it does not
 * know look like the overflow user (65534, which is `nobody` outside).
 */
export function isAnybody(user: number, read: ReadText): boolean {
  const overflow = Number(read("/proc/sys/kernel/overflowuid") ?? 65534);
  if (user !== overflow) return false;
  const map = read("/proc/self/uid_map");
  const knowsAll = map?.split("\n").some((line) => {
    const [inside, , count] = line.trim().split(/\s+/).map(Number);
    return inside === 0 && count === ALL_USERS;
  });
  return knowsAll !== true;
}
