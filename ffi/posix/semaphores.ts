/**
 * What to call for named semaphores, on Linux and macOS.
 *
 * @module
 */

import { constants as fsConstants } from "node:fs";
import os from "node:os";
import { NativeUnavailableError } from "../../src/errors.ts";
import { NO_ARGUMENTS, PADDING } from "./platform.ts";
import { cString } from "./strings.ts";
import type { Driver, SymbolTable } from "../drivers/native.ts";
import type { Semaphores } from "../system.ts";
import { systemError } from "../system_error.ts";

const CALLS = {
  sem_trywait: { parameters: ["u64"], result: "i32" },
  sem_post: { parameters: ["u64"], result: "i32" },
  sem_close: { parameters: ["u64"], result: "i32" },
  sem_unlink: { parameters: ["bytes"], result: "i32" },
} as const satisfies SymbolTable;

const OPEN = {
  sem_open: { parameters: ["bytes", "i32", "i32", "i32"], result: "u64" },
} as const satisfies SymbolTable;
const PADDED_OPEN = {
  sem_open: { parameters: ["bytes", "i32", ...PADDING, "i64", "i64"], result: "u64" },
} as const satisfies SymbolTable;

/** What tells glibc from musl. */
const GLIBC = {
  gnu_get_libc_version: { parameters: [], result: "u64" },
} as const satisfies SymbolTable;

const { errno: ERRNO } = os.constants;

/**
 * The semaphores of a system whose libraries are, in turn, `libraries`. On Linux `open()` makes them,
 * and does not open what is there.
 */
export function posixSemaphores(
  native: Driver,
  libraries: readonly string[],
  platform: "linux" | "darwin",
  arch: string,
  errno: Int32Array,
): Semaphores {
  const isPadded = platform === "darwin" && arch === "arm64";
  const fileName = platform === "linux" && !canOpen(native, libraries[0], GLIBC)
    ? underGlibcName
    : cString;
  const flags = platform === "linux"
    ? fsConstants.O_CREAT | fsConstants.O_EXCL
    : fsConstants.O_CREAT;
  const failed = platform === "darwin" ? 0xffffffffffffffffn : 0n;
  // Part of libc since glibc 2.34, and always of musl and macOS; of libpthread before.
  const library = libraries.find((name) => canOpen(native, name, CALLS)) ?? libraries[0];
  const calls = native.open(library, CALLS);
  let open: (name: Uint8Array, flags: number, mode: number, value: number) => number | bigint;
  if (isPadded) {
    const { sem_open } = native.open(library, PADDED_OPEN);
    open = (name, flags, mode, value) =>
      sem_open(name, flags, ...NO_ARGUMENTS, BigInt(mode), BigInt(value));
  } else {
    open = native.open(library, OPEN).sem_open;
  }

  function check(call: string, name: string, attempt: () => number): void {
    for (;;) {
      const result = attempt();
      // At once: the next allocation may change it.
      const reason = errno[0];
      if (result === 0) return;
      if (reason !== ERRNO.EINTR) throw systemError(call, `semaphore "${name}"`, reason);
    }
  }

  return {
    // Linux: `sem.` in front of the file's name. macOS counts the NUL of a semaphore's name.
    prefixLength: platform === "linux" ? 4 : 1,
    open(name, mode, value) {
      const bytes = fileName(name);
      for (;;) {
        const address = BigInt(open(bytes, flags, mode, value));
        const reason = errno[0];
        if (address !== failed) return address;
        if (reason !== ERRNO.EINTR) throw systemError("sem_open", `semaphore "${name}"`, reason);
      }
    },
    tryWait(address, name) {
      for (;;) {
        const result = calls.sem_trywait(address);
        const reason = errno[0];
        if (result === 0) return true;
        if (reason === ERRNO.EAGAIN) return false;
        if (reason !== ERRNO.EINTR) throw systemError("sem_trywait", `semaphore "${name}"`, reason);
      }
    },
    post: (address, name) => check("sem_post", name, () => calls.sem_post(address)),
    close: (address) => void calls.sem_close(address),
    unlink(name) {
      const result = calls.sem_unlink(fileName(name));
      const reason = errno[0];
      if (result === 0) return true;
      if (reason === ERRNO.ENOENT) return false;
      throw systemError("sem_unlink", `semaphore "${name}"`, reason);
    },
  };
}

/** Whether a library is there and has these functions. */
function canOpen(native: Driver, library: string, functions: SymbolTable): boolean {
  try {
    native.open(library, functions);
    return true;
  } catch (error) {
    if (error instanceof NativeUnavailableError) throw error;
    return false;
  }
}

/** musl puts nothing in front: its semaphore would be in the place of a segment of the same name. */
function underGlibcName(name: string): Uint8Array {
  return cString(name.replace(/^\//, "/sem."));
}
