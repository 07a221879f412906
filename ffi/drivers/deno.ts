/**
 * How Deno calls native functions.
 *
 * @module
 */

import { NativeUnavailableError } from "../../src/errors.ts";
import type { Driver, NativeFunctions, NativeType, SymbolTable } from "./native.ts";

/** The part of the `Deno` global that is used here, so that the types are there on every runtime. */
interface DenoGlobal {
  dlopen(path: string, symbols: Record<string, unknown>): { symbols: unknown };
  UnsafePointer: { create(address: bigint): object | null };
  UnsafePointerView: { getArrayBuffer(pointer: object, byteLength: number): ArrayBuffer };
}

const TYPES: Record<NativeType, string> = { i32: "i32", i64: "i64", u64: "u64", bytes: "buffer" };

/** The driver for Deno: the `Deno.dlopen` global. */
export function denoDriver(): Driver {
  const deno = (globalThis as unknown as { Deno: DenoGlobal }).Deno;
  return {
    name: "Deno.dlopen",
    maxView: Number.MAX_SAFE_INTEGER,
    open<const T extends SymbolTable>(library: string, table: T): NativeFunctions<T> {
      const symbols: Record<string, unknown> = {};
      for (const [name, { parameters, result }] of Object.entries(table)) {
        symbols[name] = { parameters: parameters.map((type) => TYPES[type]), result };
      }
      return allowed(() => deno.dlopen(library, symbols).symbols as NativeFunctions<T>);
    },
    view(address: bigint, byteLength: number): ArrayBuffer {
      const pointer = deno.UnsafePointer.create(address);
      if (pointer === null) throw new TypeError("a view of address 0");
      return allowed(() => deno.UnsafePointerView.getArrayBuffer(pointer, byteLength));
    },
  };
}

/** A flag limited to some paths does not do: Deno then refuses every use of a pointer. */
function allowed<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof Error && /^(NotCapable|PermissionDenied)$/.test(error.name)) {
      throw new NativeUnavailableError(
        "native memory needs permission: run deno with --allow-ffi (without a path)",
        { cause: error },
      );
    }
    throw error;
  }
}
