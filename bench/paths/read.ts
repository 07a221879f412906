/** What a reader pays: in place, copied in batches, as strings, one entry object at a time. */

import { ShmLogReader, ShmLogWriter } from "../../mod.ts";
import { POOL, textPayloads } from "../payloads.ts";
import type { Case } from "../timing.ts";

/** How much is written, untimed, before each run that reads it: half of the log. */
const STEP = 8 << 20;

/** The cases of reading payloads of `size` bytes, each with a reader of its own. */
export function readCases(writer: ShmLogWriter, size: number, readers: ShmLogReader[]): Case[] {
  const texts = textPayloads(size);
  const rounds = Math.max(Math.floor(STEP / (POOL * (size + 8))), 1);
  const entries = rounds * POOL;
  let sink = 0;

  function read(path: string, readAll: (reader: ShmLogReader) => number): Case {
    const reader = ShmLogReader.open(writer.name);
    readers.push(reader);
    return {
      path,
      size,
      entries,
      prepare() {
        // Whatever other cases wrote meanwhile; then pages that were never touched are.
        while (
          reader.forEach(() => {}) > 0 || reader.lastSequenceNumber < writer.totalEntriesWritten
        );
        for (let i = 0; i < rounds; i++) {
          for (let at = 0; at < POOL; at += 64) writer.writeMany(texts.slice(at, at + 64));
        }
      },
      run() {
        const count = readAll(reader);
        if (count !== entries) throw new Error(`${path}: ${count} of ${entries} entries`);
        return sink;
      },
    };
  }

  return [
    read("forEach", (reader) => {
      let total = 0;
      for (;;) {
        const count = reader.forEach((entry) => sink += entry.length);
        if (count === 0) return total;
        total += count;
      }
    }),
    read("readBatch", (reader) => {
      let total = 0;
      for (let batch = reader.readBatch(); batch.length > 0; batch = reader.readBatch()) {
        for (let i = 0; i < batch.length; i++) sink += batch.byteLength(i);
        total += batch.length;
      }
      return total;
    }),
    read("readBatch, bytes(i)", (reader) => {
      let total = 0;
      for (let batch = reader.readBatch(); batch.length > 0; batch = reader.readBatch()) {
        for (let i = 0; i < batch.length; i++) sink += batch.bytes(i)[0];
        total += batch.length;
      }
      return total;
    }),
    read("readBatch, text(i)", (reader) => {
      let total = 0;
      for (let batch = reader.readBatch(); batch.length > 0; batch = reader.readBatch()) {
        for (let i = 0; i < batch.length; i++) sink += batch.text(i).length;
        total += batch.length;
      }
      return total;
    }),
    read("read()", (reader) => {
      let total = 0;
      for (let entry = reader.read(); entry !== undefined; entry = reader.read()) {
        sink += entry.length;
        total++;
      }
      return total;
    }),
    read("read().bytes", (reader) => {
      let total = 0;
      for (let entry = reader.read(); entry !== undefined; entry = reader.read()) {
        sink += entry.bytes[0];
        total++;
      }
      return total;
    }),
    read("read().text", (reader) => {
      let total = 0;
      for (let entry = reader.read(); entry !== undefined; entry = reader.read()) {
        sink += entry.text.length;
        total++;
      }
      return total;
    }),
  ];
}
