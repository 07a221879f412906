/**
 * What a mapping holds of the system, and the nets below it: how that is given back when nobody does.
 *
 * @module
 */

import process from "node:process";
import { system } from "./current_system.ts";
import type { Access } from "./system.ts";
import { isWorkerThread } from "./drivers/runtime.ts";

/** Mapped memory and its descriptors. It must not lead to the buffer, which else would never go. */
export interface Holding {
  /** Where the memory is. */
  readonly address: bigint;
  /** How much of it, in bytes. */
  readonly byteLength: number;
  /** The descriptors to close with it. */
  readonly descriptors: Set<number>;
  /** Closes one of them. */
  readonly closeDescriptor: (descriptor: number) => void;
  /** The descriptor of the lock, if that is held. */
  lock?: number;
  /** Whether all that was given back. */
  isReleased: boolean;
}

/**
 * The first net: when a mapping and every view of it are gone, so is the memory. It hangs on the
 * ArrayBuffer, since views keep that alive in all engines; the mapping holds it, too. At the end of
 * the process the system does the same.
 */
const forgotten = new FinalizationRegistry<Holding>((holding) => release(holding, undefined));

const IS_DENO = "Deno" in globalThis;

/**
 * The second net: the end of a worker's thread is not the end of the process, nor is a restart by Deno's
 * watcher or the end of a test file there, and no finalizer runs then. An `exit` event is all that the
 * runtimes give; a worker that is terminated has not even that.
 */
const ofThisWorker: Map<Holding, WeakRef<ArrayBuffer>> | undefined = isWorkerThread() || IS_DENO
  ? new Map()
  : undefined;

// At the end of a test file Deno has no other event than this. Listeners to `exit` come after it, and may
// still write: so only the locks are given back.
if (IS_DENO) globalThis.addEventListener("unload", giveLocksBack);

/** Maps an object, from `offset` on, the start of a page, with a view of that. */
export function mapView(
  descriptor: number,
  byteLength: number,
  access: Access,
  what: string,
  offset = 0,
): { address: bigint; buffer: ArrayBuffer } {
  const address = system().map(descriptor, byteLength, access, what, offset);
  try {
    return { address, buffer: system().view(address, byteLength) };
  } catch (error) {
    system().unmap(address, byteLength);
    throw error;
  }
}

/** Keeps both nets below what is mapped as `buffer`. */
export function keepSafe(holding: Holding, buffer: ArrayBuffer): void {
  forgotten.register(buffer, holding, holding);
  ofThisWorker?.set(holding, new WeakRef(buffer));
  comeLastAtWorkerEnd();
}

/** Ends the views, unmaps the memory, does `action`, and closes the descriptors, once. */
export function release(
  holding: Holding,
  buffer: ArrayBuffer | undefined,
  action?: () => void,
): void {
  if (holding.isReleased) return;
  holding.isReleased = true;
  forgotten.unregister(holding);
  // Nothing listens for what is not there.
  if (ofThisWorker?.delete(holding) && ofThisWorker.size === 0) {
    process.removeListener("exit", releaseAll);
  }
  // Somebody transferred it against the rules: the memory must stay for its new owner.
  if (!buffer?.detached) {
    // First of all: from here on no view can reach the memory.
    buffer?.transfer(0);
    system().unmap(holding.address, holding.byteLength);
  }
  try {
    action?.();
  } finally {
    // Its lock before the object itself: a process that makes it again must not find it locked.
    for (const open of [...holding.descriptors].reverse()) holding.closeDescriptor(open);
  }
}

/** Unmaps what was mapped, with its views, and continues with another mapping of the same descriptors. */
export function exchange(
  old: Holding,
  oldBuffer: ArrayBuffer,
  holding: Holding,
  buffer: ArrayBuffer,
): void {
  // The descriptors have a new owner: the old one must not close them.
  old.isReleased = true;
  forgotten.unregister(old);
  ofThisWorker?.delete(old);
  if (!oldBuffer.detached) {
    oldBuffer.transfer(0);
    system().unmap(old.address, old.byteLength);
  }
  keepSafe(holding, buffer);
}

/**
 * Puts our listener behind those that are there already: they may still write to a log, or close it
 * as it should be. Nothing to do but in a worker, and in Deno.
 */
export function comeLastAtWorkerEnd(): void {
  if (ofThisWorker === undefined) return;
  process.removeListener("exit", releaseAll);
  if (ofThisWorker.size > 0) process.on("exit", releaseAll);
}

function giveLocksBack(): void {
  for (const { lock, isReleased } of ofThisWorker?.keys() ?? []) {
    if (lock !== undefined && !isReleased) system().unlock(lock);
  }
}

function releaseAll(): void {
  // Somebody who came after us may still use what is open.
  if (process.listeners("exit").at(-1) !== releaseAll) return;
  for (const [holding, buffer] of [...ofThisWorker ?? []]) release(holding, buffer.deref());
}
