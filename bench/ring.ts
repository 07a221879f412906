/** The persistent ring: an item in and out again, against a copy in and out of the same bytes. */

import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import { MemMapRingBuffer, Ring } from "../src/ring/mod.ts";
import { ITEM_HEADER_SIZE, READ_WORD, START } from "../src/ring/layout.ts";
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
      SIZES.flatMap((size) => [...casesOf(ring, size), ...takingCases(size)]),
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
        head: [
          "bytes",
          "put",
          "put and get",
          "million pairs/s",
          "ratio to copies",
          "get",
          "readInto",
          "get to readInto",
        ],
        rows: SIZES.map((size) => [
          String(size),
          digits(of("put", size)),
          digits(of("pair", size)),
          digits(1000 / of("pair", size)),
          digits(of("pair", size) / of("copies", size)),
          digits(of("get", size)),
          digits(of("readInto", size)),
          digits(of("get", size) / of("readInto", size)),
        ]),
      }],
      notes: [
        "put: into a full ring, so that an old item goes for each. copies: `set` into the memory, " +
        "and a `slice` of it. get, readInto: out of the same full ring in memory, again and again.",
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

/** Out of a ring alone: its position goes back to the first item before each run. */
function takingCases(size: number): Case[] {
  const memory = new ArrayBuffer(ITEMS * (size + ITEM_HEADER_SIZE) + 1024);
  const filled = Ring.format(memory);
  for (let i = 0; i < ITEMS; i++) filled.put(new Uint8Array(size).fill(i));
  const positions = new Int32Array(memory, 0, START >>> 2);
  const into = new Uint8Array(new ArrayBuffer(size));
  const again = () => {
    positions[READ_WORD] = START;
    return new Ring(memory);
  };
  return [
    {
      path: "get",
      size,
      entries: ITEMS,
      run() {
        const ring = again();
        let sum = 0;
        for (let item = ring.get(); item !== undefined; item = ring.get()) sum += item.length;
        if (sum !== ITEMS * size) throw new Error(`${sum} bytes`);
      },
    },
    {
      path: "readInto",
      size,
      entries: ITEMS,
      run() {
        const ring = again();
        let sum = 0;
        for (let n = ring.readInto(into); n !== undefined; n = ring.readInto(into)) sum += n;
        if (sum !== ITEMS * size) throw new Error(`${sum} bytes`);
      },
    },
  ];
}
