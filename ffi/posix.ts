/**
 * What to call on Linux (glibc and musl) and macOS.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { constants as fsConstants, openSync, readdirSync } from "node:fs";
import os from "node:os";
import { NativeUnavailableError, NoSpaceError } from "../src/errors.ts";
import { type Driver, driver, type NativeFunctions, type SymbolTable } from "./native.ts";
import { systemError, translateFsError } from "./system_error.ts";
import type { Access, SegmentIdentity, System } from "./system.ts";

const CALLS = {
  ftruncate: { parameters: ["i32", "i64"], result: "i32" },
  mmap: { parameters: ["u64", "u64", "i32", "i32", "i32", "i64"], result: "u64" },
  munmap: { parameters: ["u64", "u64"], result: "i32" },
  msync: { parameters: ["u64", "u64", "i32"], result: "i32" },
  flock: { parameters: ["i32", "i32"], result: "i32" },
  lseek: { parameters: ["i32", "i64", "i32"], result: "i64" },
  close: { parameters: ["i32"], result: "i32" },
  fchmod: { parameters: ["i32", "i32"], result: "i32" },
} as const satisfies SymbolTable;

const SHARED_CALLS = {
  shm_open: { parameters: ["bytes", "i32", "i32"], result: "i32" },
  shm_unlink: { parameters: ["bytes"], result: "i32" },
} as const satisfies SymbolTable;

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

const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
const MAP_FAILED = 0xffffffffffffffffn;
const MS_ASYNC = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;
const LOCK_UN = 8;
const SEEK_END = 2;
const { errno: ERRNO } = os.constants;
const O_CLOEXEC_DARWIN = 0x1000000;

/** Room for any `struct stat`, in bytes. */
const STAT_SIZE = 256;

/** The calls that Linux and macOS have under different names, or not at all. */
interface Platform {
  maxNameLength: number;
  msSync: number;
  libc: string;
  errnoLocation: string;
  shmOpen(name: Uint8Array, flags: number, mode: number): number;
  shmUnlink(name: Uint8Array): number;
  fstat(descriptor: number, stat: Uint8Array): number;
  identityOf(stat: DataView): SegmentIdentity;
  /** Reserves room; gives 0 or an error number. */
  allocate(descriptor: number, size: number, isFile: boolean, errno: () => number): number;
  list(): string[];
  lockDescriptor(descriptor: number, name: string | undefined): number;
}

