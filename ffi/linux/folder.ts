/**
 * What is in a folder: read by a system call, so that no runtime has to allow it. Deno allows reading in
 * /dev only to programs that may do everything.
 *
 * @module
 */

import { constants } from "node:fs";
import { cString } from "../posix/strings.ts";
import type { Driver, NativeFunctions, SymbolTable } from "../drivers/native.ts";

const CALLS = {
  // The function takes any arguments after the flags; here they go where those of a plain one go.
  open: { parameters: ["bytes", "i32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  syscall: { parameters: ["i64", "i64", "bytes", "u64"], result: "i64" },
} as const satisfies SymbolTable;

/** The number of `getdents64`, which is a function of new C libraries only. */
const NUMBERS: Readonly<Record<string, bigint>> = { x64: 217n, arm64: 61n };
const O_CLOEXEC = 0o2000000;
/** How many bytes are read at once. */
const ROOM = 32768;
/** In a `struct linux_dirent64`: d_reclen, d_type, and d_name, which ends with a 0. */
const LENGTH = 16;
const TYPE = 18;
const NAME = 19;
/** What `d_type` says of a regular file. */
const REGULAR = 8;

/** Gives the names of the regular files in a folder; undefined if it can't be read like that. */
export type ReadFolder = (path: string) => string[] | undefined;

/** What reads folders by the libc of that name. */
export function folderReader(native: Driver, libc: string, arch: string): ReadFolder {
  const number = NUMBERS[arch];
  let calls: NativeFunctions<typeof CALLS> | undefined;
  return (path) => {
    if (number === undefined) return undefined;
    const { open, close, syscall } = calls ??= native.open(libc, CALLS);
    const flags = constants.O_RDONLY | constants.O_DIRECTORY | O_CLOEXEC;
    const descriptor = open(cString(path), flags, 0);
    if (descriptor < 0) return undefined;
    const bytes = new Uint8Array(new ArrayBuffer(ROOM));
    const names: string[] = [];
    try {
      for (;;) {
        const size = Number(syscall(number, BigInt(descriptor), bytes, BigInt(ROOM)));
        if (size < 0) return undefined;
        if (size === 0) return names;
        addRegular(names, new DataView(bytes.buffer, 0, size));
      }
    } finally {
      close(descriptor);
    }
  };
}

function addRegular(names: string[], found: DataView<ArrayBuffer>): void {
  const bytes = new Uint8Array(found.buffer);
  for (let at = 0; at < found.byteLength; at += found.getUint16(at + LENGTH, true)) {
    if (bytes[at + TYPE] !== REGULAR) continue;
    const start = at + NAME;
    names.push(new TextDecoder().decode(bytes.subarray(start, bytes.indexOf(0, start))));
  }
}
