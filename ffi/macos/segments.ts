/**
 * Segments on macOS, which are not files there: what their descriptors can't do is made up for.
 *
 * What XNU's `posix_shm.c` does, and what comes of it here:
 *
 * - `fstat` knows mode, owner, group and size, and neither device nor inode nor time: nothing tells one
 *   segment from another. So the creator leaves a mark in the last bytes of the last page, behind the
 *   end of the segment, with a number that no other one has.
 * - `ftruncate` works once in the life of a segment and rounds up to pages. So the mark tells the size
 *   that was asked for, too. As the size never changes, nobody can cut a segment off under a reader.
 * - `lseek`, `pread`, `flock`, `fchmod` and `fcntl` fail. So the size comes from the mark, reading is a
 *   copy from a map, a file stands for the lock, and the mode is that of `shm_open`, which the umask
 *   takes nothing from.
 *
 * ```text
 *   last page of the segment                                      ┌ a multiple of 16 KiB
 *  ├──────────────┬──────┬────────────┬───────────┬───────────┬───┴───────┤
 *  │ the segment  │ zeros│ u64: mark  │ u64: size │ u64: its  │ u64: when │
 *  │ up to its end│      │            │ in bytes  │ number    │ made (µs) │
 *  └──────────────┴──────┴────────────┴───────────┴───────────┴───────────┘
 * ```
 *
 * A segment of another program has no mark: its size is in whole pages, and it has no identity. One of
 * our own gets its mark before anything else is written to it.
 *
 * @module
 */

import { sleepSync } from "../../src/base/sleep_sync.ts";
import { SegmentNotFoundError } from "../../src/errors.ts";
import { MacLocks, type MacOptions, type MacSegment } from "./locks.ts";
import type { SegmentIdentity, System } from "../system.ts";

/** Pages of the largest kind: an x86-64 process under Rosetta has smaller ones than its readers. */
const PAGE = 16384;
/** Pages of the smallest kind: a map of a segment's last one must not reach the mark. */
const SMALL_PAGE = 4096;
/** The bytes `OUROMARK`. */
const MARK = 0x4b52414d4f52554fn;
const MARK_SIZE = 32;
/** How long to wait for the mark of a segment that is all zeros, in milliseconds. */
const PATIENCE = 20;

/** What is not known of a segment of another program. */
const UNKNOWN: SegmentIdentity = { device: 0, inode: 0, created: 0 };

