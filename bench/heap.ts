/** What the hot paths allocate: bytes of the engine's heap per entry, over a million entries. */

import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import v8 from "node:v8";
import { thisRuntime } from "../scripts/runtimes.ts";
import { COUNT, eachPath } from "./heap/paths.ts";
import { digits, type Report, runtimeTitle } from "./report.ts";

interface Allocation {
  path: string;
  /** Bytes per entry. */
  bytes: number;
}

/** Counts for each path what it allocates. */
export function benchHeap(): Report {
  const isBun = "Bun" in globalThis;
  if (!isBun && Number.isNaN(allocatedBytes())) {
    const note = `${runtimeTitle()} has no counter of allocated bytes.`;
    return { name: "heap", tables: [], notes: [note], data: null };
  }
  const data = isBun ? byLog() : byCounter();
  return {
    name: "heap",
    tables: [{
      title: `${runtimeTitle()}: bytes allocated per entry`,
      head: ["", "bytes"],
      rows: data.map(({ path, bytes }) => [path, digits(bytes)]),
    }],
    notes: [
      isBun
        ? "By JSC's log of its collections, which comes every 8 MB: over five million entries."
        : "By V8's own counter, total_allocated_bytes: over a million entries.",
    ],
    data,
  };
}

function allocatedBytes(): number {
  const heap = v8.getHeapStatistics() as { total_allocated_bytes?: number };
  return heap.total_allocated_bytes ?? NaN;
}

function byCounter(): Allocation[] {
  const found: Allocation[] = [];
  eachPath((path, run) => {
    // Twice before it counts: what engines allocate to compile is theirs.
    run();
    run();
    const before = allocatedBytes();
    run();
    found.push({ path, bytes: (allocatedBytes() - before) / COUNT });
  });
  return found;
}

/** JSC has no counter, but says at each collection how much was allocated since the one before. */
function byLog(): Allocation[] {
  const { path, run } = thisRuntime();
  const file = fileURLToPath(new URL("heap/logged.ts", import.meta.url));
  const { stderr, status } = spawnSync(path, [...run, file], {
    encoding: "utf8",
    env: { ...process.env, BUN_JSC_logGC: "1" },
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`heap/logged.ts ended with ${status}: ${stderr.slice(-500)}`);
  return [...stderr.matchAll(/^.*BEGIN (\d+) (.*)\n([^]*?)END$/gm)].map(([, runs, name, log]) => {
    const sizes = [...log.matchAll(/bytes allocated this cycle: (\d+)/g)];
    const bytes = sizes.reduce((sum, [, size]) => sum + Number(size), 0);
    return { path: name, bytes: bytes / COUNT / Number(runs) };
  });
}
