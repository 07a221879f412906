/**
 * Sleeping on a word of shared memory, and waking threads that do: futex(2).
 *
 * @module
 */

import type { Driver, SymbolTable } from "../drivers/native.ts";
import type { Futex } from "../system.ts";

// The function of libc takes any arguments; on the CPUs below they go where those of a plain one go.
const SYSCALL = {
  syscall: { parameters: ["i64", "u64", "i32", "i32", "bytes", "u64", "i32"], result: "i64" },
} as const satisfies SymbolTable;

/** The number of the system call by CPU. */
const FUTEX_NUMBER: Record<string, bigint> = { x64: 202n, arm64: 98n };
const FUTEX_WAIT = 0;
const FUTEX_WAKE = 1;
/** The longest sleep in milliseconds, some decades: infinity has no place in a timespec. */
const LONGEST = 1e12;
const EVERYBODY = 0x7fffffff;

/** The futex of Linux on that CPU, if we know how to call it. */
export function linuxFutex(native: Driver, libc: string, arch: string): Futex | undefined {
  const number = FUTEX_NUMBER[arch];
  if (number === undefined) return undefined;
  const { syscall } = native.open(libc, SYSCALL);
  // A struct timespec: i64 seconds, i64 nanoseconds.
  const time = new DataView(new ArrayBuffer(16));
  const timeBytes = new Uint8Array(time.buffer);
  return {
    number,
    wait(address, expected, milliseconds) {
      const sleep = Math.min(milliseconds, LONGEST);
      time.setBigInt64(0, BigInt(Math.floor(sleep / 1000)), true);
      // Rounded up they might be a whole second, which the kernel refuses.
      time.setBigInt64(8, BigInt(Math.floor((sleep % 1000) * 1e6)), true);
      syscall(number, address, FUTEX_WAIT, expected, timeBytes, 0n, 0);
    },
    wake(address) {
      syscall(number, address, FUTEX_WAKE, EVERYBODY, timeBytes, 0n, 0);
    },
  };
}
