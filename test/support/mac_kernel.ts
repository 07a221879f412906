/**
 * What the calls of a simulated Mac do, as far as its kernel's source tells. Memory is shared in truth,
 * by files of Linux; what is not a segment goes on to Linux.
 */

import assert from "node:assert/strict";
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import process from "node:process";
import { driver } from "../../ffi/drivers/driver.ts";
import type { NativeFunctions, SymbolTable } from "../../ffi/drivers/native.ts";
import { type MacCode, MacErrno, type MacFunction, macText, NAME_LENGTH } from "./mac_function.ts";
import { MacSemaphores } from "./mac_semaphores.ts";

export type MacArch = "arm64" | "x64";

interface Segment {
  path: string;
  mode: number;
  uid: number;
  /** In whole pages; 0 before its size is set. */
  size: number;
}

const { errno: ERRNO } = os.constants;
const { O_CREAT, O_EXCL, O_RDWR } = constants;
/** Where the errno is. */
export const ERRNO_ADDRESS = 0x7e57_0000n;
export const F_PREALLOCATE = 42;
export const F_FULLFSYNC = 51;

const LINUX = {
  mmap: { parameters: ["u64", "u64", "i32", "i32", "i32", "i64"], result: "u64" },
  munmap: { parameters: ["u64", "u64"], result: "i32" },
  msync: { parameters: ["u64", "u64", "i32"], result: "i32" },
  madvise: { parameters: ["u64", "u64", "i32"], result: "i32" },
  flock: { parameters: ["i32", "i32"], result: "i32" },
  __errno_location: { parameters: [], result: "u64" },
} as const satisfies SymbolTable;

/** The kernel and its segments, whoever calls. */
export class MacKernel {
  readonly errno: MacErrno = new MacErrno();
  readonly #arch: MacArch;
  readonly #folder: string;
  readonly #pageSize: number;
  readonly #linux: NativeFunctions<typeof LINUX>;
  readonly #linuxErrno: Int32Array;
  readonly #names = new Map<string, Segment>();
  readonly #open = new Map<number, { segment: Segment; isWritable: boolean }>();
  readonly #semaphores = new MacSemaphores(this.errno);
  #count = 0;

