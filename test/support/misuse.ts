/** Values that an application may give by mistake, and what is right to answer. */

import assert from "node:assert/strict";
import vm from "node:vm";
import { OuroborosError } from "../../src/errors.ts";

/** What may stand where an array of entries belongs, and is none. */
export const notArrays: readonly (readonly [string, unknown])[] = [
  ["a Set", new Set(["a", "b"])],
  ["a Map", new Map([["a", "b"]])],
  [
    "a generator",
    function* () {
      yield "a";
    }(),
  ],
  ["an object", {}],
  ["an object with a length", { length: 2, 0: "a", 1: "b" }],
  ["a number", 5],
  ["a string", "hello"],
  ["bytes", new Uint8Array(3)],
  ["null", null],
  ["undefined", undefined],
];

/** What may stand where a payload belongs, and is none. */
export const notPayloads: readonly (readonly [string, unknown])[] = [
  ["null", null],
  ["undefined", undefined],
  ["a number", 5],
  ["NaN", NaN],
  ["a bigint", 5n],
  ["a boolean", true],
  ["a symbol", Symbol("s")],
  ["a function", () => {}],
  ["an object", {}],
  ["an array of numbers", [1, 2, 3]],
  ["an ArrayBuffer", new ArrayBuffer(4)],
  ["a DataView", new DataView(new ArrayBuffer(4))],
  ["a Uint16Array", new Uint16Array(4)],
  ["an Int8Array", new Int8Array(4)],
  ["a boxed string", new String("hello")],
  ["detached bytes", detached()],
  ["bytes out of bounds", outOfBounds()],
  ["a proxy of bytes", new Proxy(new Uint8Array(3), {})],
  ["what calls itself bytes", Object.create(Uint8Array.prototype)],
];

/** A value that another realm made, as frameworks for tests do. */
export function ofAnotherRealm<T>(code: string): T {
  return vm.runInNewContext(code) as T;
}

/** Bytes whose buffer was transferred. */
export function detached(): Uint8Array {
  const bytes = new Uint8Array([1, 2, 3]);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  return bytes;
}

/** Bytes whose buffer shrank beneath them. */
export function outOfBounds(): Uint8Array {
  const buffer = new ArrayBuffer(8, { maxByteLength: 8 });
  const bytes = new Uint8Array(buffer, 4, 4);
  buffer.resize(4);
  return bytes;
}

/** Asserts that `call` throws what a caller can tell apart: an error of ours, RangeError, TypeError. */
export function assertTyped(call: () => unknown, what: string): Error {
  try {
    call();
  } catch (error) {
    assert.ok(
      error instanceof OuroborosError || error instanceof RangeError || error instanceof TypeError,
      `${what}: ${error}`,
    );
    return error;
  }
  assert.fail(`${what}: no error`);
}
