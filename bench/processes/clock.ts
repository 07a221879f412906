/** A clock that all processes share: CLOCK_MONOTONIC, which the runtimes' own clocks start anew. */

import process from "node:process";
import { driver } from "../../ffi/drivers/driver.ts";

const CLOCK_MONOTONIC = process.platform === "darwin" ? 6 : 1;

const libc = driver().open(process.platform === "darwin" ? "libSystem.B.dylib" : "libc.so.6", {
  clock_gettime: { parameters: ["i32", "bytes"], result: "i32" },
});
// An explicit ArrayBuffer: engines may move the storage of a small array that was made without one.
const buffer = new ArrayBuffer(16);
const bytes = new Uint8Array(buffer);
const words = new Uint32Array(buffer);

/** Nanoseconds on a clock that is the same in every process, exact to a nanosecond for 100 days. */
export function now(): number {
  libc.clock_gettime(CLOCK_MONOTONIC, bytes);
  return words[0] * 1e9 + words[2];
}