/** `posix` with what it can't do with a segment's descriptor. */
export function withMacSegments(posix: System, options: MacOptions): System {
  // By descriptor; undefined: not looked at yet.
  const segments = new Map<number, MacSegment | undefined>();
  const locks = new MacLocks(posix, options, leadsTo);

  /** Whether the name leads to a segment of that identity. */
  function leadsTo(name: string, identity: SegmentIdentity): boolean {
    try {
      return identify(name).inode === identity.inode;
    } catch (error) {
      if (error instanceof SegmentNotFoundError) return false;
      throw error;
    }
  }

  /** The identity of the segment that has the name. */
  function identify(name: string): SegmentIdentity {
    const descriptor = posix.openShared(name, "read");
    try {
      return look(descriptor).identity;
    } finally {
      posix.close(descriptor);
    }
  }

  function segmentOf(descriptor: number): MacSegment {
    const known = segments.get(descriptor);
    if (known !== undefined) return known;
    const found = look(descriptor);
    // Nobody changes the size of one that has one.
    if (found.size > 0) segments.set(descriptor, found);
    return found;
  }

  function look(descriptor: number): MacSegment {
    for (let waited = 0;; waited++) {
      const total = posix.size(descriptor);
      if (total === 0) return { size: 0, identity: UNKNOWN, isBlank: true };
      const marked = markOf(descriptor, total);
      if (marked !== undefined) return marked;
      // Its creator may be between ftruncate and the mark.
      const isBlank = total % PAGE === 0 &&
        copy(descriptor, 0, 64, total).every((byte) => byte === 0);
      if (!isBlank || waited === PATIENCE) return { size: total, identity: UNKNOWN, isBlank };
      sleepSync(1);
    }
  }

  function markOf(descriptor: number, total: number): MacSegment | undefined {
    if (total % PAGE !== 0) return undefined;
    const bytes = copy(descriptor, total - MARK_SIZE, MARK_SIZE, total);
    const view = new DataView(bytes.buffer);
    if (view.getBigUint64(0, true) !== MARK) return undefined;
    const size = Number(view.getBigUint64(8, true));
    // A user who may write to a segment may write this: it must not lead beyond it.
    if (!Number.isSafeInteger(size) || size < 1 || totalSize(size) !== total) return undefined;
    const inode = Number(view.getBigUint64(16, true));
    const created = Number(view.getBigUint64(24, true));
    if (!Number.isSafeInteger(inode) || !Number.isSafeInteger(created)) return undefined;
    return { size, identity: { device: 0, inode, created }, isBlank: false };
  }

  function leaveMark(descriptor: number, size: number, what: string): MacSegment {
    const identity = { device: 0, inode: randomNumber(), created: Date.now() * 1000 };
    const at = totalSize(size) - PAGE;
    const address = posix.map(descriptor, PAGE, "read-write", what, at);
    const page = posix.view(address, PAGE);
    const words = new BigUint64Array(page, PAGE - MARK_SIZE, MARK_SIZE / 8);
    words[1] = BigInt(size);
    words[2] = BigInt(identity.inode);
    words[3] = BigInt(identity.created);
    // Release: a process that sees the mark sees what it guards.
    Atomics.store(words, 0, MARK);
    page.transfer(0);
    posix.unmap(address, PAGE);
    return { size, identity, isBlank: false };
  }

  /** The identity of a segment that is about to lose its name; undefined if we may not look. */
  function identityToSweep(name: string): SegmentIdentity | undefined {
    try {
      return identify(name);
    } catch {
      return undefined;
    }
  }

  /** A copy of `length` bytes from `offset` on, by a map of its own. */
  function copy(descriptor: number, offset: number, length: number, total: number): Uint8Array {
    const from = offset - offset % posix.pageSize;
    const size = Math.min(offset + length, total) - from;
    const address = posix.map(descriptor, size, "read", `descriptor ${descriptor}`, from);
    const view = posix.view(address, size);
    const bytes = new Uint8Array(new ArrayBuffer(length));
    bytes.set(new Uint8Array(view, offset - from, size - (offset - from)));
    // First of all: from here on nothing can reach the memory.
    view.transfer(0);
    posix.unmap(address, size);
    return bytes;
  }

  return {
    ...posix,
    createShared(name, mode, size) {
      const descriptor = posix.createShared(name, mode, size);
      segments.set(descriptor, undefined);
      return descriptor;
    },
    openShared(name, access) {
      const descriptor = posix.openShared(name, access);
      segments.set(descriptor, undefined);
      return descriptor;
    },
    unlinkShared(name) {
      const identity = identityToSweep(name);
      const isRemoved = posix.unlinkShared(name);
      if (identity !== undefined) locks.sweep(name, identity);
      return isRemoved;
    },
    setSize(descriptor, size, what) {
      if (!segments.has(descriptor)) return posix.setSize(descriptor, size, what);
      posix.setSize(descriptor, totalSize(size), what);
      segments.set(descriptor, leaveMark(descriptor, size, what));
    },
    reserve(descriptor, size, what, isFile) {
      // Segments get their memory when it is touched; there is no way to ask for it before.
      if (isFile) posix.reserve(descriptor, size, what, isFile);
    },
    setMode(descriptor, mode, what) {
      if (!segments.has(descriptor)) posix.setMode(descriptor, mode, what);
    },
    flush(descriptor, address, size, wait, what) {
      if (!segments.has(descriptor)) posix.flush(descriptor, address, size, wait, what);
    },
    read(descriptor, into, offset, what) {
      if (!segments.has(descriptor)) return posix.read(descriptor, into, offset, what);
      const { size } = segmentOf(descriptor);
      const length = Math.min(into.length, Math.max(size - offset, 0));
      if (length > 0) into.set(copy(descriptor, offset, length, size));
      return length;
    },
    size: (descriptor) =>
      segments.has(descriptor) ? segmentOf(descriptor).size : posix.size(descriptor),
    identify: (descriptor) =>
      segments.has(descriptor) ? segmentOf(descriptor).identity : posix.identify(descriptor),
    lockDescriptor(descriptor, name) {
      if (name !== undefined) locks.use(descriptor, name, segmentOf(descriptor));
      return descriptor;
    },
    lock: (descriptor) => locks.has(descriptor) ? locks.lock(descriptor) : posix.lock(descriptor),
    isLocked: (descriptor) =>
      locks.has(descriptor) ? locks.isLocked(descriptor) : posix.isLocked(descriptor),
    unlock(descriptor) {
      if (locks.has(descriptor)) locks.unlock(descriptor);
      else posix.unlock(descriptor);
    },
    close(descriptor) {
      segments.delete(descriptor);
      try {
        locks.forget(descriptor);
      } finally {
        posix.close(descriptor);
      }
    },
  };
}

/** The size in whole pages of a segment of `size` bytes, with room for the mark behind them. */
function totalSize(size: number): number {
  const whole = Math.ceil(size / SMALL_PAGE) * SMALL_PAGE;
  return Math.ceil((whole + MARK_SIZE) / PAGE) * PAGE;
}

/** A number from 1 to 2^53 - 1 that no other segment has. */
function randomNumber(): number {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2));
  return (high >>> 11) * 2 ** 32 + low || 1;
}
