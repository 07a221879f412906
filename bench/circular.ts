/** Writing to a circular buffer and reading from it, against C and against a copy of the bytes. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { CircularBufferReader, CircularBufferWriter } from "../src/circular/mod.ts";
import { bytePayloads, POOL } from "./payloads.ts";
import { digits, type Report, runtimeTitle, sizeTitle } from "./report.ts";
import { type Case, time, type Timing } from "./timing.ts";

const SIZES = [8, 64, 256, 1024, 4096];
const CAPACITY = 1 << 20;

const C = "C, as the original does it";
const SET = "Uint8Array.set into the map";
const WRITE = "write";
const WRITE_AND_READ = "write, and read(into)";
const WRITE_AND_READ_INTO = "write, and readInto";
const WRITE_AND_READ_OWN = "write, and read()";

/** Times it all, in one run. */
export async function benchCircular(_: unknown, onCase: () => void): Promise<Report> {
  const timings: Timing[] = [];
  for (const size of SIZES) {
    timings.push({ path: C, size, median: NaN, fastest: baseline(size) });
    timings.push(...await benchSize(size, onCase));
  }
  const fastest = (path: string, size: number) =>
    timings.find((timing) => timing.path === path && timing.size === size)?.fastest ?? NaN;
  const row = (title: string, figure: (size: number) => string) => [title, ...SIZES.map(figure)];
  return {
    name: "circular",
    tables: [{
      title: `${runtimeTitle()}: circular buffer of ${
        sizeTitle(CAPACITY)
      }, ns per message (fastest)`,
      head: ["", ...SIZES.map(sizeTitle)],
      rows: [
        ...[C, SET, WRITE, WRITE_AND_READ, WRITE_AND_READ_INTO, WRITE_AND_READ_OWN].map((path) =>
          row(path, (size) => digits(fastest(path, size)))
        ),
        row("read() alone to readInto", (size) => {
          const alone = (path: string) => fastest(path, size) - fastest(WRITE, size);
          return digits(alone(WRITE_AND_READ_OWN) / alone(WRITE_AND_READ_INTO));
        }),
        row("write: times C", (size) => digits(fastest(WRITE, size) / fastest(C, size))),
      ],
    }],
    notes: ["C is compiled in this run by `cc -O3`; – where there is no `cc`."],
    data: timings,
  };
}

async function benchSize(size: number, onCase: () => void): Promise<Timing[]> {
  const name = `/ouroboros-bench-${process.pid}`;
  const spec = { indexName: `${name}-index`, dataName: `${name}-data`, capacity: CAPACITY };
  using writer = CircularBufferWriter.open(spec);
  const payloads = bytePayloads(size);
  const into = new Uint8Array(2 * size);
  const map = new Uint8Array(CAPACITY);
  let at = 0;
  const cases: Case[] = [
    {
      path: SET,
      size,
      entries: POOL,
      run() {
        for (let i = 0; i < POOL; i++) {
          const payload = payloads[i];
          if (at + payload.length > CAPACITY) at = 0;
          map.set(payload, at);
          at += payload.length + 4;
        }
      },
    },
    {
      path: WRITE,
      size,
      entries: POOL,
      run() {
        for (let i = 0; i < POOL; i++) writer.write(payloads[i]);
      },
    },
  ];
  const timings = await time(cases, 5, 80, onCase);
  // A reader that is opened now has nothing to catch up with.
  using reader = CircularBufferReader.open(spec);
  // A quarter of a lap at a time, so that it is never lapped.
  const chunk = Math.min(POOL, Math.floor(CAPACITY / 4 / (size * 2)));
  const reading = (path: string, readOne: () => number | undefined): Case => ({
    path,
    size,
    entries: chunk,
    run() {
      for (let i = 0; i < chunk; i++) writer.write(payloads[i]);
      for (let i = 0; i < chunk; i++) {
        if (readOne() !== payloads[i].length) throw new Error("not what was written");
      }
    },
  });
  const readings = [
    reading(WRITE_AND_READ, () => Number(reader.read(into))),
    reading(WRITE_AND_READ_INTO, () => reader.readInto(into)),
    reading(WRITE_AND_READ_OWN, () => reader.read()?.length),
  ];
  return [...timings, ...await time(readings, 5, 80, onCase)];
}

/** Nanoseconds per message in C; NaN where there is no compiler. */
function baseline(size: number): number {
  const folder = mkdtempSync(`${tmpdir()}/ouroboros-bench-`);
  try {
    const program = `${folder}/baseline`;
    const source = fileURLToPath(new URL("circular/baseline.c", import.meta.url));
    const compiled = spawnSync("cc", ["-O3", "-o", program, source]);
    if (compiled.status !== 0) return NaN;
    const count = Math.ceil(1e9 / (size + 200));
    const { stdout } = spawnSync(program, [CAPACITY, size, count].map(String));
    return Number(stdout.toString());
  } finally {
    rmSync(folder, { recursive: true });
  }
}
