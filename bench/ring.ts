/** The persistent ring: an item in and out again, against a copy in and out of the same bytes. */

import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import { MemMapRingBuffer } from "../src/mem_map_ring_buffer.ts";
import { digits, type Report, runtimeTitle } from "./report.ts";
import { type Case, time } from "./timing.ts";

const SIZES = [16, 64, 256, 1024];
const ITEMS = 1000;
const ROUNDS = 5;
const MILLISECONDS = 20;

/** Times put, get and both on a ring of 1 MiB in a file. */
export async function benchRing(_: unknown, onCase: () => void): Promise<Report> {
  const folder = mkdtempSync(`${os.tmpdir()}/ouroboros-bench-`);
  try {
    using ring = MemMapRingBuffer.open(`${folder}/ring`, 1 << 20);
    const timings = await time(
      SIZES.flatMap((size) => casesOf(ring, size)),
      ROUNDS,
      MILLISECONDS,
      onCase,
    );
    const of = (path: string, size: number) =>
      timings.find((timing) => timing.path === path && timing.size === size)!.median;
    return {
      name: "ring",
      tables: [{
        title: `${runtimeTitle()}: the ring in a file, ns per item`,
        head: ["bytes", "put", "put and get", "million pairs/s", "ratio to copies"],
        rows: SIZES.map((size) => [
          String(size),
          digits(of("put", size)),
          digits(of("pair", size)),
          digits(1000 / of("pair", size)),
          digits(of("pair", size) / of("copies", size)),
        ]),
      }],
      notes: [
        "put: into a full ring, so that an old item goes for each. copies: `set` into the memory, " +
        "and a `slice` of it.",
      ],
      data: timings,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function casesOf(ring: MemMapRingBuffer, size: number): Case[] {
  const item = new Uint8Array(size).fill(7);
  const memory = new Uint8Array(1 << 20);
  let at = 0;
  const repeat = (path: string, once: () => number): Case => ({
    path,
    size,
    entries: ITEMS,
    run: () => {
      let sum = 0;
      for (let i = 0; i < ITEMS; i++) sum += once();
      return sum;
    },
  });
  return [
    repeat("put", () => {
      ring.put(item);
      return size;
    }),
    repeat("pair", () => {
      ring.put(item);
      return ring.get()!.length;
    }),
    repeat("copies", () => {
      at = at + size > memory.length ? 0 : at;
      memory.set(item, at);
      const copy = memory.slice(at, at + size);
      at += size;
      return copy.length;
    }),
  ];
}
