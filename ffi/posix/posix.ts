/**
 * What to call on Linux (glibc and musl) and macOS.
 *
 * @module
 */

import { constants as fsConstants } from "node:fs";
import os from "node:os";
import { NoSpaceError, SystemCallError } from "../../src/errors.ts";
import { cString, posixName } from "./strings.ts";
import { driver } from "../drivers/driver.ts";
import { linux } from "../linux/linux.ts";
import { linuxSemaphores } from "../linux/semaphores.ts";
import { macOs } from "../macos/macos.ts";
import type { Driver, NativeFunctions, SymbolTable } from "../drivers/native.ts";
import { lockPatiently } from "../patient_lock.ts";
import { posixFiles } from "./files.ts";
import type { Platform } from "./platform.ts";
import { posixSemaphores } from "./semaphores.ts";
import { systemError } from "../system_error.ts";
import type { Advice, ObjectIdentity, Semaphores, System } from "../system.ts";

const CALLS = {
  ftruncate: { parameters: ["i32", "i64"], result: "i32" },
  mmap: { parameters: ["u64", "u64", "i32", "i32", "i32", "i64"], result: "u64" },
  munmap: { parameters: ["u64", "u64"], result: "i32" },
  msync: { parameters: ["u64", "u64", "i32"], result: "i32" },
  madvise: { parameters: ["u64", "u64", "i32"], result: "i32" },
  flock: { parameters: ["i32", "i32"], result: "i32" },
  lseek: { parameters: ["i32", "i64", "i32"], result: "i64" },
  close: { parameters: ["i32"], result: "i32" },
  pread: { parameters: ["i32", "bytes", "u64", "i64"], result: "i64" },
  getpagesize: { parameters: [], result: "i32" },
  geteuid: { parameters: [], result: "i32" },
  fchmod: { parameters: ["i32", "i32"], result: "i32" },
} as const satisfies SymbolTable;

/** Called by commands only. */
const POLL = {
  poll: { parameters: ["bytes", "u64", "i32"], result: "i32" },
} as const satisfies SymbolTable;
const POLLERR = 8;
const POLLHUP = 16;

const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
const MAP_FAILED = 0xffffffffffffffffn;
const MS_ASYNC = 1;
/** The same on Linux and macOS. */
const ADVICE: Record<Advice, number> = { normal: 0, random: 1, sequential: 2, willneed: 3 };
const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;
const LOCK_UN = 8;
const SEEK_END = 2;
/** How much is reserved at a time after a signal came in between, in bytes. */
const LARGEST_STEP = 1 << 21;
const SMALLEST_STEP = 1 << 16;
/** How often in a row a step may be interrupted. */
const MOST_INTERRUPTIONS = 100;
const { errno: ERRNO } = os.constants;

/** Room for any `struct stat`, in bytes. */
const STAT_SIZE = 256;

