/** The hot paths of this runtime on a log of 16 chunks of 1 MiB in shared memory. */

import process from "node:process";
import { SharedMemory, STRONG_ORDER } from "../ffi/mod.ts";
import { compilerFence, fullFence, Reader, ShmLogWriter } from "../mod.ts";
import { MEMCPY_IN, MEMCPY_OUT, memcpyCases } from "./paths/memcpy.ts";
import { readCases } from "./paths/read.ts";
import { writeCases } from "./paths/write.ts";
import { POOL, SIZES, textPayloads } from "./payloads.ts";
import { digits, type Report, runtimeTitle, sizeTitle } from "./report.ts";
import { time, type Timing } from "./timing.ts";

/** Times every path at every size. */
export async function benchPaths(only: RegExp, onCase: () => void): Promise<Report> {
  const timings: Timing[] = [];
  for (const size of SIZES) timings.push(...await benchSize(size, only, onCase));
  const paths = [...new Set(timings.map(({ path }) => path))];
  const of = (path: string) => timings.filter((timing) => timing.path === path);
  const memcpy = (path: string) => of(/^(write|claim)/.test(path) ? MEMCPY_IN : MEMCPY_OUT);
  const isMemcpy = (path: string) => path === MEMCPY_IN || path === MEMCPY_OUT;
  const head = SIZES.map(sizeTitle);
  return {
    name: "paths",
    tables: [
      {
        title: `${runtimeTitle()}: nanoseconds per entry (median of 3 rounds)`,
        head: ["", ...head],
        rows: paths.map((path) => [path, ...of(path).map(({ median }) => digits(median))]),
      },
      {
        title: `${runtimeTitle()}: GB/s of payload, and how many times the time of Uint8Array.set`,
        head: ["", ...head],
        rows: paths.map((path) => [
          path,
          ...of(path).map(({ size, median }, i) => {
            const speed = digits(size / median);
            if (isMemcpy(path)) return speed;
            return `${speed} (${digits(median / memcpy(path)[i].median)}×)`;
          }),
        ]),
      },
    ],
    notes: [],
    data: timings,
  };
}

async function benchSize(size: number, only: RegExp, onCase: () => void): Promise<Timing[]> {
  const name = `/ouroboros-bench-${process.pid}`;
  const copyName = `${name}-copy`;
  using writer = ShmLogWriter.create(name, { unlinkOnClose: true });
  using copied = SharedMemory.create(copyName, writer.segmentSize);
  // As ShmLogReader does it, but from the start again and again.
  using memory = SharedMemory.open(name, { access: "read" });
  const options = {
    fence: STRONG_ORDER ? compilerFence : fullFence,
    guard() {
      if (memory.currentSize() < memory.byteLength) throw new Error("truncated");
    },
  };
  try {
    const texts = textPayloads(size);
    // More than a lap: no page of it is touched for the first time by what is timed.
    const count = Math.ceil(2 * writer.segmentSize / size);
    for (let i = 0; i < count; i++) writer.write(texts[i % POOL]);
    const entries = lapLength(new Reader(memory.buffer, { ...options, strategy: "oldest" }));
    const cases = [
      ...memcpyCases(copied.buffer, size),
      ...readCases(memory.buffer, options, size, entries),
    ];
    // What writes comes last: it changes how many entries there are to read.
    const timings: Timing[] = [];
    for (const some of [cases, writeCases(writer, size)]) {
      const chosen = some.filter(({ path }) =>
        only.test(path) || path.startsWith("Uint8Array.set")
      );
      timings.push(...await time(chosen, 3, 50, onCase));
    }
    return timings;
  } finally {
    SharedMemory.unlink(copyName);
  }
}

function lapLength(reader: Reader): number {
  let entries = 0;
  for (let count = 1; count > 0; entries += count) count = reader.forEach(() => {});
  return entries;
}
