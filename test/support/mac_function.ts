/** What a simulated Mac's functions are made of. */

import assert from "node:assert/strict";
import type { NativeType } from "../../ffi/drivers/native.ts";

/** The kernel's PSHMNAMLEN and PSEMNAMLEN. */
export const NAME_LENGTH = 31;

/** What a function does. */
export type MacCode = (...given: never[]) => number | bigint;

/** Its arguments, its result, what it does, and how many arguments come before the variadic ones. */
export type MacFunction = [
  parameters: NativeType[],
  result: NativeType,
  code: MacCode,
  named?: number,
];

/** Why the last call failed. */
export class MacErrno {
  /** The number, as its address shows it. */
  readonly word = new Int32Array(new ArrayBuffer(4));

  /** Lets a call fail. */
  fail(reason: number): -1 {
    this.word[0] = reason;
    return -1;
  }
}

/** A name out of the bytes that a function was given. */
export function macText(bytes: Uint8Array): string {
  assert.equal(bytes.at(-1), 0, "a name that ends with NUL");
  return new TextDecoder().decode(bytes.subarray(0, -1));
}
