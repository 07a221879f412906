/**
 * The bell that the writer of a log rings, as a reader waits for it.
 *
 * @module
 */

import { Doorbell, SharedMemory } from "../../../ffi/mod.ts";
import type { CopyMode } from "./source.ts";
import type { LogMemory } from "./target.ts";

/** What wakes the reader of a memory, if its writer does: known when it is first time to sleep. */
export class ReaderBell {
  readonly #memory: LogMemory;
  #bell: Doorbell | undefined;
  // Whether it is worth a look.
  #isLikely: boolean;

  /** Looks at nothing yet. */
  constructor(memory: LogMemory, copyMode: CopyMode) {
    this.#memory = memory;
    // A reader that reads by system calls must touch no memory that may be cut off.
    this.#isLikely = copyMode !== "pread";
  }

  /** What the writer rings, if it does at this moment. */
  attended(): Doorbell | undefined {
    const memory = this.#memory;
    if (this.#isLikely && memory instanceof SharedMemory) this.#bell ??= Doorbell.of(memory);
    if (this.#bell?.canSleep === false) this.close();
    this.#isLikely = this.#bell !== undefined;
    return this.#bell?.isAttended() ? this.#bell : undefined;
  }

  /** Closes. May be called twice. */
  close(): void {
    this.#bell?.close();
    this.#bell = undefined;
  }
}
