/** A log of four small chunks, whose every word can be looked at. */

import { segmentSize, Writer } from "../../mod.ts";
import { Raw } from "./segment.ts";

/** Where the entries of a log of four chunks begin. */
export const DATA: number = 16 + 16 * 4;

/** A log, what writes to it, and its words. */
export interface SmallLog {
  raw: Raw;
  memory: ArrayBuffer;
  writer: Writer;
}

/** Makes an empty log. */
export function makeLog(chunkSize: number = 64, chunkCount: number = 4): SmallLog {
  const memory = new ArrayBuffer(segmentSize(chunkCount, chunkSize));
  const writer = Writer.create(memory, { chunkCount, chunkSize });
  return { raw: new Raw(memory), memory, writer };
}

/** Writes `count` entries of `length` bytes, each of its own number. */
export function writeSome(writer: Writer, count: number, length: number = 12): void {
  for (let i = 0; i < count; i++) writer.write(new Uint8Array(length).fill(i));
}
