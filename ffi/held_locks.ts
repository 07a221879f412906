/**
 * The locks that this process holds, known to every evaluation of this library in it.
 *
 * Test runners and watchers evaluate modules again in one process: `bun --hot`, jest, vitest. Then a lock
 * that an earlier evaluation has left is the process's own, and would keep the later one out forever.
 * Each evaluation registers here what it holds, with a function that releases it; a later one calls that.
 *
 * @module
 */

import os from "node:os";
import type { SegmentIdentity } from "./system.ts";

/** A lock that is held. */
interface HeldLock {
  /** What holds it. */
  evaluation: string;
  /** Closes the holder. Weak: this must not keep alive what nobody uses any more. */
  letGo: WeakRef<() => void>;
}

const REGISTRY = Symbol.for("ouroboros.heldLocks");
/** This evaluation of the library. */
const evaluation = `${performance.now()} ${Math.random()}`;

/**
 * All locks, by object. They hang on a module of the runtime: runners give each evaluation globals of its
 * own, with a `process` of its own, and have the built-in modules in common.
 */
function heldLocks(): Map<string, HeldLock> {
  const shared = os as unknown as Record<symbol, Map<string, HeldLock>>;
  return shared[REGISTRY] ??= new Map();
}

function keyOf({ device, inode }: SegmentIdentity): string {
  return `${device}:${inode}`;
}

/** Registers that we hold the lock of an object. */
export function rememberLock(identity: SegmentIdentity, letGo: () => void): void {
  heldLocks().set(keyOf(identity), { evaluation, letGo: new WeakRef(letGo) });
}

/** Removes a lock that was released. */
export function forgetLock(identity: SegmentIdentity, letGo: () => void): void {
  const key = keyOf(identity);
  if (heldLocks().get(key)?.letGo.deref() === letGo) heldLocks().delete(key);
}

/** Releases the lock if an earlier evaluation holds it; returns whether one did. */
export function takeFromEarlier(identity: SegmentIdentity): boolean {
  const key = keyOf(identity);
  const held = heldLocks().get(key);
  if (held === undefined || held.evaluation === evaluation) return false;
  heldLocks().delete(key);
  const letGo = held.letGo.deref();
  letGo?.();
  return letGo !== undefined;
}
