/** Logs of threads that are about to end. */

import { type LogTarget, ShmLogWriter, WriterLockedError } from "../../mod.ts";
import { delay } from "../../src/async.ts";

/** How long a thread may take to end, in milliseconds. */
const LIMIT = 60_000;

/** A writer of a log as soon as the thread is gone that has it. */
export async function whenFree(target: LogTarget): Promise<ShmLogWriter> {
  for (const end = performance.now() + LIMIT;;) {
    try {
      return ShmLogWriter.create(target);
    } catch (error) {
      if (!(error instanceof WriterLockedError) || performance.now() > end) throw error;
      await delay(10);
    }
  }
}
