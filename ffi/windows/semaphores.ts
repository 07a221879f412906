/**
 * Named semaphores of Windows. They go with their last handle, as all that has a name there.
 *
 * @module
 */

import type { Semaphores } from "../system.ts";
import { wide, type WindowsCalls } from "./calls.ts";
import { semaphoreName } from "./names.ts";

const MOST = 0x7fffffff;
const WAIT_OBJECT = 0;
const WAIT_TIMEOUT = 0x102;

/** The semaphores of Windows. */
export function windowsSemaphores(calls: WindowsCalls): Semaphores {
  const { kernel } = calls;
  return {
    prefixLength: 0,
    open(name, _mode, value) {
      const handle = BigInt(kernel.CreateSemaphoreW(0n, value, MOST, wide(semaphoreName(name))));
      const reason = calls.lastError();
      if (handle === 0n) throw calls.failed("CreateSemaphore", `semaphore "${name}"`, reason);
      return handle;
    },
    tryWait(handle, name) {
      const result = kernel.WaitForSingleObject(handle, 0);
      const reason = calls.lastError();
      if (result === WAIT_OBJECT) return true;
      if (result === WAIT_TIMEOUT) return false;
      throw calls.failed("WaitForSingleObject", `semaphore "${name}"`, reason);
    },
    post(handle, name) {
      const isDone = kernel.ReleaseSemaphore(handle, 1, 0n);
      const reason = calls.lastError();
      if (isDone === 0) throw calls.failed("ReleaseSemaphore", `semaphore "${name}"`, reason);
    },
    close: (handle) => void kernel.CloseHandle(handle),
    // There is nothing to remove: it goes with its last handle.
    unlink: () => false,
  };
}
