/** The paths whose allocations are counted, each over `COUNT` entries. */

import process from "node:process";
import { ShmLogReader, ShmLogWriter } from "../../mod.ts";
import { bytePayloads, POOL, textPayloads } from "../payloads.ts";

/** How many entries a path handles. */
export const COUNT = 1_000_000;

/** Runs each path through `measure`, which calls `run` as often as it likes. */
export function eachPath(measure: (path: string, run: () => void) => void): void {
  using writer = ShmLogWriter.create(`/ouroboros-bench-${process.pid}`, { unlinkOnClose: true });
  const payloads = bytePayloads(64);
  const texts = textPayloads(64);
  const batch = payloads.slice(0, 32);
  using reader = ShmLogReader.open(writer.name);
  const kept: unknown[] = [];
  let sink = 0;
  const visit = (entry: { length: number }) => {
    sink = (sink + entry.length) | 0;
  };
  const paths: [path: string, run: () => void][] = [
    ["an object (so that zeros mean something)", () => {
      for (let i = 0; i < COUNT; i++) kept[i & 7] = { i };
    }],
    ["write(Uint8Array)", () => {
      for (let i = 0; i < COUNT; i++) writer.write(payloads[i % POOL]);
    }],
    ["writeMany(32 × Uint8Array)", () => {
      for (let i = 0; i < COUNT; i += 32) writer.writeMany(batch);
    }],
    ["write(string)", () => {
      for (let i = 0; i < COUNT; i++) writer.write(texts[i % POOL]);
    }],
    // Writing is part of these: nobody reads what is not there.
    ["writeMany + forEach", () => {
      for (let i = 0; i < COUNT; i += 32) {
        writer.writeMany(batch);
        if (i % 4096 === 0) { while (reader.forEach(visit) > 0); }
      }
    }],
    ["writeMany + readBatch", () => {
      for (let i = 0; i < COUNT; i += 32) {
        writer.writeMany(batch);
        if (i % 4096 === 0) { while (reader.readBatch().length > 0); }
      }
    }],
    ["writeMany + read()", () => {
      for (let i = 0; i < COUNT; i += 32) {
        writer.writeMany(batch);
        if (i % 4096 === 0) { for (const entry of reader) sink = (sink + entry.length) | 0; }
      }
    }],
  ];
  for (const [path, run] of paths) measure(path, run);
}