  /** Keeps its segments in a folder. */
  constructor(arch: MacArch, folder: string) {
    this.#arch = arch;
    this.#folder = folder;
    this.#pageSize = arch === "arm64" ? 16384 : 4096;
    this.#linux = driver().open("libc.so.6", LINUX);
    this.#linuxErrno = new Int32Array(
      driver().view(BigInt(this.#linux.__errno_location()), 4),
    );
  }

  /** Descriptors of segments that are open. */
  get openDescriptors(): number[] {
    return [...this.#open.keys()];
  }

  /** Makes a segment as a program that is not ours does. */
  makeForeign(name: string, content: Uint8Array): void {
    const segment = this.#make(name, 0o600);
    segment.size = this.#round(content.length);
    const bytes = new Uint8Array(segment.size);
    bytes.set(content);
    writeFileSync(segment.path, bytes);
  }

  /** The file that stands for the memory of a segment. */
  fileOf(name: string): string {
    const segment = this.#names.get(name);
    assert.ok(segment, `no segment ${name}`);
    return segment.path;
  }

  /** The function of that name. */
  function(name: string): MacFunction {
    switch (name) {
      case "__error":
        return [[], "u64", () => ERRNO_ADDRESS];
      case "getpagesize":
        return [[], "i32", () => this.#pageSize];
      case "geteuid":
        return [[], "i32", () => process.geteuid?.() ?? 0];
      case "shm_open":
        return [["bytes", "i32", "i32"], "i32", this.#shmOpen, 2];
      case "shm_unlink":
        return [["bytes"], "i32", this.#shmUnlink];
      case "ftruncate":
        return [["i32", "i64"], "i32", this.#ftruncate];
      case "mmap":
        return [["u64", "u64", "i32", "i32", "i32", "i64"], "u64", this.#mmap];
      case "munmap":
        return [["u64", "u64"], "i32", this.#linux.munmap as MacCode];
      case "msync":
        // MS_SYNC is 16 there and 4 on Linux.
        return [
          ["u64", "u64", "i32"],
          "i32",
          (address: bigint, size: bigint, flags: number) =>
            this.#onLinux(() => this.#linux.msync(address, size, flags === 0x10 ? 4 : flags)),
        ];
      case "madvise":
        return [
          ["u64", "u64", "i32"],
          "i32",
          (...given: [bigint, bigint, number]) =>
            this.#onLinux(() => this.#linux.madvise(...given)),
        ];
      case "flock":
        return [
          ["i32", "i32"],
          "i32",
          (descriptor: number, operation: number) =>
            this.#open.has(descriptor)
              ? this.errno.fail(ERRNO.ENOTSUP)
              : this.#onLinux(() => this.#linux.flock(descriptor, operation)),
        ];
      case "lseek":
        return [["i32", "i64", "i32"], "i64", () => this.errno.fail(ERRNO.ESPIPE)];
      case "close":
        return [["i32"], "i32", this.#close];
      case "pread":
        return [["i32", "bytes", "u64", "i64"], "i64", this.#pread];
      case "fchmod":
        return [["i32", "i32"], "i32", (descriptor: number, mode: number) => {
          if (this.#open.has(descriptor)) return this.errno.fail(ERRNO.EINVAL);
          fchmodSync(descriptor, mode);
          return 0;
        }];
      case this.#arch === "x64" ? "fstat$INODE64" : "fstat":
        return [["i32", "bytes"], "i32", this.#fstat];
      case "fcntl":
        return [["i32", "i32", "bytes"], "i32", (descriptor: number, command: number) => {
          if (this.#open.has(descriptor)) return this.errno.fail(ERRNO.EBADF);
          assert.ok(command === F_PREALLOCATE || command === F_FULLFSYNC);
          return 0;
        }, 2];
      default:
        return this.#semaphores.function(name) ?? assert.fail(`libSystem.B.dylib has no ${name}`);
    }
  }

  #make(name: string, mode: number): Segment {
    const segment = {
      path: `${this.#folder}/segment-${this.#count++}`,
      mode,
      uid: process.geteuid?.() ?? 0,
      size: 0,
    };
    writeFileSync(segment.path, "");
    this.#names.set(name, segment);
    return segment;
  }

  #round(size: number): number {
    return Math.ceil(size / this.#pageSize) * this.#pageSize;
  }

  #onLinux(call: () => number | bigint): number | bigint {
    const result = call();
    this.errno.word[0] = this.#linuxErrno[0];
    return result;
  }

  #shmOpen = (bytes: Uint8Array, flags: number, mode: number): number => {
    const name = macText(bytes);
    assert.equal(flags & ~(O_CREAT | O_EXCL | O_RDWR), 0, "flags of shm_open");
    if (bytes.length - 1 > NAME_LENGTH) return this.errno.fail(ERRNO.ENAMETOOLONG);
    let segment = this.#names.get(name);
    if (segment !== undefined && (flags & O_EXCL) !== 0) return this.errno.fail(ERRNO.EEXIST);
    if (segment === undefined && (flags & O_CREAT) === 0) return this.errno.fail(ERRNO.ENOENT);
    const isWritable = (flags & O_RDWR) !== 0;
    const needed = isWritable ? 0o600 : 0o400;
    if (segment !== undefined && (segment.mode & needed) !== needed) {
      return this.errno.fail(ERRNO.EACCES);
    }
    segment ??= this.#make(name, mode);
    const descriptor = openSync(segment.path, isWritable ? "r+" : "r");
    this.#open.set(descriptor, { segment, isWritable });
    return descriptor;
  };

  #shmUnlink = (bytes: Uint8Array): number => {
    if (bytes.length - 1 > NAME_LENGTH) return this.errno.fail(ERRNO.EINVAL);
    return this.#names.delete(macText(bytes)) ? 0 : this.errno.fail(ERRNO.ENOENT);
  };

  #ftruncate = (descriptor: number, size: bigint): number => {
    const open = this.#open.get(descriptor);
    if (open === undefined) {
      ftruncateSync(descriptor, Number(size));
      return 0;
    }
    // Once in the life of a segment.
    if (open.segment.size > 0 || size < 0n) return this.errno.fail(ERRNO.EINVAL);
    open.segment.size = this.#round(Number(size));
    ftruncateSync(descriptor, open.segment.size);
    return 0;
  };

  #mmap = (
    hint: bigint,
    size: bigint,
    protection: number,
    flags: number,
    descriptor: number,
    offset: bigint,
  ): number | bigint => {
    assert.deepEqual([hint, flags], [0n, 1], "no hint, MAP_SHARED");
    const open = this.#open.get(descriptor);
    if (offset % BigInt(this.#pageSize) !== 0n || size === 0n) return this.errno.fail(ERRNO.EINVAL);
    if (open !== undefined) {
      if ((protection & 2) !== 0 && !open.isWritable) return this.errno.fail(ERRNO.EPERM);
      const end = Number(offset) + this.#round(Number(size));
      if (end > this.#round(open.segment.size)) return this.errno.fail(ERRNO.EINVAL);
    }
    return this.#onLinux(() => this.#linux.mmap(0n, size, protection, 1, descriptor, offset));
  };

  #pread = (descriptor: number, into: Uint8Array, length: bigint, offset: bigint): number => {
    if (this.#open.has(descriptor)) return this.errno.fail(ERRNO.ESPIPE);
    return readSync(descriptor, into, 0, Number(length), Number(offset));
  };

  #close = (descriptor: number): number => {
    assert.ok(this.#open.delete(descriptor), `close of ${descriptor}, which is no segment`);
    closeSync(descriptor);
    return 0;
  };

  #fstat = (descriptor: number, into: Uint8Array): number => {
    const stat = new DataView(into.buffer, into.byteOffset, 144);
    into.fill(0);
    const open = this.#open.get(descriptor);
    if (open !== undefined) {
      // Nothing but these.
      stat.setUint16(4, open.segment.mode, true);
      stat.setUint32(16, open.segment.uid, true);
      stat.setBigInt64(96, BigInt(open.segment.size), true);
      return 0;
    }
    const found = fstatSync(descriptor, { bigint: true });
    stat.setInt32(0, Number(found.dev), true);
    stat.setUint16(4, Number(found.mode), true);
    stat.setBigUint64(8, found.ino, true);
    stat.setUint32(16, Number(found.uid), true);
    stat.setBigInt64(80, BigInt(found.birthtimeMs / 1000n), true);
    stat.setBigInt64(96, found.size, true);
    stat.setBigInt64(104, BigInt(found.blocks ?? 0n), true);
    return 0;
  };
}
