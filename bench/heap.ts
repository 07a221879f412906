/** What the hot paths allocate: bytes of the engine's heap per entry, over a million entries. */

import process from "node:process";
import v8 from "node:v8";
import { ShmLogReader, ShmLogWriter } from "../mod.ts";
import { bytePayloads, POOL, textPayloads } from "./payloads.ts";
import { digits, type Report, runtimeTitle } from "./report.ts";

const COUNT = 1_000_000;

/** Counts for each path what it allocates. */
export async function benchHeap(): Promise<Report> {
  const counter = await heapCounter();
  if (counter === undefined) {
    const note = `${runtimeTitle()} has no counter of allocated bytes.`;
    return { name: "heap", tables: [], notes: [note], data: null };
  }
  using writer = ShmLogWriter.create(`/ouroboros-bench-${process.pid}`);
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
  const data = paths.map(([path, run]) => {
    // Twice before it counts: what engines allocate to compile is theirs.
    run();
    run();
    counter.begin();
    run();
    return { path, bytes: counter.end() / COUNT };
  });
  return {
    name: "heap",
    tables: [{
      title: `${runtimeTitle()}: bytes allocated per entry, over ${COUNT} entries`,
      head: ["", "bytes"],
      rows: data.map(({ path, bytes }) => [path, digits(bytes)]),
    }],
    notes: [counter.note],
    data,
  };
}

interface HeapCounter {
  begin(): void;
  end(): number;
  note: string;
}

async function heapCounter(): Promise<HeapCounter | undefined> {
  if ("Bun" in globalThis) return await bunCounter();
  const total = () =>
    (v8.getHeapStatistics() as { total_allocated_bytes?: number }).total_allocated_bytes ?? NaN;
  if (Number.isNaN(total())) return undefined;
  let start = 0;
  return {
    begin: () => start = total(),
    end: () => total() - start,
    note: "By V8's own counter, total_allocated_bytes.",
  };
}

/** JSC does not count allocations; its heap grows by them until it collects. */
async function bunCounter(): Promise<HeapCounter> {
  const name = "bun:jsc";
  const jsc: { fullGC(): void; heapStats(): { heapCapacity: number } } = await import(name);
  let start = 0;
  return {
    begin() {
      jsc.fullGC();
      start = jsc.heapStats().heapCapacity;
    },
    end: () => Math.max(jsc.heapStats().heapCapacity - start, 0),
    note: "By the growth of JSC's heap since a full collection: a lower bound.",
  };
}
