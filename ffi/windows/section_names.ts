/**
 * Which segments there are, by the directories in which the system keeps the names of its objects.
 *
 * Every program has sections there, with memory that is not ours to look at. So only those are
 * listed that have a certificate: somebody has them open with this library.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { bytesOf, room, type WindowsCalls } from "./calls.ts";
import { CERTIFICATE, GLOBAL } from "./names.ts";

const DIRECTORY_QUERY = 1;
const MACHINE_DIRECTORY = "\\BaseNamedObjects";
/** Room for the longest name that there can be, of 65,534 bytes, and the kind of the object. */
const ENTRY = 0x11000;
/** LMEM_ZEROINIT. */
const ZEROED = 0x40;
/** A UNICODE_STRING: its size, and where its pointer is in it; the length in bytes comes first. */
const STRING = 16;
const STRING_POINTER = 8;
/** An OBJECT_ATTRIBUTES: its size, which comes first, and where the pointer to the name is in it. */
const ATTRIBUTES = 48;
const ATTRIBUTES_NAME = 16;

/** The names of the segments that somebody has open with this library, sorted. */
export function sectionNames(calls: WindowsCalls): string[] {
  const session = sessionOf(calls);
  const names = new Set<string>();
  // Services have no session of their own.
  const own = session === 0 ? MACHINE_DIRECTORY : `\\Sessions\\${session}${MACHINE_DIRECTORY}`;
  addCertified(calls, own, "", names);
  if (session !== 0) addCertified(calls, MACHINE_DIRECTORY, GLOBAL, names);
  return [...names].sort();
}

function sessionOf({ kernel }: WindowsCalls): number {
  const session = room(4);
  kernel.ProcessIdToSessionId(kernel.GetCurrentProcessId(), bytesOf(session));
  return session.getUint32(0, true);
}

/** Adds the names in a directory that have a certificate there; none of one that we may not see. */
function addCertified(
  calls: WindowsCalls,
  directory: string,
  prefix: string,
  names: Set<string>,
): void {
  // Twice: what goes meanwhile shifts the places of others, of which one may be passed over.
  const found = new Set([...namesIn(calls, directory), ...namesIn(calls, directory)]);
  for (const name of found) {
    if (found.has(`${name}${CERTIFICATE}`)) names.add(`${prefix}${name}`);
  }
}

/** The names of the sections in a directory. */
function namesIn(calls: WindowsCalls, directory: string): string[] {
  return withMemory(calls, ENTRY, (address, memory) => {
    const handle = openDirectory(calls, directory, address, memory);
    if (handle === undefined) return [];
    const names: string[] = [];
    const context = bytesOf(room(4));
    const unused = bytesOf(room(4));
    try {
      for (let restart = 1;; restart = 0) {
        const status = calls.objects.NtQueryDirectoryObject(
          handle,
          address,
          ENTRY,
          1,
          restart,
          context,
          unused,
        );
        if (status < 0) return names;
        if (textAt(memory, address, STRING) === "Section") names.push(textAt(memory, address, 0));
      }
    } finally {
      calls.kernel.CloseHandle(handle);
    }
  });
}

function openDirectory(
  calls: WindowsCalls,
  path: string,
  address: bigint,
  memory: DataView<ArrayBuffer>,
): bigint | undefined {
  const text = Buffer.from(path, "utf16le");
  const textOffset = ATTRIBUTES + STRING;
  new Uint8Array(memory.buffer).set(text, textOffset);
  memory.setUint32(0, ATTRIBUTES, true);
  memory.setBigUint64(ATTRIBUTES_NAME, address + BigInt(ATTRIBUTES), true);
  memory.setUint16(ATTRIBUTES, text.length, true);
  memory.setUint16(ATTRIBUTES + 2, text.length, true);
  memory.setBigUint64(ATTRIBUTES + STRING_POINTER, address + BigInt(textOffset), true);
  const handle = room(8);
  const status = calls.objects.NtOpenDirectoryObject(bytesOf(handle), DIRECTORY_QUERY, address);
  return status >= 0 ? handle.getBigUint64(0, true) : undefined;
}

/** The text of the UNICODE_STRING at an offset, which lies in the same memory. */
function textAt(memory: DataView<ArrayBuffer>, address: bigint, offset: number): string {
  const length = memory.getUint16(offset, true);
  const start = Number(memory.getBigUint64(offset + STRING_POINTER, true) - address);
  if (length === 0 || start < 0 || start + length > memory.byteLength) return "";
  return Buffer.from(memory.buffer, start, length).toString("utf16le");
}

/** Lends zeroed memory that does not move, so that there can be pointers in it to itself. */
function withMemory<T>(
  { kernel, native, lastError, failed }: WindowsCalls,
  size: number,
  use: (address: bigint, memory: DataView<ArrayBuffer>) => T,
): T {
  const address = BigInt(kernel.LocalAlloc(ZEROED, BigInt(size)));
  const reason = lastError();
  if (address === 0n) throw failed("LocalAlloc", `${size} bytes`, reason);
  const buffer = native.view(address, size);
  try {
    return use(address, new DataView(buffer));
  } finally {
    buffer.transfer(0);
    kernel.LocalFree(address);
  }
}
