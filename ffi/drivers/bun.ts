/**
 * How Bun calls native functions.
 *
 * @module
 */

import { builtinRequire } from "./runtime.ts";
import type { Driver, NativeFunctions, NativeType, SymbolTable } from "./native.ts";

/** The part of `bun:ffi` that is used here. */
interface BunFfi {
  dlopen(path: string, symbols: Record<string, unknown>): { symbols: unknown };
  toArrayBuffer(address: number, byteOffset: number, byteLength: number): ArrayBuffer;
}

// An address as a `ptr` result loses precision: addresses are u64.
const TYPES: Record<NativeType, string> = { i32: "i32", i64: "i64", u64: "u64", bytes: "ptr" };

/** The driver for Bun: `bun:ffi`. */
export function bunDriver(): Driver {
  const ffi = builtinRequire()("bun:ffi") as BunFfi;
  return {
    name: "bun:ffi",
    maxView: 2 ** 32 - 1,
    open<const T extends SymbolTable>(library: string, table: T): NativeFunctions<T> {
      const symbols: Record<string, unknown> = {};
      for (const [name, { parameters, result }] of Object.entries(table)) {
        symbols[name] = { args: parameters.map((type) => TYPES[type]), returns: TYPES[result] };
      }
      return ffi.dlopen(library, symbols).symbols as NativeFunctions<T>;
    },
    view(address: bigint, byteLength: number): ArrayBuffer {
      return ffi.toArrayBuffer(Number(address), 0, byteLength);
    },
  };
}
