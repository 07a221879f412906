/**
 * What to call on Linux, where it is not what macOS has.
 *
 * @module
 */

import { constants, readdirSync } from "node:fs";
import { NativeUnavailableError } from "../../src/errors.ts";
import { cString } from "../posix/strings.ts";
import type { Driver, NativeFunctions, SymbolTable } from "../drivers/native.ts";
import { folderReader } from "./folder.ts";
import { linuxFutex } from "./futex.ts";
import { hasSwap, memoryLimit } from "./memory_limit.ts";
import { linuxNameless } from "./nameless.ts";
import { linuxProcesses } from "./processes.ts";
import { linuxTerminals } from "./terminals.ts";
import { threadLocks } from "./thread_locks.ts";
import { isAnybody, lockHolder, textReader } from "./proc.ts";
import { type Platform, SHARED_CALLS } from "../posix/platform.ts";
import { identityNumber, microseconds } from "../segment_identity.ts";
import { translateFsError } from "../system_error.ts";

/** Where st_uid is in a `struct stat`: after two words of 64 bits, the mode and a count of links. */
const OWNER = 24;
/** On x86-64 that count is a word of 64 bits, and before the mode. */
const X64_OWNER = 28;
/** Where st_nlink is. */
const LINKS = 20;
const X64_LINKS = 16;
/** Where st_blocks is, and what it counts, in bytes. */
const BLOCKS = 64;
const BLOCK = 512;

/** Of a `struct statvfs` of 64 bits in bytes: its size with room to spare, f_frsize, f_blocks, f_bavail. */
const STATVFS_SIZE = 256;
const STATVFS_UNIT = 8;
const STATVFS_BLOCKS = 16;
const STATVFS_AVAILABLE = 32;

/** The limit of a process on the size of files, which the kernel keeps for segments, too. */
const RLIMIT_FSIZE = 1;
const RLIM_INFINITY = 0xffffffffffffffffn;

const STATX = {
  statx: { parameters: ["i32", "bytes", "i32", "i32", "bytes"], result: "i32" },
} as const satisfies SymbolTable;
/** Of a `struct statx` in bytes: its size, stx_mask, stx_btime. */
const STATX_SIZE = 256;
const STATX_MASK = 0;
const STATX_BIRTH = 80;
const WANT_BIRTH = 0x800;
const AT_EMPTY_PATH = 0x1000;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_FDCWD = -100;
const EMPTY_PATH = new Uint8Array(new ArrayBuffer(1));

/** The same by the number of the system call. */
const STATX_NUMBER: Record<string, bigint> = { x64: 332n, arm64: 291n };
const STATX_CALL = {
  syscall: { parameters: ["i64", "i64", "bytes", "i64", "i64", "bytes"], result: "i64" },
} as const satisfies SymbolTable;

function statxByNumber(
  native: Driver,
  arch: string,
): NativeFunctions<typeof STATX>["statx"] | undefined {
  const number = STATX_NUMBER[arch];
  if (number === undefined) return undefined;
  const { syscall } = native.open("libc.so.6", STATX_CALL);
  return (descriptor, path, flags, mask, into) =>
    Number(syscall(number, BigInt(descriptor), path, BigInt(flags), BigInt(mask), into));
}

