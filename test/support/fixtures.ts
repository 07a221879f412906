/** Segments written by the reference, with what they hold. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { type ChunkInfo, inspect, type Reader } from "../../mod.ts";

export interface Fixture {
  name: string;
  /** A fresh copy of the image at each call. */
  image(): ArrayBuffer;
  chunkSize: number;
  chunkCount: number;
  maxEntrySize: number;
  /** In version 2. */
  bufferId: bigint | undefined;
  /** Whether the writer has finished the log. */
  isFinished: boolean;
  /** The entries of the life before, where the log was begun anew in place. */
  writtenBefore: string[];
  /** Entry i has sequence number i + 1. */
  written: string[];
  /** The payload of the write that was cut off, in crash images. */
  interrupted?: string;
  /** What the reference's reader gives for each strategy; wrong in some images. */
  expected: Record<"auto" | "latest" | "lowest", ExpectedEntry[]>;
}

interface ExpectedEntry {
  sequence_number: number;
  chunk_token: number;
  payload_hex: string;
}

/** The images of a version of the format. */
export function loadFixtures(version: 1 | 2 = 1): Fixture[] {
  const folder = new URL(
    version === 1 ? "../fixtures/ouroboros/" : "../fixtures/ouroboros-v2/",
    import.meta.url,
  );
  return readdirSync(folder).filter((file) => file.endsWith(".json")).sort().map((file) => {
    const name = file.slice(0, -5);
    const json = JSON.parse(readFileSync(new URL(file, folder), "utf8"));
    const bytes = readFileSync(new URL(`${name}.bin`, folder));
    const restarted = Math.max(json.restarted_before_index ?? 0, 0);
    return {
      name,
      bufferId: version === 1 ? undefined : BigInt(json.buffer_id),
      isFinished: json.finished ?? false,
      writtenBefore: json.written_hex.slice(0, restarted),
      image: () =>
        bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer,
      chunkSize: json.chunk_target_size,
      chunkCount: json.chunk_count,
      maxEntrySize: json.max_entry_size,
      written: json.written_hex.slice(restarted),
      interrupted: json.interrupted_write_hex,
      expected: {
        auto: json.expected.auto_detect.entries,
        latest: json.expected.from_latest.entries,
        lowest: json.expected.from_lowest.entries,
      },
    };
  });
}

/** What a reader gives is what the reference's gives. */
export function assertReads(reader: Reader, expected: ExpectedEntry[]): void {
  const got = [...reader].map(({ sequenceNumber, chunkToken, bytes }) => ({
    sequence_number: sequenceNumber,
    chunk_token: chunkToken,
    payload_hex: toHex(bytes),
  }));
  assert.deepEqual(
    got,
    expected.map(({ sequence_number, chunk_token, payload_hex }) => ({
      sequence_number,
      chunk_token,
      payload_hex,
    })),
  );
  assert.equal(reader.lostEntries, 0);
}

/** The rows of the lap that is being written: the newest one and those before it. */
export function liveRows(memory: ArrayBufferLike): ChunkInfo[] {
  const { chunks } = inspect(memory);
  const current = chunks.findIndex(({ state }) => state === "current");
  return chunks.slice(0, current + 1);
}

export function toHex(bytes: Uint8Array): string {
  let hex = "";
  for (const byte of bytes) hex += byte.toString(16).padStart(2, "0");
  return hex;
}

export function fromHex(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}
