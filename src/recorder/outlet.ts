/**
 * Where bytes for or of a recorded program go: standard output and standard error of this process, and
 * the program's terminal.
 *
 * @module
 */

import { constants, fstatSync, openSync, write as writeFile } from "node:fs";
import process from "node:process";
import { system } from "../../ffi/current_system.ts";
import { delay } from "../async.ts";

/** How often to look whether a full pipe has room again, in milliseconds. */
const INTERVAL = 2;

/** Writes bytes to a descriptor at the speed of its reader. */
export class Outlet {
  readonly #descriptor: number;

  /** Writes to an open descriptor. */
  constructor(descriptor: number) {
    this.#descriptor = ofItsOwn(descriptor);
  }

  /** Writes all of it. The bytes must stay as they are until then. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      try {
        at += await this.#some(bytes, at);
      } catch (error) {
        // Another process that shares the pipe may have made it non-blocking.
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
        await delay(INTERVAL);
      }
    }
  }

  #some(bytes: Uint8Array, at: number): Promise<number> {
    return new Promise((resolve, reject) => {
      writeFile(this.#descriptor, bytes, at, bytes.length - at, null, (error, count) => {
        if (error) reject(error);
        else resolve(count);
      });
    });
  }
}

/**
 * On Deno, a pipe is opened again: it takes one that somebody made non-blocking for an error, and does not
 * say how much it wrote.
 */
function ofItsOwn(descriptor: number): number {
  try {
    const isPipe = "Deno" in globalThis && process.platform === "linux" &&
      fstatSync(descriptor).isFIFO() && !system().isHungUp?.(descriptor);
    return isPipe ? openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY) : descriptor;
  } catch {
    // Closed, or without the permission.
    return descriptor;
  }
}
