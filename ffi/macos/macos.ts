/**
 * What to call on macOS, where it is not what Linux has. What a segment's descriptor can't do there is
 * in `macos/segments.ts`.
 *
 * @module
 */

import os from "node:os";
import { NativeUnavailableError } from "../../src/errors.ts";
import { withMacSegments } from "./segments.ts";
import type { Driver, NativeFunctions, SymbolTable } from "../drivers/native.ts";
import { NO_ARGUMENTS, PADDING, type Platform, SHARED_CALLS } from "../posix/platform.ts";
import { identityNumber, microseconds } from "../segment_identity.ts";

const PADDED_SHM_OPEN = {
  shm_open: { parameters: ["bytes", "i32", ...PADDING, "i64"], result: "i32" },
} as const satisfies SymbolTable;
const FCNTL = {
  fcntl: { parameters: ["i32", "i32", "bytes"], result: "i32" },
} as const satisfies SymbolTable;
const PADDED_FCNTL = {
  fcntl: { parameters: ["i32", "i32", ...PADDING, "bytes"], result: "i32" },
} as const satisfies SymbolTable;

const F_PREALLOCATE = 42;
const F_FULLFSYNC = 51;
const F_ALLOCATEALL = 4;
const F_PEOFPOSMODE = 3;

/** Of a `struct stat` with 64-bit inode numbers, in bytes: where what is. */
const STAT_MODE = 4;
const STAT_INODE = 8;
const STAT_OWNER = 16;
const STAT_BIRTH = 80;
const STAT_SIZE = 96;
const STAT_BLOCKS = 104;
/** What st_blocks counts, in bytes. */
const BLOCK = 512;

const { errno: ERRNO } = os.constants;
const NOTHING = new Uint8Array(new ArrayBuffer(8));

/** Where files are that stand for locks: one folder for all users, which nobody tidies up. */
const LOCK_FOLDER = "/var/tmp";

/** macOS on a CPU of that name. Written after its manuals and its source, not tried on a Mac yet. */
export function macOs(native: Driver, arch: string, lockFolder: string = LOCK_FOLDER): Platform {
  // The full path: programs that are signed with entitlements, as runtimes are, search nowhere.
  const libc = "/usr/lib/libSystem.B.dylib";
  const isPadded = arch === "arm64";
  const { shm_unlink } = native.open(libc, { shm_unlink: SHARED_CALLS.shm_unlink });
  const shmOpen = isPadded
    ? paddedShmOpen(native.open(libc, PADDED_SHM_OPEN))
    : native.open(libc, { shm_open: SHARED_CALLS.shm_open }).shm_open;
  const fcntl = isPadded
    ? paddedFcntl(native.open(libc, PADDED_FCNTL))
    : native.open(libc, FCNTL).fcntl;
  const stat = { parameters: ["i32", "bytes"], result: "i32" } as const;
  // On x86-64 the plain name still means 32-bit inode numbers.
  const fstat = arch === "x64"
    ? native.open(libc, { "fstat$INODE64": stat })["fstat$INODE64"]
    : native.open(libc, { fstat: stat }).fstat;
  const found = new DataView(new ArrayBuffer(256));
  return {
    // The kernel takes 31 bytes with the slash.
    maxNameLength: 30,
    msSync: 0x10,
    libc,
    errnoLocation: "__error",
    futex: undefined,
    shmOpen,
    shmUnlink: (name) => shm_unlink(name),
    fstat,
    identityOf: (found) => ({
      device: identityNumber(BigInt(found.getInt32(0, true))),
      inode: identityNumber(found.getBigUint64(STAT_INODE, true)),
    }),
    createdAt: (_descriptor, found) => microseconds(found, STAT_BIRTH),
    ownerOf: (found) => found.getUint32(STAT_OWNER, true),
    // Segments can't be sought in.
    sizeOf: (found) => Number(found.getBigInt64(STAT_SIZE, true)),
    allocate: (descriptor, offset, size, _isFile, errno) => {
      if (fstat(descriptor, new Uint8Array(found.buffer)) < 0) return errno();
      // It is counted from the end of what the file has already.
      const missing = offset + size - Number(found.getBigInt64(STAT_BLOCKS, true)) * BLOCK;
      if (missing <= 0) return 0;
      return fcntl(descriptor, F_PREALLOCATE, preallocation(missing)) < 0 ? errno() : 0;
    },
    // What msync has written may still be in the memory of the disk itself.
    flushDisk: (descriptor, errno) => {
      if (fcntl(descriptor, F_FULLFSYNC, NOTHING) >= 0) return 0;
      const reason = errno();
      // File systems that have no such thing, or nothing to write.
      const cannot = reason === ERRNO.ENOTSUP || reason === ERRNO.EINVAL ||
        reason === ERRNO.EOPNOTSUPP || reason === ERRNO.ENOTTY || reason === ERRNO.EROFS;
      return cannot ? 0 : reason;
    },
    list: () => {
      throw new NativeUnavailableError("macOS has no list of shared memory segments");
    },
    complete: (system, { statOf, user }) =>
      withMacSegments(system, {
        mode: (descriptor) => statOf(descriptor).getUint16(STAT_MODE, true),
        user,
        lockFolder,
      }),
  };
}

/** A `fstore_t`: u32 flags, i32 position mode, i64 offset, i64 length, i64 bytes allocated. */
function preallocation(size: number): Uint8Array {
  const store = new DataView(new ArrayBuffer(32));
  store.setUint32(0, F_ALLOCATEALL, true);
  store.setInt32(4, F_PEOFPOSMODE, true);
  store.setBigInt64(16, BigInt(size), true);
  return new Uint8Array(store.buffer);
}

function paddedShmOpen(functions: NativeFunctions<typeof PADDED_SHM_OPEN>): Platform["shmOpen"] {
  return (name, flags, mode) => functions.shm_open(name, flags, ...NO_ARGUMENTS, BigInt(mode));
}

function paddedFcntl(
  functions: NativeFunctions<typeof PADDED_FCNTL>,
): (descriptor: number, command: number, argument: Uint8Array) => number {
  return (descriptor, command, argument) =>
    functions.fcntl(descriptor, command, ...NO_ARGUMENTS, argument);
}