/** Linux, with glibc or musl. */
export function linux(native: Driver, arch: string): Platform {
  // musl answers to this name, too.
  const libc = "libc.so.6";
  // Part of libc since glibc 2.34, and always of musl; a library of its own before.
  const shared = firstOf(
    () => native.open(libc, SHARED_CALLS),
    () => native.open("librt.so.1", SHARED_CALLS),
  );
  const stat = { parameters: ["i32", "bytes"], result: "i32" } as const;
  const oldStat = { parameters: ["i32", "i32", "bytes"], result: "i32" } as const;
  // Before glibc 2.33 there was only a function with a version in front.
  const fstat = firstOf(
    () => native.open(libc, { fstat: stat }).fstat,
    () => {
      const { __fxstat } = native.open(libc, { __fxstat: oldStat });
      return (descriptor: number, into: Uint8Array) => __fxstat(1, descriptor, into);
    },
  );
  const namedStat = { parameters: ["bytes", "bytes"], result: "i32" } as const;
  const oldNamedStat = { parameters: ["i32", "bytes", "bytes"], result: "i32" } as const;
  const lstat = firstOf(
    () => native.open(libc, { lstat: namedStat }).lstat,
    () => {
      const { __lxstat } = native.open(libc, { __lxstat: oldNamedStat });
      return (path: Uint8Array, into: Uint8Array) => __lxstat(1, path, into);
    },
  );
  const { posix_fallocate } = native.open(libc, {
    posix_fallocate: { parameters: ["i32", "i64", "i64"], result: "i32" },
  });
  // A function since glibc 2.28, and in musl only lately; a system call since Linux 4.11.
  const statx = firstOf(() => native.open(libc, STATX).statx, () => statxByNumber(native, arch));
  const { statvfs } = native.open(libc, { statvfs: namedStat });
  const { getrlimit } = native.open(libc, { getrlimit: stat });
  const readText = textReader(native, libc);
  const readFolder = folderReader(native, libc, arch);
  const extended = new DataView(new ArrayBuffer(STATX_SIZE));
  const extendedBytes = new Uint8Array(extended.buffer);

  function createdAt(descriptor: number, path: Uint8Array, flags: number): number {
    if (statx === undefined) return 0;
    // A file system that does not know leaves the bit unset; a kernel before 4.11 fails.
    extendedBytes.fill(0);
    statx(descriptor, path, flags, WANT_BIRTH, extendedBytes);
    if ((extended.getUint32(STATX_MASK, true) & WANT_BIRTH) === 0) return 0;
    return microseconds(extended, STATX_BIRTH);
  }

  return {
    maxNameLength: 255,
    msSync: 4,
    libc,
    errnoLocation: "__errno_location",
    futex: linuxFutex(native, libc, arch),
    // Not to hang on a pipe that somebody put in the place of a segment.
    shmOpen: (name, flags, mode) => shared.shm_open(name, flags | constants.O_NONBLOCK, mode),
    shmUnlink: (name) => shared.shm_unlink(name),
    fstat,
    // glibc and musl open segments without following a link, in this place.
    statShared: (name, into) => lstat(cString(`/dev/shm${name}`), into),
    identityOf: (found) => ({
      device: identityNumber(found.getBigUint64(0, true)),
      inode: identityNumber(found.getBigUint64(8, true)),
    }),
    createdAt: (descriptor) => createdAt(descriptor, EMPTY_PATH, AT_EMPTY_PATH),
    pathCreatedAt: (path, isFollowed) =>
      createdAt(AT_FDCWD, cString(path), isFollowed ? 0 : AT_SYMLINK_NOFOLLOW),
    ownerOf: (found) => found.getUint32(arch === "x64" ? X64_OWNER : OWNER, true),
    linksOf: (found) => found.getUint32(arch === "x64" ? X64_LINKS : LINKS, true),
    takenOf: (found) => Number(found.getBigInt64(BLOCKS, true)) * BLOCK,
    allocate: (descriptor, offset, size) =>
      posix_fallocate(descriptor, BigInt(offset), BigInt(size)),
    list: () => sharedNames(readFolder("/dev/shm") ?? filesInDevShm()),
    freeSpace() {
      const found = new DataView(new ArrayBuffer(STATVFS_SIZE));
      const result = statvfs(cString("/dev/shm"), new Uint8Array(found.buffer));
      const word = (at: number) => Number(found.getBigUint64(at, true));
      // A tmpfs without a limit says that it has no blocks.
      if (result !== 0 || word(STATVFS_BLOCKS) === 0) return Infinity;
      return word(STATVFS_UNIT) * word(STATVFS_AVAILABLE);
    },
    fileLimit() {
      const found = new BigUint64Array(2);
      const result = getrlimit(RLIMIT_FSIZE, new Uint8Array(found.buffer));
      return result !== 0 || found[0] === RLIM_INFINITY ? Infinity : Number(found[0]);
    },
    memoryLimit: (withSwap) => withSwap && hasSwap(readText) ? Infinity : memoryLimit(readText),
    lockHolder: (found) => lockHolder(found.getBigUint64(8, true), readText),
    isAnybody: (user) => isAnybody(user, readText),
    commandLine: () => (readText("/proc/self/cmdline") ?? "").split("\0"),
    threadLocks: threadLocks(native, libc),
    nameless: (errno) => linuxNameless(native, libc, errno),
    processes: (errno) => linuxProcesses(native, libc, errno),
    terminals: (errno) => linuxTerminals(native, libc, errno),
  };
}

/** The names of segments: semaphores live in the same place. */
function sharedNames(files: readonly string[]): string[] {
  return files.filter((name) => !name.startsWith("sem.")).map((name) => `/${name}`).sort();
}

function filesInDevShm(): string[] {
  try {
    return readdirSync("/dev/shm", { withFileTypes: true })
      .filter((item) => item.isFile())
      .map(({ name }) => name);
  } catch (error) {
    throw translateFsError("readdir", '"/dev/shm"', error);
  }
}

function firstOf<T>(first: () => T, second: () => T): T {
  try {
    return first();
  } catch (error) {
    if (error instanceof NativeUnavailableError) throw error;
    return second();
  }
}
