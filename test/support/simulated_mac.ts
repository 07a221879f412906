/**
 * A Mac for tests, as far as its kernel's source tells what it does: a driver that answers like
 * libSystem, and memory that is shared in truth, by files of Linux. What is not a segment goes on to
 * Linux. It records who was called with what.
 */

import assert from "node:assert/strict";
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import os, { tmpdir } from "node:os";
import process from "node:process";
import { replaceSystem } from "../../ffi/current_system.ts";
import { driver } from "../../ffi/driver.ts";
import type { Driver, NativeFunctions, NativeType, SymbolTable } from "../../ffi/native.ts";
import { posixSystem } from "../../ffi/posix.ts";

export type MacArch = "arm64" | "x64";

/** One call of a function. Of a variadic one without the padding. */
export interface MacCall {
  name: string;
  given: unknown[];
}

interface Segment {
  path: string;
  mode: number;
  uid: number;
  /** In whole pages; 0 before its size is set. */
  size: number;
}

type Call = (...given: never[]) => number | bigint;

const { errno: ERRNO } = os.constants;
const { O_CREAT, O_EXCL, O_RDWR } = constants;
const ERRNO_ADDRESS = 0x7e57_0000n;
const FAILED = 0xffff_ffff_ffff_ffffn;
/** The kernel's PSHMNAMLEN and PSEMNAMLEN. */
const NAME_LENGTH = 31;
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

const PADDING: NativeType[] = ["i64", "i64", "i64", "i64", "i64", "i64"];

/** A Mac of one user that takes the place of this system until it is disposed of. */
export class SimulatedMac implements Disposable {
  readonly calls: MacCall[] = [];
  /** Where the lock files are. */
  readonly lockFolder: string;
  /** Any folder. */
  readonly folder: string;
  /** Called before each call, to do what another process would. */
  onCall: ((call: MacCall) => void) | undefined;
  /** Errors to fail with, by function: the name of each is used up. */
  readonly failures = new Map<string, number[]>();

  readonly #arch: MacArch;
  readonly #pageSize: number;
  readonly #linux: NativeFunctions<typeof LINUX>;
  readonly #linuxErrno: Int32Array;
  readonly #errno = new Int32Array(new ArrayBuffer(4));
  readonly #names = new Map<string, Segment>();
  readonly #open = new Map<number, { segment: Segment; isWritable: boolean }>();
  readonly #semaphores = new Map<string, { value: number; mode: number }>();
  readonly #handles = new Map<bigint, { value: number; mode: number }>();
  #count = 0;

