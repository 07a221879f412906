/** Named semaphores, and where they are. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import process from "node:process";
import test from "node:test";
import { NamedSemaphore, SharedMemory } from "../../ffi/mod.ts";
import { uniqueName } from "../support/runtime.ts";

test(
  "NamedSemaphore is where glibc has it, also with musl, and not in the place of a segment",
  { skip: process.platform === "linux" ? false : "where it is, is Linux's affair" },
  () => {
    const name = uniqueName("semaphore");
    {
      using semaphore = new NamedSemaphore(name, { value: 2 });
      using other = new NamedSemaphore(name);
      assert.ok(existsSync(`/dev/shm/sem.${name.slice(1)}`));
      assert.equal(SharedMemory.exists(name), false);
      assert.deepEqual([semaphore.tryWait(), other.tryWait(), semaphore.tryWait()], [
        true,
        true,
        false,
      ]);
    }
    assert.equal(NamedSemaphore.unlink(name), true);
    assert.equal(NamedSemaphore.unlink(name), false);
    assert.equal(existsSync(`/dev/shm/sem.${name.slice(1)}`), false);
  },
);
