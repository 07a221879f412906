/** How costs grow: with the number of chunks, with the size of the segment, with the readers. */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { SharedMemory, STRONG_ORDER } from "../ffi/mod.ts";
import { compilerFence, fullFence, NoSpaceError, Reader, ShmLogWriter } from "../mod.ts";
import { thisRuntime } from "../scripts/runtimes.ts";
import { type Chart, draw } from "./chart.ts";
import { bytePayloads, POOL } from "./payloads.ts";
import { runProcesses } from "./processes.ts";
import { digits, type Report, runtimeTitle, sizeTitle } from "./report.ts";
import { time } from "./timing.ts";

const MIB = 1 << 20;
const ENTRY = 64;
const CHUNKS = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536];
const SEGMENTS = [1 / 16, 1 / 4, 1, 4, 16, 64, 256, 1024, 2048].map((size) => size * MIB);
const READERS = [0, 1, 2, 3, 4, 6, 8];

/** The folder of the charts, and of the figures that they are drawn from. */
const results = fileURLToPath(new URL("results/", import.meta.url));

/** A point of a curve. */
interface Point {
  x: number;
  write: number;
  read: number | null;
}

/** What a runtime's run of this found. */
interface Scale {
  runtime: string;
  chunks: Point[];
  segments: Point[];
  readers: Point[];
}

/** Measures the three curves, saves them, and draws those of all runtimes that were measured. */
export async function benchScale(_: unknown, onCase: () => void): Promise<Report> {
  const found: Scale = { runtime: runtimeTitle(), chunks: [], segments: [], readers: [] };
  const notes: string[] = [];
  for (const x of CHUNKS) {
    found.chunks.push({ x, ...await cost(Math.floor(16 * MIB / x), x) });
    onCase();
  }
  for (const x of SEGMENTS) {
    try {
      found.segments.push({ x, ...await cost(Math.floor(x / 16), 16) });
    } catch (error) {
      if (!(error instanceof NoSpaceError)) throw error;
      notes.push(`A segment of ${sizeTitle(x)} does not fit into this machine's shared memory.`);
    }
    onCase();
  }
  for (const x of READERS) {
    const { written, milliseconds, readers } = await runProcesses({
      size: ENTRY,
      readers: x,
      milliseconds: 500,
    });
    const read = readers.reduce((sum, reader) => sum + reader.read / reader.milliseconds, 0);
    const average = readers.length > 0 ? read / readers.length / 1000 : null;
    found.readers.push({ x, write: written / milliseconds / 1000, read: average });
    onCase();
  }
  mkdirSync(results, { recursive: true });
  const file = `${results}scale-${thisRuntime().name}.json`;
  writeFileSync(file, JSON.stringify(found, undefined, 2) + "\n");
  drawAll();
  return {
    name: "scale",
    tables: [
      table("chunks of a log of 16 MiB", found.chunks, String, "ns an entry"),
      table("segment of 16 chunks", found.segments, sizeTitle, "ns an entry"),
      table("readers at full speed", found.readers, String, "million entries/s"),
    ],
    notes: [...notes, `Charts: bench/results/*.svg. Entries of ${ENTRY} bytes.`],
    data: found,
  };
}

function table(what: string, points: Point[], title: (x: number) => string, unit: string) {
  return {
    title: `${runtimeTitle()}: ${what}, ${unit}`,
    head: ["", "write", "read"],
    rows: points.map(({ x, write, read }) => [title(x), digits(write), digits(read ?? NaN)]),
  };
}

/** What a write costs, and a read in batches, in ns an entry. */
async function cost(chunkSize: number, chunkCount: number): Promise<Omit<Point, "x">> {
  using writer = ShmLogWriter.create(`/ouroboros-bench-${process.pid}`, {
    unlinkOnClose: true,
    chunkSize,
    chunkCount,
  });
  using memory = SharedMemory.open(writer.name, { access: "read" });
  const payloads = bytePayloads(ENTRY);
  const fill = Math.ceil(1.5 * writer.segmentSize / ENTRY);
  for (let i = 0; i < fill; i++) writer.write(payloads[i % POOL]);
  const fence = STRONG_ORDER ? compilerFence : fullFence;
  const readAll = () => {
    const reader = new Reader(memory.buffer, { strategy: "oldest", fence });
    let entries = 0;
    for (let count = 1; count > 0; entries += count) count = reader.readBatch().length;
    return entries;
  };
  const entries = readAll();
  const [read] = await time([{ path: "read", size: ENTRY, entries, run: readAll }], 3, 50);
  const [write] = await time(
    [{
      path: "write",
      size: ENTRY,
      // A thousand and more, so that what happens once a chunk or once a lap is in the average.
      entries: 16 * POOL,
      run() {
        for (let i = 0; i < 16 * POOL; i++) writer.write(payloads[i % POOL]);
      },
    }],
    3,
    100,
  );
  return { write: write.median, read: read.median };
}

/** One chart a curve, with two lines a runtime. */
function drawAll(): void {
  const all: Scale[] = readdirSync(results)
    .filter((file) => /^scale-.*\.json$/.test(file))
    .map((file) => JSON.parse(readFileSync(results + file, "utf8")));
  const chart = (key: "chunks" | "segments" | "readers", rest: Omit<Chart, "lines">) => {
    const lines = all.flatMap(({ runtime, [key]: points }) => [
      { name: `${runtime} write`, values: points.map(({ write }) => write) },
      { name: `${runtime} read`, values: points.map(({ read }) => read) },
    ]);
    writeFileSync(`${results}${key}.svg`, draw({ ...rest, lines }) + "\n");
  };
  chart("chunks", {
    title: "A log of 16 MiB in more and more chunks, entries of 64 bytes",
    xTitle: "chunks",
    x: CHUNKS.map(String),
    yTitle: "ns an entry",
  });
  chart("segments", {
    title: "A log of 16 chunks in larger and larger segments, entries of 64 bytes",
    xTitle: "segment",
    x: SEGMENTS.map(sizeTitle),
    yTitle: "ns an entry",
  });
  chart("readers", {
    title: "One writer at full speed and more and more readers on 2 cores",
    xTitle: "reader processes",
    x: READERS.map(String),
    yTitle: "million entries/s",
  });
}
