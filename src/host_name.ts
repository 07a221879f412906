/**
 * The name of this machine.
 *
 * @module
 */

import os from "node:os";

/**
 * The name of this machine; `undefined` where it can't be known: Deno gives it with
 * `--allow-sys=hostname` only.
 */
export function hostName(): string | undefined {
  try {
    return os.hostname();
  } catch {
    return undefined;
  }
}