/** Linux or macOS, on the driver of this runtime unless tests have another one. */
export function posixSystem(
  platform: "linux" | "darwin",
  arch: string,
  native: Driver = driver(),
  lockFolder?: string,
): System {
  const on = platform === "linux" ? linux(native, arch) : macOs(native, arch, lockFolder);
  const libc = native.open(on.libc, CALLS);
  const errno = errnoCell(native, on);
  const stat = new Uint8Array(new ArrayBuffer(STAT_SIZE));
  let semaphores: Semaphores | undefined;
  let poll: NativeFunctions<typeof POLL>["poll"] | undefined;

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

  /** Asks for a lock, once; returns whether it was available. */
  function flock(descriptor: number, operation: number): boolean {
    for (;;) {
      const result = libc.flock(descriptor, operation | LOCK_NB);
      const reason = errno[0];
      if (result === 0) return true;
      if (reason === ERRNO.EWOULDBLOCK || reason === ERRNO.EAGAIN) return false;
      if (reason !== ERRNO.EINTR) throw systemError("flock", `descriptor ${descriptor}`, reason);
    }
  }

  /** Whether another descriptor holds the lock: if so, it can't be shared, either. */
  function isLocked(descriptor: number): boolean {
    if (!flock(descriptor, LOCK_SH)) return true;
    libc.flock(descriptor, LOCK_UN);
    return false;
  }

  /** Gives back a lock that a thread of this process has left which is gone; returns whether it may have. */
  function giveBackDeserted(descriptor: number): boolean {
    if (on.threadLocks === undefined) return false;
    const { device, inode } = system.identify(descriptor);
    const deserted = on.threadLocks.deserted((other) => {
      if (other === descriptor) return false;
      if (on.fstat(other, stat) < 0) return undefined;
      const found = on.identityOf(new DataView(stat.buffer));
      return found.device === device && found.inode === inode;
    });
    // Of a descriptor without a lock nothing is given back.
    for (const other of deserted) libc.flock(other, LOCK_UN);
    return deserted.length > 0;
  }

  /** The `struct stat` of what a descriptor leads to, good until the next one. */
  function statOf(descriptor: number): DataView {
    check("fstat", `descriptor ${descriptor}`, () => on.fstat(descriptor, stat));
    return new DataView(stat.buffer);
  }

  /** Needs no descriptor, of which there may be none left, and no right to read the segment. */
  function identifyByName(name: string): ObjectIdentity | undefined {
    const result = on.statShared!(name, stat);
    const reason = errno[0];
    if (result >= 0) return on.identityOf(new DataView(stat.buffer));
    if (reason === ERRNO.ENOENT) return undefined;
    throw systemError("stat", `"${name}"`, reason);
  }

  /** Throws if an object may not get so large: the attempt sends SIGXFSZ, which ends Deno. */
  function checkFileLimit(descriptor: number, size: number, what: string): void {
    const limit = system.fileLimit();
    // What is so large already may stay so.
    if (size <= limit || size <= system.size(descriptor)) return;
    throw new NoSpaceError(
      `${what} of ${size} bytes exceeds the ${limit} bytes that a file of this process may have, ` +
        "and shared memory, too: raise that limit (ulimit -f), or make it smaller",
    );
  }

  const user = () => libc.geteuid() >>> 0;
  const owner = (descriptor: number) => on.ownerOf(statOf(descriptor));

  const system: System = {
    maxNameLength: on.maxNameLength,
    maxView: native.maxView,
    pageSize: libc.getpagesize(),
    futex: on.futex,
    persists: true,
    files: posixFiles,
    ...(on.nameless && { nameless: on.nameless(() => errno[0]) }),
    ...(on.processes && { processes: () => on.processes!(() => errno[0]) }),
    ...(on.terminals && { terminals: () => on.terminals!(() => errno[0]) }),
    freeSpace: () => on.freeSpace?.() ?? Infinity,
    ...(on.commandLine && { commandLine: on.commandLine }),
    fileLimit: () => on.fileLimit?.() ?? Infinity,
    memoryLimit: (withSwap) => on.memoryLimit?.(withSwap) ?? Infinity,
    normalizeName: (name) => posixName(name, on.maxNameLength),
    segmentSize: (size) => size,
    createShared(name, mode) {
      const flags = fsConstants.O_CREAT | fsConstants.O_EXCL | fsConstants.O_RDWR;
      return check("shm_open", `"${name}"`, () => on.shmOpen(cString(name), flags, mode));
    },
    openShared(name, access) {
      const flags = access === "read" ? fsConstants.O_RDONLY : fsConstants.O_RDWR;
      return check("shm_open", `"${name}"`, () => on.shmOpen(cString(name), flags, 0));
    },
    ...(on.statShared && { identifyShared: identifyByName }),
    ...(on.pathCreatedAt && { pathCreatedAt: on.pathCreatedAt }),
    unlinkShared(name) {
      const result = on.shmUnlink(cString(name));
      const reason = errno[0];
      if (result >= 0) return true;
      if (reason === ERRNO.ENOENT) return false;
      throw systemError("shm_unlink", `"${name}"`, reason);
    },
    listShared: () => on.list(),
    setSize(descriptor, size, what) {
      checkFileLimit(descriptor, size, what);
      check("ftruncate", what, () => libc.ftruncate(descriptor, BigInt(size)));
    },
    reserve(descriptor, size, what, isFile) {
      checkFileLimit(descriptor, size, what);
      let done = 0;
      let step = size;
      let interruptions = 0;
      let reason = 0;
      while (done < size && (reason === 0 || reason === ERRNO.EINTR)) {
        const next = Math.min(step, size - done);
        reason = on.allocate(descriptor, done, next, isFile, () => errno[0]);
        if (reason === 0) {
          done += next;
          interruptions = 0;
        } else if (reason === ERRNO.EINTR) {
          // tmpfs before Linux 6.9 or so undoes a step that a signal interrupts, and a profiler sends one
          // each millisecond: only a step that takes less is ever done.
          step = Math.max(SMALLEST_STEP, Math.min(step, LARGEST_STEP) / 2);
          if (++interruptions < MOST_INTERRUPTIONS) continue;
          throw new SystemCallError(
            `reserving memory ${what} failed: EINTR (${reason}): signals interrupted it ` +
              `${interruptions} times in a row; is this process being profiled?`,
            reason,
          );
        }
      }
      // A file system that can't promise room: its files still work, without that promise.
      const cannot = reason === ERRNO.EOPNOTSUPP || reason === ERRNO.ENOTSUP ||
        reason === ERRNO.EINVAL;
      if (reason === 0 || (isFile && cannot)) return;
      const free = system.freeSpace();
      if (isFile || reason !== ERRNO.ENOSPC || free === Infinity) {
        throw systemError("reserving memory", what, reason);
      }
      throw new NoSpaceError(
        `reserving memory ${what} failed: ${free} bytes are free in /dev/shm, and it takes ${size}; ` +
          "make it smaller, remove what is not needed, or give a container more " +
          "(docker run --shm-size)",
      );
    },
    setMode(descriptor, mode, what) {
      check("fchmod", what, () => libc.fchmod(descriptor, mode));
    },
    map(descriptor, size, access, what, offset = 0) {
      const protection = access === "read" ? PROT_READ : PROT_READ | PROT_WRITE;
      const from = BigInt(offset);
      const address = libc.mmap(0n, BigInt(size), protection, MAP_SHARED, descriptor, from);
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
    flush(descriptor, address, size, wait, what) {
      const flags = wait ? on.msSync : MS_ASYNC;
      check("msync", what, () => libc.msync(address, BigInt(size), flags));
      if (!wait || on.flushDisk === undefined) return;
      let reason: number;
      do reason = on.flushDisk(descriptor, () => errno[0]); while (reason === ERRNO.EINTR);
      if (reason !== 0) throw systemError("fcntl", what, reason);
    },
    advise(address, size, advice, what) {
      check("madvise", what, () => libc.madvise(address, BigInt(size), ADVICE[advice]));
    },
    read(descriptor, into, offset, what) {
      let done = 0;
      while (done < into.length) {
        const rest = into.subarray(done);
        const count = check(
          "pread",
          what,
          () => Number(libc.pread(descriptor, rest, BigInt(rest.length), BigInt(offset + done))),
        );
        if (count === 0) break;
        done += count;
      }
      return done;
    },
    size(descriptor) {
      if (on.sizeOf !== undefined) return on.sizeOf(statOf(descriptor));
      const size = Number(libc.lseek(descriptor, 0n, SEEK_END));
      const reason = errno[0];
      if (size < 0) throw systemError("lseek", `descriptor ${descriptor}`, reason);
      return size;
    },
    hasHoles(descriptor) {
      const taken = on.takenOf?.(statOf(descriptor)) ?? Infinity;
      return taken < system.size(descriptor);
    },
    ...on.linksOf && { isUnlinked: (descriptor) => on.linksOf!(statOf(descriptor)) === 0 },
    identify(descriptor) {
      const found = statOf(descriptor);
      return { ...on.identityOf(found), created: on.createdAt(descriptor, found) };
    },
    user,
    owner,
    isOwn(descriptor) {
      const found = owner(descriptor);
      return found === user() && on.isAnybody?.(found) !== true;
    },
    lock(descriptor) {
      const take = () => flock(descriptor, LOCK_EX);
      const isTaken = lockPatiently(take, () => isLocked(descriptor)) ||
        giveBackDeserted(descriptor) && take();
      if (isTaken) on.threadLocks?.mark(descriptor);
      return isTaken;
    },
    isLocked,
    ...(on.lockHolder && { lockHolder: (descriptor) => on.lockHolder!(statOf(descriptor)) }),
    unlock(descriptor) {
      libc.flock(descriptor, LOCK_UN);
    },
    lockDescriptor: (descriptor) => descriptor,
    isHungUp(descriptor) {
      // A struct pollfd that asks for no events: an error and a hang-up are reported in any case.
      const asked = Int32Array.of(descriptor, 0);
      poll ??= native.open(on.libc, POLL).poll;
      poll(new Uint8Array(asked.buffer), 1n, 0);
      return (asked[1] >> 16 & (POLLERR | POLLHUP)) !== 0;
    },
    close(descriptor) {
      libc.close(descriptor);
    },
    semaphores() {
      if (semaphores !== undefined) return semaphores;
      const libraries = [on.libc, "libpthread.so.0"];
      const named = posixSemaphores(native, libraries, platform, arch, errno);
      return semaphores = platform === "linux" ? linuxSemaphores(named, system) : named;
    },
  };
  return on.complete?.(system, { statOf, user }) ?? system;
}

/** This thread's errno, as a word that is read right after a call: nothing in between changes it. */
function errnoCell(native: Driver, on: Platform): Int32Array {
  const table = { [on.errnoLocation]: { parameters: [], result: "u64" } } as const;
  const address = native.open(on.libc, table)[on.errnoLocation]();
  return new Int32Array(native.view(BigInt(address), 4));
}
