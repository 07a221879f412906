/** What a reader pays: in place, copied in batches, as strings, one entry object at a time. */

import { Reader, type ReaderOptions } from "../../mod.ts";
import type { Case } from "../timing.ts";

/** More bytes than any payload has. */
const LARGEST = 1 << 20;

/**
 * The cases of reading a full log at rest from its oldest entry to its newest, which are as many as
 * `entries`, of `size` bytes.
 */
export function readCases(
  memory: ArrayBuffer,
  options: ReaderOptions,
  size: number,
  entries: number,
): Case[] {
  let sink = 0;

  function lap(path: string, readAll: (reader: Reader) => number): Case {
    return {
      path,
      size,
      entries,
      run() {
        const count = readAll(new Reader(memory, { ...options, strategy: "oldest" }));
        if (count !== entries) throw new Error(`${path}: ${count} of ${entries} entries`);
        return sink;
      },
    };
  }

  // The same loop again and again, on purpose: engines collect what they know of types by place in
  // the source, and a shared one would know of all cases at once.
  return [
    lap("forEach, in place", (reader) => {
      let total = 0;
      for (;;) {
        const count = reader.forEach((entry) => sink += entry.length);
        if (count === 0) return total;
        total += count;
      }
    }),
    lap("readBatch", (reader) => {
      let total = 0;
      for (let batch = reader.readBatch(); batch.length > 0; batch = reader.readBatch()) {
        for (let i = 0; i < batch.length; i++) sink += batch.byteLength(i);
        total += batch.length;
      }
      return total;
    }),
    lap("readBatch, texts()", (reader) => {
      let total = 0;
      for (let batch = reader.readBatch(); batch.length > 0; batch = reader.readBatch()) {
        for (const text of batch.texts()) sink += text.length;
        total += batch.length;
      }
      return total;
    }),
    lap("readBatch, bytes(i)", (reader) => {
      let total = 0;
      for (let batch = reader.readBatch(); batch.length > 0; batch = reader.readBatch()) {
        for (let i = 0; i < batch.length; i++) sink += batch.bytes(i).length;
        total += batch.length;
      }
      return total;
    }),
    lap("readInto", (reader) => {
      const into = new Uint8Array(new ArrayBuffer(LARGEST));
      let total = 0;
      for (let n = reader.readInto(into); n !== undefined; n = reader.readInto(into)) {
        sink += n;
        total++;
      }
      return total;
    }),
    lap("read().bytes", (reader) => {
      let total = 0;
      for (let entry = reader.read(); entry !== undefined; entry = reader.read()) {
        sink += entry.bytes.length;
        total++;
      }
      return total;
    }),
    lap("read().text", (reader) => {
      let total = 0;
      for (let entry = reader.read(); entry !== undefined; entry = reader.read()) {
        sink += entry.text.length;
        total++;
      }
      return total;
    }),
  ];
}
