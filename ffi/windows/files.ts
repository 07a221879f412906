/**
 * Files to be mapped, on Windows.
 *
 * The descriptors of `node:fs` do not do: only the runtime itself knows the handles behind them.
 *
 * @module
 */

import { closeSync, constants, fsync, openSync } from "node:fs";
import { resolve, toNamespacedPath } from "node:path";
import { SystemCallError } from "../../src/errors.ts";
import { identityNumber } from "../segment_identity.ts";
import type { Access, Files, ObjectIdentity, SegmentIdentity } from "../system.ts";
import { translateFsError } from "../system_error.ts";
import { bytesOf, high, INVALID_HANDLE, low, room, wide, type WindowsCalls } from "./calls.ts";
import { ERROR } from "./error.ts";
import { viewRights } from "./segments.ts";

const GENERIC_READ = 0x80000000 | 0;
const GENERIC_READ_WRITE = 0xc0000000 | 0;
/** Others may read, write and delete it meanwhile, as on other systems. */
const SHARE_ALL = 7;
const CREATE_NEW = 1;
const OPEN_EXISTING = 3;
const ATTRIBUTE_NORMAL = 0x80;
const ATTRIBUTE_DIRECTORY = 0x10;
const ATTRIBUTE_REPARSE_POINT = 0x400;
/** To look at folders, too. */
const FLAG_BACKUP_SEMANTICS = 0x02000000;
/** Not to follow a link. */
const FLAG_OPEN_REPARSE_POINT = 0x00200000;
/** What a reparse point's tag has that stands for something elsewhere: a link. */
const NAME_SURROGATE = 0x20000000;
const TYPE_DISK = 1;
const INFO_END_OF_FILE = 6;
const INFO_ATTRIBUTE_TAG = 9;
const PAGE_READONLY = 2;
const PAGE_READWRITE = 4;
const LOCK_FAIL_IMMEDIATELY = 1;
const LOCK_EXCLUSIVE = 2;
/** The byte that is locked, 2^62: far behind any end, as what is locked can't be read. */
const LOCK_OFFSET_HIGH = 0x40000000;
/** Of a BY_HANDLE_FILE_INFORMATION: its size, and where things are in it. */
const INFORMATION = 52;
const INFORMATION_CREATED = 4;
const INFORMATION_VOLUME = 28;
const INFORMATION_INDEX_HIGH = 44;
const INFORMATION_INDEX_LOW = 48;
/** From 1601, where Windows counts from, to 1970, in units of 100 ns. */
const EPOCH = 116444736000000000n;
/** From here on a path must be written in the long form. */
const LONG_PATH = 240;

/** Files that this thread has open. */
export class WindowsFiles implements Files {
  readonly #calls: WindowsCalls;
  readonly #access = new Map<number, Access>();

  /** None yet. */
  constructor(calls: WindowsCalls) {
    this.#calls = calls;
  }

  create(path: string): number {
    const handle = this.#createFile(path, GENERIC_READ_WRITE, CREATE_NEW, ATTRIBUTE_NORMAL);
    this.#access.set(Number(handle), "read-write");
    return Number(handle);
  }

