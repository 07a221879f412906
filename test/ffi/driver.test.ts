/** What the drivers must be able to do, beyond the calls that this system needs. */

import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import { driver } from "../../ffi/drivers/driver.ts";

test("a driver passes ten arguments, numbers and addresses, those on the stack too", {
  skip: process.platform === "linux" ? false : "it needs the C library of Linux",
}, () => {
  // As macOS on arm64 needs it, whose variadic arguments are behind eight others.
  const { snprintf } = driver().open("libc.so.6", {
    snprintf: {
      parameters: ["bytes", "u64", "bytes", "i64", "i64", "i64", "i64", "i64", "i64", "bytes"],
      result: "i32",
    },
  });
  const bytes = (text: string) => new TextEncoder().encode(`${text}\0`);
  const into = new Uint8Array(new ArrayBuffer(200));
  const format = bytes("%ld %ld %ld %ld %ld %ld %s");
  const size = BigInt(into.length);
  const values = [1n, -2n, 0n, 2n ** 62n, -(2n ** 63n), 0o600n] as const;
  const length = snprintf(into, size, format, ...values, bytes("the end"));
  const expected = `${values.join(" ")} the end`;
  assert.equal(length, expected.length);
  assert.equal(new TextDecoder().decode(into.subarray(0, length)), expected);
});
