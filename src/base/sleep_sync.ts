/**
 * Waiting that blocks the thread.
 *
 * @module
 */

const never = new Int32Array(new SharedArrayBuffer(4));

/** Blocks the thread for so many milliseconds: its other work, signals too, waits meanwhile. */
export function sleepSync(milliseconds: number): void {
  Atomics.wait(never, 0, 0, milliseconds);
}