  open(path: string, access: Access): number {
    const rights = access === "read" ? GENERIC_READ : GENERIC_READ_WRITE;
    let handle = this.#createFile(path, rights, OPEN_EXISTING, openFlags(access));
    try {
      const refuse = (why: string): never => {
        throw new SystemCallError(`open file "${path}" failed: ${why}`, 0);
      };
      if (this.#calls.kernel.GetFileType(handle) !== TYPE_DISK) refuse("not a file");
      const attributes = this.#information(handle, path).getUint32(0, true);
      if ((attributes & ATTRIBUTE_DIRECTORY) !== 0) refuse("not a file");
      if (access === "read-write" && (attributes & ATTRIBUTE_REPARSE_POINT) !== 0) {
        if (this.#isLink(handle)) refuse("a link is not followed");
        // A file that is kept elsewhere, and fetched when it is opened in the usual way.
        const other = this.#createFile(path, rights, OPEN_EXISTING, ATTRIBUTE_NORMAL);
        this.#calls.kernel.CloseHandle(handle);
        handle = other;
      }
    } catch (error) {
      this.#calls.kernel.CloseHandle(handle);
      throw error;
    }
    this.#access.set(Number(handle), access);
    return Number(handle);
  }

  identify(path: string, access: Access): ObjectIdentity | undefined {
    let handle: bigint;
    try {
      handle = this.#createFile(path, 0, OPEN_EXISTING, openFlags(access) | FLAG_BACKUP_SEMANTICS);
    } catch (error) {
      if ((error as { code?: string }).code === "SEGMENT_NOT_FOUND") return undefined;
      throw error;
    }
    try {
      return this.identifyHandle(Number(handle));
    } finally {
      this.#calls.kernel.CloseHandle(handle);
    }
  }

  unlink(path: string): boolean {
    const isDone = this.#calls.kernel.DeleteFileW(widePath(path));
    const reason = this.#calls.lastError();
    if (isDone !== 0) return true;
    if (reason === ERROR.FILE_NOT_FOUND || reason === ERROR.PATH_NOT_FOUND) return false;
    throw this.#calls.failed("DeleteFile", `file "${path}"`, reason);
  }

  async sync(path: string, { device, inode }: ObjectIdentity): Promise<boolean> {
    const what = `file "${path}"`;
    let descriptor: number;
    try {
      // To write: the system needs that.
      descriptor = openSync(path, constants.O_RDWR);
    } catch (error) {
      throw translateFsError("open", what, error);
    }
    try {
      const found = this.identify(path, "read-write");
      if (found?.device !== device || found.inode !== inode) return false;
      await new Promise<void>((resolve, reject) => {
        fsync(descriptor, (error) => {
          if (error) reject(translateFsError("fsync", what, error));
          else resolve();
        });
      });
      return true;
    } finally {
      closeSync(descriptor);
    }
  }

  close(handle: number): void {
    this.#access.delete(handle);
    this.#calls.kernel.CloseHandle(BigInt(handle));
  }

  /** Which file a handle leads to. */
  identifyHandle(handle: number): SegmentIdentity {
    const found = this.#information(BigInt(handle), `handle ${handle}`);
    const part = (at: number) => BigInt(found.getUint32(at, true));
    const inode = (part(INFORMATION_INDEX_HIGH) << 32n) | part(INFORMATION_INDEX_LOW);
    const ticks = found.getBigUint64(INFORMATION_CREATED, true);
    return {
      device: found.getUint32(INFORMATION_VOLUME, true),
      inode: identityNumber(inode),
      created: ticks > EPOCH ? Number((ticks - EPOCH) / 10n) : 0,
    };
  }

  /** The size of a file in bytes. */
  size(handle: number): number {
    const size = room(8);
    const isKnown = this.#calls.kernel.GetFileSizeEx(BigInt(handle), bytesOf(size));
    const reason = this.#calls.lastError();
    if (isKnown === 0) throw this.#calls.failed("GetFileSizeEx", `handle ${handle}`, reason);
    return Number(size.getBigInt64(0, true));
  }

  /** Gives a file its size, with room on the disk: the system keeps no holes where none are asked for. */
  setSize(handle: number, size: number, what: string): void {
    const end = room(8);
    end.setBigInt64(0, BigInt(size), true);
    const { kernel } = this.#calls;
    const file = BigInt(handle);
    const isDone = kernel.SetFileInformationByHandle(file, INFO_END_OF_FILE, bytesOf(end), 8);
    const reason = this.#calls.lastError();
    if (isDone === 0) throw this.#calls.failed("SetFileInformationByHandle", what, reason);
  }

  /** Maps a file; returns the address. */
  map(handle: number, size: number, access: Access, what: string): bigint {
    const { kernel, mapNameless } = this.#calls;
    const protection = access === "read" ? PAGE_READONLY : PAGE_READWRITE;
    const section = BigInt(
      mapNameless(BigInt(handle), 0n, protection, high(size), low(size), 0n),
    );
    const reason = this.#calls.lastError();
    if (section === 0n) throw this.#calls.failed("CreateFileMapping", what, reason);
    const address = BigInt(kernel.MapViewOfFile(section, viewRights(access), 0, 0, BigInt(size)));
    const mapReason = this.#calls.lastError();
    // What is mapped keeps it.
    kernel.CloseHandle(section);
    if (address === 0n) throw this.#calls.failed("MapViewOfFile", what, mapReason);
    return address;
  }

  /** Waits until what was flushed to a file is on its disk. */
  flush(handle: number, what: string): void {
    // A process that may not write has nothing to flush, and may not.
    if (this.#access.get(handle) !== "read-write") return;
    const isDone = this.#calls.kernel.FlushFileBuffers(BigInt(handle));
    const reason = this.#calls.lastError();
    if (isDone === 0) throw this.#calls.failed("FlushFileBuffers", what, reason);
  }

  /** Copies bytes from `offset` on; returns how many there were. */
  read(handle: number, into: Uint8Array, offset: number, what: string): number {
    const count = room(4);
    const { kernel } = this.#calls;
    let done = 0;
    while (done < into.length) {
      const rest = into.subarray(done, done + 2 ** 30);
      const at = overlapped(BigInt(offset + done));
      const isRead = kernel.ReadFile(BigInt(handle), rest, rest.length, bytesOf(count), at);
      const reason = this.#calls.lastError();
      if (isRead === 0 && reason === ERROR.HANDLE_EOF) break;
      if (isRead === 0) throw this.#calls.failed("ReadFile", what, reason);
      const length = count.getUint32(0, true);
      if (length === 0) break;
      done += length;
    }
    return done;
  }

  /** Takes the lock of a file, alone or with others; returns whether it was available. */
  lock(handle: number, isExclusive: boolean): boolean {
    const flags = LOCK_FAIL_IMMEDIATELY | (isExclusive ? LOCK_EXCLUSIVE : 0);
    const at = overlapped(BigInt(LOCK_OFFSET_HIGH) << 32n);
    const isDone = this.#calls.kernel.LockFileEx(BigInt(handle), flags, 0, 1, 0, at);
    const reason = this.#calls.lastError();
    if (isDone !== 0) return true;
    if (reason === ERROR.LOCK_VIOLATION || reason === ERROR.IO_PENDING) return false;
    throw this.#calls.failed("LockFileEx", `handle ${handle}`, reason);
  }

  /** Releases the lock. */
  unlock(handle: number): void {
    const at = overlapped(BigInt(LOCK_OFFSET_HIGH) << 32n);
    this.#calls.kernel.UnlockFileEx(BigInt(handle), 0, 1, 0, at);
  }

  #createFile(path: string, rights: number, how: number, flags: number): bigint {
    const text = widePath(path);
    const handle = this.#calls.kernel.CreateFileW(text, rights, SHARE_ALL, 0n, how, flags, 0n);
    const reason = this.#calls.lastError();
    if (BigInt.asUintN(64, BigInt(handle)) === INVALID_HANDLE) {
      throw this.#calls.failed("CreateFile", `file "${path}"`, reason);
    }
    return BigInt(handle);
  }

  #information(handle: bigint, what: string): DataView<ArrayBuffer> {
    const found = room(INFORMATION);
    const isKnown = this.#calls.kernel.GetFileInformationByHandle(handle, bytesOf(found));
    const reason = this.#calls.lastError();
    if (isKnown === 0) throw this.#calls.failed("GetFileInformationByHandle", what, reason);
    return found;
  }

  #isLink(handle: bigint): boolean {
    const found = room(8);
    const { kernel } = this.#calls;
    kernel.GetFileInformationByHandleEx(handle, INFO_ATTRIBUTE_TAG, bytesOf(found), 8);
    return (found.getUint32(4, true) & NAME_SURROGATE) !== 0;
  }
}

/** An OVERLAPPED, for its offset. */
function overlapped(offset: bigint): Uint8Array {
  const at = room(32);
  at.setBigUint64(16, offset, true);
  return bytesOf(at);
}

function openFlags(access: Access): number {
  return access === "read" ? ATTRIBUTE_NORMAL : ATTRIBUTE_NORMAL | FLAG_OPEN_REPARSE_POINT;
}

/** A path of any length as the system takes it: for that it would end at a NUL, and be another one. */
function widePath(path: string): Uint8Array {
  if (path.includes("\0")) throw new RangeError(`path ${JSON.stringify(path)} contains a NUL`);
  const whole = resolve(path);
  return wide(whole.length < LONG_PATH ? path : toNamespacedPath(whole));
}