  constructor(arch: MacArch) {
    this.#arch = arch;
    this.#pageSize = arch === "arm64" ? 16384 : 4096;
    this.#linux = driver().open("libc.so.6", LINUX);
    this.#linuxErrno = new Int32Array(
      driver().view(BigInt(this.#linux.__errno_location()), 4),
    );
    this.folder = mkdtempSync(`${tmpdir()}/ouroboros-mac-`);
    this.lockFolder = mkdtempSync(`${this.folder}/locks-`);
    this.restart();
  }

  /** Begins anew as another process would: with nothing remembered. */
  restart(): void {
    replaceSystem(posixSystem("darwin", this.#arch, this.#driver(), this.lockFolder));
  }

  [Symbol.dispose](): void {
    replaceSystem(undefined);
    rmSync(this.folder, { recursive: true });
    assert.deepEqual([...this.#open.keys()], [], "descriptors of segments that are still open");
  }

  /** The calls of some functions, by name and arguments; the list begins anew. */
  take(...names: string[]): unknown[][] {
    const found = this.calls.filter(({ name }) => names.length === 0 || names.includes(name));
    this.calls.length = 0;
    return found.map(({ name, given }) => [name, ...given]);
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

  #driver(): Driver {
    return {
      maxView: driver().maxView,
      open: (library, table) => {
        assert.equal(library, "/usr/lib/libSystem.B.dylib");
        const functions: Record<string, Call> = {};
        for (const [name, { parameters, result }] of Object.entries(table)) {
          const [expected, resultType, call, named] = this.#symbol(name);
          const isPadded = named !== undefined && this.#arch === "arm64";
          assert.deepEqual(
            [...parameters],
            isPadded
              ? [
                ...expected.slice(0, named),
                ...PADDING,
                ...expected.slice(named).map((type) => type === "i32" ? "i64" : type),
              ]
              : expected,
            `arguments of ${name}`,
          );
          assert.equal(result, resultType, `result of ${name}`);
          functions[name] = (...raw: unknown[]) => {
            assert.equal(raw.length, parameters.length, `${name} was called with ${raw.length}`);
            let given = raw;
            if (isPadded) {
              assert.deepEqual(raw.slice(named, named + 6), PADDING.map(() => 0n));
              given = [...raw.slice(0, named), ...raw.slice(named + 6)].map((value, i) =>
                i >= named && expected[i] === "i32" ? Number(value) : value
              );
            }
            return this.#run(name, call, given, result === "u64" && name !== "__error");
          };
        }
        return functions as never;
      },
      view: (address, byteLength) =>
        address === ERRNO_ADDRESS
          ? this.#errno.buffer as ArrayBuffer
          : driver().view(address, byteLength),
    };
  }

  #run(name: string, call: Call, given: unknown[], isAddress: boolean): number | bigint {
    const shown = given.map((value) =>
      value instanceof Uint8Array && name !== "fcntl" && name.includes("_") &&
        !name.startsWith("fstat")
        ? new TextDecoder().decode(value).replace(/\0$/, "")
        : value instanceof Uint8Array
        ? value.slice()
        : value
    );
    const made = { name, given: shown };
    this.calls.push(made);
    this.onCall?.(made);
    const failure = this.failures.get(name)?.shift();
    const result = failure === undefined ? call(...given as never[]) : this.#fail(failure);
    return isAddress && result === -1 ? FAILED : result;
  }

  #fail(reason: number): -1 {
    this.#errno[0] = reason;
    return -1;
  }

  /** Its arguments, its result, what it does, and how many arguments come before the variadic ones. */
  #symbol(name: string): [NativeType[], NativeType, Call, number?] {
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
        return [["u64", "u64"], "i32", this.#linux.munmap as Call];
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
              ? this.#fail(ERRNO.ENOTSUP)
              : this.#onLinux(() => this.#linux.flock(descriptor, operation)),
        ];
      case "lseek":
        return [["i32", "i64", "i32"], "i64", () => this.#fail(ERRNO.ESPIPE)];
      case "close":
        return [["i32"], "i32", this.#close];
      case "pread":
        return [["i32", "bytes", "u64", "i64"], "i64", this.#pread];
      case "fchmod":
        return [["i32", "i32"], "i32", (descriptor: number, mode: number) => {
          if (this.#open.has(descriptor)) return this.#fail(ERRNO.EINVAL);
          fchmodSync(descriptor, mode);
          return 0;
        }];
      case this.#arch === "x64" ? "fstat$INODE64" : "fstat":
        return [["i32", "bytes"], "i32", this.#fstat];
      case "fcntl":
        return [["i32", "i32", "bytes"], "i32", (descriptor: number, command: number) => {
          if (this.#open.has(descriptor)) return this.#fail(ERRNO.EBADF);
          assert.ok(command === F_PREALLOCATE || command === F_FULLFSYNC);
          return 0;
        }, 2];
      case "sem_open":
        return [["bytes", "i32", "i32", "i32"], "u64", this.#semOpen, 2];
      case "sem_trywait":
        return [["u64"], "i32", (address: bigint) => {
          const semaphore = this.#handles.get(address);
          if (semaphore === undefined) return this.#fail(ERRNO.EBADF);
          if (semaphore.value === 0) return this.#fail(ERRNO.EAGAIN);
          semaphore.value--;
          return 0;
        }];
      case "sem_post":
        return [["u64"], "i32", (address: bigint) => {
          const semaphore = this.#handles.get(address);
          if (semaphore === undefined) return this.#fail(ERRNO.EBADF);
          semaphore.value++;
          return 0;
        }];
      case "sem_close":
        return [
          ["u64"],
          "i32",
          (address: bigint) => this.#handles.delete(address) ? 0 : this.#fail(ERRNO.EBADF),
        ];
      case "sem_unlink":
        return [
          ["bytes"],
          "i32",
          (name: Uint8Array) => this.#semaphores.delete(text(name)) ? 0 : this.#fail(ERRNO.ENOENT),
        ];
      default:
        throw new Error(`libSystem.B.dylib has no ${name}`);
    }
  }

  #make(name: string, mode: number): Segment {
    const segment = {
      path: `${this.folder}/segment-${this.#count++}`,
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
    this.#errno[0] = this.#linuxErrno[0];
    return result;
  }

  #shmOpen = (bytes: Uint8Array, flags: number, mode: number): number => {
    const name = text(bytes);
    assert.equal(flags & ~(O_CREAT | O_EXCL | O_RDWR), 0, "flags of shm_open");
    if (bytes.length - 1 > NAME_LENGTH) return this.#fail(ERRNO.ENAMETOOLONG);
    let segment = this.#names.get(name);
    if (segment !== undefined && (flags & O_EXCL) !== 0) return this.#fail(ERRNO.EEXIST);
    if (segment === undefined && (flags & O_CREAT) === 0) return this.#fail(ERRNO.ENOENT);
    const isWritable = (flags & O_RDWR) !== 0;
    const needed = isWritable ? 0o600 : 0o400;
    if (segment !== undefined && (segment.mode & needed) !== needed) {
      return this.#fail(ERRNO.EACCES);
    }
    segment ??= this.#make(name, mode);
    const descriptor = openSync(segment.path, isWritable ? "r+" : "r");
    this.#open.set(descriptor, { segment, isWritable });
    return descriptor;
  };

  #shmUnlink = (bytes: Uint8Array): number => {
    if (bytes.length - 1 > NAME_LENGTH) return this.#fail(ERRNO.EINVAL);
    return this.#names.delete(text(bytes)) ? 0 : this.#fail(ERRNO.ENOENT);
  };

  #ftruncate = (descriptor: number, size: bigint): number => {
    const open = this.#open.get(descriptor);
    if (open === undefined) {
      ftruncateSync(descriptor, Number(size));
      return 0;
    }
    // Once in the life of a segment.
    if (open.segment.size > 0 || size < 0n) return this.#fail(ERRNO.EINVAL);
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
    if (offset % BigInt(this.#pageSize) !== 0n || size === 0n) return this.#fail(ERRNO.EINVAL);
    if (open !== undefined) {
      if ((protection & 2) !== 0 && !open.isWritable) return this.#fail(ERRNO.EPERM);
      const end = Number(offset) + this.#round(Number(size));
      if (end > this.#round(open.segment.size)) return this.#fail(ERRNO.EINVAL);
    }
    return this.#onLinux(() => this.#linux.mmap(0n, size, protection, 1, descriptor, offset));
  };

  #pread = (descriptor: number, into: Uint8Array, length: bigint, offset: bigint): number => {
    if (this.#open.has(descriptor)) return this.#fail(ERRNO.ESPIPE);
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

  #semOpen = (bytes: Uint8Array, flags: number, mode: number, value: number): bigint | number => {
    const name = text(bytes);
    assert.equal(flags, O_CREAT);
    // The kernel counts the NUL here.
    if (bytes.length > NAME_LENGTH) return this.#fail(ERRNO.ENAMETOOLONG);
    let semaphore = this.#semaphores.get(name);
    if (semaphore !== undefined && (semaphore.mode & 0o400) === 0) {
      return this.#fail(ERRNO.EACCES);
    }
    semaphore ??= { value, mode };
    this.#semaphores.set(name, semaphore);
    const address = BigInt(1000 + this.#count++);
    this.#handles.set(address, semaphore);
    return address;
  };
}

function text(bytes: Uint8Array): string {
  assert.equal(bytes.at(-1), 0, "a name that ends with NUL");
  return new TextDecoder().decode(bytes.subarray(0, -1));
}
