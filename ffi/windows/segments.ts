/**
 * Shared memory of Windows: sections of the page file, which live as long as a handle to them does.
 *
 * @module
 */

import type { Access, SegmentIdentity } from "../system.ts";
import {
  bytesOf,
  high,
  INVALID_HANDLE,
  low,
  room,
  THIS_PROCESS,
  wide,
  type WindowsCalls,
} from "./calls.ts";
import { ERROR } from "./error.ts";
import { type Certificate, openCertificate } from "./certificate.ts";

const PAGE_READWRITE = 4;
const MAP_WRITE = 2;
const MAP_READ = 4;
/** To ask whose it is. */
const READ_CONTROL = 0x20000;
/** A MEMORY_BASIC_INFORMATION: its size, and where the size of the region is in it. */
const MEMORY_INFORMATION = 48;
const REGION_SIZE = 24;

/** A segment that is open. */
interface OpenSegment {
  size: number;
  certificate: Certificate;
  /** Where it is mapped; 0: nowhere. */
  address: bigint;
  /** Whether somebody uses that. */
  isMapped: boolean;
}

/** The segments that this thread has open. */
export class Segments {
  readonly #calls: WindowsCalls;
  readonly #open = new Map<number, OpenSegment>();

  /** None yet. */
  constructor(calls: WindowsCalls) {
    this.#calls = calls;
  }

  /** Whether a handle is that of a segment. */
  has(handle: number): boolean {
    return this.#open.has(handle);
  }

  /** Makes a segment of whole pages that must not exist; returns its handle. */
  create(name: string, size: number): number {
    const { kernel } = this.#calls;
    const text = wide(name);
    const handle = kernel.CreateFileMappingW(
      INVALID_HANDLE,
      0n,
      PAGE_READWRITE,
      high(size),
      low(size),
      text,
    );
    // At once: this alone tells whether it was there.
    const reason = this.#calls.lastError();
    if (BigInt(handle) === 0n) throw this.#calls.failed("CreateFileMapping", `"${name}"`, reason);
    if (reason === ERROR.ALREADY_EXISTS) {
      kernel.CloseHandle(BigInt(handle));
      throw this.#calls.failed("CreateFileMapping", `"${name}"`, reason);
    }
    const certificate = openCertificate(this.#calls, name, true);
    const segment = { size, certificate, address: 0n, isMapped: false };
    this.#open.set(Number(handle), segment);
    return Number(handle);
  }

  /** Opens a segment; returns its handle. */
  open(name: string, access: Access): number {
    const { kernel } = this.#calls;
    const rights = viewRights(access) | READ_CONTROL;
    const handle = BigInt(kernel.OpenFileMappingW(rights, 0, wide(name)));
    const reason = this.#calls.lastError();
    if (handle === 0n) throw this.#calls.failed("OpenFileMapping", `"${name}"`, reason);
    try {
      // Only where it is mapped can its size be asked for: so the map is kept for the next one that needs it.
      const address = this.#mapWhole(handle, access, `"${name}"`);
      const information = room(MEMORY_INFORMATION);
      kernel.VirtualQuery(address, bytesOf(information), BigInt(MEMORY_INFORMATION));
      const size = Number(information.getBigUint64(REGION_SIZE, true));
      const certificate = openCertificate(this.#calls, name, false);
      this.#open.set(Number(handle), { size, certificate, address, isMapped: false });
      return Number(handle);
    } catch (error) {
      kernel.CloseHandle(handle);
      throw error;
    }
  }

  /** Maps all of it; returns the address. */
  map(handle: number, access: Access, what: string): bigint {
    const segment = this.#get(handle);
    if (segment.isMapped) return this.#mapWhole(BigInt(handle), access, what);
    if (segment.address === 0n) segment.address = this.#mapWhole(BigInt(handle), access, what);
    segment.isMapped = true;
    return segment.address;
  }

  /** Knows that what was mapped there is no longer. */
  unmapped(address: bigint): void {
    for (const segment of this.#open.values()) {
      if (segment.address === address) segment.address = 0n;
    }
  }

  /** Its size in bytes, which never changes. */
  size(handle: number): number {
    return this.#get(handle).size;
  }

  /** Which segment it is. */
  identify(handle: number): SegmentIdentity {
    return this.#get(handle).certificate.identity;
  }

  /** Copies bytes from `offset` on; returns how many. */
  read(handle: number, into: Uint8Array, offset: number, what: string): number {
    const { size, address } = this.#get(handle);
    const length = Math.max(0, Math.min(into.length, size - offset));
    if (length === 0) return 0;
    const done = new Uint8Array(new ArrayBuffer(8));
    const from = address + BigInt(offset);
    const { kernel } = this.#calls;
    const isRead = kernel.ReadProcessMemory(THIS_PROCESS, from, into, BigInt(length), done);
    const reason = this.#calls.lastError();
    if (isRead === 0) throw this.#calls.failed("ReadProcessMemory", what, reason);
    return length;
  }

  /** Closes a handle. */
  close(handle: number): void {
    const { address, isMapped, certificate } = this.#get(handle);
    const { kernel } = this.#calls;
    this.#open.delete(handle);
    if (!isMapped && address !== 0n) kernel.UnmapViewOfFile(address);
    // First the certificate: it must not be there when the name is free for another segment.
    if (certificate.handle !== 0n) kernel.CloseHandle(certificate.handle);
    kernel.CloseHandle(BigInt(handle));
  }

  #mapWhole(handle: bigint, access: Access, what: string): bigint {
    const address = this.#calls.kernel.MapViewOfFile(handle, viewRights(access), 0, 0, 0n);
    const reason = this.#calls.lastError();
    if (BigInt(address) === 0n) throw this.#calls.failed("MapViewOfFile", what, reason);
    return BigInt(address);
  }

  #get(handle: number): OpenSegment {
    const segment = this.#open.get(handle);
    if (segment === undefined) throw new TypeError(`handle ${handle} is not that of a segment`);
    return segment;
  }
}

/** The rights of FILE_MAP_…: those to a section are the same. */
export function viewRights(access: Access): number {
  return access === "read" ? MAP_READ : MAP_READ | MAP_WRITE;
}
