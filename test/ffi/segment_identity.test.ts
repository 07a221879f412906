/** Numbers of objects. */

import assert from "node:assert/strict";
import test from "node:test";
import { identityNumber } from "../../ffi/segment_identity.ts";

test("identityNumber() is the number itself up to 2^53 - 1", () => {
  for (const value of [0, 1, 4711, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
    assert.equal(identityNumber(BigInt(value)), value);
  }
});

test("identityNumber() keeps neighbors apart that rounding would make equal", () => {
  const high = 1n << 63n;
  const numbers = [0n, 1n, 2n, 3n, 1000n].map((low) => identityNumber(high | low));
  assert.equal(new Set(numbers).size, numbers.length);
  assert.ok(numbers.every(Number.isSafeInteger));
  assert.equal(identityNumber(-high), identityNumber(high), "signed or not");
});
