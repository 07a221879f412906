/**
 * A look at a log of another user, who might truncate it at this moment: by one copy.
 *
 * A reader with `copyMode: "pread"` looks at each entry by a call of its own, which takes seconds
 * for a log of millions of entries; nobody else would be served meanwhile.
 *
 * @module
 */

import { inspect, type LogInfo } from "../../log/inspect.ts";
import { type LogTarget, openMemory } from "../../log/native/target.ts";

/** Up to this many bytes a copy takes some tens of milliseconds. */
const MOST_BYTES = 64 << 20;

/** Looks at logs, one after the other, in one piece of memory. */
export class CopiedLook {
  #copy = new ArrayBuffer(0);

  /**
   * What was in the log at about this moment; `undefined` if it is too large. The copy is not of one
   * moment: what seems to be damaged may just have been written.
   */
  inspect(target: LogTarget): LogInfo | undefined {
    const memory = openMemory(target, "read");
    try {
      const size = memory.byteLength;
      if (size > MOST_BYTES) return undefined;
      if (this.#copy.byteLength !== size) this.#copy = new ArrayBuffer(size);
      memory.read(new Uint8Array(this.#copy), 0);
    } finally {
      memory.close();
    }
    return inspect(this.#copy);
  }
}