/** Linux or macOS, on the driver of this runtime. */
export function posixSystem(platform: "linux" | "darwin", arch: string): System {
  const native = driver();
  const on = platform === "linux" ? linux(native) : macOs(native, arch);
  const libc = native.open(on.libc, CALLS);
  const errno = errnoCell(native, on);
  const stat = new Uint8Array(new ArrayBuffer(STAT_SIZE));

  /** Calls again while a signal interrupts; throws what `call` failed with. */
  function check(call: string, what: string, attempt: () => number): number {
    for (;;) {
      const result = attempt();
      // At once: the next allocation may change it.
      const reason = errno[0];
      if (result >= 0) return result;
      if (reason !== ERRNO.EINTR) throw systemError(call, what, reason);
    }
  }

  return {
    maxNameLength: on.maxNameLength,
    maxView: native.maxView,
    createShared(name, mode) {
      const flags = fsConstants.O_CREAT | fsConstants.O_EXCL | fsConstants.O_RDWR;
      return check("shm_open", `"${name}"`, () => on.shmOpen(cString(name), flags, mode));
    },
    openShared(name, access) {
      const flags = access === "read" ? fsConstants.O_RDONLY : fsConstants.O_RDWR;
      return check("shm_open", `"${name}"`, () => on.shmOpen(cString(name), flags, 0));
    },
    unlinkShared(name) {
      const result = on.shmUnlink(cString(name));
      const reason = errno[0];
      if (result >= 0) return true;
      if (reason === ERRNO.ENOENT) return false;
      throw systemError("shm_unlink", `"${name}"`, reason);
    },
    listShared: () => on.list(),
    reserve(descriptor, size, what, isFile) {
      check("ftruncate", what, () => libc.ftruncate(descriptor, BigInt(size)));
      let reason: number;
      do reason = on.allocate(descriptor, size, isFile, () => errno[0]); while (
        reason === ERRNO.EINTR
      );
      // A file system that can't promise room: files of it work all the same, as far as it goes.
      const cannot = reason === ERRNO.EOPNOTSUPP || reason === ERRNO.EINVAL;
      if (reason !== 0 && !(isFile && cannot)) throw systemError("reserving memory", what, reason);
    },
    setMode(descriptor, mode, what) {
      check("fchmod", what, () => libc.fchmod(descriptor, mode));
    },
    map(descriptor, size, access, what) {
      const protection = access === "read" ? PROT_READ : PROT_READ | PROT_WRITE;
      const address = libc.mmap(0n, BigInt(size), protection, MAP_SHARED, descriptor, 0n);
      const reason = errno[0];
      if (BigInt(address) === MAP_FAILED) {
        if (reason === ERRNO.ENOMEM) {
          throw new NoSpaceError(`mmap ${what} failed: no room for ${size} bytes of addresses`);
        }
        throw systemError("mmap", what, reason);
      }
      return BigInt(address);
    },
    view: (address, size) => native.view(address, size),
    unmap(address, size) {
      libc.munmap(address, BigInt(size));
    },
    flush(address, size, wait, what) {
      const flags = wait ? on.msSync : MS_ASYNC;
      check("msync", what, () => libc.msync(address, BigInt(size), flags));
    },
    size: (descriptor) => Number(libc.lseek(descriptor, 0n, SEEK_END)),
    identify(descriptor) {
      check("fstat", `descriptor ${descriptor}`, () => on.fstat(descriptor, stat));
      return on.identityOf(new DataView(stat.buffer));
    },
    lock(descriptor) {
      for (;;) {
        const result = libc.flock(descriptor, LOCK_EX | LOCK_NB);
        const reason = errno[0];
        if (result === 0) return true;
        if (reason === ERRNO.EWOULDBLOCK || reason === ERRNO.EAGAIN) return false;
        if (reason !== ERRNO.EINTR) throw systemError("flock", `descriptor ${descriptor}`, reason);
      }
    },
    unlock(descriptor) {
      libc.flock(descriptor, LOCK_UN);
    },
    lockDescriptor: (descriptor, name) => on.lockDescriptor(descriptor, name),
    close(descriptor) {
      libc.close(descriptor);
    },
  };
}

/** This thread's errno, as a word that is read right after a call: nothing in between changes it. */
function errnoCell(native: Driver, on: Platform): Int32Array {
  const table = { [on.errnoLocation]: { parameters: [], result: "u64" } } as const;
  const address = native.open(on.libc, table)[on.errnoLocation]();
  return new Int32Array(native.view(BigInt(address), 4));
}

function linux(native: Driver): Platform {
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
  const { posix_fallocate } = native.open(libc, {
    posix_fallocate: { parameters: ["i32", "i64", "i64"], result: "i32" },
  });
  return {
    maxNameLength: 255,
    msSync: 4,
    libc,
    errnoLocation: "__errno_location",
    shmOpen: (name, flags, mode) => shared.shm_open(name, flags, mode),
    shmUnlink: (name) => shared.shm_unlink(name),
    fstat,
    identityOf: (found) => ({
      device: Number(found.getBigUint64(0, true)),
      inode: Number(found.getBigUint64(8, true)),
    }),
    allocate: (descriptor, size) => posix_fallocate(descriptor, 0n, BigInt(size)),
    list: listDevShm,
    lockDescriptor: (descriptor) => descriptor,
  };
}

function macOs(native: Driver, arch: string): Platform {
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
    shmOpen,
    shmUnlink: (name) => shm_unlink(name),
    fstat,
    identityOf: (found) => ({
      device: found.getInt32(0, true),
      inode: Number(found.getBigUint64(8, true)),
    }),
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

const F_PREALLOCATE = 42;
const F_ALLOCATEALL = 4;
const F_PEOFPOSMODE = 3;

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
    O_CLOEXEC_DARWIN;
  try {
    return openSync(path, flags, 0o600);
  } catch (error) {
    throw translateFsError("open", `lock file "${path}"`, error);
  }
}

function listDevShm(): string[] {
  try {
    return readdirSync("/dev/shm", { withFileTypes: true })
      // Semaphores live in the same place.
      .filter((item) => item.isFile() && !item.name.startsWith("sem."))
      .map((item) => `/${item.name}`)
      .sort();
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

function cString(text: string): Uint8Array {
  return Buffer.from(`${text}\0`, "utf8");
}
