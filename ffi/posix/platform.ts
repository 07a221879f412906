/**
 * What Linux and macOS have under different names, or not at all.
 *
 * @module
 */

import type { ThreadLocks } from "../linux/thread_locks.ts";
import type { SymbolTable } from "../drivers/native.ts";
import type { Futex, Nameless, Processes, SegmentIdentity, System, Terminals } from "../system.ts";

/** The calls for shared memory, of which `shm_open` is variadic on macOS. */
export const SHARED_CALLS = {
  shm_open: { parameters: ["bytes", "i32", "i32"], result: "i32" },
  shm_unlink: { parameters: ["bytes"], result: "i32" },
} as const satisfies SymbolTable;

/**
 * On arm64 macOS, and only there, the arguments after the named ones are on the stack, eight bytes each:
 * six values fill up the eight argument registers first. That is the same for all drivers: none of them
 * knows that a function is variadic.
 */
export const PADDING = ["i64", "i64", "i64", "i64", "i64", "i64"] as const;
/** The values of these arguments. */
export const NO_ARGUMENTS = [0n, 0n, 0n, 0n, 0n, 0n] as const;

/** What a platform needs of the system to complete it. */
export interface SystemTools {
  /** The `struct stat` of what a descriptor leads to, good until the next one. */
  statOf(descriptor: number): DataView;
  /** The number of the user that this process acts for. */
  user(): number;
}

/** The calls that Linux and macOS have under different names, or not at all. */
export interface Platform {
  /** The longest name of a segment in bytes, without its `/`. */
  maxNameLength: number;
  /** The flag of msync that waits. */
  msSync: number;
  /** The library of the calls that have the same name on both. */
  libc: string;
  /** The function that tells where errno is. */
  errnoLocation: string;
  /** How to sleep on shared memory. */
  futex: Futex | undefined;
  shmOpen(name: Uint8Array, flags: number, mode: number): number;
  shmUnlink(name: Uint8Array): number;
  fstat(descriptor: number, stat: Uint8Array): number;
  /** The `struct stat` of what the name of a segment leads to, where names are those of files. */
  statShared?: (name: string, stat: Uint8Array) => number;
  identityOf(stat: DataView): Omit<SegmentIdentity, "created">;
  /** When the object was created, in microseconds since 1970; 0 where that is not known. */
  createdAt(descriptor: number, stat: DataView): number;
  /** The same of what a path leads to, by its last link or not, where that shows a copy. */
  pathCreatedAt?: (path: string, isFollowed: boolean) => number;
  ownerOf(stat: DataView): number;
  /** How many bytes of memory or disk an object takes, where that tells whether it has holes. */
  takenOf?: (stat: DataView) => number;
  /** How many names an object has, where those of a segment are counted. */
  linksOf?: (stat: DataView) => number;
  /** The size of an object in bytes, where `lseek` does not tell that of a segment. */
  sizeOf?: (stat: DataView) => number;
  /** Reserves room for `size` bytes from `offset` on; returns 0 or an error number. */
  allocate(
    descriptor: number,
    offset: number,
    size: number,
    isFile: boolean,
    errno: () => number,
  ): number;
  /** Has the disk write what it was given, where msync does not; returns 0 or an error number. */
  flushDisk?: (descriptor: number, errno: () => number) => number;
  list(): string[];
  /** How many bytes are free for segments. */
  freeSpace?: () => number;
  /** How many bytes a file of this process may have, and a segment, too. */
  fileLimit?: () => number;
  /** The process that holds a lock of an object, where the system reports it. */
  lockHolder?: (stat: DataView) => number | undefined;
  /** The command line of this process. */
  commandLine?: () => string[];
  /** How much memory this process may have; with what can be written to a disk. */
  memoryLimit?: (withSwap: boolean) => number;
  /** Whether the number of a user may stand for others, too. */
  isAnybody?: (user: number) => boolean;
  /** What is known of the threads that took locks. */
  threadLocks?: ThreadLocks;
  /** How to make what gets its name later. */
  nameless?: (errno: () => number) => Nameless;
  /** How to start programs. */
  processes?: (errno: () => number) => Processes;
  /** How to give them terminals. */
  terminals?: (errno: () => number) => Terminals;
  /** The system with what it can't do yet. */
  complete?: (system: System, tools: SystemTools) => System;
}
