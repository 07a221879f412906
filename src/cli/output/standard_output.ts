/**
 * Standard output, also on Deno.
 *
 * @module
 */

import { constants, fstatSync, openSync, writeSync } from "node:fs";
import process from "node:process";
import { Writable } from "node:stream";

/** So much goes into a pipe as a whole or not at all: of less, Deno does not say how much went. */
const ATOMIC = 4096;
/** How often to look whether a full pipe has room again, in milliseconds. */
const INTERVAL = 1;

/**
 * Standard output for what may be long. If another process that shares the pipe made it non-blocking,
 * Deno takes a full pipe for an error, and loses the rest. A pipe that blocks keeps Deno from ending at
 * Ctrl-C. So the pipe is opened again, and this process waits for room.
 */
export function standardOutput(): Writable {
  try {
    if ("Deno" in globalThis && process.platform === "linux" && fstatSync(1).isFIFO()) {
      return pipe(openSync("/proc/self/fd/1", constants.O_WRONLY | constants.O_NONBLOCK));
    }
  } catch {
    // Closed, or without the permission.
  }
  return process.stdout;
}

/** Writes to a pipe that does not block. */
function pipe(descriptor: number): Writable {
  return new Writable({
    write(bytes: Uint8Array, _encoding, done) {
      let at = 0;
      const go = () => {
        try {
          while (at < bytes.length) {
            const count = Math.min(bytes.length - at, ATOMIC);
            writeSync(descriptor, bytes, at, count);
            at += count;
          }
        } catch (error) {
          const { code } = error as NodeJS.ErrnoException;
          if (code === "EAGAIN") setTimeout(go, INTERVAL);
          else done(error as Error);
          return;
        }
        done();
      };
      go();
    },
  });
}
