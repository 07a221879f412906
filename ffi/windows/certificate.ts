/**
 * What tells a segment of Windows from another one that had its name before: the system gives nothing
 * of the kind, neither a number nor a time.
 *
 * So a small memory of a name of its own goes with each segment: a process that has the segment open has
 * this one open, too. The maker of the segment puts in a number that was never used; where nobody did,
 * for a segment of another library, the first of us does, and the number holds as long as any of us
 * has it open. So what is the same may be taken for another one, but never the reverse.
 *
 * @module
 */

import { OuroborosError } from "../../src/errors.ts";
import type { SegmentIdentity } from "../system.ts";
import { INVALID_HANDLE, wide, type WindowsCalls } from "./calls.ts";
import { certificateName } from "./names.ts";

/** PAGE_READWRITE, and FILE_MAP_READ with FILE_MAP_WRITE. */
const PAGE_READWRITE = 4;
const MAP_READ_WRITE = 6;
const SIZE = 4096;

/** The certificate of a segment, held. */
export interface Certificate {
  /** The handle; 0 if it may not be opened. */
  readonly handle: bigint;
  /** What it says. */
  readonly identity: SegmentIdentity;
}

/** What stands for the certificates that we may not have. */
const unknown = new Map<string, SegmentIdentity>();

/** Opens the certificate of the segment of that name, which must be open; `isNew` if we made that. */
export function openCertificate(calls: WindowsCalls, name: string, isNew: boolean): Certificate {
  try {
    return open(calls, name, isNew);
  } catch (error) {
    // Of another user, for instance: such a segment can be read, but has no cursors that last.
    if (!(error instanceof OuroborosError)) throw error;
    const identity = unknown.get(name) ?? { device: 0, inode: randomNumber(), created: 0 };
    unknown.set(name, identity);
    return { handle: 0n, identity };
  }
}

function open(calls: WindowsCalls, name: string, isNew: boolean): Certificate {
  const { kernel, native } = calls;
  const what = `"${certificateName(name)}"`;
  const handle = BigInt(
    kernel.CreateFileMappingW(
      INVALID_HANDLE,
      0n,
      PAGE_READWRITE,
      0,
      SIZE,
      wide(certificateName(name)),
    ),
  );
  const reason = calls.lastError();
  if (handle === 0n) throw calls.failed("CreateFileMapping", what, reason);
  const address = BigInt(kernel.MapViewOfFile(handle, MAP_READ_WRITE, 0, 0, 0n));
  const mapReason = calls.lastError();
  if (address === 0n) {
    kernel.CloseHandle(handle);
    throw calls.failed("MapViewOfFile", what, mapReason);
  }
  const buffer = native.view(address, SIZE);
  const words = new BigInt64Array(buffer, 0, 2);
  const ours = [BigInt(randomNumber()), BigInt(Date.now()) * 1000n];
  // Whatever is in it: a name that was just given up may have left it for a moment.
  if (isNew) ours.forEach((value, i) => Atomics.store(words, i, value));
  else ours.forEach((value, i) => Atomics.compareExchange(words, i, 0n, value));
  const [inode, created] = [0, 1].map((i) => Number(Atomics.load(words, i)));
  buffer.transfer(0);
  kernel.UnmapViewOfFile(address);
  return { handle, identity: { device: 0, inode, created } };
}

/** A number from 1 to 2^52 that nobody else is likely to have. */
function randomNumber(): number {
  return Math.floor(Math.random() * 2 ** 52) + 1;
}
