/**
 * Native libraries: the type of a table of functions, and of the driver that calls them.
 *
 * @module
 */

/**
 * The type of an argument or result: `i32` is a number; `i64` and `u64` (addresses and sizes, too)
 * are bigints as arguments, and a number or bigint, as the driver likes, as results; `bytes` is the
 * address of a Uint8Array.
 */
export type NativeType = "i32" | "i64" | "u64" | "bytes";

/** The type of one function. */
export interface Signature {
  /** Its arguments. */
  readonly parameters: readonly NativeType[];
  /** Its result. */
  readonly result: "i32" | "i64" | "u64";
}

/** Functions by name. */
export type SymbolTable = Readonly<Record<string, Signature>>;

type Argument<T> = T extends "i32" ? number : T extends "bytes" ? Uint8Array : bigint;
type Arguments<P extends readonly NativeType[]> = { -readonly [I in keyof P]: Argument<P[I]> };
type Result<T> = T extends "i32" ? number : number | bigint;

/** The functions of a library, ready to be called. */
export type NativeFunctions<T extends SymbolTable> = {
  readonly [Name in keyof T]: (
    ...parameters: Arguments<T[Name]["parameters"]>
  ) => Result<T[Name]["result"]>;
};

/** How a runtime calls native functions and looks at native memory. */
export interface Driver {
  /** What it calls with: `"bun:ffi"`, `"koffi 3.3.1"`. */
  readonly name: string;
  /** The largest memory that it can look at, in bytes. */
  readonly maxView: number;
  /** Opens a library; throws if it, or one of the functions, is not there. */
  open<const T extends SymbolTable>(library: string, table: T): NativeFunctions<T>;
  /** The memory from `address` on, without a copy and without an owner. */
  view(address: bigint, byteLength: number): ArrayBuffer;
}
