/** Logs that outlive their writers. */

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SharedMemory } from "../../ffi/mod.ts";
import type { LogTarget } from "../../mod.ts";
import { uniqueName } from "./runtime.ts";

/** A place for a log that stays when nobody has it open. */
export interface LastingLog extends Disposable {
  /** As a command takes it. */
  readonly name: string;
  /** As the library takes it. */
  readonly target: LogTarget;
  /** Whether there is something. */
  exists(): boolean;
}

/** A place in shared memory; in a file where shared memory goes with its last handle: on Windows. */
export function lastingLog(subject?: string): LastingLog {
  const name = uniqueName(subject);
  if (SharedMemory.persists) {
    return {
      name,
      target: name,
      exists: () => SharedMemory.exists(name),
      [Symbol.dispose]: () => void SharedMemory.unlink(name),
    };
  }
  const folder = mkdtempSync(join(tmpdir(), "ouroboros-lasting-"));
  const path = join(folder, name.slice(1));
  return {
    name: path,
    target: { path },
    exists: () => existsSync(path),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}
