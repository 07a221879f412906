/**
 * Files that appear when they are complete, by way of a copy in a folder of their own.
 *
 * @module
 */

import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import * as zlib from "node:zlib";
import { PartialFile } from "../../../ffi/mod.ts";
import type { Compression } from "../../compression/kinds.ts";

/** How many bytes are read at once. */
const PIECE = 1 << 18;

/** The bytes of a file, compressed if that is asked for. */
export function packed(path: string, compression?: Compression): Readable {
  const bytes = createReadStream(path, { highWaterMark: PIECE });
  if (compression === undefined) return bytes;
  const { ZSTD_c_checksumFlag } = zlib.constants;
  const stream = compression === "gzip"
    ? zlib.createGzip()
    : zlib.createZstdCompress({ params: { [ZSTD_c_checksumFlag]: 1 } });
  return bytes.on("error", (error) => stream.destroy(error)).pipe(stream);
}

/**
 * Writes a file of `size` bytes, whole or not at all.
 *
 * @throws {SegmentExistsError} if it exists, unless `force` is set
 */
export async function writeWhole(
  path: string,
  size: number,
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  force: boolean,
): Promise<void> {
  using file = PartialFile.create(path, size, { force });
  const bytes = new Uint8Array(file.buffer);
  let at = 0;
  for await (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  await file.flush();
  file.finish();
}
