/**
 * Standard output, also on Deno.
 *
 * @module
 */

import { createWriteStream, fstatSync, openSync } from "node:fs";
import process from "node:process";
import type { Writable } from "node:stream";

/**
 * Standard output for what may be long. Deno takes a full pipe for an error, and loses the rest, if
 * somebody who has the pipe, too, made it non-blocking; opened anew it is not.
 */
export function standardOutput(): Writable {
  try {
    if ("Deno" in globalThis && process.platform === "linux" && fstatSync(1).isFIFO()) {
      return createWriteStream("", { fd: openSync("/proc/self/fd/1", "w") });
    }
  } catch {
    // Closed, or without the permission.
  }
  return process.stdout;
}
