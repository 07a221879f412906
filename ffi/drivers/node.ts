/**
 * How Node calls native functions: with its own `node:ffi` where there is one, else with koffi.
 *
 * `OUROBOROS_FFI=koffi` in the environment takes koffi even where there is `node:ffi`.
 *
 * @module
 */

import process from "node:process";
import { NativeUnavailableError } from "../../src/errors.ts";
import { builtinRequire } from "./runtime.ts";
import type { Driver, NativeFunctions, NativeType, SymbolTable } from "./native.ts";

/** The part of `node:ffi` that is used here. */
interface NodeFfi {
  dlopen(path: string, symbols: Record<string, unknown>): { functions: unknown };
  toArrayBuffer(address: bigint, byteLength: number, copy: boolean): ArrayBuffer;
}

/** The part of koffi that is used here. */
interface Koffi {
  version?: string;
  load(path: string): { func(name: string, result: string, parameters: string[]): unknown };
  view(address: bigint, byteLength: number): ArrayBuffer;
}

const NODE_TYPES: Record<NativeType, string> = {
  i32: "int32",
  i64: "int64",
  u64: "uint64",
  bytes: "buffer",
};
const KOFFI_TYPES: Record<NativeType, string> = { ...NODE_TYPES, bytes: "void *" };

/**
 * The driver for Node.
 *
 * @throws {NativeUnavailableError} if there is neither `node:ffi` nor koffi, or they are forbidden
 */
export function nodeDriver(): Driver {
  // Without it the views of a memory can't be ended before it is unmapped.
  if (!("transfer" in ArrayBuffer.prototype)) {
    throw new NativeUnavailableError(
      `Node ${process.versions.node} is too old: 22.18 is needed, or Deno or Bun ` +
        "(for the commands: deno run -A npm:@ouroboros/log …, bunx --bun @ouroboros/log …)",
    );
  }
  const require = builtinRequire();
  if (process.env.OUROBOROS_FFI !== "koffi") {
    const ffi = withoutFfiWarning(() => optional(require, "node:ffi", "--allow-ffi"));
    if (ffi !== undefined) return overNodeFfi(ffi as NodeFfi);
  }
  const koffi = optional(require, "koffi", "--allow-addons");
  if (koffi !== undefined) return overKoffi(koffi as Koffi);
  throw new NativeUnavailableError(
    `Node ${process.versions.node} needs the package koffi for native memory: npm install koffi, ` +
      "or use Node 26.9 or newer",
  );
}

function overNodeFfi(ffi: NodeFfi): Driver {
  return {
    name: "node:ffi",
    maxView: Number.MAX_SAFE_INTEGER,
    open<const T extends SymbolTable>(library: string, table: T): NativeFunctions<T> {
      const symbols: Record<string, unknown> = {};
      for (const [name, { parameters, result }] of Object.entries(table)) {
        symbols[name] = {
          arguments: parameters.map((type) => NODE_TYPES[type]),
          return: NODE_TYPES[result],
        };
      }
      const { functions } = allowed("--allow-ffi", () => ffi.dlopen(library, symbols));
      return functions as NativeFunctions<T>;
    },
    view: (address, byteLength) => ffi.toArrayBuffer(address, byteLength, false),
  };
}

function overKoffi(koffi: Koffi): Driver {
  return {
    name: koffi.version === undefined ? "koffi" : `koffi ${koffi.version}`,
    maxView: Number.MAX_SAFE_INTEGER,
    open<const T extends SymbolTable>(library: string, table: T): NativeFunctions<T> {
      const loaded = koffi.load(library);
      const functions: Record<string, unknown> = {};
      for (const [name, { parameters, result }] of Object.entries(table)) {
        const types = parameters.map((type) => KOFFI_TYPES[type]);
        functions[name] = loaded.func(name, KOFFI_TYPES[result], types);
      }
      return functions as NativeFunctions<T>;
    },
    view: (address, byteLength) => koffi.view(address, byteLength),
  };
}

/** A module that may be missing; one that is there and forbidden is an error. */
function optional(load: (name: string) => unknown, name: string, flag: string): unknown {
  try {
    return allowed(flag, () => load(name));
  } catch (error) {
    if (error instanceof NativeUnavailableError) throw error;
    const { code } = error as { code?: string };
    if (code === "MODULE_NOT_FOUND" || code === "ERR_UNKNOWN_BUILTIN_MODULE") return undefined;
    throw new NativeUnavailableError(`${name} does not load: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function allowed<T>(flag: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "ERR_ACCESS_DENIED" || code === "ERR_DLOPEN_DISABLED") {
      throw new NativeUnavailableError(
        `native memory needs permission: run node with ${flag}`,
        { cause: error },
      );
    }
    throw error;
  }
}

/** Loading `node:ffi` warns that it is experimental: it was chosen knowingly, not by the user. */
function withoutFfiWarning<T>(load: () => T): T {
  const { emitWarning } = process;
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    if (/\bFFI\b/.test(String(warning))) return;
    (emitWarning as (...all: unknown[]) => void).call(process, warning, ...rest);
  }) as typeof emitWarning;
  try {
    return load();
  } finally {
    process.emitWarning = emitWarning;
  }
}
