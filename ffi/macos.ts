/**
 * What to call on macOS, where it is not what Linux has.
 *
 * @module
 */

import { constants as fsConstants, openSync } from "node:fs";
import os from "node:os";
import { NativeUnavailableError } from "../src/errors.ts";
import type { Driver, NativeFunctions, SymbolTable } from "./native.ts";
import { type Platform, SHARED_CALLS } from "./posix_platform.ts";
import { identityNumber, microseconds } from "./segment_identity.ts";
import { translateFsError } from "./system_error.ts";

// On arm64 macOS, and only there, the arguments after the named ones are on the stack: six values
// fill up the eight argument registers first.
const PADDING = ["i64", "i64", "i64", "i64", "i64", "i64"] as const;
const NO_ARGUMENTS = [0n, 0n, 0n, 0n, 0n, 0n] as const;
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
const F_ALLOCATEALL = 4;
const F_PEOFPOSMODE = 3;
const O_CLOEXEC = 0x1000000;
/** Where st_birthtimespec is in a `struct stat`, in bytes. */
const BIRTH = 80;

/** macOS on a CPU of that name. Written after the manuals, not tried on a Mac yet. */
export function macOs(native: Driver, arch: string): Platform {
  const libc = "libSystem.B.dylib";
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
  return {
    // 31 bytes with the slash.
    maxNameLength: 30,
    msSync: 0x10,
    libc,
    errnoLocation: "__error",
    futex: undefined,
    shmOpen,
    shmUnlink: (name) => shm_unlink(name),
    fstat,
    identityOf: (found) => ({
      device: found.getInt32(0, true),
      inode: identityNumber(found.getBigUint64(8, true)),
    }),
    createdAt: (_descriptor, found) => microseconds(found, BIRTH),
    ownerOf: (found) => found.getUint32(16, true),
    allocate: (descriptor, size, isFile, errno) => {
      // Shared memory has its room from ftruncate.
      if (!isFile) return 0;
      return fcntl(descriptor, F_PREALLOCATE, preallocation(size)) < 0 ? errno() : 0;
    },
    list: () => {
      throw new NativeUnavailableError("macOS has no list of shared memory segments");
    },
    lockDescriptor: lockFile,
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

/** macOS can't lock a segment: a file stands for it, and stays, since removing it would race. */
function lockFile(descriptor: number, name: string | undefined): number {
  if (name === undefined) return descriptor;
  const path = `${os.tmpdir()}/ouroboros${name.replace("/", ".")}.lock`;
  const flags = fsConstants.O_CREAT | fsConstants.O_RDWR | fsConstants.O_NOFOLLOW |
    O_CLOEXEC;
  try {
    return openSync(path, flags, 0o600);
  } catch (error) {
    throw translateFsError("open", `lock file "${path}"`, error);
  }
}
