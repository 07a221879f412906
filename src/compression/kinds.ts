/**
 * Kinds of compression: how each is known, and what this runtime can do.
 *
 * @module
 */

import process from "node:process";

/** The module of the runtime. It takes milliseconds to load, which most programs can do without. */
export const zlib = (): typeof import("node:zlib") => process.getBuiltinModule("node:zlib");

/** How bytes are compressed. */
export type Compression = "gzip" | "zstd";

/** All of them. */
export const COMPRESSIONS: readonly Compression[] = ["gzip", "zstd"];

const NAMES: Readonly<Record<string, Compression>> = { ".gz": "gzip", ".zst": "zstd" };

/** What the bytes of a file are compressed with, by the first of them. */
export function compressionOf(start: Uint8Array): Compression | undefined {
  if (start.length < 4) return undefined;
  const [a, b, c, d] = start;
  if (a === 0x1f && b === 0x8b && c === 8) return "gzip";
  const isZstd = a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd;
  // A frame that is to be skipped may come first.
  const isSkippable = (a & 0xf0) === 0x50 && b === 0x2a && c === 0x4d && d === 0x18;
  return isZstd || isSkippable ? "zstd" : undefined;
}

/** Endings of what is compressed in another way. */
const OTHERS = /\.(?:br|bz2|lz4|lzma|xz|zip|Z)$/;

/**
 * What a file of that name is compressed with.
 *
 * @throws {RangeError} if it is something that is not known here
 */
export function compressionFor(path: string): Compression | undefined {
  const [other] = OTHERS.exec(path) ?? [];
  if (other !== undefined) {
    throw new RangeError(`files are compressed as .gz or .zst, not as ${other}: "${path}"`);
  }
  return NAMES[/\.[^.]*$/.exec(path)?.[0] ?? ""];
}

/** The ending of the names of such files. */
export function endingOf(compression: Compression): string {
  return Object.keys(NAMES).find((ending) => NAMES[ending] === compression)!;
}

/**
 * Makes sure that this runtime has it.
 *
 * @throws {RangeError} if it has not, with what has
 */
export function checkCompression(compression: Compression): void {
  if (compression === "gzip" || typeof zlib().zstdCompressSync === "function") return;
  throw new RangeError(
    "this runtime has no zstd: Node.js has it from 22.15 on, and so do Deno 2.9 and Bun 1.4; or use gzip",
  );
}
