/** Circular buffers in shared memory for tests: names of their own, and whether nothing is left. */

import assert from "node:assert/strict";
import { NamedSemaphore, SharedMemory as Segment } from "../../ffi/mod.ts";
import type { CircularBufferSpec } from "../../src/circular/mod.ts";
import { uniqueName } from "./runtime.ts";

/** A buffer that nobody has yet. */
export function newSpec(capacity: number = 1000): CircularBufferSpec {
  const name = uniqueName("circular");
  return { indexName: `${name}-index`, dataName: `${name}-data`, capacity };
}

/** The names of its segments, which its semaphores have, too. */
function namesOf({ indexName, dataName }: CircularBufferSpec): string[] {
  return [indexName, dataName];
}

/** No segment of it, and no semaphore: one that is made anew is free, one that was there is not. */
export function assertGone(spec: CircularBufferSpec): void {
  for (const name of namesOf(spec)) {
    assert.equal(Segment.exists(name), false, `${name} is gone`);
    assert.equal(NamedSemaphore.unlink(name), false, `semaphore ${name} is gone`);
  }
  assert.equal(NamedSemaphore.unlink(`${spec.dataName}-writer`), false);
}
