/**
 * What to call on Windows.
 *
 * Segments are sections of the page file, locked by named mutexes; files are mapped by handles of
 * our own, and locked behind their end. A descriptor is a handle: of those 32 bits count.
 *
 * @module
 */

import { driver } from "../drivers/driver.ts";
import { lockPatiently } from "../patient_lock.ts";
import type { Semaphores, System } from "../system.ts";
import { bytesOf, room, windowsCalls } from "./calls.ts";
import { WindowsFiles } from "./files.ts";
import { SegmentLocks } from "./locks.ts";
import { MAX_NAME, windowsName } from "./names.ts";
import { Owners } from "./owner.ts";
import { sectionNames } from "./section_names.ts";
import { Segments } from "./segments.ts";
import { windowsSemaphores } from "./semaphores.ts";

/** Where the size of a page is in a SYSTEM_INFO, and how large that is, in bytes. */
const PAGE_SIZE = 4;
const SYSTEM_INFORMATION = 48;

/** Windows, on the driver of this runtime. */
export function windowsSystem(): System {
  const native = driver();
  const calls = windowsCalls(native);
  const { kernel } = calls;
  const segments = new Segments(calls);
  const locks = new SegmentLocks(calls);
  const files = new WindowsFiles(calls);
  const owners = new Owners(calls);
  const information = room(SYSTEM_INFORMATION);
  kernel.GetSystemInfo(bytesOf(information));
  const pageSize = information.getUint32(PAGE_SIZE, true);
  let semaphores: Semaphores | undefined;

  /** Whether others have the lock of a file: then not even a shared one is available. */
  function isFileLocked(handle: number): boolean {
    if (!files.lock(handle, false)) return true;
    files.unlock(handle);
    return false;
  }

  return {
    maxNameLength: MAX_NAME,
    maxView: native.maxView,
    pageSize,
    // There is one, but only for the threads of one process.
    futex: undefined,
    persists: false,
    files,
    freeSpace: () => Infinity,
    fileLimit: () => Infinity,
    memoryLimit: () => Infinity,
    normalizeName: windowsName,
    // What opens a segment sees whole pages: so that all see the same, there are only such.
    segmentSize: (size) => Math.ceil(size / pageSize) * pageSize,
    createShared: (name, _mode, size) => segments.create(name, size),
    openShared: (name, access) => segments.open(name, access),
    unlinkShared: () => false,
    listShared: () => sectionNames(calls),
    setSize(handle, size, what) {
      if (!segments.has(handle)) files.setSize(handle, size, what);
    },
    // Both have it by then.
    reserve() {},
    // The rights are those of the user, or of the folder.
    setMode() {},
    map: (handle, size, access, what) =>
      segments.has(handle)
        ? segments.map(handle, access, what)
        : files.map(handle, size, access, what),
    view: (address, size) => native.view(address, size),
    unmap(address) {
      kernel.UnmapViewOfFile(address);
      segments.unmapped(address);
    },
    flush(handle, address, size, wait, what) {
      const isDone = kernel.FlushViewOfFile(address, BigInt(size));
      const reason = calls.lastError();
      if (isDone === 0) throw calls.failed("FlushViewOfFile", what, reason);
      if (wait && !segments.has(handle)) files.flush(handle, what);
    },
    advise() {},
    read: (handle, into, offset, what) =>
      (segments.has(handle) ? segments : files).read(handle, into, offset, what),
    size: (handle) => (segments.has(handle) ? segments : files).size(handle),
    hasHoles: () => false,
    identify: (handle) =>
      segments.has(handle) ? segments.identify(handle) : files.identifyHandle(handle),
    user: () => 0,
    owner: (handle) => owners.number(handle, `handle ${handle}`),
    isOwn: (handle) => owners.isOurs(handle, `handle ${handle}`),
    lock: (handle) =>
      locks.has(handle)
        ? locks.tryLock(handle)
        : lockPatiently(() => files.lock(handle, true), () => isFileLocked(handle)),
    isLocked: (handle) => locks.has(handle) ? locks.isLocked(handle) : isFileLocked(handle),
    unlock: (handle) => locks.has(handle) ? locks.unlock(handle) : files.unlock(handle),
    lockDescriptor: (handle, name) => name === undefined ? handle : locks.open(name),
    close(handle) {
      if (segments.has(handle)) segments.close(handle);
      else if (locks.has(handle)) locks.close(handle);
      else files.close(handle);
    },
    semaphores: () => semaphores ??= windowsSemaphores(calls),
  };
}
